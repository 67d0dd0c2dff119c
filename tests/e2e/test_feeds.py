"""The feeds that `acmsim --feed` plays: what becomes of every byte, with the settings that help and without them.

A row says which parts of a feed's stream are events and which are rejects; all else must be a separator.
FEEDS_WAIT_FOR_HELD=1 adds a test that takes more than a minute.
"""
import contextlib
import dataclasses
import functools
import re
import time
import typing

from support.environment import IS_SANITIZED, size
from support.feeds import acmsim, listed, settings_of, stream_of
from support.streams import (Event, Reject, assert_no_faults, byte_by_byte, connect, faults_of_stream, found,
                             send_together, source_of)
from support.tap import main
from support.waiting import PATIENCE, wait_for

COUNT = 38  # events of each feed
SILENCE = 10  # seconds after which a sender counts as silent: a promise, as is that nothing is told later
HELD = 60  # seconds after which what stands between events is told although its sender goes on
SLACK = 20 if IS_SANITIZED else 2
SOON = 8  # seconds: what need not wait for the silence
SEPARATORS = re.compile(r"(?:[\s\0\ufeff\x01-\x04\x0b\x1c]|<\?xml [^>]*\?>|"
                        r"</?(?:[a-z]+:)?[A-Za-z]+(?: xmlns:[^>]*)?/?>)*")

EVENT = "<EVENT>.*?</EVENT>"
OTHER_CASE = "<Event>.*?</Event>"
NOTHING = "(?!)"
EVERYTHING = (".+", r".*\S")  # white space at the end may be a separator
NAMES_EVENT = ("Event", "EVENT_ELEMENT")
HTTP = {"event": NOTHING, "rejects": EVERYTHING, "reason": "looks_like_http", "is_slow": True}


def holding(construct):
    """An event that holds this somewhere."""
    return f"<EVENT>(?:(?!</EVENT>).)*(?:{construct})(?:(?!</EVENT>).)*</EVENT>"


def declaring(*declarations):
    """An event's text with these directly behind its name."""
    return lambda text: re.sub("^<[^ />]+", lambda name: name[0] + "".join(f" {d}" for d in declarations), text)


def replacing(text):
    return text.replace("\x01", "\ufffd").replace("&#x1;", "\ufffd")


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    feed: str
    settings: str = ""
    codec: str = "utf-8"
    event: str = EVENT  # what is one
    payload: typing.Callable = str  # what is changed in it
    columns: dict = dataclasses.field(default_factory=dict)  # of each event, besides its uid
    rejects: tuple = (NOTHING,)  # what is one; where the contract leaves a choice, several answers
    ignored: str = NOTHING  # elements that IGNORE_ELEMENTS makes separators
    reason: str = ""
    words: tuple = ()  # of the detail
    is_slow: bool = False  # it becomes visible when the sender counts as silent or the connection ends


LOG4J = ('xmlns:log4j="http://jakarta.apache.org/log4j/"', 'xmlns:nlog="http://www.nlog-project.org/schemas/NLog.xsd"')
LOG4J_EVENT = "<log4j:event .*?</log4j:event>"
LOG4NET = 'xmlns:log4net="http://logging.apache.org/log4net/schemas/log4net-events-1.2"'
LOG4NET_EVENT = "<log4net:event .*?</log4net:event>"
WINDOWS = "<Event xmlns='(?:(?!</Event>).)*</Event>"
FORBIDDEN_IN_WINDOWS = "<Event xmlns='(?:(?!</Event>).)*(?:\x01|&#x1;)(?:(?!</Event>).)*</Event>"
ONVIF = ('xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"', 'xmlns:tt="http://www.onvif.org/ver10/schema"')
ENVELOPE = {"event": NOTHING, "rejects": ("<s:Envelope .*?</s:Envelope>",), "reason": "unknown_element"}
CAMERA = "<EventNotificationAlert .*?</EventNotificationAlert>"
PART_HEAD = '--boundary\r\nContent-Type: application/xml; charset="UTF-8"\r\nContent-Length: [0-9]+'
SOAP = 'xmlns:event2n="http://www.2n.cz/2013/event"'
FOUND_BEHIND = (str(COUNT - 1),)

