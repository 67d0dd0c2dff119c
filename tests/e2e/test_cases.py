"""Streams as real senders send them (tests/data/cases): what becomes of each however it is cut, what is shipped, and what
`rejects retry` makes of its rejects.

CASES_CUTS is how many ways, at random, each is cut in (a connection for each), CASES_SEED repeats a run.
"""
import base64
import csv
import json
import os
import random
import re
import time
import xml.etree.ElementTree

from support.environment import ROOT, size
from support.flattened import members_of
from support.streams import (Event, Reject, assert_no_faults, byte_by_byte, connect, cut_at_random, faults_of_stream, found,
                             send_together, source_of)
from support.tap import main, tests_of
from support.waiting import wait_for

CASES = ROOT / "tests/data/cases"
CUTS = size("CASES_CUTS", 20, 5)
SEED = int(os.environ.get("CASES_SEED", time.time_ns() % 1000000))
SOON = 8  # seconds: an event must not wait until its sender counts as silent, after 10


# ---- the cases ----

def manifest():
    """{the first two digits of a case's file: (its bytes, its settings)}"""
    with open(CASES / "MANIFEST.tsv", newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {row["file"][:2]: ((CASES / row["file"]).read_bytes(),
                              dict(pair.split("=", 1) for pair in row["settings"].split() if pair != "-")) for row in rows}


FILES = manifest()


def data_of(number):
    return FILES[number][0]


def settings_of(number):
    return FILES[number][1]


def elements(data, name):
    """Each element of this name, from its start tag to its end tag."""
    return re.findall(rb"<%s(?:\s[^>]*)?/>|<%s[ >].*?</%s>" % (name, name, name), data, re.DOTALL)


def declare(element, declarations):
    """With declarations directly behind its name."""
    return re.sub(rb"^<[^ />]+", lambda name: name[0] + declarations, element).decode()


def as_received(data, name):
    return [Event(element) for element in elements(data, name)]


def between(data, first, last):
    return data[data.index(first):data.index(last) + len(last)]


LOG4J_DECLARATIONS = (b' xmlns:log4j="http://jakarta.apache.org/log4j/"'
                      b' xmlns:nlog="http://www.nlog-project.org/schemas/NLog.xsd"')
SOAP_DECLARATION = b' xmlns:event2n="http://www.2n.cz/2013/event"'
TO_EVENT = {"EVENT_ELEMENT": "Event"}
REPLACED = {**TO_EVENT, "INVALID_CHARACTERS": "replace"}
LOG4J = {"EVENT_ELEMENT": "log4j:event"}
NAMES_EVENT = ("Event", "EVENT_ELEMENT")

log4j = elements(data_of("01"), b"log4j:event")
log4j_events = [Event(element, declare(element, LOG4J_DECLARATIONS)) for element in log4j]
soap_event, = (Event(element, declare(element, SOAP_DECLARATION), {"uid": "7", "name": "event2n:CardEntered"})
               for element in elements(data_of("05"), b"event2n:Msg"))
windows = elements(data_of("08"), b"Event")
windows_events = [Event(element, element.decode().replace("\x01", "\ufffd").replace("&#x1;", "\ufffd"))
                  for element in windows]
attributes = elements(data_of("11"), b"Event")
ansi_event = Event(data_of("12").strip(), data_of("12").strip().decode("cp1252"))
wide_events = [Event(element.decode().encode("utf-16-le"), element.decode())
               for element in elements(data_of("19").decode("utf-16").encode(), b"EVENT")]

# By name: the bytes, the settings, the events, the rejects.
CASE_ROWS = {
    "log4j_events_get_the_declarations_of_the_setting": (data_of("01"), settings_of("01"), log4j_events, []),
    "log4j_events_without_the_setting_are_rejects_that_name_it": (
        data_of("01"), LOG4J, [], [Reject(element, "malformed", ("XML_NAMESPACES",)) for element in log4j]),
    "utf_8_that_is_declared_as_utf_16_is_read_as_utf_8": (
        data_of("02"), settings_of("02"), as_received(data_of("02"), b"EVENT"), []),
    "events_in_mllp_frames_are_events": (
        data_of("03"), settings_of("03"),
        [Event(element, columns={"uid": str(n)}) for n, element in enumerate(elements(data_of("03"), b"EVENT"), 1)], []),
    "a_soap_event_gets_the_declaration_of_its_envelope": (data_of("05"), settings_of("05"), [soap_event], []),
    "an_event_in_an_envelope_with_texts_leaves_one_reject_before_it": (
        data_of("06"), settings_of("06"), as_received(data_of("06"), b"event"),
        [Reject(between(data_of("06"), b"<Header>", b"</eof>"), "stray_bytes|unknown_element")]),
    "forbidden_characters_are_replaced": (data_of("08"), settings_of("08"), windows_events, []),
    "forbidden_characters_make_rejects_that_name_the_setting": (
        data_of("08"), {**TO_EVENT, "INVALID_CHARACTERS": "reject"}, [Event(windows[2])],
        [Reject(element, "malformed", ("INVALID_CHARACTERS",)) for element in windows[:2]]),
    "events_of_attributes_alone_under_another_name_are_whole_rejects": (
        data_of("11"), settings_of("11"), [], [Reject(element, "unknown_element", NAMES_EVENT) for element in attributes]),
    "ansi_without_a_declaration_becomes_utf_8": (data_of("12"), settings_of("12"), [ansi_event], []),
    "ansi_without_the_setting_is_a_reject_that_names_it": (
        data_of("12"), {}, [], [Reject(ansi_event.received, "encoding", ("DEFAULT_ENCODING",))]),
    "utf_16_becomes_utf_8": (data_of("19"), settings_of("19"), wide_events, []),
    "an_event_under_another_case_is_one_whole_reject": (
        data_of("30"), settings_of("30"), [],
        [Reject(element, "unknown_element", NAMES_EVENT) for element in elements(data_of("30"), b"Event")]),
}


# ---- what is shipped ----

def flush(site, output_format):
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects, OUTPUT_FORMAT=output_format)
    assert done.returncode == 0, done.stderr


