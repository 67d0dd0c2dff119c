"""`uploader resolve`, a person's word on a batch that cannot go on by itself: every cell of the table of words and states, with
the running uploader and without one, for events and for rejects; what the person is shown and asked; and what the spool, its
views and the store hold afterwards."""
import collections
import contextlib
import os
import re
import threading

from support.beside import Beside
from support.ledger import KEY, uids_of_xml
from support.tap import main
from support.waiting import PATIENCE, wait_for
from s3_stub import ALWAYS, Step, Stub, after_storing, error, hang, held, honest, no_answer, page, someone_was_faster
from shipping import AT_ONCE, wait, world_tests, worlds

beside = Beside(6)
BUSY = error(429, "TooManyRequests")  # nothing was stored
AWAY = error(503, "ServiceUnavailable")
BATCHES = 3  # of each kind: one for each word
WORDS = ("shipped", "reseal", "abandoned")
KINDS = ("events", "rejects")
NOTE = "as the test — wants it"
BY = f"(uid {os.getuid()})"
PREFIXES = {"events": "xml-events/", "rejects": "rejected/xml-events/"}
world = worlds(beside, UPLOAD_CONCURRENCY=6, ROTATION_INTERVAL=3600)  # two events of 512 bytes are due together, a reject alone


# ---- what is there ----

def columns(site, sql, *parameters):
    names = re.match(r"SELECT ([\w, ]+) FROM", sql)[1].split(", ")
    return [dict(zip(names, row)) for row in site.query(sql, *parameters)]


def batch(site, number):
    return columns(site, "SELECT id, kind, state, may_be_stored, first_id, last_id, object_key, shipped_at, verified, reship_of, "
                         "resolved_as, resolved_at, resolved_by, resolved_note FROM batches WHERE id = ?", number)[0]


def word_of(row):
    return tuple(row[f"resolved_{name}"] for name in ("as", "at", "by", "note"))


def parts(site, number):
    return [batch(site, part) for (part,) in site.query("SELECT id FROM batches WHERE reship_of = ? ORDER BY first_id", number)]


def states(site, row):
    """Of the rows of a batch, as the view of their kind says."""
    return {state for (state,) in site.query(f"SELECT state FROM {row['kind']} WHERE id BETWEEN ? AND ?",
                                             row["first_id"], row["last_id"])}


def assert_tiled(site):
    """The current batches of each kind go on without gap or overlap, the backlog and the summary agree with them."""
    for kind in KINDS:
        next_id = 1
        for first, last in site.query("SELECT first_id, last_id FROM _batch WHERE superseded_at IS NULL AND is_copy = 0 AND "
                                      "kind = ? ORDER BY first_id", kind):
            assert first == next_id, (kind, first, next_id)
            next_id = last + 1
    # In one statement, as a running uploader goes on meanwhile.
    waiting, with_backlog, count, left, given_up, said = site.query(
        "SELECT (SELECT group_concat(id) FROM (SELECT id FROM events WHERE state IN ('pending', 'sealed') ORDER BY id)), "
        "(SELECT group_concat(id) FROM (SELECT id FROM backlog ORDER BY id)), "
        "(SELECT count(*) FROM events WHERE state IN ('pending', 'sealed')), summary.events, "
        "(SELECT coalesce(sum(events), 0) FROM batches WHERE state = 'abandoned' AND kind = 'events'), abandoned_events "
        "FROM summary")[0]
    assert with_backlog == waiting, (with_backlog, waiting)
    assert (count, given_up) == (left, said), (count, given_up, left, said)


def repetitions(world, kind):
    """{id: the N of each of our objects over it}; an object of somebody else is none of ours."""
    found = collections.defaultdict(list)
    with world.stub.lock:
        objects = {key: there.body for key, there in world.stub.objects.items() if key.startswith(PREFIXES[kind])}
        assert len(world.stub.kept) == len(set(world.stub.kept)), "stored once each"
    for key, body in objects.items():
        if body == b"written by someone else":
            continue
        match = KEY.match(key)
        ids = range(int(match[4]), int(match[5]) + 1)
        number = re.search(r"-r(\d+)\.", key)
        for each in ids:
            found[each].append(int(number[1]) if number else 1)
        inside = uids_of_xml(body) if kind == "events" else re.findall(rb'"_id":"?(\d+)', body)
        assert [int(i, 16 if kind == "events" else 10) for i in inside] == list(ids), (key, body)
    return {each: sorted(numbers) for each, numbers in found.items()}


# ---- how batches get into each state ----

