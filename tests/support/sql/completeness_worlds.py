"""completeness_worlds -- sites that ship, in virtual time: what is in the bucket, in the status documents and loaded.

A site seals ids in their order and uploads two objects at a time, as the uploader does (uploader/ship/scheduler.h): after an
outage the oldest is tried alone. The store may refuse a batch until a person resolves it, an answer may be lost, the site may
be restored from a backup under a new name. Loads come within two hours, in any order. Faults are planted: an object is deleted
before it was loaded, or not loaded, or only in part.

Times are seconds. A site is the whole truth; what a warehouse sees of it at a moment is up to the test.
"""
import copy
import dataclasses

MINUTE, HOUR = 60, 3600
STEP = 20
DOCUMENT_EVERY = 5 * MINUTE
LATE = 2 * HOUR - 2 * STEP  # a load comes within two hours


@dataclasses.dataclass
class Batch:
    spool: str
    first: int
    last: int
    repetition: int
    sealed_at: float
    state: str = "sealed"
    since: float = 0
    resolved_at: float = 0
    was_refused: bool = False
    shipped_at: float = None
    shipped_by: str = None  # the spool's name at that time

    @property
    def name(self):
        again = f"-r{self.repetition}" if self.repetition > 1 else ""
        return f"{int(self.sealed_at):08d}_000000-{self.spool}-{self.first:010d}-{self.last:010d}{again}.ndjson"


@dataclasses.dataclass
class Stored:
    batch: Batch
    came_at: float
    loaded_at: float = None  # None: never
    loaded_rows: int = 0
    deleted_at: float = None

    def is_visible(self, now):
        return self.came_at <= now and (self.in_bucket(now) or self.rows(now) > 0)

    def in_bucket(self, now):
        return self.came_at <= now and (self.deleted_at is None or self.deleted_at > now)

    def rows(self, now):
        return self.loaded_rows if self.loaded_at is not None and self.loaded_at <= now else 0

    def is_whole(self, now):
        return self.rows(now) == self.batch.last - self.batch.first + 1


@dataclasses.dataclass
class Plan:
    """What may happen at a site."""
    hours: int
    is_documented: bool
    documents_end_at: float  # STATUS_PREFIX is taken away
    list_most: int           # ranges in a list; the product has 1,000
    outages: list            # (from, until)
    backup_at: float         # 0: the site is never restored
    lost_at: float
    restored_at: float
    faults: float            # how many of the objects have one
    arrivals: float          # in a step


def make_plan(rng, has_faults):
    hours = rng.choice((8, 14, 30))
    end = hours * HOUR
    outages, at = [], 0
    while rng.random() < 0.6 and at < end:
        at += rng.uniform(0, end / 2)
        outages.append((at, at + rng.choice((rng.uniform(0, 20 * MINUTE), rng.uniform(0, 9 * HOUR)))))
        at = outages[-1][1]
    is_documented = rng.random() < 0.75
    backup_at = lost_at = restored_at = 0
    if rng.random() < 0.2:
        backup_at = rng.uniform(HOUR, end / 2)
        lost_at = backup_at + rng.uniform(0, 3 * HOUR)
        restored_at = lost_at + rng.uniform(0, 3 * HOUR)
    # A list that was cut tells nothing of what was sealed under an earlier name of the spool.
    list_most = 1000 if backup_at else rng.choice((2, 1000))
    return Plan(hours, is_documented, rng.uniform(0, end) if rng.random() < 0.2 else end, list_most, outages,
                backup_at, lost_at, restored_at, rng.choice((0.05, 0.3)) if has_faults else 0, rng.choice((0.01, 0.1, 0.5)))


