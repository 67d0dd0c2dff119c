"""Every sample, in one connection and in one each, in any pieces, gives exactly the events and rejects it should."""
import csv
import json
import re
import subprocess
import xml.etree.ElementTree

from support.environment import SAMPLES
from support.ledger import KEY
from support.tap import main, tests_of

EVENT = re.compile(rb"<EVENT[ >/].*?</EVENT>", re.DOTALL)
XML_SPACE = " \t\r\n"


def manifest():
    with open(SAMPLES / "MANIFEST.tsv", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def is_malformed(row):
    return "bad tags" in row["single_well_formed_document"]


def expected():
    """The bytes of all good events and of all rejects, in the order of the files."""
    events, rejects = [], []
    for row in manifest():
        blocks = EVENT.findall((SAMPLES / row["file"]).read_bytes())
        assert len(blocks) == int(row["EVENT_blocks"]), row
        (rejects if is_malformed(row) else events).extend(blocks)
    return events, rejects


def spool_content(site):
    events = [p.encode() for p, in site.query("SELECT payload FROM events ORDER BY id")]
    rejects = [bytes(p) for p, in site.query("SELECT payload FROM rejects ORDER BY id")]
    return events, rejects


def flat(element, name, out):
    """The contract's JSON rules for the flat samples, read independently of libxml2."""
    out[name] = (element.text or "").strip(XML_SPACE)


def check_objects(site, events, rejects, output_format):
    files = site.files()
    assert files, "no object"
    bodies = b"".join(f.read_bytes() for f in files)
    for file in files + site.files("rejected/xml-events/"):
        assert KEY.search(str(file)), file
        checker = ["xmllint", "--noout"] if file.suffix == ".xml" else ["jq", "-e", "."]
        subprocess.run([*checker, file], check=True, stdout=subprocess.DEVNULL)
    if output_format == "xml":
        assert EVENT.findall(bodies) == events
        assert all(b"\n" + event + b"\n" in bodies for event in events)
    else:
        text = [json.loads(f.read_text()) if output_format == "json" else
                [json.loads(line) for line in f.read_text().splitlines()] for f in files]
        objects = [o for part in text for o in part]
        for number, (shown, event) in enumerate(zip(objects, events, strict=True), 1):
            want = {}
            for child in xml.etree.ElementTree.fromstring(event):
                flat(child, child.tag, want)
            meta = {k: v for k, v in shown.items() if k.startswith("_")}
            assert list(shown)[5:] == list(want), "keys in document order"
            assert {k: v for k, v in shown.items() if not k.startswith("_")} == want
            assert meta["_id"] == str(number) and meta["_source"] == "127.0.0.1" and set(meta) == {
                "_spool", "_id", "_received_at", "_source", "_node"}
    lines = [json.loads(line) for f in site.files("rejected/xml-events/") for line in f.read_text().splitlines()]
    assert [line["payload"].encode() for line in lines] == rejects
    assert all(line["_reason"] == "malformed" and "line" in line["_detail"] for line in lines)


def run_samples(site, piece, one_connection, output_format):
    events, rejects = expected()
    collector = site.collector()
    site.wait_for_spool()  # a collector that is stopped before it is open reads nothing
    files = [(SAMPLES / row["file"]).read_bytes() for row in manifest()]
    if one_connection:
        site.send(b"".join(files), piece)
    else:
        for data in files:
            site.send(data, piece)
    collector.stop()
    assert site.value("SELECT count(*) FROM rejects") == len(rejects)
    got_events, got_rejects = spool_content(site)
    assert sorted(got_events) == sorted(events) and got_rejects == rejects
    if one_connection:
        assert got_events == events, "the order of one connection is the order of ids"
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects, OUTPUT_FORMAT=output_format)
    assert done.returncode == 0, done.stderr
    check_objects(site, got_events, rejects, output_format)


# The size of the pieces that are sent; over one connection, or each sample over its own; the format of the objects.
ROWS = {
    "samples_sent_whole_over_one_connection_ship_as_xml": (None, True, "xml"),
    "samples_sent_whole_over_one_connection_ship_as_json": (None, True, "json"),
    "samples_sent_whole_over_one_connection_ship_as_ndjson": (None, True, "ndjson"),
    "samples_sent_whole_over_a_connection_each_ship_as_xml": (None, False, "xml"),
    "samples_sent_byte_by_byte_over_one_connection_ship_as_xml": (1, True, "xml"),
    "samples_sent_byte_by_byte_over_a_connection_each_ship_as_json": (1, False, "json"),
    "samples_sent_in_pieces_of_2_over_one_connection_ship_as_json": (2, True, "json"),
    "samples_sent_in_pieces_of_2_over_a_connection_each_ship_as_xml": (2, False, "xml"),
    "samples_sent_in_pieces_of_3_over_one_connection_ship_as_xml": (3, True, "xml"),
    "samples_sent_in_pieces_of_3_over_a_connection_each_ship_as_xml": (3, False, "xml"),
    "samples_sent_in_pieces_of_7_over_one_connection_ship_as_ndjson": (7, True, "ndjson"),
    "samples_sent_in_pieces_of_7_over_a_connection_each_ship_as_xml": (7, False, "xml"),
}

main(tests_of(run_samples, ROWS))