def are_equal(one, other):
    return ((one.tag, one.attrib, one.text) == (other.tag, other.attrib, other.text) and len(one) == len(other) and
            all(are_equal(a, b) and a.tail == b.tail for a, b in zip(one, other)))


def assert_xml_holds(path, payloads):
    body = path.read_bytes()
    shipped = list(xml.etree.ElementTree.fromstring(body))
    assert len(shipped) == len(payloads), path
    for element, payload in zip(shipped, payloads):
        assert are_equal(element, xml.etree.ElementTree.fromstring(payload)), (path, payload)
        assert b"\n" + payload.encode() + b"\n" in body, (path, payload)


def assert_json_holds(path, payloads):
    shipped = json.loads(path.read_bytes(), object_pairs_hook=list)
    for pairs, payload in zip(shipped, payloads, strict=True):
        own = [(name, value) for name, value in pairs if not name.startswith("_")]
        assert own == members_of(payload.encode(), True), (path, payload)


def assert_shipped(site, output_format, after_id=0):
    """The events behind that id are in one object of this format; the rejects' objects hold all rejects."""
    payloads = [p for p, in site.query("SELECT payload FROM events WHERE id > ? ORDER BY id", after_id)]
    paths = [path for path in site.files() if path.suffix == f".{output_format}"]
    assert len(paths) == (1 if payloads else 0), paths
    for path in paths:
        (assert_xml_holds if output_format == "xml" else assert_json_holds)(path, payloads)
    lines = [json.loads(line) for path in site.files("rejected/xml-events/") for line in path.read_text().splitlines()]
    shipped = {int(line["_id"]): (line["_reason"], line["payload"].encode() if "payload" in line else
                                  base64.b64decode(line["payload_base64"])) for line in lines}
    rejects = {i: (reason, bytes(p)) for i, reason, p in site.query("SELECT id, reason, payload FROM rejects")}
    assert shipped == rejects, (shipped, rejects)


# ---- a case, however it is cut ----

def ways_of(data):
    """In one piece, byte by byte, and cut at random: lists of pieces."""
    chance = random.Random(SEED)
    return [[data], byte_by_byte(data), *(cut_at_random(data, chance) for _ in range(CUTS))]


def count_rows(site):
    return site.value("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM rejects)")


def stop_after_reading(site, collector, before):
    """A stop while the spool is being opened leaves what has arrived, and says so: it comes once reading has begun."""
    wait_for("the first rows", lambda: count_rows(site) > before)
    collector.stop()


def check_case(site, data, settings, events, rejects):
    print(f"# cut in {CUTS} ways at random, CASES_SEED={SEED}")
    streams = {source_of(number): pieces for number, pieces in enumerate(ways_of(data))}
    collector = site.collector(**settings)
    site.wait_for_spool()
    send_together(site, streams)
    stop_after_reading(site, collector, 0)
    got = found(site)
    assert_no_faults(f"{[len(piece) for piece in pieces][:8]}: {fault}" for source, pieces in streams.items()
                     for fault in faults_of_stream(got[source], events, rejects))
    flush(site, "xml")
    assert_shipped(site, "xml")
    last_id = site.value("SELECT last_event_id FROM _intake")
    before = count_rows(site)
    collector = site.collector(**settings)
    send_together(site, {source_of(len(streams)): [data]})
    stop_after_reading(site, collector, before)
    flush(site, "json")
    assert_shipped(site, "json", after_id=last_id)


# ---- what a retry makes of rejects ----

def envelope(inside):
    return b'<feed xmlns:p="urn:p"><EVENT><cn>1</cn></EVENT>%s</feed>' % inside