class Site:
    """One installation, from its beginning to its plan's end."""

    def __init__(self, rng, node, has_faults):
        self.rng, self.node, self.plan = rng, node, make_plan(rng, has_faults)
        self.rotation = rng.choice((MINUTE, 10 * MINUTE, HOUR))
        self.batch_most = rng.choice((1, 5, 40))
        self.spool = self.draw_name()
        self.first_id = 1
        self.first_ids = {}  # of each name but the first
        self.received = self.sealed = 0
        self.pending_since = 0
        self.batches = []
        self.open = []       # of these the sealed and blocked ones, and some that were
        self.flights = []    # (batch, ends at)
        self.is_connected = True
        self.backup = None
        self.stored = {}     # name: Stored, the bucket's
        self.documents = []  # (put_at, spool, document)
        self.lost = []       # batches that died with the site before they were stored
        self.is_dead = False
        self.names = [self.spool]
        for tick in range(self.plan.hours * HOUR // STEP):
            self.step(tick * STEP)
        self.end = self.plan.hours * HOUR

    def draw_name(self):
        return f"{self.rng.getrandbits(40):010x}"

    def is_cut_off(self, now):
        return any(since <= now < until for since, until in self.plan.outages)

    def step(self, now):
        if self.plan.backup_at:
            self.restore(now)
        if self.is_dead:
            return
        self.receive(now)
        self.seal(now)
        self.upload(now)
        self.resolve(now)
        if not self.is_cut_off(now):
            self.copy_again(now)
            if self.plan.is_documented and now < self.plan.documents_end_at and now % DOCUMENT_EVERY == 0:
                self.documents.append((now + self.rng.uniform(0, 5), self.spool, self.document(now)))

    # ---- the spool ----

    def receive(self, now):
        if self.rng.random() < self.plan.arrivals:
            if self.received == self.sealed:
                self.pending_since = now
            self.received += self.rng.randint(1, 3)

    def add(self, batch):
        self.batches.append(batch)
        self.open.append(batch)

    def batches_in(self, *states):
        """Those that are sealed or blocked: all of a life would be too many to look through in each step."""
        self.open = [batch for batch in self.open if batch.state in ("sealed", "blocked")]
        return [batch for batch in self.open if batch.state in states]

    def seal(self, now):
        is_due = self.received > self.sealed and now - self.pending_since >= self.rotation
        if is_due and len(self.batches_in("sealed")) < 3:
            last = min(self.received, self.sealed + self.batch_most)
            self.add(Batch(self.spool, self.sealed + 1, last, 1, now))
            self.sealed = last

    def restore(self, now):
        if self.backup is None and now >= self.plan.backup_at:
            self.backup = copy.deepcopy((self.received, self.sealed, self.batches))
        if not self.is_dead and self.plan.lost_at <= now < self.plan.restored_at:
            self.is_dead = True
            self.lost = self.batches_in("sealed", "blocked")
        if (self.is_dead or self.spool == self.names[0]) and now >= self.plan.restored_at:
            if not self.is_dead:
                self.lost = self.batches_in("sealed", "blocked")
            self.is_dead = False
            self.received, self.sealed, self.batches = self.backup
            self.open = list(self.batches)
            known = {batch.name for batch in self.batches}
            self.lost = [batch for batch in self.lost if batch.name not in known]
            self.flights, self.is_connected = [], True
            self.spool = self.draw_name()
            self.names.append(self.spool)
            self.first_ids[self.spool] = self.first_id = self.sealed + 1

    # ---- the store ----

    def upload(self, now):
        if self.is_cut_off(now):
            for batch, _ in self.flights:
                if self.rng.random() < 0.5:
                    self.store(batch, now)  # the answer is lost
            self.flights, self.is_connected = [], False
            return
        for flight in [flight for flight in self.flights if flight[1] <= now]:
            self.flights.remove(flight)
            self.answer(flight[0], now)
        under_way = [batch for batch, _ in self.flights]
        for batch in sorted((b for b in self.batches_in("sealed") if b not in under_way), key=lambda b: b.first):
            if len(self.flights) < (2 if self.is_connected else 1):
                self.flights.append((batch, now + self.rng.choice((0, 0, STEP, self.rng.uniform(0, 10 * MINUTE)))))

    def answer(self, batch, now):
        is_told = self.plan.is_documented and now < self.plan.documents_end_at
        if is_told and batch.name not in self.stored and self.rng.random() < 0.04:
            batch.state, batch.since, batch.was_refused = "blocked", now, True
            batch.resolved_at = now + self.rng.choice((self.rng.uniform(0, HOUR), self.rng.uniform(0, 12 * HOUR)))
            return
        if batch.repetition == 1 and batch.name not in self.stored and self.rng.random() < 0.02:
            self.store(batch, now - 1, is_foreign=True)  # an incident: the batch is sealed again
            batch.state = "superseded"
            batch = dataclasses.replace(batch, repetition=2, state="sealed")
            self.add(batch)
        self.store(batch, now)
        batch.state, batch.shipped_at, batch.shipped_by = "shipped", now, self.spool
        self.is_connected = True

    def store(self, batch, now, is_foreign=False):
        if batch.name in self.stored:
            return
        count = batch.last - batch.first + 1
        stored = self.stored[batch.name] = Stored(batch, now)
        stored.loaded_at, stored.loaded_rows = now + self.rng.uniform(0, LATE), count
        if is_foreign:
            stored.loaded_rows = self.rng.randint(0, count)
        elif self.rng.random() < self.plan.faults:
            self.plant(stored, count)
        elif self.rng.random() < 0.1:
            stored.deleted_at = stored.loaded_at + self.rng.uniform(1, 5 * HOUR)  # by a lifecycle rule: no fault

    def plant(self, stored, count):
        kind = self.rng.choice(("deleted", "not loaded", "in part"))
        if kind == "in part" and count > 1:
            stored.loaded_rows = self.rng.randint(1, count - 1)
            return
        stored.loaded_at, stored.loaded_rows = None, 0
        if kind == "deleted":
            stored.deleted_at = stored.came_at + self.rng.choice((1, self.rng.uniform(0, 9 * HOUR)))

    # ---- people ----

    def resolve(self, now):
        for batch in [b for b in self.batches_in("blocked") if b.resolved_at <= now]:
            how = self.rng.choice(("ship", "ship", "abandon", "reseal"))
            batch.state, batch.since = {"ship": "sealed", "abandon": "abandoned", "reseal": "superseded"}[how], now
            if how == "reseal" and batch.spool == self.spool:
                middle = self.rng.randint(batch.first, batch.last)
                for first, last in ((batch.first, middle), (middle + 1, batch.last)):
                    if first <= last:
                        self.add(Batch(self.spool, first, last, batch.repetition + 1, now, was_refused=True))
            elif how == "reseal":
                batch.state = "sealed"

    def copy_again(self, now):
        """reship --new-keys: an object more, over the ids of one that was shipped."""
        if self.rng.random() < 0.0005:
            shipped = [b for b in self.batches if b.state == "shipped" and b.spool == self.spool and b.first >= self.first_id]
            if shipped:
                batch = self.rng.choice(shipped)
                used = max(s.batch.repetition for s in self.stored.values()
                           if s.batch.spool == self.spool and s.batch.first <= batch.last and s.batch.last >= batch.first)
                self.store(dataclasses.replace(batch, repetition=used + 1), now)

    # ---- what it tells ----

    def document(self, now):
        """The document that the uploader would put now, in the order in which it lists."""
        def ranges(*states):
            return [{"kind": "events", "first_id": b.first, "last_id": b.last, "state": b.state, "key": f"xml-events/{b.name}"}
                    for b in sorted(self.batches, key=lambda b: b.first) if b.state in states]
        pending = [{"kind": "events", "first_id": self.sealed + 1, "last_id": self.received, "state": "pending", "key": None}]
        rejects = [{"kind": "rejects", "first_id": 1, "last_id": self.rng.randint(1, 9), "state": "pending", "key": None}]
        opened = ranges("sealed", "blocked") + (pending if self.received > self.sealed else []) + self.rng.choice(([], rejects))
        given_up = ranges("abandoned") + self.rng.choice(([], [{**rejects[0], "state": "abandoned"}]))
        most = self.plan.list_most
        return {"now": now, "spool": {"id": self.spool, "node": self.node, "first_id": self.first_id},
                "received": {"events": self.received}, "open_ranges": opened[:most], "open_ranges_cut": len(opened) > most,
                "abandoned_ranges": given_up[:most], "abandoned_ranges_cut": len(given_up) > most}
