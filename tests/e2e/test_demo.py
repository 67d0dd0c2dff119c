"""`make demo`, short: it ends with an exact ledger, leaves files and no process, and ends when it is told to. And its
ledger notices each loss that is planted in what it compares."""
import copy
import hashlib
import os
import re
import signal
import subprocess
import sys
import threading

from support.documents import marked_for
from support.environment import BUILD, ROOT, clean_environment, size
from support.tap import main, tests_of
from support.waiting import PATIENCE, wait_for

sys.path.insert(0, str(ROOT / "tools/demo"))
from garbage import Garbage  # noqa: E402
from ledger import Evidence, settle  # noqa: E402
from rows import Rows, digest  # noqa: E402

BLOCKS = marked_for(__file__)
EVENTS = size("DEMO_TEST_EVENTS", 4000, 2000)
SECONDS = size("DEMO_TEST_SECONDS", 6, 6)  # in which they are sent
FEW = 40
playing = threading.Lock()  # where no namespace may be made, both would fill the same disk


# ---- the whole of it

def start_demo(site, **settings):
    """The script that the target of make calls."""
    environment = {**clean_environment(), "DEMO_DIRECTORY": str(site.directory / "demo"), "DEMO_EVENTS": str(EVENTS),
                   "DEMO_SECONDS": str(SECONDS), **settings}
    return site.owns(subprocess.Popen(["sh", "tools/demo/demo.sh", BUILD], cwd=ROOT, env=environment, text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))


def read_until(demo, words):
    """What it says, to the first line that holds these words, or to its end."""
    said = ""
    for line in demo.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"the demo ended without {words!r}: {said}")


