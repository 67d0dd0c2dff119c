"""`eventspool verify` in each state that it can meet: the line at which it stops, the sentence, what to do, the exit code."""
import re
import subprocess

from support.documents import marked_for
from support.environment import BIN, clean_environment
from support.ports import reserve_port
from support.rgw import Rgw
from support.tap import main
from support.waiting import PATIENCE, wait_for

BLOCKS = marked_for(__file__)
LINE = re.compile(r"(ok|wait|note|stop) +(\d+\.\d{3}) s  (\S.*)")
STEPS = [r"the event is sent to 127\.0\.0\.1:\d+ as <{element}>, marked verify-\d{{8}}T\d{{6}}-[0-9a-f]{{8}}",
         r"the spool has it: event \d+", r"batch \d+ holds it: events \d+ to \d+", r"the object is stored: {prefix}\S+",
         "the object was read back and holds the event"]


def environment(site, **settings):
    return {**clean_environment(), **{name: str(value) for name, value in
                                      site.settings(**{"PORT": site.port, "BIND_HOST": "127.0.0.1", **settings}).items()}}


def listening(site, **settings):
    """A collector that reads: verify sends nothing where there is no spool yet."""
    program = site.collector(**settings)
    site.wait_for_spool()
    return program


def shipping(site, **settings):
    """An uploader that has told the spool of itself."""
    program = site.uploader(**settings)
    program.wait_for_log('"shipping"')
    return program


def verify(site, *arguments, expected, **settings):
    """Its lines: [(how, seconds, text, the lines below it)], and the last line."""
    done = subprocess.run([BIN / "eventspool", "verify", *arguments], cwd=site.directory, capture_output=True, text=True,
                          env=environment(site, **settings), timeout=PATIENCE * 4)
    assert done.returncode == expected, done
    return parts_of(done.stdout)


def parts_of(output):
    lines = []
    *body, last = output.splitlines()
    for line in body:
        found = LINE.fullmatch(line)
        if found:
            lines.append((found[1], float(found[2]), found[3], []))
        else:
            assert line.startswith(" " * 19) and lines, output
            lines[-1][3].append(line.strip())
    assert [seconds for _, seconds, _, _ in lines] == sorted(seconds for _, seconds, _, _ in lines), output
    return lines, last


def assert_arrived(result, element="EVENT", prefix="xml-events/", notes=(), steps=STEPS):
    lines, last = result
    passed = [text for how, _, text, _ in lines if how == "ok"]
    assert len(passed) == len(steps), result
    for text, step in zip(passed, steps):
        assert re.fullmatch(step.format(element=element, prefix=prefix), text), (text, step)
    said = [text for how, _, text, _ in lines if how == "note"]
    assert all(any(words in text for text in said) for words in notes), (notes, said)
    assert re.fullmatch(r"arrived: \d+\.\d{3} s after it was sent", last), last


def assert_stopped(result, words, remedy, last_words, within=PATIENCE, passed=(0,)):
    lines, last = result
    how, seconds, text, below = lines[-1]
    assert how == "stop" and all(part in text for part in words), result
    assert below and all(part in " ".join(below) for part in remedy), result
    assert last.startswith("not arrived: ") and last_words in last, result
    assert seconds <= within and [line[0] for line in lines[:-1]].count("ok") in passed, result


# ---- all is well ----

def test_all_is_well_in_trial_mode(site):
    listening(site)
    shipping(site, ROTATION_INTERVAL="3600")
    assert_arrived(verify(site, "--flush", expected=0), notes=["trial mode: objects are files in file://"])
    (row,) = site.query("SELECT uid, name, sender, source_name, state FROM events")
    assert row[0].startswith("verify-") and row[1:] == ("eventspool verify", "cn=eventspool-test", "eventspool verify", "shipped")
    assert row[0] in site.files()[0].read_text() and site.query("SELECT * FROM senders") == []


def test_an_address_of_ipv6_may_stand_in_brackets(site):
    site.start("collector", PORT=site.port, BIND_HOST="::1", SPOOL_MIN_FREE="64M")
    site.wait_for_spool()
    shipping(site, ROTATION_INTERVAL="3600")
    steps = [STEPS[0].replace(r"127\.0\.0\.1", r"\[::1\]"), *STEPS[1:]]
    assert_arrived(verify(site, "--flush", expected=0, BIND_HOST="[::1]"), steps=steps)
    assert_arrived(verify(site, "--flush", "--host", "::1", expected=0), steps=steps)


def test_without_flush_it_waits_until_the_batch_is_due(site):
    listening(site)
    shipping(site, ROTATION_INTERVAL="12")
    assert_arrived(verify(site, "--timeout", "10s", expected=0))  # that counts from when it is due


