"""docs/acm.md: its table of fields against acmsim and the samples, and what it says becomes of repeated ids, of the vendor's
example and of the fields that its lines for DROP_FIELDS name."""
import re
import xml.etree.ElementTree

from support.documents import marked_for
from support.environment import ROOT, SAMPLES
from support.tap import main
from support.waiting import PATIENCE, wait_for

PAGE = (ROOT / "docs/acm.md").read_text()
BLOCKS = marked_for(__file__)
FIELD = re.compile(r"<(\w+)>([^<]*)</\1>")
ALARM, GRANT, REPEATED, PRINTED = ((SAMPLES / name).read_text() for name in (
    "01_input_point_in_alarm.xml", "02_local_grant.xml", "16_stream_ack_note_clear_same_cn.xml",
    "17_guide_example_as_printed_malformed.xml"))


def documented():
    """[(field, its value in the alarm, its value in the grant)] of the page's table."""
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)? ?\| (?:`([^`]*)`)? ?\| \S.* \|$", PAGE, re.MULTILINE)
    assert len(rows) == 42
    return rows


def test_the_page_has_the_fields_that_acmsim_sends_in_their_order(site):
    sent = site.acmsim("--stdout", "--count", "50").communicate(timeout=PATIENCE)[0]
    events = re.findall(r"<EVENT>.*?</EVENT>", sent, re.DOTALL)
    assert len(events) == 50
    for event in events:
        assert [child.tag for child in xml.etree.ElementTree.fromstring(event)] == [name for name, _, _ in documented()]


def test_the_examples_are_those_of_the_samples(site):
    assert [(name, alarm) for name, alarm, _ in documented()] == FIELD.findall(ALARM)
    assert [(name, grant) for name, _, grant in documented()] == FIELD.findall(GRANT)


def test_events_that_repeat_a_cn_all_stay(site):
    site.collector()
    site.send(REPEATED.encode())
    site.wait_for_events(5)
    assert len(set(site.uids())) == 1 and site.query("SELECT * FROM rejects") == []


def test_the_guides_example_is_a_reject_that_names_its_line(site):
    site.collector()
    site.wait_for_spool()
    site.send(PRINTED.encode())
    (row,) = wait_for("the reject", lambda: site.query("SELECT reason, detail FROM rejects"))
    assert row[0] == "malformed" and row[1].startswith("line 3, "), row
    assert site.query("SELECT * FROM events") == []


def shipped_with(site, line):
    """The children of a grant in its object, with this line as a setting."""
    name, value = line.strip().split("=")
    site.collector()
    site.uploader(**{name: value})
    site.send(GRANT.encode())
    site.wait_for_events(1)
    site.wait_until_shipped()
    (stored,) = site.files()
    return value.split(","), {child.tag: child.text or "" for child in xml.etree.ElementTree.fromstring(stored.read_bytes())[0]}


def check_dropped(site, step, values):
    dropped, left = shipped_with(site, BLOCKS.take("docs/acm.md", step))
    sent = dict(FIELD.findall(GRANT))
    assert left == {name: value for name, value in sent.items() if name not in dropped} and set(dropped) <= set(sent)
    for value in values:
        assert value in sent.values() and value not in left.values(), value


def test_the_line_for_names_keeps_the_names_at_the_site(site):
    check_dropped(site, "names", ("Cooper", "Jim", "R"))


def test_the_line_for_persons_keeps_what_points_to_one_at_the_site(site):
    check_dropped(site, "persons", ("Cooper", "Jim", "R", "41172", "0041172", "cn=e01c265bdfc24d70,ou=identities,dc=plasec"))


def test_the_page_names_the_elements_that_fill_columns(site):
    settings = (ROOT / "docs/settings.md").read_text()
    default = re.search(r"^\| `INDEX_FIELDS` \| collector \| `([^`]*)`", settings, re.MULTILINE)[1]
    (row,) = re.findall(r"^\| `INDEX_FIELDS` \| .*$", PAGE, re.MULTILINE)
    for part in default.split(", "):
        assert f"`{part.split('=')[1]}`" in row, part


main(dict(globals()))
