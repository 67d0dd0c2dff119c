"""A batch that cannot go on holds back its own rows and no others: purging works around it, the collector goes on for as long
as its rows fit, and what was sealed under settings of before is settled."""
import time

from support.beside import Beside
from support.ledger import KEY, uids_of_xml
from support.tap import main
from support.waiting import PATIENCE, wait_for
from s3_stub import ALWAYS, Step, after_storing, error, for_first_ids, hang, larger_than, page
from shipping import AT_ONCE, SOON, wait, world_tests, worlds

beside = Beside(8)
world = worlds(beside)


def ids_left(world):
    return [number for (number,) in world.site.query("SELECT id FROM events ORDER BY id")]


# ---- a batch that waits for a person, and what lies around it ----

@world(RETENTION="0")
def test_rows_around_a_refused_batch_are_purged(world):
    world.send(5)
    world.send(1, 20000)
    world.send(10)
    world.start(Step("PUT", larger_than(10000, page(413)), times=ALWAYS))
    wait_for("all other rows to be purged", lambda: ids_left(world) == [6], AT_ONCE * 3)
    world.send(5)
    wait_for("later rows to be purged, too", lambda: ids_left(world) == [6], AT_ONCE * 2)
    world.restart()
    world.send(2)
    wait_for("and after a restart", lambda: ids_left(world) == [6] and world.shipped() >= 22, AT_ONCE * 2)
    world.cure()
    world.assert_ends()
    wait_for("nothing to be left", lambda: ids_left(world) == [], AT_ONCE * 2)


CEILING_EVENTS = 20000  # 44 MB, more than the spool may hold


@world(collector={"SPOOL_MAX_SIZE": "32M"}, MAX_FILE_SIZE="1M")
def test_the_collector_goes_on_beside_a_refused_batch_under_a_ceiling(world):
    world.send()
    world.start(Step("PUT", for_first_ids(page(413), 1), times=ALWAYS))
    wait_for("the batch to be refused", lambda: world.blocked() == 1)
    sim = world.site.acmsim("--count", CEILING_EVENTS, "--rate", 3000)
    out, err = sim.communicate(timeout=PATIENCE)
    assert sim.returncode == 0, err + out
    world.site.wait_for_events(CEILING_EVENTS + 1)
    wait_for("all others to be shipped", lambda: world.shipped() == CEILING_EVENTS, SOON)
    assert ids_left(world)[0] == 1 and world.site.value("SELECT count(*) FROM backlog") == 1
    world.cure()
    wait_for("the batch to be shipped", lambda: world.site.value("SELECT events FROM summary") == 0, SOON)
    objects = sorted((int(KEY.match(key)[4]), there.body) for key, there in world.stub.objects.items())
    uids = [uid for _, body in objects for uid in uids_of_xml(body)]
    assert uids == [f"{number:016x}" for number in (1, *range(1, CEILING_EVENTS + 1))], len(uids)


# ---- rejects that are no longer shipped ----

def send_reject(world):
    count = world.site.value("SELECT last_reject_id FROM _intake") + 1
    world.site.send(b"not an event, number %d" % count)
    wait_for("the reject", lambda: world.site.value("SELECT last_reject_id FROM _intake") >= count)


def check_settled(world, behaviour, is_stored):
    """A PUT of rejects has an unknown outcome; then rejects are to stay in the spool."""
    send_reject(world)
    world.start(Step("PUT", behaviour, times=ALWAYS, prefix="rejected/"), Step("HEAD", error(503), times=ALWAYS))
    wait_for("the PUT", lambda: world.stub.methods("rejected/"))
    wait(1)
    world.uploader.kill()
    world.cure()
    world.start(REJECTS_PREFIX="none")
    world.send()
    world.wait_for_shipped(1, AT_ONCE)
    if is_stored:
        wait_for("the rejects to be settled", lambda: world.site.value("SELECT state FROM rejects") == "shipped", SOON)
    else:  # what was on its way may still come, so it is certain only after a quarter of an hour
        wait_for("the look to be told", lambda: "not in the store yet" in str(world.site.value(
            "SELECT last_error FROM batches WHERE kind = 'rejects'")), SOON)
    assert "HEAD" in world.stub.methods("rejected/"), "it was looked for"
    assert len([key for key in world.stub.kept if key.startswith("rejected/")]) == is_stored, "and not put again"
    done = world.command("flush", REJECTS_PREFIX="none")
    assert done.returncode == 0, done
    if is_stored:
        world.assert_ends(1)


SETTLED = world_tests(beside, check_settled, {
    "a_rejects_batch_that_hung_is_settled_when_rejects_stay": (hang, False),
    "a_rejects_batch_that_was_stored_is_settled_when_rejects_stay": (after_storing(error(500)), True),
})


@world(REJECTS_PREFIX="none")
def test_a_flush_ends_after_rejects_were_purged(world):
    send_reject(world)
    send_reject(world)
    world.site.change("UPDATE _uploader SET rejects_marked = 2, rejects_marked_at = -4000000000")  # 40 days ago
    world.start()
    wait_for("the rejects to be purged", lambda: world.site.value("SELECT count(*) FROM rejects") == 0)
    world.send(3)
    since = time.monotonic()
    done = world.command("flush")
    assert done.returncode == 0 and time.monotonic() - since < AT_ONCE, done
    world.uploader.stop()
    world.send()
    done = world.command("flush", REJECTS_PREFIX="rejected/")
    assert done.returncode == 0, done
    world.assert_each_event_once()


main({**globals(), **SETTLED})