def test_it_says_when_the_batch_is_due_and_ends_when_somebody_else_flushes(site):
    listening(site)
    shipping(site, ROTATION_INTERVAL="3600")
    running = site.owns(subprocess.Popen([BIN / "eventspool", "verify"], cwd=site.directory, stdout=subprocess.PIPE, text=True,
                                         env=environment(site)))
    seen = []
    for line in running.stdout:
        seen.append(line)
        if line.startswith("wait"):
            break
    site.running[1].stop()
    shipping(site, ROTATION_INTERVAL="3600")  # a restart is no reason to stop
    assert re.search(r"it is due at 20\d\d-\S+Z, in 3[56]\d\d s \(ROTATION_INTERVAL\); --flush does not wait", seen[-1]), seen
    assert site.command("uploader", "flush").returncode == 0
    rest, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert_arrived(parts_of("".join(seen) + rest))


def test_the_settings_in_force_shape_the_event(site):
    """Prefixes, several names, fields that are left out of the objects, JSON, gzip."""
    for number, (element, fields, more, name) in enumerate((
            ("ev:Message, EVENT", "uid=ev:Id, sender=o:From,name=ev:Id", {"OUTPUT_FORMAT": "ndjson", "DROP_FIELDS": "ev:Id,o:From"}, "ev:Message"),
            ("*:Event", "sender=*:from", {"OUTPUT_FORMAT": "json", "COMPRESSION": "gzip"}, "Event"),
            ("EVENT", "uid=cn", {"COMPRESSION": "gzip", "PREFIX": "a/b"}, "EVENT"))):
        program = listening(site, EVENT_ELEMENT=element, INDEX_FIELDS=fields)
        uploader = shipping(site, ROTATION_INTERVAL="3600", **more)
        prefix = more.get("PREFIX", "xml-events") + "/"
        assert_arrived(verify(site, "--flush", expected=0, EVENT_ELEMENT=element, INDEX_FIELDS=fields), name, prefix)
        program.stop(), uploader.stop()
        assert site.value("SELECT count(*) FROM events") == number + 1
    assert site.query("SELECT * FROM rejects") == []
    assert [sender for (sender,) in site.query("SELECT sender FROM events")] == ["cn=eventspool-test", "cn=eventspool-test", None]


def test_the_services_files_count_and_a_wrong_setting_ends_it(site):
    listening(site)
    shipping(site, ROTATION_INTERVAL="3600")
    (site.directory / ".env").write_text(f"PORT={site.port} # a comment\nSPOOL_PATH='{site.spool}'\n")
    for settings, expected, words in (("", 0, "arrived: "), ("PORT=x\n", 78, "PORT"), ("X Y", 78, ".env, line 3"), ("X='", 78, "not closed")):
        with open(site.directory / ".env", "a") as env:
            env.write(settings)
        done = subprocess.run([BIN / "eventspool", "verify", "--flush"], cwd=site.directory, capture_output=True, text=True,
                              env=clean_environment(), timeout=PATIENCE)
        assert done.returncode == expected and words in done.stdout + done.stderr, done
        if settings:
            (site.directory / ".env").write_text("A=b\nC=d\n")


# ---- a bucket ----

def test_a_bucket_with_each_kind_of_trouble(site):
    rgw = Rgw(site.directory)
    try:
        listening(site)
        settings = rgw.settings(ROTATION_INTERVAL="3600")
        uploader = shipping(site, **settings)
        assert_arrived(verify(site, "--flush", expected=0, **settings))
        (key,) = rgw.objects()
        assert site.value("SELECT uid FROM events").encode() in rgw.get(key)[0]

        # without keys, as in the collector's container, it cannot be read back; the uploader's record counts
        assert_arrived(verify(site, "--flush", expected=0), steps=STEPS[:-1], notes=["not read back from here"])
        writer = rgw.add_user("writer")
        rgw.set_policy(("Allow", "writer", ("PutObject",), ()))
        assert_arrived(verify(site, "--flush", expected=0, **rgw.settings(**writer)), steps=STEPS[:-1], notes=["not read back from here"])

        rgw.stop_gateway()
        assert_stopped(verify(site, "--flush", expected=1, **settings), ["Failed to connect to 127.0.0.1"], ["AWS_ENDPOINT_URL"], "waits in the spool",
                       within=60, passed=(2, 3))
        uploader.stop()
        rgw.start_gateway()
        wrong = rgw.settings(AWS_SECRET_ACCESS_KEY="wrong", ROTATION_INTERVAL="3600")
        uploader = shipping(site, **wrong)
        assert_stopped(verify(site, "--flush", expected=1, **wrong), ["SignatureDoesNotMatch"], ["AWS_SECRET_ACCESS_KEY"],
                       "waits in the spool", passed=(2, 3))
        uploader.stop()
        shipping(site, **rgw.settings(BUCKET_NAME="no-such-bucket", ROTATION_INTERVAL="3600"))
        assert_stopped(verify(site, "--flush", expected=1), ["no-such-bucket"], ["BUCKET_NAME"], "waits in the spool", passed=(2, 3))
    finally:
        rgw.close()