def send_reject(world):
    count = world.site.value("SELECT last_reject_id FROM _intake") + 1
    world.site.send(b"not an event %08d" % count + b"." * 1024)
    wait_for("the reject", lambda: world.site.value("SELECT last_reject_id FROM _intake") >= count)


def begin(world, *script):
    """One batch of each kind is shipped, so that the store is known to be well; what follows meets the script."""
    world.start()
    world.send(2, 512)
    send_reject(world)
    wait_for_batches(world, "state = 'shipped'", 2)
    world.cure(*script)
    for _ in range(BATCHES):
        world.send(2, 512)
        send_reject(world)


def wait_for_batches(world, condition, count=2 * BATCHES):
    wait_for(f"{count} batches: {condition}", lambda: world.site.value(
        f"SELECT count(*) FROM batches WHERE {condition}") >= count)


def begin_together(world, behaviour, *script):
    """Each batch's first PUT meets the behaviour, none before all have come; what follows meets the script."""
    gate = threading.Event()
    begin(world, Step("PUT", held(gate, behaviour), times=2 * BATCHES), *script)
    wait_for("the PUTs", lambda: len(world.stub.requests) >= 2 + 2 * BATCHES)
    gate.set()


def wait_for_another_key():
    """A key names the second of the sealing, and one that is taken gets the next -rN."""
    wait(1)


def put_off(world):
    """The store says 429 to each of them, and goes on to say so."""
    begin_together(world, BUSY, Step("PUT", BUSY, times=ALWAYS))
    wait_for_batches(world, "attempts > 0 AND NOT may_be_stored AND last_error IS NOT NULL")
    wait_for_another_key()


def never_tried(world):
    """The parts of batches that were sealed anew while no uploader ran; the first may be the one that is tried now and then."""
    put_off(world)
    world.uploader.stop()  # every try that is on its way has its outcome
    for number in numbers_of(world):
        assert resolve(world, number, "reseal").returncode == 0
    assert world.site.query("SELECT DISTINCT attempts FROM batches WHERE state = 'sealed'") == [(0,)]
    world.start(Step("PUT", BUSY, times=ALWAYS))


def refused(world):
    begin(world, Step("PUT", page(413), times=ALWAYS))
    wait_for_batches(world, "state = 'blocked'")


def unknown(behaviour):
    """kill -9 while each batch's PUT hangs; later looks see nothing."""
    def prepare(world):
        begin(world, Step("PUT", behaviour, times=2 * BATCHES))
        wait_for("the PUTs", lambda: len(world.stub.requests) >= 2 + 2 * BATCHES)
        world.uploader.kill()
        world.start(Step("HEAD", AWAY, times=ALWAYS))
    return prepare


absent = unknown(hang)
stored = unknown(after_storing(hang))


def occupied(world):
    """Each first PUT is answered 412, and nobody may look."""
    begin_together(world, someone_was_faster, Step("HEAD", error(403), times=ALWAYS),
                   Step("GET", error(403, "AccessDenied"), times=ALWAYS))
    wait_for_batches(world, "state = 'blocked' AND may_be_stored")


def given_up(before):
    def prepare(world):
        before(world)
        for number in numbers_of(world):
            assert resolve(world, number, "abandoned").returncode == 0
    return prepare


def purged(world):
    given_up(put_off)(world)
    world.site.change("UPDATE _batch SET kept_from = kept_from - 4000000000 WHERE kind = 'rejects'")  # 40 days
    world.restart(RETENTION="0")
    wait_for("the rows to be purged", lambda: world.site.query("SELECT id FROM events UNION SELECT id FROM rejects") == [])


def shipped(world):
    begin(world)
    wait_for_batches(world, "state = 'shipped'", 2 + 2 * BATCHES)


def replaced(world):
    put_off(world)
    for number in numbers_of(world):
        assert resolve(world, number, "reseal").returncode == 0


def batches_of(world, kind, condition="superseded_at IS NULL"):
    """Those of a kind that are in the state, by their rows."""
    return [number for (number,) in world.site.query(
        f"SELECT id FROM _batch WHERE kind = ? AND {condition} AND first_id > 2 - (kind = 'rejects') ORDER BY first_id", kind)]


def numbers_of(world):
    return [number for kind in KINDS for number in batches_of(world, kind)]


def resolve(world, number, word, *more, **settings):
    return world.command("resolve", "--batch", str(number), "--as", word, "--yes", "--note", NOTE, *more, **settings)


# ---- the table ----

