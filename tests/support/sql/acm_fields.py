"""acm_fields -- what an event of ACM says in its 42 fields, typed, by a reader that knows nothing of our SQL.

The list of fields is the table tests/data/snowflake/fields.tsv. How each type is read is written down here a second time,
with ElementTree and datetime.
"""
import csv
import datetime
import functools
import re
import xml.etree.ElementTree

from support.environment import ROOT

WHITE = " \t\r\n"
NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:Z|([+-])(\d{1,2})(\d\d))", re.ASCII)

with open(ROOT / "tests/data/snowflake/fields.tsv", encoding="utf-8") as file:
    FIELDS = list(csv.DictReader(file, delimiter="\t"))


@functools.cache
def time_of(written):
    """In UTC, as ISO 8601 writes it; an offset may have lost its leading zero. None if it is no time, or 1970."""
    match = TIME.fullmatch(written)
    if not match:
        return None
    east = datetime.timedelta(hours=int(match[8]), minutes=int(match[9])) if match[7] else datetime.timedelta()
    zone = datetime.timezone(-east if match[7] == "-" else east)
    try:
        moment = datetime.datetime(*map(int, match.groups()[:6]), tzinfo=zone)
    except ValueError:
        return None
    return None if moment == NEVER else moment.astimezone(datetime.timezone.utc).isoformat()


@functools.cache
def number_of(written):
    return int(written) if re.fullmatch(r"-?[0-9]+", written) else None


READERS = {"text": str, "time": time_of, "number": number_of, "flag": {"0": False, "1": True}.get}
FIELD_READERS = [(field["element"], READERS[field["type"]]) for field in FIELDS]


def values_of(event):
    """The 42 values of an element, in the order of the columns."""
    written = {child.tag: (child.text or "").strip(WHITE) for child in reversed(event)}  # the first of its name counts
    return [reader(written[element]) if written.get(element) else None for element, reader in FIELD_READERS]


def events_of(stream):
    """The values of each event of a stream without declarations."""
    return [values_of(event) for event in xml.etree.ElementTree.fromstring(b"<stream>" + stream + b"</stream>")]