# ---- where it stops ----

def test_nothing_listens(site):
    assert_stopped(verify(site, expected=1), ["is not there yet", "the collector creates it"], ["start the collector"], "nothing was sent")
    program = listening(site, )
    site.wait_for_spool()
    assert_stopped(verify(site, expected=1, PORT=reserve_port()), ["Connection refused"], ["PORT", "eventspool status"], "nothing was sent")
    program.stop()
    assert_stopped(verify(site, expected=1), [f"127.0.0.1 port {site.port}", "Connection refused"], ["start the collector"], "nothing was sent")
    assert_stopped(verify(site, "--host", "no.such.host.invalid", expected=1), ["no.such.host.invalid cannot be looked up"], ["--host"], "nothing was sent")


def test_another_event_element_than_the_collectors(site):
    listening(site, EVENT_ELEMENT="Event")
    shipping(site)
    assert_stopped(verify(site, "--flush", expected=1), ["it became reject 1 (unknown_element)", "EVENT"],
                   ["another EVENT_ELEMENT", "<EVENT>", "restart the collector"], "not an event of the spool", passed=(1,))
    assert_stopped(verify(site, "--flush", expected=1, EVENT_ELEMENT="Alarm"), ["it became reject 2 (unknown_element)"], ["<Alarm>"],
                   "not an event of the spool", passed=(1,))
    assert_arrived(verify(site, "--flush", expected=0, EVENT_ELEMENT="Event"), "Event")


def test_a_sender_that_is_not_allowed(site):
    listening(site, ALLOW_FROM="192.0.2.1")
    shipping(site)
    assert_stopped(verify(site, "--flush", expected=1), ["has closed the connection"], ["ALLOW_FROM", "--host"], "not an event of the spool",
                   within=20, passed=(1,))


def test_a_collector_that_does_not_read(site):
    listening(site, SPOOL_MIN_FREE="1000000G")
    shipping(site)
    assert_stopped(verify(site, "--flush", expected=1), ["free"], ["SPOOL_MIN_FREE"], "not an event of the spool", passed=(1,))


def test_another_spools_collector(site):
    listening(site)
    site.wait_for_spool()
    other = site.directory / "other/spool.db"
    program = site.start("collector", SPOOL_PATH=other, PORT=(port := reserve_port()), STATUS_PORT=0, SPOOL_MIN_FREE="64M")
    wait_for("the other collector", lambda: "listening" in program.log)
    assert_stopped(verify(site, "--timeout", "3s", expected=1, PORT=port), ["is not in", "names no reason"], ["SPOOL_PATH"],
                   "not an event of the spool", passed=(1,))


def test_an_uploader_that_is_dead(site):
    listening(site)
    uploader = shipping(site, ROTATION_INTERVAL="3600")
    assert_arrived(verify(site, "--flush", expected=0))
    uploader.kill()
    for arguments in ((), ("--flush",)):
        assert_stopped(verify(site, *arguments, expected=1), ["no uploader is running"], ["start the uploader"], "waits in the spool",
                       within=20, passed=(2,))
    assert site.value("SELECT count(*) FROM events WHERE state = 'pending'") == 2, "the command does not do the uploader's work"


def test_wrong_usage(site):
    for arguments, words in ((("--flsh",), "--flsh"), (("--host",), "--host"), (("--timeout", "soon"), "soon"), (("--timeout", "0"), "--timeout"),
                             (("x",), "usage: eventspool verify [--flush]")):
        done = subprocess.run([BIN / "eventspool", "verify", *arguments], cwd=site.directory, capture_output=True, text=True,
                              env=environment(site), timeout=60)
        assert done.returncode == 64 and words in done.stderr, done
    done = subprocess.run([BIN / "eventspool", "verify", "--help"], capture_output=True, text=True, env=environment(site), timeout=60)
    assert done.returncode == 0 and "--flush" in done.stdout and "1  " in done.stdout, done


def test_the_screen_in_the_reference_is_what_is_printed(site):
    command, shown = BLOCKS.take("docs/reference-commands.md").split("\n", 1)
    assert command == "$ eventspool verify --flush"
    assert_arrived(parts_of(shown))


main(dict(globals()), at_once=4)
