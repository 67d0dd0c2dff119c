"""demo -- two minutes, unattended: 100,000 events arrive while all that can fail does; then they are counted.

demo.sh runs it, in a clean environment. Exit 0: every event that was sent is a row once and in one object once.
"""
import contextlib
import os
import pathlib
import random
import signal
import sys

from support.waiting import wait_for

import endings
from evidence import gather
from ledger import settle
from report import print_ledger
from show import Show
from stage import CONNECTIONS, Stage
from story import play


def main():
    show = Show()
    directory = pathlib.Path(os.environ["DEMO_DIRECTORY"])
    endings.obey()
    stage = None
    try:
        stage = new_stage(show, directory)
        begin(stage)
        play(stage)
        finish(stage)
        show.say("every object is read back from the store and compared with what was sent; this takes some seconds")
        evidence = gather(stage)
        assert len(evidence.sent) == stage.events, f"acmsim has sent {len(evidence.sent)} of {stage.events} events"
        ledger = settle(evidence)
        keep(stage)
        print_ledger(stage, evidence, ledger)
        wait_for_person(stage)
        return 0 if not ledger.faults else 1
    except KeyboardInterrupt:
        endings.ignore()
        print("\nstopped", flush=True)
        return 130
    except Exception as error:
        endings.ignore()
        print(f"\nThe demo failed: {error}\nIts files, with the logs and the spool, are in {directory}", flush=True)
        with contextlib.suppress(Exception):
            keep(stage)
        return 1
    finally:
        endings.ignore()  # what was started is ended, once
        if stage:
            stage.close()


def new_stage(show, directory):
    disk, events, seconds, seed = (os.environ[f"DEMO_{name}"] for name in ("DISK", "EVENTS", "SECONDS", "SEED"))
    seed = int(seed or random.SystemRandom().randrange(1 << 30))
    return Stage(show, directory, disk, int(events), int(seconds), seed)


def begin(stage):
    stage.show.say(f"the demo uses {stage.directory} and 127.0.0.1 alone; its spool is on {stage.disk.words}")
    stage.show.say(f"the pauses between the kills are random, from DEMO_SEED={stage.seed}")
    stage.open_store()
    stage.show.say(f"radosgw, Ceph's S3 server, answers on port {stage.store.port}")
    stage.open_programs()
    stage.show.say(f"collector and uploader run; the collector listens on port {stage.site.port}")
    stage.open_senders()
    stage.show.say(f"acmsim begins to send {stage.events:,} events over {CONNECTIONS} connections")
    stage.show.say(f"look at it meanwhile: {stage.page}")


def finish(stage):
    stage.show.chapter("The end")
    wait_for("acmsim to end", lambda: stage.acmsim.poll() is not None)
    assert stage.acmsim.returncode == 0, stage.acmsim.stderr.read()
    wait_for("a row for every event that was sent", stage.relays.are_done)
    stage.show.say("acmsim has sent all events, and each has a row")
    flush = stage.command("flush")
    assert flush.returncode == 0, flush.stdout + flush.stderr
    wait_for("all to be shipped", lambda: stage.backlog() == 0 and stage.rejects_to_ship() == 0)
    stage.show.say("all of them are shipped, and all rejects")


def keep(stage):
    """Files to look at later: the page's document, the screen, and a copy of the spool. The objects are there."""
    (stage.directory / "status.json").write_text(stage.command("status", "--json").stdout)
    (stage.directory / "status.txt").write_text(stage.command("status").stdout)
    copy = str(stage.directory / "spool.db").replace("'", "''")
    stage.site.change(f"VACUUM INTO '{copy}'")


def wait_for_person(stage):
    """A person at a terminal wants to look; a script wants the end. DEMO_STAY=yes or no says it."""
    stay = os.environ["DEMO_STAY"]
    if stay == "no" or (stay != "yes" and not sys.stdin.isatty()):
        return
    print(f"\nBoth programs and the store run on. The page: {stage.page}\nEnter or Ctrl-C ends them.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.readline() if sys.stdin.isatty() else signal.pause()


if __name__ == "__main__":
    sys.exit(main())