ROWS = [
    Row("log4j", "EVENT_ELEMENT=log4j:event XML_NAMESPACES=log4j=http://jakarta.apache.org/log4j/,"
        "nlog=http://www.nlog-project.org/schemas/NLog.xsd", event=LOG4J_EVENT, payload=declaring(*LOG4J)),
    Row("log4j", "EVENT_ELEMENT=log4j:event", event=NOTHING, rejects=(LOG4J_EVENT,), reason="malformed",
        words=("XML_NAMESPACES",)),
    Row("soap", "EVENT_ELEMENT=event2n:Msg INDEX_FIELDS=uid=event2n:RecordId,name=event2n:EventName",
        event="<event2n:Msg>.*?</event2n:Msg>", payload=declaring(SOAP)),
    Row("soap", **ENVELOPE, words=("EVENT_ELEMENT", "s:Envelope")),
    Row("onvif", "EVENT_ELEMENT=*:NotificationMessage INDEX_FIELDS=name=*:Topic "
        "IGNORE_ELEMENTS=*:Header,*:CurrentTime,*:TerminationTime",
        event="<wsnt:NotificationMessage>.*?</wsnt:NotificationMessage>", payload=declaring(*ONVIF),
        columns={"name": "tns1:AccessControl/AccessGranted/Credential"}, ignored=r"<(s:Header|tev:\w+Time)>.*?</\1>"),
    Row("onvif", **ENVELOPE, words=("EVENT_ELEMENT", "s:Envelope")),
    Row("camera", "EVENT_ELEMENT=EventNotificationAlert "
        "INDEX_FIELDS=name=eventType,time=dateTime,sender=ipAddress,source_name=channelName",
        event=CAMERA, rejects=(PART_HEAD,), reason="stray_bytes",
        columns={"name": "fielddetection", "time": "2026-11-30T08:15:30+01:00", "sender": "192.0.2.30"}),
    Row("camera", event=NOTHING, rejects=(PART_HEAD + "\r\n\r\n" + CAMERA,), reason="unknown_element",
        words=("EVENT_ELEMENT", "EventNotificationAlert")),
    Row("windows", "EVENT_ELEMENT=Event INVALID_CHARACTERS=replace", event=WINDOWS, payload=replacing),
    Row("windows", "EVENT_ELEMENT=Event", event=WINDOWS, rejects=(FORBIDDEN_IN_WINDOWS,), reason="malformed",
        words=("INVALID_CHARACTERS",)),
    Row("windows", event=NOTHING, rejects=(WINDOWS,), reason="unknown_element", words=NAMES_EVENT),
    Row("log4net", "EVENT_ELEMENT=log4net:event XML_NAMESPACES=log4net="
        "http://logging.apache.org/log4net/schemas/log4net-events-1.2",
        event=LOG4NET_EVENT, payload=declaring(LOG4NET)),
    Row("log4net", event=NOTHING, rejects=(LOG4NET_EVENT,), reason="unknown_element", words=("EVENT_ELEMENT",)),
    Row("log4j2", "EVENT_ELEMENT=Event", event="<Event .*?</Event>"),
    Row("log4j2", event=NOTHING, rejects=("<Event .*?</Event>",), reason="unknown_element", words=NAMES_EVENT),
    Row("utf16", codec="utf-16-le"),
    Row("utf16be", codec="utf-16-be"),
    Row("utf16-declared"),
    Row("bom-declared"),
    Row("ansi", "DEFAULT_ENCODING=windows-1252", codec="cp1252"),
    Row("ansi", codec="cp1252", event=NOTHING, rejects=(EVENT,), reason="encoding", words=("DEFAULT_ENCODING",)),
    Row("latin1", codec="latin-1"),
    Row("iso-2022-jp", codec="iso2022_jp"),
    Row("shift-jis", codec="shift_jis"),
    Row("mllp"),
    Row("stx"),
    Row("syslog", rejects=("<134>1 .*? - -(?= <EVENT>)",), reason="stray_bytes"),
    Row("envelope", "IGNORE_ELEMENTS=Header,cursor", ignored="<Header>.*?</Header>|<cursor>.*?</cursor>"),
    Row("envelope", rejects=("<Header>.*?</cursor>",), reason="stray_bytes|unknown_element"),
    Row("wrapper"),
    Row("wrapper-other", "EVENT_ELEMENT=Event", event=OTHER_CASE),
    Row("wrapper-other", event=NOTHING, rejects=("<EVENTS>.*</Event>",), reason="unknown_element", words=NAMES_EVENT,
        is_slow=True),
    Row("other-system", "EVENT_ELEMENT=Event "
        "INDEX_FIELDS=uid=Id,name=Name,time=Time,sender=Controller,source_name=Door",
        event=OTHER_CASE, columns={"time": "2026-11-30T08:15:30Z", "sender": "HQ-1"}),
    Row("other-system", event=NOTHING, rejects=(OTHER_CASE,), reason="unknown_element", words=NAMES_EVENT),
    Row("attributes", "EVENT_ELEMENT=Event", event="<Event [^>]*/>"),
    Row("attributes", event=NOTHING, rejects=("<Event [^>]*/>",), reason="unknown_element", words=NAMES_EVENT),
    Row("case", "EVENT_ELEMENT=Event", event=OTHER_CASE),
    Row("case", event=NOTHING, rejects=(OTHER_CASE,), reason="unknown_element", words=NAMES_EVENT),
    Row("comment", rejects=(holding("<!--"),), reason="malformed", words=FOUND_BEHIND, is_slow=True),
    Row("cdata", rejects=(holding(r"<!\[CDATA\["),), reason="malformed", words=FOUND_BEHIND, is_slow=True),
    Row("doctype", rejects=("<!DOCTYPE [^>]*?(?=<EVENT>)",), reason="doctype"),
    Row("control", "INVALID_CHARACTERS=replace", payload=replacing),
    Row("control", rejects=(holding("\x01|&#x1;"),), reason="malformed", words=("INVALID_CHARACTERS",)),
    Row("heartbeat", "IGNORE_ELEMENTS=heartbeat"),
    Row("heartbeat", rejects=("<heartbeat/>",), reason="unknown_element", words=("heartbeat",)),
    Row("heartbeat-wrapper"),
    Row("heartbeat-content", "IGNORE_ELEMENTS=heartbeat", ignored="<heartbeat .*?</heartbeat>"),
    Row("heartbeat-content", rejects=("<heartbeat .*?</heartbeat>",), reason="unknown_element", words=("heartbeat",)),
    Row("http", **HTTP),
    Row("http-chunked", **HTTP),
    Row("tls", codec="latin-1", **{**HTTP, "reason": "looks_like_tls"}),
    Row("proxy", rejects=(r"PROXY [^\r\n]*",), reason="stray_bytes", words=("PROXY",)),
    Row("proxy2", codec="latin-1", rejects=("QUIT\n.{16}",), reason="stray_bytes", words=("PROXY",)),
]
BY_DEFAULT = [row for row in ROWS if not row.settings]


