"""docs/feeds.md against the programs: each feed that acmsim plays is on the page and comes out as the page says, with
the settings that stand there, without them, and after `rejects retry`.

A section of the page is about a sender if it has a table of runs. Its other parts are read as well: the block `ini`
holds the settings, each block `text` bytes as they are sent, and a block `json` the first event of the first run as it
is shipped.
"""
import collections
import json
import re

from support.documents import marked_for
from support.environment import ROOT
from support.feeds import listed, settings_of, stream_of
from support.tap import main, tests_of

PAGE = ROOT / "docs/feeds.md"
BLOCKS = marked_for(__file__)
HEADER = "| feed | settings | events | rejects | columns | after `rejects retry` |"
COUNT = 12  # events of each feed: the page says so

Run = collections.namedtuple("Run", "feed settings events rejects columns after")


# ---- the page ----

def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def runs(text):
    table = re.search(rf"^{re.escape(HEADER)}\n\|[- |]+\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    return [Run(*cells(line)) for line in table[1].splitlines()] if table else []


def sections():
    """{heading: text} of the sections about senders."""
    parts = re.split(r"^## (.*)$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return {heading: text for heading, text in zip(parts[::2], parts[1::2]) if runs(text)}


def settings_of_section(text):
    """Its lines of `.env`; a section whose senders need none has no such block."""
    lines = [line for block in blocks(text, "ini") for line in block.splitlines()]
    return dict(line.split("=", 1) for line in lines)


def settings_of_run(run, text):
    if run.settings == "these":
        return settings_of_section(text)
    return {} if run.settings == "none" else settings_of(run.settings.strip("`"))


def words(text):
    return re.findall(r"`([^`]+)`", text)


def shown(data):
    """As the page shows bytes: what is neither a printable character of ASCII nor white space as \\xNN."""
    return "".join(chr(byte) if 32 <= byte < 127 or byte in b"\t\r\n" else f"\\x{byte:02x}" for byte in data)


def without_white_space(text):
    return re.sub(r"\s+", "", text)


# ---- a run ----

def play(site, feed):
    """By the command of the page, which names one feed and has no port."""
    words_of_page = BLOCKS.take("docs/feeds.md").split()
    assert words_of_page[:3] == ["build/release/bin/eventspool", "acmsim", "--feed"], words_of_page
    done = site.command("eventspool", "acmsim", "--feed", feed, *words_of_page[4:], "--port", str(site.port))
    assert done.returncode == 0, done.stderr


def count_events(site):
    return site.value("SELECT count(*) FROM events")


def count_rejects(site):
    """In words, as the page has them; those that a retry has settled are not counted."""
    rows = site.query("SELECT reason, count(*) FROM rejects WHERE state <> 'retried' GROUP BY reason ORDER BY reason")
    return ", ".join(f"{number} `{reason}`" for reason, number in rows) or "0"


def filled_columns(site):
    """Those that each event has."""
    names = ("uid", "name", "time", "sender", "source_name")
    (counts,) = site.query(f"SELECT {', '.join(f'count({name})' for name in names)} FROM events")
    assert set(counts) <= {0, count_events(site)}, counts
    return [name for name, count in zip(names, counts) if count]


def retry(site, settings):
    done = site.command("eventspool", "rejects", "retry", **settings)
    assert done.returncode == 0, done


def first_event_shipped(site):
    done = site.command("eventspool", "flush", DESTINATION_DIR=site.objects, OUTPUT_FORMAT="ndjson",
                        EVENT_METADATA="false")
    assert done.returncode == 0, done.stderr
    path, *_ = site.files()
    return json.loads(path.read_text().splitlines()[0], object_pairs_hook=list)


def check_run(site, text, run):
    feed, = words(run.feed)
    collector = site.collector(**settings_of_run(run, text))
    site.wait_for_spool()
    play(site, feed)
    collector.stop()
    assert (str(count_events(site)), count_rejects(site)) == (run.events, run.rejects)
    if run.events != "0":
        assert filled_columns(site) == words(run.columns) and bool(run.columns), (filled_columns(site), run.columns)
    if run == runs(text)[0]:
        for block in blocks(text, "json"):
            assert first_event_shipped(site) == json.loads(block, object_pairs_hook=list), first_event_shipped(site)
    if run.after:
        retry(site, settings_of_section(text))
        rejects = count_rejects(site)
        assert f"{count_events(site)} events, {rejects} rejects" == run.after, (count_events(site), rejects)


def name_of(run):
    settings = {"these": "the_settings_of_the_page", "none": "no_settings"}.get(run.settings, "some_of_the_settings")
    feed, = words(run.feed)
    return f"{feed}_with_{settings}".replace("-", "_")


# ---- the page as a whole ----

def test_every_feed_is_on_the_page_with_the_settings_that_acmsim_lists(site):
    on_page = {words(run.feed)[0]: {} for text in sections().values() for run in runs(text)}
    for text in sections().values():
        on_page |= {words(run.feed)[0]: settings_of_section(text) for run in runs(text) if run.settings == "these"}
    assert on_page == {feed: settings_of(settings) for feed, settings in listed().items()}
    assert len(RUNS) == sum(len(runs(text)) for text in sections().values()), "two runs have one name"


def test_each_section_about_a_sender_is_in_the_index(site):
    index = re.search(r"^\| sender \|.*?\n\n", PAGE.read_text(), re.MULTILINE | re.DOTALL)[0]
    linked = set(re.findall(r"\]\(#([\w-]+)\)", index))
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in sections()}
    assert linked == anchors, linked ^ anchors


def test_each_excerpt_is_what_the_feed_sends(site):
    for heading, text in sections().items():
        streams = [without_white_space(shown(stream_of(words(run.feed)[0], COUNT))) for run in runs(text)]
        assert blocks(text, "text"), heading
        for excerpt in blocks(text, "text"):
            assert any(without_white_space(excerpt) in stream for stream in streams), (heading, excerpt)


def test_the_settings_are_read_from_an_env_file_as_they_stand_on_the_page(site):
    for lines in {"".join(blocks(text, "ini")) for text in sections().values()}:
        (site.directory / ".env").write_text(lines)
        done = site.command("eventspool", "config")
        assert done.returncode == 0, done.stderr
        assert set(lines.splitlines()) <= set(done.stdout.splitlines()), (lines, done.stdout)


def joined(several):
    """The settings of several sections and of ACM, as the page says that they are joined."""
    values = collections.defaultdict(list, EVENT_ELEMENT=["EVENT"])
    for text in several:
        for name, value in settings_of_section(text).items():
            values[name].append(value)
    return {name: ",".join(parts) for name, parts in values.items()}


def test_one_collector_serves_several_kinds_of_senders(site):
    headings = ("Windows events", "log4j and NLog", "log4net", "ONVIF", "Heartbeats")
    texts = [sections()[heading] for heading in headings]
    collector = site.collector(**joined(texts))
    site.wait_for_spool()
    for text in texts:
        play(site, *words(runs(text)[0].feed))
    collector.stop()
    assert (count_events(site), count_rejects(site)) == (len(headings) * COUNT, "0")


# ---- what the page says besides ----

def check_claim(site, settings, data, events, rejects):
    collector = site.collector(**settings_of(settings))
    site.wait_for_spool()
    site.send(data)
    collector.stop()
    assert (count_events(site), count_rejects(site)) == (events, rejects)


def without_part_heads(stream):
    return b"".join(line for line in stream.splitlines(True) if not line.startswith((b"--", b"Content-")))


SOAP = b'<s:Envelope xmlns:s="urn:s" xmlns:event2n="urn:2n"><s:Header><a>text</a></s:Header><event2n:Msg/></s:Envelope>'

# By name: the settings, what is sent, the events and the rejects.
CLAIMS = {
    "windows_events_may_stand_in_an_element_events": (
        "EVENT_ELEMENT=Event", b"<Events><Event/><Event/></Events>", 2, "0"),
    "an_unescaped_ampersand_costs_its_event_alone": (
        "EVENT_ELEMENT=Event", b"<Event a='x&y'/><Event/>", 1, "1 `malformed`"),
    "a_prefix_of_log4net_may_be_declared_by_the_event": (
        "EVENT_ELEMENT=log4net:event XML_NAMESPACES=log4net=urn:x",
        b'<log4net:event xmlns:log4net="log4net"/>', 1, "0"),
    "an_intercoms_header_with_texts_can_be_ignored": (
        "EVENT_ELEMENT=event2n:Msg IGNORE_ELEMENTS=*:Header", SOAP, 1, "0"),
    "a_cameras_stream_without_the_heads_of_its_parts_makes_no_reject": (
        "EVENT_ELEMENT=EventNotificationAlert", without_part_heads(stream_of("camera", COUNT)), COUNT, "0"),
    "both_spellings_of_a_name_can_be_events": ("EVENT_ELEMENT=EVENT,Event", b"<EVENT/><Event/>", 2, "0"),
    "an_event_in_an_event_of_the_same_name_is_not_read": (
        "EVENT_ELEMENT=Event", b"<Event><a/><Event/></Event>", 1, "1 `cut_off`, 1 `stray_bytes`"),
    "a_heartbeat_of_plain_text_is_a_reject": (
        "IGNORE_ELEMENTS=PING", b"<EVENT/>\nPING\n<EVENT/>", 2, "1 `stray_bytes`"),
    "white_space_and_nul_are_no_reject": ("", b"<EVENT/>\n\0\r\n<EVENT/>", 2, "0"),
    "hl7_with_bars_is_a_reject": ("", b"\x0bMSH|^~\\&|A|B\rPID|1\r\x1c\r", 0, "1 `stray_bytes`"),
    "utf_8_stays_among_windows_1252": (
        "DEFAULT_ENCODING=windows-1252", "<EVENT>ü</EVENT>".encode() + "<EVENT>ü</EVENT>".encode("cp1252"), 2, "0"),
    "a_health_check_that_sends_nothing_leaves_nothing": ("", b"", 0, "0"),
}
RUNS = {f"the_page_is_right_of_{name_of(run)}": (text, run) for text in sections().values() for run in runs(text)}
main({**globals(), **tests_of(check_run, RUNS), **tests_of(check_claim, CLAIMS)}, at_once=3)