ACM = elements(data_of("30"), b"Event")[0]
WIDE_DECLARATION = '<?xml version="1.0" encoding="utf-16"?>\r\n'
LATIN_1 = '<Event><cn>1</cn><plasectrxLname>Müller</plasectrxLname></Event>'
PREFIXED = b"<p:Alarm><p:door>1</p:door></p:Alarm>"

# By name: the bytes, the settings at first, those of the restart, the events that the retry makes, and how many rejects
# hold a remainder then.
RETRY_ROWS = {
    "log4j_rejects_become_events_once_the_namespaces_are_set": (data_of("01"), LOG4J, settings_of("01"), log4j_events, 0),
    "log4j_rejects_of_another_name_become_events": (data_of("01"), {}, settings_of("01"), log4j_events, 0),
    "a_whole_soap_envelope_becomes_its_event": (data_of("05"), {}, settings_of("05"), [soap_event], 0),
    "an_envelope_with_texts_becomes_its_event_and_a_remainder": (
        data_of("06"), {}, settings_of("06"), as_received(data_of("06"), b"event"), 1),
    "rejects_with_forbidden_characters_become_events": (
        data_of("08"), {**TO_EVENT, "INVALID_CHARACTERS": "reject"}, REPLACED, windows_events[:2], 0),
    "rejects_of_attributes_alone_become_events": (
        data_of("11"), {}, TO_EVENT, [Event(element) for element in attributes], 0),
    "an_ansi_reject_becomes_an_event": (data_of("12"), {}, settings_of("12"), [ansi_event], 0),
    "a_reject_of_another_case_becomes_an_event_with_all_fields": (data_of("30"), {}, TO_EVENT, [Event(ACM)], 0),
    "a_utf_16_reject_becomes_an_event": (
        b"\xff\xfe" + (WIDE_DECLARATION + LATIN_1).encode("utf-16-le"), {}, TO_EVENT,
        [Event(LATIN_1.encode("utf-16-le"), LATIN_1)], 0),
    "a_latin_1_reject_becomes_an_event": (
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + LATIN_1.encode("latin-1"), {}, TO_EVENT,
        [Event(LATIN_1.encode("latin-1"), LATIN_1)], 0),
    "a_reject_keeps_the_namespaces_of_its_wrapper": (
        envelope(PREFIXED), {}, {"EVENT_ELEMENT": "EVENT,p:Alarm"},
        [Event(PREFIXED, declare(PREFIXED, b' xmlns:p="urn:p"'))], 0),
}


def retry(site, **settings):
    done = site.command("collector", "rejects", "retry", **settings)
    assert done.returncode == 0, done


def assert_mended(site, source, before, events, remainders):
    got = found(site)[source]
    assert_no_faults(fault for want, row in zip(events, got.events[before:]) for fault in faults_of_stream(
        got._replace(events=[row], rejects=[]), [want], []))
    assert len(got.events) == before + len(events), [row["payload"] for row in got.events]
    left = [row for row in got.rejects if row["state"] != "retried"]
    assert len(left) == remainders, left


def check_retry(site, data, first, second, events, remainders):
    source = source_of(0)
    collector = site.collector(**first)
    send_together(site, {source: [data]})
    collector.stop()
    got = found(site)[source]
    before = len(got.events)
    assert got.rejects and not any(row["truncated"] for row in got.rejects), got.rejects
    collector = site.collector(**second)
    retry(site)
    assert_mended(site, source, before, events, remainders)
    collector.stop()
    retry(site, **second)  # by itself; it finds nothing more to do
    assert_mended(site, source, before, events, remainders)
    flush(site, "xml")
    assert_shipped(site, "xml")


# ---- single tests ----

def test_each_case_of_the_manifest_is_tried(site):
    names = [path.name for path in CASES.iterdir() if path.name != "MANIFEST.tsv"]
    assert sorted(name[:2] for name in names) == sorted(FILES), names
    tried = [(data, settings) for data, settings, _, _ in CASE_ROWS.values()]
    assert all(case in tried for case in FILES.values())


def test_utf_16_events_are_there_while_the_connection_is_open(site):
    site.collector(**settings_of("19"))
    data = data_of("19")
    pieces = {"whole": [data], "byte by byte": byte_by_byte(data)}
    for number, (way, cut) in enumerate(pieces.items()):
        source = source_of(number)
        with connect(site, source) as connection:
            for times in (1, 2, 3):
                for piece in cut:
                    connection.sendall(piece)
                wait_for(f"{3 * times} events, sent {way}", lambda: site.value(
                    "SELECT count(*) FROM events WHERE source = ?", source) == 3 * times, SOON)
            assert_no_faults(faults_of_stream(found(site)[source], wide_events * 3, []))


main({**globals(), **tests_of(check_case, CASE_ROWS), **tests_of(check_retry, RETRY_ROWS)})