def processes_in(directory):
    """What runs with its files there, by the arguments or the working directory."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as arguments:
                is_named = str(directory).encode() in arguments.read()
            if is_named or os.readlink(f"/proc/{pid}/cwd").startswith(str(directory)):
                found.append(pid)
        except OSError:
            continue  # it has ended
    return found


def assert_nothing_is_left(site):
    wait_for("all processes to end", lambda: not processes_in(site.directory / "demo"))


def test_the_demo_ends_with_an_exact_ledger_and_leaves_no_process(site):
    assert BLOCKS.take("docs/testing.md") == "make demo\n"
    assert "\ndemo:\n" in (ROOT / "Makefile").read_text() and "sh tools/demo/demo.sh" in (ROOT / "Makefile").read_text()
    with playing:
        demo = start_demo(site)
        said, _ = demo.communicate(timeout=PATIENCE * 3)
    assert demo.returncode == 0, said
    figures = dict(re.findall(r"^  ([a-z -]+?)(?: \(kill -9\))? +([\d,]+)   ", said, re.MULTILINE))
    counts = [figures[name] for name in ("sent", "rows", "events in objects", "doubled", "lost")]
    assert counts == [f"{EVENTS:,}"] * 3 + ["0"] * 2, said
    assert int(figures["kills"]) >= 8 and figures["outages"] == "4" and figures["rejects"] == "18", said
    assert "The ledger is exact: " in said and "WRONG" not in said, said
    assert (site.directory / "demo/status.txt").read_text().startswith("verdict "), "the screen is kept"
    assert sum(1 for _ in (site.directory / "demo/objects").rglob("*.xml")) == int(figures["objects"])
    assert_nothing_is_left(site)


def test_a_stopped_demo_leaves_no_process_and_no_large_file(site):
    """On the disk as it is, as where the system gives it no file system of its own; after the scene that fills it."""
    with playing:
        demo = start_demo(site, DEMO_DISK="floor")
        said = read_until(demo, "radosgw is suspended")
        assert "SPOOL_MIN_FREE" in said and "the collector goes on by itself" in said, said
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 130 and rest.endswith("stopped\n"), said + rest
    assert_nothing_is_left(site)
    assert not (site.directory / "demo/var/ballast").exists()


def test_a_directory_with_other_files_is_refused(site):
    (site.directory / "demo").mkdir()
    (site.directory / "demo/mine").touch()
    demo = start_demo(site)
    said, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 64 and "holds other files" in said, said
    assert (site.directory / "demo/mine").exists()


# ---- the ledger

def evidence_of(site):
    """Of a few events, shipped to a directory, and garbage."""
    site.collector()
    site.uploader(MAX_FILE_SIZE=20000)
    rows = Rows(site.spool)
    garbage = Garbage(site, rows)
    site.send_events(FEW, "--connections", 2)
    garbage.send()
    wait_for("the rows", lambda: len(rows.events) == FEW)
    site.wait_until_shipped()
    rejects_to_ship = "SELECT count(*) FROM rejects WHERE state <> 'shipped'"
    wait_for("the rejects to be shipped", lambda: site.value(rejects_to_ship) == 0)
    rows.close()
    hashes = dict(site.query("SELECT object_key, sha256 FROM batches"))
    objects = {str(path.relative_to(site.objects)): path.read_bytes() for path in site.objects.rglob("*-*-*-*")}
    kept = {key: (body, {"x-amz-meta-sha256": hashes[key]}) for key, body in objects.items()}
    return Evidence(sent={uid: value for _, uid, value in rows.events}, rows=rows.events,
                    objects={key: value for key, value in kept.items() if key.startswith("xml-events/")},
                    garbage=garbage.streams, rejects=rows.rejects,
                    reject_objects={key: value for key, value in kept.items() if key.startswith("rejected/")})


def second(evidence):
    """The key of the second object, in which there are some events."""
    return sorted(evidence.objects)[1]


def put(evidence, key, body):
    """As a store would have it that gives each object a right hash."""
    evidence.objects[key] = (body, {"x-amz-meta-sha256": hashlib.sha256(body).hexdigest()})


def delete_object(evidence):
    del evidence.objects[second(evidence)]


def put_object_twice(evidence):
    key = second(evidence)
    put(evidence, key.replace(".xml", "-r2.xml"), evidence.objects[key][0])


def change_event_in_object(evidence):
    key = second(evidence)
    put(evidence, key, evidence.objects[key][0].replace(b"</plasectrxRecdate>", b"1</plasectrxRecdate>", 1))


def damage_object(evidence):
    body, metadata = evidence.objects[second(evidence)]
    evidence.objects[second(evidence)] = (body + b"\n", metadata)


def cut_object(evidence):
    key = second(evidence)
    put(evidence, key, evidence.objects[key][0][:-30])


def drop_row(evidence):
    del evidence.rows[FEW // 2]


def repeat_row(evidence):
    evidence.rows.append((FEW + 1, *evidence.rows[3][1:]))


def change_row(evidence):
    row_id, uid, _ = evidence.rows[3]
    evidence.rows[3] = (row_id, uid, digest(b"other bytes"))


def swap_rows(evidence):
    """Two events of one connection change their places."""
    (first, second) = [number for number, (_, uid, _) in enumerate(evidence.rows) if uid.startswith("0000")][:2]
    (id_of_first, *event), (id_of_second, *other) = evidence.rows[first], evidence.rows[second]
    evidence.rows[first], evidence.rows[second] = (id_of_first, *other), (id_of_second, *event)


def send_more(evidence):
    evidence.sent["0007000000000001"] = None


def send_less(evidence):
    del evidence.sent[evidence.rows[3][1]]


def drop_reject(evidence):
    del evidence.rejects[2]


def delete_object_of_rejects(evidence):
    evidence.reject_objects.clear()


def give_other_reason(evidence):
    row_id, source, _, length, payload = evidence.rejects[0]
    evidence.rejects[0] = (row_id, source, "cut_short", length, payload)


def change_reject(evidence):
    *row, payload = evidence.rejects[0]
    evidence.rejects[0] = (*row, payload[:-1] + bytes([payload[-1] ^ 1]))


def repeat_reject(evidence):
    row_id, *row = evidence.rejects[-1]
    evidence.rejects.append((row_id + 1, *row))


def tell_of_batches(evidence):
    evidence.spool_fault = "the batches do not cover all ids"


def put_rejects_twice(evidence):
    key = next(iter(evidence.reject_objects))
    evidence.reject_objects[f"{key}.2"] = evidence.reject_objects[key]


def damage_rejects(evidence):
    key = next(iter(evidence.reject_objects))
    body, metadata = evidence.reject_objects[key]
    evidence.reject_objects[key] = (body.replace(b":", b": ", 1), metadata)


PLANTED = {  # what is done to the evidence; what the ledger says then; whether it counts events as lost or doubled
    "a_deleted_object_is_noticed": (delete_object, "events in objects: N are missing", "lost"),
    "an_object_that_was_put_twice_is_noticed": (put_object_twice, "objects: N are there more than once", "doubled"),
    "an_event_with_other_bytes_in_an_object_is_noticed": (change_event_in_object, "have other bytes in an object", ""),
    "an_object_that_is_not_what_its_hash_says_is_noticed": (damage_object, "is not what its SHA-256", ""),
    "an_object_that_breaks_off_is_noticed": (cut_object, "cannot be read", "lost"),
    "a_missing_row_is_noticed": (drop_row, "rows of the spool: 1 are missing", ""),
    "a_doubled_row_is_noticed": (repeat_row, "rows of the spool: 1 are there more than once", ""),
    "a_row_with_other_bytes_is_noticed": (change_row, "1 events have other bytes in a row", ""),
    "rows_in_another_order_are_noticed": (swap_rows, "which was sent later on its connection", ""),
    "an_event_that_never_arrived_is_noticed": (send_more, "rows of the spool: 1 are missing", "lost"),
    "an_event_that_nobody_sent_is_noticed": (send_less, "events in objects: 1 were never sent", ""),
    "a_missing_reject_is_noticed": (drop_reject, "bytes of the garbage", ""),
    "rejects_without_an_object_are_noticed": (delete_object_of_rejects, "rejects of the spool are 0 in objects", ""),
    "a_reject_of_another_reason_is_noticed": (give_other_reason, "a reject cut_short", ""),
    "a_reject_with_other_bytes_is_noticed": (change_reject, "bytes of the garbage", ""),
    "a_doubled_reject_is_noticed": (repeat_reject, "bytes of the garbage", ""),
    "rejects_that_are_in_two_objects_are_noticed": (put_rejects_twice, "rejects of the spool are N in objects", ""),
    "an_object_of_rejects_that_is_not_what_its_hash_says_is_noticed": (damage_rejects, "is not what its SHA-256", ""),
    "batches_that_leave_something_out_are_noticed": (tell_of_batches, "do not cover", ""),
}
gathering = threading.Lock()
gathered = []  # the evidence of one installation, for all tests of the ledger


def exact_evidence(site):
    with gathering:
        if not gathered:
            gathered.append(evidence_of(site))
    return copy.deepcopy(gathered[0])


def test_an_installation_that_lost_nothing_has_an_exact_ledger(site):
    ledger = settle(exact_evidence(site))
    assert ledger.faults == [], ledger
    assert (ledger.rows, ledger.in_objects, ledger.doubled, ledger.lost) == (FEW, FEW, 0, 0), ledger
    assert sum(ledger.reasons.values()) == 9


def check_planted(site, plant, words, counted):
    evidence = exact_evidence(site)
    assert len(evidence.objects) > 2
    plant(evidence)
    ledger = settle(evidence)
    pattern = re.escape(words).replace("N", r"\d+")
    assert any(re.search(pattern, fault) for fault in ledger.faults), (words, ledger.faults)
    assert (ledger.lost > 0, ledger.doubled > 0) == (counted == "lost", counted == "doubled"), ledger


main({**globals(), **tests_of(check_planted, PLANTED)}, at_once=2)