# ---- what a stream must become ----

@functools.cache
def parts_of(row, data, reject):
    """Its events and its rejects. What is neither must be a separator, and the parts are all of the stream."""
    text = data.decode(row.codec)
    events, rejects, separators, end = [], [], [], 0
    for match in re.finditer(f"(?P<reject>{reject})|(?P<event>{row.event})", text, re.DOTALL):
        separators.append(text[end:match.start()])
        end = match.end()
        received = match[0].encode(row.codec)
        if match["reject"] is not None:
            rejects.append(Reject(received, row.reason, row.words))
            continue
        uid = re.search("<(?:cn|event2n:RecordId|Id)>([0-9a-f]{16})<", match[0])
        events.append(Event(received, row.payload(match[0]), {**row.columns, **({"uid": uid[1]} if uid else {})}))
    separators.append(text[end:])
    unknown = [s for s in separators if not SEPARATORS.fullmatch(re.sub(row.ignored, "", s, flags=re.DOTALL))]
    assert not unknown, (row.feed, unknown[:3])
    sizes = [*(len(e.received) for e in events), *(len(r.payload) for r in rejects),
             *(len(s.encode(row.codec)) for s in separators)]
    assert sum(sizes) == len(data), row.feed
    return events, rejects


def faults_of(row, data, got):
    """The first one, compared with the best answer that the row allows; none if the stream became what it must."""
    answers = [list(faults_of_stream(got, *parts_of(row, data, reject))) for reject in row.rejects]
    return [f"{row.feed} with {row.settings or 'the defaults'}: {fault}" for fault in min(answers, key=len)[:1]]


# ---- the tests ----

def test_the_list_names_every_feed_and_the_settings_that_help(site):
    helping = {row.feed: row.settings for row in reversed(ROWS)}  # the first row of a feed counts
    assert listed() == helping


def test_a_name_that_is_no_feed_is_refused_with_the_way_to_the_list(site):
    done = acmsim("--feed", "nosuch")
    assert done.returncode == 64 and b'"nosuch"' in done.stderr and b"--feed list" in done.stderr, done
    for arguments, right in ((("--connections", 2), b"1"), (("--count", 0), b"from 1"), (("--size", 300), b"leave it out"),
                             (("--hostile", "malformed"), b"split")):
        done = acmsim("--feed", "http", *arguments)
        option = arguments[0].encode()
        assert done.returncode == 64 and option in done.stderr and right in done.stderr.partition(b"right")[2], done


