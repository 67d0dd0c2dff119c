"""stage -- all that the demo runs: the store, the small disk, both programs, acmsim, the relays."""
import collections
import contextlib
import http.client
import os
import pathlib
import random
import signal
import time

from support.ports import reserve_port
from support.rgw import Rgw
from support.site import Site
from support.waiting import PATIENCE, wait_for

import endings
from garbage import Garbage
from relay import Relays
from rows import Rows
from small_disk import KINDS

CONNECTIONS = 8
FULL_SECONDS = 65  # in which acmsim sends; the story takes most of them


class Stage:
    """`seconds`: in which acmsim sends. What happened is counted: `kills` by program, `outages` as (what, seconds)."""

    def __init__(self, show, directory, disk, events, seconds, seed):
        self.show, self.directory, self.events, self.seconds = show, pathlib.Path(directory), events, seconds
        self.seed, self.chance = seed, random.Random(seed)
        self.kills, self.outages, self.met_upload = collections.Counter(), [], 0
        self.site = Site(directory)
        self.status_port = reserve_port()
        self.store = None
        self.site.spool.parent.mkdir()
        self.disk = KINDS[disk](self.site.spool.parent, events)
        self.rows = Rows(self.site.spool)
        self.garbage = Garbage(self.site, self.rows)

    @property
    def page(self):
        return f"http://127.0.0.1:{self.status_port}/"

    # ---- to begin and to end

    def open_store(self):
        self.store = Rgw(self.directory)

    def open_programs(self):
        self.start_collector()
        self.site.wait_for_spool()
        self.start_uploader()

    def open_senders(self):
        port = reserve_port()
        self.relays = Relays(port, self.site.port, self.rows, CONNECTIONS)
        self.acmsim_ledger = self.directory / "acmsim.ledger"
        rate = max(1, int(self.events / self.seconds))
        with endings.postponed():
            self.acmsim = self.site.acmsim("--port", port, "--count", self.events, "--connections", CONNECTIONS,
                                           "--rate", rate, "--ledger", self.acmsim_ledger)

    def close(self):
        """Ends all that was started; whatever the demo was doing."""
        with contextlib.ExitStack() as stack:  # from the last to the first, each even if another fails
            if self.store:
                stack.callback(self.store.close)
            stack.callback(self.disk.empty)
            stack.callback(self.site.close)
            stack.callback(self.rows.close)

    # ---- the programs; each in a session of its own, so that a Ctrl-C reaches the demo alone

    def start_collector(self):
        with endings.postponed():
            self.collector = self.site.collector(under=("setsid",), STATUS_PORT=self.status_port, NODE_ID="demo",
                                                 **self.disk.settings)

    def uploader_settings(self):
        return self.store.settings(ROTATION_INTERVAL=1, MAX_FILE_SIZE="1M")

    def start_uploader(self):
        with endings.postponed():
            self.uploader = self.site.uploader(under=("setsid",), **self.uploader_settings())

    def kill(self, name):
        getattr(self, name).kill()
        self.kills[name] += 1

    def kill_uploader(self):
        """Returns how many batches were on their way to the store: each may be there, or not."""
        self.kill("uploader")
        on_their_way = self.batches("sealed")
        self.met_upload += on_their_way > 0
        return on_their_way

    def command(self, *arguments):
        return self.site.command("eventspool", *arguments, **self.uploader_settings())

    # ---- the store

    def stop_store(self):
        self.store.stop_gateway()
        self.kills["radosgw"] += 1

    def start_store(self):
        with endings.postponed():
            self.store.start_gateway()
        wait_for("radosgw to answer", self.store_answers)

    def store_answers(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.store.ask("GET", "/")[0].status == 200

    def signal_store(self, number):
        os.kill(int((self.store.directory / "rgw.pid").read_text()), number)

    @contextlib.contextmanager
    def store_hangs(self):
        self.signal_store(signal.SIGSTOP)
        yield
        self.signal_store(signal.SIGCONT)

    # ---- what is asked, and waited for

    def last_event(self):
        return self.site.value("SELECT last_event_id FROM _intake")

    def batches(self, state):
        return self.site.value("SELECT count(*) FROM batches WHERE kind = 'events' AND state = ?", state)

    def backlog(self):
        return self.site.value("SELECT events FROM summary")

    def rejects_to_ship(self):
        return self.site.value("SELECT count(*) FROM rejects WHERE state <> 'shipped'")

    def wait_for_upload(self):
        """A batch is on its way to the store. It takes some hundredths of a second."""
        due = time.monotonic() + PATIENCE
        while self.batches("sealed") == 0 and not self.relays.are_done() and time.monotonic() < due:
            time.sleep(0.002)

    def wait_for_event_after(self, last):
        wait_for(f"an event after {last}", lambda: self.last_event() > last or self.relays.are_done())

    def wait_for_batch_after(self, shipped):
        wait_for("the next batch in the store", lambda: self.batches("shipped") > shipped or
                 (self.relays.are_done() and self.backlog() == 0))

    def let_pass(self, seconds):
        """So many seconds of a story of full length."""
        due = time.monotonic() + seconds * self.seconds / FULL_SECONDS
        wait_for("time to pass", lambda: time.monotonic() >= due)

    def times(self, number):
        """So many in a story of full length."""
        return max(1, round(number * self.seconds / FULL_SECONDS))
