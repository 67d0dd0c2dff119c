"""story -- what happens to the two programs while the events arrive, scene by scene, in about a minute."""
import contextlib
import subprocess
import time

from support.waiting import wait_for

import endings
from garbage import STREAMS
from show import counted


def play(stage):
    for words, scene in SCENES:
        stage.show.chapter(words)
        scene(stage)


def events_flow(stage):
    stage.let_pass(4)
    last = stage.last_event()
    stage.wait_for_batch_after(0)
    stage.show.say(f"{last:,} events are rows of the spool; {counted(stage.batches('shipped'), 'object')} in the store")


def collector_is_killed_again_and_again(stage):
    for _ in range(stage.times(8)):
        stage.let_pass(stage.chance.uniform(0.2, 1.2))
        kill_collector(stage)


def uploader_is_killed_again_and_again(stage):
    for _ in range(stage.times(8)):
        stage.let_pass(stage.chance.uniform(0.1, 0.9))
        stage.wait_for_upload()
        kill_uploader(stage)


def both_are_killed_at_once(stage):
    for _ in range(stage.times(6)):
        stage.let_pass(stage.chance.uniform(0.2, 1.2))
        stage.wait_for_upload()
        stage.kill_uploader()
        stage.kill("collector")
        last, began = stage.last_event(), time.monotonic()
        stage.start_collector()
        stage.start_uploader()
        stage.show.say(f"both are killed at event {last:,}; both run again, and {next_event(stage, last, began)}")


def garbage_arrives(stage):
    stage.show.say(f"on other connections arrive {', '.join(words for words, _, _ in STREAMS)}")
    length = stage.garbage.send()
    stage.show.say(f"all {length:,} bytes of it are kept as rejects, each with a reason; {so_far(stage)}")


def store_is_away(stage):
    stage.stop_store()
    began, shipped = time.monotonic(), stage.batches("shipped")
    stage.show.say("radosgw is killed: the store is away, and events wait in the spool")
    stage.let_pass(4)
    kill_collector(stage)
    kill_uploader(stage, has_store=False)
    stage.let_pass(4)
    stage.show.say(f"{stage.backlog():,} events wait; {so_far(stage)}")
    stage.start_store()
    stage.outages.append(("the store away", time.monotonic() - began))
    stage.show.say("radosgw runs again")
    back = time.monotonic()
    stage.wait_for_batch_after(shipped)
    stage.show.say(f"{took(back)} later the first batch that waited is in the store")


def store_hangs(stage):
    began, shipped = time.monotonic(), stage.batches("shipped")
    with stage.store_hangs():
        stage.show.say("radosgw is suspended: it takes connections, and answers nothing")
        stage.let_pass(2)
        kill_uploader(stage, has_store=False)
        stage.let_pass(2)
    stage.outages.append(("the store silent", time.monotonic() - began))
    stage.show.say("radosgw goes on")
    stage.wait_for_batch_after(shipped)


def disk_is_full(stage):
    began = time.monotonic()
    pauses, resumed = (stage.collector.log.count(text) for text in (PAUSED, RESUMED))
    stage.disk.fill()
    stage.show.say(f"the spool's disk is full: {stage.disk.what_happens}")
    wait_for("the collector to stop reading", lambda: stage.collector.log.count(PAUSED) > pauses)
    stage.let_pass(1)
    last = stage.last_event()
    stage.show.say(f"the collector says paused_disk and reads no more; TCP holds the senders back at event {last:,}")
    stage.let_pass(3)
    stage.disk.empty()
    freed = time.monotonic()
    stage.show.say("the file is deleted")
    wait_for("the collector to go on", lambda: stage.collector.log.count(RESUMED) > resumed)
    stage.outages.append(("the disk full", freed - began))
    stage.show.say(f"the collector goes on by itself: {next_event(stage, last, freed)}")


def a_foreign_program_reads(stage):
    log = stage.site.spool.with_name("spool.db-wal")
    before = log.stat().st_size
    with long_read(stage) as events:
        began = time.monotonic()
        stage.show.say(f"sqlite3 has begun a transaction that sees {events:,} events, and leaves it open")
        stage.let_pass(6)
        stage.show.say(f"{so_far(stage)}; SQLite's write-ahead log cannot be emptied meanwhile, and has grown from "
                       f"{mib(before)} to {mib(log.stat().st_size)}")
        stage.kill("collector")
        last = stage.last_event()
        stage.start_collector()
        wait_for("the collector to wait", lambda: WAITING in stage.collector.log or stage.last_event() > last or
                 stage.relays.are_done())
        stage.show.say(f"the collector is killed at event {last:,}; the next one must empty the log first, so it says "
                       "what it waits for, and holds the senders back")
        stage.let_pass(2)
    stage.outages.append(("a long read", time.monotonic() - began))
    ended = time.monotonic()
    stage.show.say(f"sqlite3 ends, and {next_event(stage, last, ended)}")


SCENES = (
    ("Events arrive", events_flow),
    ("The collector is killed (kill -9), again and again", collector_is_killed_again_and_again),
    ("The uploader is killed (kill -9), again and again", uploader_is_killed_again_and_again),
    ("Garbage arrives beside the events", garbage_arrives),
    ("The store is taken away", store_is_away),
    ("Another program reads the spool for a long time", a_foreign_program_reads),
    ("The disk is filled", disk_is_full),
    ("The store hangs", store_hangs),
    ("The same garbage once more", garbage_arrives),
    ("Both programs are killed at the same moment, again and again", both_are_killed_at_once),
)
PAUSED, RESUMED = "problem=paused_disk why=", '"the disk has free space again: reading goes on"'
WAITING = "waiting to start: the spool cannot be opened yet"


# ---- what scenes have in common

def kill_collector(stage):
    stage.kill("collector")
    last, began = stage.last_event(), time.monotonic()
    stage.start_collector()
    stage.show.say(f"the collector is killed at event {last:,}; it runs again, and {next_event(stage, last, began)}")


def kill_uploader(stage, has_store=True):
    open_batches = stage.kill_uploader()
    shipped, began = stage.batches("shipped"), time.monotonic()
    stage.start_uploader()
    if has_store:
        stage.wait_for_batch_after(shipped)
    next_one = f", and {took(began)} later the next one is there" if has_store else ""
    batches = counted(open_batches, "batch", "batches")
    stage.show.say(f"the uploader is killed with {batches} on the way to the store; it runs again{next_one}")


def so_far(stage):
    return f"the collector takes events as before, {stage.last_event():,} so far"


def next_event(stage, last, began):
    """Waits for the event behind `last`, and says when it came. On a slow machine all may have been sent before."""
    stage.wait_for_event_after(last)
    seconds = took(began)
    return f"{seconds} later there is event {last + 1:,}" if stage.last_event() > last else "no event is left to send"


@contextlib.contextmanager
def long_read(stage):
    """A read transaction of the sqlite3 shell, which holds the write-ahead log. Gives how many events it sees."""
    command = ["stdbuf", "-oL", "sqlite3", "-readonly", stage.site.spool]
    with endings.postponed():
        shell = stage.site.owns(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                                 start_new_session=True))
    with shell:
        count = "SELECT count(*) FROM events;\n"
        shell.stdin.write("BEGIN; " + count)
        shell.stdin.flush()
        events = int(shell.stdout.readline())
        yield events
        shell.stdin.write(count)
        shell.stdin.close()
        assert int(shell.stdout.readline()) == events, "a transaction sees the same all the time"


def took(began):
    return f"{time.monotonic() - began:.1f} s"


def mib(length):
    return f"{length / (1 << 20):.0f} MiB"