YES, NO, DONE = "yes", "no", "done"
Cell = collections.namedtuple("Cell", "verdict says objects")  # objects: the N of each object over its ids at the end
Row = collections.namedtuple("Row", "prepare cells is_doubtful")  # is_doubtful: it may be stored
COUNT = "{count} {kind}"

UNSTORED = (Cell(NO, f"surely not in the store: no try of it was ever taken, so to call it shipped would lose {COUNT}", [1]),
            Cell(YES, f"its {COUNT} are sealed anew under the current settings; none can load twice", [1]),
            Cell(YES, f"its {COUNT} are given up: they are in no object", []))


def doubtful(there):
    return (Cell(YES, f"not verified: if its object is not in the store, {COUNT} are lost", there),
            Cell(YES, f"up to {COUNT} may load twice: its object may be in the store; the new ones end in -rN", [*there, 2]),
            Cell(YES, f"its {COUNT} are given up, although its object may be in the store", there))


def undone(there, more, number):
    return (Cell(YES, f"it counts as shipped, not verified{', although no try of it was ever taken' if number == 1 else ''}: {COUNT}", there),
            Cell(YES, f"its {COUNT} are sealed anew and shipped after all{more}", [*there, number]),
            Cell(DONE, "it was given up already: there is nothing to do", there))


TABLE = {
    "never_tried": Row(never_tried, UNSTORED, False),
    "put_off": Row(put_off, UNSTORED, False),
    "refused": Row(refused, UNSTORED, False),
    "of_unknown_outcome_and_not_there": Row(absent, doubtful([]), True),
    "of_unknown_outcome_and_there": Row(stored, doubtful([1]), True),
    "whose_key_is_taken": Row(occupied, doubtful([]), True),
    "given_up": Row(given_up(put_off), undone([], "", 1), False),
    "given_up_that_may_be_there": Row(given_up(stored), undone([1], "; as many may load twice: its object may be in the store", 2), True),
    "given_up_and_purged": Row(purged, (Cell(NO, "rows of it are no longer in the spool: it stays given up", []),
                                        Cell(NO, "rows of it are no longer in the spool: it stays given up", []),
                                        Cell(DONE, "it was given up already: there is nothing to do", [])), False),
    "shipped": Row(shipped, (Cell(NO, f"it is shipped; `eventspool reship --batch` puts its object again where it is missing, "
                                      f"`eventspool reship --new-keys` sends its {COUNT} once more", [1]),) * 3, False),
    "replaced": Row(replaced, (Cell(NO, "its rows are in other batches, those whose reship_of names it", [1]),) * 3, False),
}


def assert_word_kept(row, word, since):
    said, at, by, note = word_of(row)
    assert (said, note) == (word, NOTE) and by.endswith(BY) and at >= since, row


def check_done(site, before, word, since, is_doubtful):
    """What a word that was taken has made of a batch, right afterwards."""
    row = batch(site, before["id"])
    assert_word_kept(row, word, since)
    if word == "reseal":
        assert row["state"] == "superseded" and row["may_be_stored"] == is_doubtful, row
        sealed = parts(site, row["id"])
        covered = [i for part in sealed for i in range(part["first_id"], part["last_id"] + 1)]
        assert covered == list(range(row["first_id"], row["last_id"] + 1)), sealed
        for part in sealed:
            assert part["object_key"].startswith(PREFIXES[row["kind"]]), part
            assert ("-r2." in part["object_key"]) == is_doubtful, part
        assert states(site, row) <= {"sealed", "shipped"}
        return
    assert row["state"] == word and states(site, row) <= {word} and parts(site, row["id"]) == [], row
    if word == "shipped":
        assert (row["verified"], row["may_be_stored"], row["shipped_at"]) == (0, 0, row["resolved_at"]), row
    else:
        assert row["may_be_stored"] == is_doubtful and row["shipped_at"] is None, row


def check_cell(world, number, word, cell, is_doubtful, **settings):
    site = world.site
    before = batch(site, number)
    since = site.value("SELECT strftime('%Y-%m-%dT%H:%M:%fZ')")
    done = resolve(world, number, word, **settings)
    said = done.stdout + done.stderr
    what = (before, word, said)
    says = cell.says.format(count=before["last_id"] - before["first_id"] + 1, kind=before["kind"])
    assert done.returncode == (1 if cell.verdict == NO else 0) and says in said, what
    assert ("reship --new-keys" in said) == (before["state"] in ("shipped", "superseded")), what
    if cell.verdict == YES:
        check_done(site, before, word, since, is_doubtful)
    else:
        after = batch(site, number)
        assert word_of(after) == word_of(before) and after["state"] == before["state"], (what, after)
    assert_tiled(site)


