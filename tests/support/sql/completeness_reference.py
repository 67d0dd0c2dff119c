"""completeness_reference -- what 15_completeness.sql has to say, worked out id by id from what a warehouse sees, without SQL."""
import collections
import dataclasses

MINUTE, HOUR = 60, 3600
GRACE = 2 * HOUR


@dataclasses.dataclass
class Seen:
    """What a warehouse has of one site at a moment: of objects (spool, first, last, repetition, came_at, rows loaded)."""
    objects: list
    documents: list  # (put_at, spool, document), the oldest first, all of one file
    starts: dict     # completeness_starts


def list_of(document, name):
    """The listed events as (first, last, state, key), and with them the ids that the list had no place for."""
    ranges = [(r["first_id"], r["last_id"], r["state"], r["key"]) for r in document[name] if r["kind"] == "events"]
    is_cut_there = document[f"{name}_cut"] and all(
        r["kind"] == "events" and r["state"] != "pending" for r in document[name])
    if is_cut_there and ranges[-1][1] < document["received"]["events"]:
        ranges.append((ranges[-1][1] + 1, document["received"]["events"], f"{name}_cut", None))
    return ranges


def ranges_of(document):
    """By the name of the spool under which they will come."""
    listed = collections.defaultdict(list)
    for first, last, state, key in list_of(document, "open_ranges") + list_of(document, "abandoned_ranges"):
        spool = key.rsplit("/", 1)[1].split("-")[1] if key else document["spool"]["id"]
        listed[spool].append((first, last, state))
    return listed


def lists(document, spool, i):
    return any(first <= i <= last for first, last, _ in ranges_of(document)[spool])


def says_it_was_there(document, spool, i):
    return i <= document["received"]["events"] and not lists(document, spool, i)


class Spool:
    """One name, with all that bears upon it."""

    def __init__(self, name, seen, now):
        self.name, self.now = name, now
        self.objects = [o for o in seen.objects if o[0] == name]
        self.over = collections.defaultdict(list)  # {id: its objects}
        for each in self.objects:
            for i in range(each[1], each[2] + 1):
                self.over[i].append(each)
        own = [(put_at, document) for put_at, spool, document in seen.documents if spool == name]
        self.newest = own[-1] if own else None
        self.settled = next((d for put_at, d in reversed(own) if put_at <= now - GRACE), None)
        arrivals = [o[4] for o in self.objects if o[4] <= now - GRACE]
        self.seen_at = max(arrivals, default=None)
        self.is_retired = self.is_outdated = False
        if own:
            self.is_retired = seen.documents[-1][1] != name and self.newest[0] <= now - GRACE
            self.is_outdated = self.seen_at is not None and self.seen_at > self.newest[0] + 15 * MINUTE
        self.given = seen.starts.get(name, 0)
        self.first = self.given or (self.newest[1]["spool"]["first_id"] if own else 1)

    def received(self):
        return self.newest[1]["received"]["events"] if self.newest else 0

    def last(self):
        """The last id that there has to be, as far as its own documents and objects tell."""
        told = self.received() if not self.is_retired else max(
            (i for i in range(1, self.received() + 1) if says_it_was_there(self.settled, self.name, i)), default=0)
        return max([o[2] for o in self.objects] + [told])


def listed_ranges(spools, name):
    """What the newest documents of all spools list under this name, as far as it counts."""
    for spool in spools.values():
        for first, last, state in ranges_of(spool.newest[1])[name] if spool.newest else ():
            if state in ("abandoned", "abandoned_ranges_cut") or \
                    not spool.is_retired and (state == "blocked" or not spool.is_outdated):
                yield first, last, state


def listed_state(spools, name, i):
    """The strongest word of those that are said of an id."""
    found = {state for first, last, state in listed_ranges(spools, name) if first <= i <= last}
    for state, meaning in (("blocked", "blocked"), ("sealed", "on_its_way"), ("pending", "on_its_way"),
                           ("abandoned", "abandoned"), ("open_ranges_cut", "on_its_way"), ("abandoned_ranges_cut", "on_its_way")):
        if state in found:
            return meaning
    return None


def state_of(spools, name, i):
    """The state of one id; None if nothing is said of it."""
    spool = spools[name]
    now = spool.now
    if i < spool.given:
        return None
    if i in spool.over:
        _, first, last, _, came_at, rows = max(spool.over[i], key=lambda o: o[3])
        return "loaded" if rows == last - first + 1 else "not_loaded" if came_at <= now - GRACE else "on_its_way"
    listed = listed_state(spools, name, i)
    if listed:
        return listed
    if i < spool.first:
        return None
    if spool.settled and says_it_was_there(spool.settled, name, i):
        return "missing"
    passed_at = min((o[4] for o in spool.objects if o[1] > i), default=None)
    if passed_at is None or passed_at > now - GRACE:
        return "on_its_way"
    counts = spool.newest and not spool.is_retired and not spool.is_outdated
    if counts and i > spool.received() and passed_at + 15 * MINUTE > spool.seen_at:
        return "on_its_way"  # an outage may have begun before a document could list it
    return "missing"


def judge(seen, now):
    """{(spool, id): state} of one site."""
    names = {o[0] for o in seen.objects} | {spool for _, spool, _ in seen.documents}
    spools = {name: Spool(name, seen, now) for name in names}
    # A document may list what comes under the name of a spool of which nothing else is known.
    for spool in list(spools.values()):
        for name in ranges_of(spool.newest[1]) if spool.newest else ():
            spools.setdefault(name, Spool(name, seen, now))
    found = {}
    for name, spool in spools.items():
        for i in range(1, max([spool.last(), *(last for _, last, _ in listed_ranges(spools, name))]) + 1):
            state = state_of(spools, name, i)
            if state:
                found[name, i] = state
    return found
