"""What people read about time: how long an outage lasted, how a flush goes on, and nothing of an uploader that is dead."""
import re
import time

from support.beside import Beside
from support.tap import main
from support.waiting import wait_for
from s3_stub import ALWAYS, ANY, Step, error, honest, late
from shipping import SOON, world_tests, worlds

beside = Beside(8)
world = worlds(beside)


def check_after_ms(world, *script):
    """From the start of the first try that failed to the success."""
    world.send()
    world.start(*script)
    first = wait_for("the first try", lambda: world.stub.requests and world.stub.requests[0])
    wait_for("the end", lambda: "outage over" in world.uploader.log, SOON)
    lasted = time.monotonic() - first.at
    said = int(re.search(r"outage over.*after_ms=(\d+)", world.uploader.log)[1]) / 1000
    assert abs(said - lasted) < 2, f"{said} s said, {lasted} s true"
    world.assert_ends(1)


LASTED = world_tests(beside, check_after_ms, {
    "an_outage_lasts_from_the_start_of_a_try_that_failed_late": (Step("PUT", late(6, error(503))),),
})


def check_lines(world, events, *script):
    world.site.send_events(events)
    world.site.wait_for_events(events)
    world.sent = events
    world.start(*script, ROTATION_INTERVAL="1h")
    flush = world.begin("flush")
    since = time.monotonic()
    out, _ = flush.communicate(timeout=SOON * 2)
    seconds = time.monotonic() - since
    lines = out.splitlines()
    assert flush.returncode == 0 and len(lines) <= seconds + 2, (len(lines), seconds, out[:2000])


LINES = world_tests(beside, check_lines, {
    "a_flush_without_a_terminal_prints_a_line_a_second_at_most": (1000, Step("PUT", late(1, honest))),
    "a_flush_that_waits_prints_a_line_a_second_at_most": (8, Step("PUT", late(6, honest))),
}, UPLOAD_CONCURRENCY=1)


def check_dead(world, behaviour, remedy):
    world.send()
    world.start(Step(ANY, behaviour, times=ALWAYS))
    world.wait_for_trouble()
    wait_for("the status to give advice", lambda: remedy in world.command("status").stdout)
    world.uploader.kill()
    shown = world.command("status").stdout
    assert remedy not in shown, shown
    assert re.search(r"^uploader +absent, last seen \S+ \S+ ago", shown, re.MULTILINE), shown
    world.cure()
    world.start()
    world.assert_ends()


DEAD = world_tests(beside, check_dead, {
    "the_status_gives_no_advice_of_a_dead_uploader_that_was_refused": (error(403, "AccessDenied"), "s3:PutObject"),
    "the_status_gives_no_advice_of_a_dead_uploader_with_wrong_keys": (error(403, "InvalidAccessKeyId"), "AWS_ACCESS_KEY_ID"),
    "the_status_gives_no_advice_of_a_dead_uploader_in_an_outage": (error(503), "HTTP 503"),
})

main({**globals(), **LASTED, **LINES, **DEAD})