def check_repeated(world, number, word, **settings):
    """The same command once more changes nothing, and says that it is done."""
    before, count = batch(world.site, number), world.site.value("SELECT count(*) FROM batches")
    done = resolve(world, number, word, **settings)
    said = done.stdout + done.stderr
    assert done.returncode == (0 if word == "abandoned" else 1), said
    assert {"shipped": "it is shipped", "reseal": "its rows are in other batches", "abandoned": "nothing to do"}[word] in said, said
    after = batch(world.site, number)
    assert {**after, "may_be_stored": None} == {**before, "may_be_stored": None}, (before, after)
    assert world.site.value("SELECT count(*) FROM batches") == count


def check_objects(world, row, chosen):
    """When the store is well: all is settled, and the store holds what was asked for, each key once."""
    for kind, numbers in chosen.items():
        there = [(batch(world.site, number), cell.objects) for number, cell in zip(numbers, row.cells) if cell.objects]
        expected = {each: [1] for each in ((1, 2) if kind == "events" else (1,))}
        expected |= {each: objects for row, objects in there for each in range(row["first_id"], row["last_id"] + 1)}
        found = repetitions(world, kind)
        assert found == expected, (kind, found, expected)


def check_flush(world, row, chosen, settings):
    """What a person has settled holds up no flush, which says how much that is, for as long as its rows are there."""
    done = world.command("flush", **settings)
    assert done.returncode == 0, done
    settled = world.site.query("SELECT count(*), sum(events) FROM batches JOIN _batch USING (id, events) WHERE has_rows AND "
                               "batches.resolved_as IS NOT NULL AND superseded_at IS NULL")[0]
    says = f"resolved by a person: {settled[1]} of the events and rejects, in {settled[0]} of the batches" if settled[0] else "all shipped\n"
    assert says in done.stdout and (settled[0] > 0) == (any(
        cell.verdict != NO and word != "reseal" for word, cell in zip(WORDS, row.cells)) and row.prepare is not purged), (done, settled)


def check_state(world, row, is_served, settings):
    """The three words about three batches of each kind in the same state."""
    row.prepare(world)
    wait_for_another_key()
    if not is_served:
        world.uploader.kill() if row.is_doubtful else world.uploader.stop()
    condition = "superseded_at IS NOT NULL" if row.prepare is replaced else "superseded_at IS NULL"
    chosen = {kind: batches_of(world, kind, condition) for kind in KINDS}
    for number, word, cell in [each for numbers in chosen.values() for each in zip(numbers, WORDS, row.cells, strict=True)]:
        check_cell(world, number, word, cell, row.is_doubtful, **settings)
        if cell.verdict == YES:
            check_repeated(world, number, word, **settings)
    world.cure()
    if not is_served:
        world.start(**settings)
    wait_for("all to be settled", lambda: world.site.value(
        "SELECT count(*) FROM batches WHERE state IN ('sealed', 'blocked')") == 0)
    assert world.site.value("SELECT events FROM summary") == 0
    assert_tiled(world.site)
    check_objects(world, row, chosen)
    wait_for("the trouble to be over", lambda: world.site.value("SELECT last_error FROM summary") is None)
    check_flush(world, row, chosen, settings)


def table_tests():
    tests = {}
    for name, row in TABLE.items():
        for is_served in (True, False):
            settings = {"RETENTION": "0"} if row.prepare is purged else {}

            def check(world, row=row, is_served=is_served, settings=settings):
                check_state(world, row, is_served, settings)
            check.__name__ = f"test_each_word_about_a_batch_{name}_{'with' if is_served else 'without'}_a_running_uploader"
            tests[check.__name__] = world()(check)
    return tests


# ---- on its way ----

ON_ITS_WAY = "it is on its way: its end is waited for"


def resolve_beside(world, number, word):
    """The command goes on beside the test, and says that it waits."""
    process = world.begin("resolve", "--batch", str(number), "--as", word, "--yes", "--note", NOTE)
    wait_for("the word to wait", lambda: world.site.query(
        "SELECT 1 FROM _request WHERE action = 'resolve' AND argument LIKE '0 %' AND done_at IS NULL AND progress = ?", ON_ITS_WAY))
    return process