def test_the_same_seed_gives_the_same_stream(site):
    for feed in listed():
        streams = [stream_of(feed, COUNT, "--seed", seed) for seed in (1, 1, 2)]
        assert streams[0] == streams[1] != streams[2], feed


def test_each_feed_becomes_its_events_and_rejects(site):
    faults = []
    for settings in dict.fromkeys(row.settings for row in ROWS):
        rows = {number: row for number, row in enumerate(ROWS) if row.settings == settings}
        streams = {number: stream_of(row.feed, COUNT) for number, row in rows.items()}
        collector = site.collector(**settings_of(settings))
        send_together(site, {source_of(number): [data] for number, data in streams.items()})
        send_together(site, {source_of(200 + number): byte_by_byte(data) for number, data in streams.items()})
        collector.stop()
        got = found(site)
        for number, row in rows.items():
            for source in (source_of(number), source_of(200 + number)):
                faults += faults_of(row, streams[number], got[source])
    assert_no_faults(faults)


def wait_until_told(site, streams, since):
    """{number: seconds after which the row had all that it must become}; no longer than the silence and the slack"""
    told = {}

    def are_all_told():
        got = found(site)
        for number, data in streams.items():
            if number not in told and not faults_of(BY_DEFAULT[number], data, got[source_of(number)]):
                told[number] = time.monotonic() - since
        return len(told) == len(streams)

    with contextlib.suppress(AssertionError):  # what is missing is said by the comparison
        wait_for("all to be told", are_all_told, since + SILENCE + SLACK - time.monotonic())
    return told


def test_a_silent_sender_hides_nothing_for_more_than_10_seconds(site):
    site.collector()
    streams = {number: stream_of(row.feed, COUNT) for number, row in enumerate(BY_DEFAULT)}
    with contextlib.ExitStack() as stack:
        connections = {number: stack.enter_context(connect(site, source_of(number))) for number in streams}
        for number, connection in connections.items():
            connection.sendall(streams[number])
        told = wait_until_told(site, streams, time.monotonic())
        got = found(site)
        assert_no_faults(fault for number, data in streams.items() if number not in told
                         for fault in faults_of(BY_DEFAULT[number], data, got[source_of(number)]))
        for number, row in enumerate(BY_DEFAULT):
            assert told[number] > SILENCE - 1 if row.is_slow else told[number] < SOON, (row.feed, told[number])
        assert_each_goes_on(site, connections)


def assert_each_goes_on(site, connections):
    """After all that, a good event is an event at once; but nothing is taken out of HTTP and TLS."""
    more = "<EVENT><cn>more</cn></EVENT>"
    sent = {source_of(number) for number, row in enumerate(BY_DEFAULT) if not row.reason.startswith("looks_like")}
    for number, connection in connections.items():
        codec = BY_DEFAULT[number].codec
        connection.sendall(more.encode(codec if codec.startswith("utf-16") else "ascii"))
    wait_for("one more event of each", lambda: sent == {
        source for source, in site.query("SELECT source FROM events WHERE uid = 'more'")}, SOON)


def test_acmsim_sends_each_feed_itself(site):
    collector = site.collector()
    for row in BY_DEFAULT:
        sim = site.acmsim("--feed", row.feed, "--count", COUNT)
        out, err = sim.communicate(timeout=PATIENCE)
        assert sim.returncode == 0 and f"sent events={COUNT} " in out, err + out
    collector.stop()
    wanted = [parts_of(row, stream_of(row.feed, COUNT), row.rejects[0]) for row in BY_DEFAULT]
    got = found(site)["127.0.0.1"]
    counts = [sum(len(parts[which]) for parts in wanted) for which in (0, 1)]
    assert [len(got.events), len(got.rejects)] == counts, (len(got.events), len(got.rejects), counts)


if size("FEEDS_WAIT_FOR_HELD", 0, 0):  # it takes more than a minute
    def test_a_sender_that_is_never_silent_hides_nothing_for_more_than_60_seconds(site):
        site.collector()
        source = source_of(0)
        with connect(site, source) as connection:
            connection.sendall(b"<EVENTS>")
            since = time.monotonic()
            while not found(site)[source].rejects:
                assert time.monotonic() - since < HELD + SLACK, "nothing is told"
                connection.sendall(b"<Event><cn>1</cn></Event>\n")
                time.sleep(1)  # what the sender does; the silence would be 10 s
            assert time.monotonic() - since > HELD - 1
            reject, *_ = found(site)[source].rejects
            assert reject["reason"] == "unknown_element" and all(word in reject["detail"] for word in NAMES_EVENT), reject


main(dict(globals()))