def check_on_its_way(world, word, behaviour, row):
    """A PUT hangs; the word waits for its end, and then goes by the table."""
    begin(world)
    wait_for_batches(world, "state = 'shipped'", 2 + 2 * BATCHES)
    gate = threading.Event()
    world.cure(Step("PUT", held(gate, behaviour)), Step("HEAD", AWAY, times=ALWAYS))
    count = len(world.stub.requests)
    world.send(2, 512)
    wait_for("the PUT", lambda: len(world.stub.requests) > count)
    number = batches_of(world, "events")[-1]
    process = resolve_beside(world, number, word)
    assert batch(world.site, number)["resolved_as"] is None and process.poll() is None
    gate.set()
    said, _ = process.communicate(timeout=PATIENCE)
    cell = row.cells[WORDS.index(word)]
    assert ON_ITS_WAY in said and cell.says.format(count=2, kind="events") in said, said
    assert process.returncode == (1 if cell.verdict == NO else 0), said
    if cell.verdict == YES:
        check_done(world.site, batch(world.site, number), word, "", row.is_doubtful)
    else:
        assert batch(world.site, number)["state"] == "shipped" and batch(world.site, number)["resolved_as"] is None
    world.cure()
    wait_for("all to be settled", lambda: world.site.value("SELECT events FROM summary") == 0)
    assert_tiled(world.site)
    found = repetitions(world, "events")
    assert found.get(9, []) == found.get(10, []) == cell.objects, found


def on_its_way_tests():
    ends = {"shipped": (honest, TABLE["shipped"]), "unknown": (no_answer, TABLE["of_unknown_outcome_and_not_there"])}
    return world_tests(beside, check_on_its_way, {
        f"the_word_{word}_waits_for_a_try_whose_end_is_{end}": (word, *arguments)
        for end, arguments in ends.items() for word in WORDS}, UPLOAD_CONCURRENCY=6, ROTATION_INTERVAL=3600)


# ---- what else must be true right afterwards ----

@world()
def test_a_trouble_is_over_with_the_word_about_its_batch(world):
    world.start()
    world.send(2, 512)
    wait_for_batches(world, "state = 'shipped'", 1)
    world.cure(Step("PUT", page(413), times=ALWAYS))
    world.send(2, 512)
    wait_for_batches(world, "state = 'blocked'", 1)
    world.wait_for_trouble()
    done = resolve(world, 2, "abandoned")
    assert done.returncode == 0, done
    wait_for("the trouble to be over", lambda: world.site.value("SELECT last_error FROM summary") is None, AT_ONCE)
    world.uploader.wait_for_log('"a batch was resolved by a person" batch=2 as=abandoned by="')
    assert BY in world.uploader.log and "no batch fails by itself any more" in world.uploader.log
    assert world.site.query("SELECT * FROM backlog") == [] and world.site.value("SELECT abandoned_events FROM summary") == 2


@world()
def test_reship_passes_over_what_was_given_up_or_replaced(world):
    put_off(world)
    events, rejects = batches_of(world, "events"), batches_of(world, "rejects")
    for number, word in zip([*events, *rejects], ("abandoned", "reseal", "reseal") * 2):
        assert resolve(world, number, word).returncode == 0
    world.cure()
    wait_for_batches(world, "state = 'shipped'", 6)
    count = len(world.stub.kept)
    for more in ((), ("--new-keys", "--dry-run")):
        done = world.command("reship", "--since", "2020-01-01", *more)
        assert done.returncode == 0, done
    assert len(world.stub.kept) == count
    for number, says in ((events[0], "it was given up"), (events[1], "its rows are in another batch")):
        done = world.command("reship", "--batch", str(number), "--new-keys")
        assert done.returncode == 1 and says in done.stdout + done.stderr, done
    assert len(world.stub.kept) == count


@world()
def test_nobody_can_look_where_the_destination_is_gone(world):
    absent(world)
    world.uploader.kill()
    number, other = batches_of(world, "events")[0], batches_of(world, "events")[1]
    with contextlib.closing(Stub()) as stub:
        for word, each in (("reseal", number), ("shipped", other)):
            done = resolve(world, each, word, AWS_ENDPOINT_URL=stub.url)
            assert done.returncode == 0 and "which is not the destination now, so nobody can look" in done.stdout, done
        world.start(AWS_ENDPOINT_URL=stub.url)
        wait_for("the rows at the new place", lambda: len(stub.kept) == 1)
        assert re.search(r"-0000000003-0000000004-r2[.]xml$", stub.kept[0]), stub.kept
    assert_tiled(world.site)


main({**globals(), **table_tests(), **on_its_way_tests()})
