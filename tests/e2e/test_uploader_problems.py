"""What the uploader says is wrong: each problem is brought about, is seen where people and monitoring look (status, its exit
code, `healthcheck --strict`, the log), with since when, how often tried and what to do, and ends by itself with its cause.
"""
import calendar
import json
import re
import subprocess
import time

from support.environment import BUILD, IS_SANITIZED
from support.ledger import assert_spool_tiles
from support.tap import main, tests_of
from support.waiting import wait_for
from s3_stub import ALWAYS, ANY, Step, Stub, captive_portal, error, for_first_ids, page
from shipping import begin, send_batch, wait_for_state, with_stub


def problems(site):
    """Those of the uploader, by their codes."""
    shown = json.loads(site.command("uploader", "status", "--json").stdout)
    return {p["code"]: p for p in shown["problems"] if p["program"] == "uploader"}


def wait_for_problem(site, code):
    return wait_for(f"the problem {code}", lambda: problems(site).get(code))


def wait_for_end(site, code):
    wait_for(f"the end of {code}", lambda: code not in problems(site))


def milliseconds(iso):
    return calendar.timegm(time.strptime(iso[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(iso[20:23])


# ---- what the store, or the way to it, does ----

def always(behaviour):
    return [Step(ANY, behaviour, times=ALWAYS)]


CRITICAL, WARNING = 2, 1  # exit codes of status
CAUSES = {
    "a_server_that_is_overloaded": (always(error(503, "SlowDown")), "s3_unreachable", WARNING, "it is tried again"),
    "a_captive_portal": (always(captive_portal), "s3_unreachable", WARNING, ""),
    "a_proxy_that_wants_a_password": (always(page(407)), "s3_unreachable", WARNING, "HTTPS_PROXY"),
    "an_unreachable_server": (None, "s3_unreachable", WARNING, "AWS_ENDPOINT_URL"),
    "wrong_keys": (always(error(403, "InvalidAccessKeyId")), "credentials", CRITICAL, "AWS_ACCESS_KEY_ID"),
    "a_policy_that_denies": (always(error(403, "AccessDenied")), "s3_refused", CRITICAL, "s3:PutObject"),
    "a_bucket_that_is_missing": (always(error(404, "NoSuchBucket")), "s3_refused", CRITICAL, "BUCKET_NAME"),
}


def check_sign(site, code, status):
    """The problem is there; status and the healthcheck say so."""
    problem = wait_for_problem(site, code)
    screen = site.command("uploader", "status")
    strict = site.command("uploader", "healthcheck", "--strict")
    assert screen.returncode == status and code in screen.stdout.splitlines()[0], screen.stdout
    assert strict.returncode == 1 and f"uploader: {code}: " in strict.stderr, strict.stderr
    assert site.command("uploader", "healthcheck").returncode == 0, "it lives"
    return problem


def check_end(site, code):
    wait_for_end(site, code)
    strict = site.command("uploader", "healthcheck", "--strict")
    assert strict.returncode == 0, strict.stderr
    assert site.command("uploader", "status").returncode == 0


def check_cause(site, script, code, status, remedy):
    begin(site)
    stub = Stub()
    try:
        if script is None:
            stub.go_away()
        else:
            stub.set_script(*script)
        uploader = site.uploader(**stub.settings())
        problem = check_sign(site, code, status)
        assert problem["message"] and remedy in problem["remedy"], problem
        uploader.wait_for_log("upload failed; it will be tried until it succeeds")
        again = wait_for("another try", lambda: (p := problems(site).get(code)) and p["tries"] > problem["tries"] and p)
        assert again["since"] == problem["since"], "it is the same one"
        stub.set_script()
        if script is None:
            stub.start_listening()
        wait_for("the shipping", lambda: site.value("SELECT events FROM summary") == 0)
        check_end(site, code)
        over = re.search(r"outage over.* after_ms=(\d+)", uploader.log)
        lasted = milliseconds(uploader.log[:uploader.log.index("outage over")].splitlines()[-1]) - milliseconds(problem["since"])
        assert abs(int(over[1]) - lasted) < 1000, (over[0], lasted)
    finally:
        stub.close()


globals().update(tests_of(check_cause, CAUSES))


def test_a_name_that_is_not_looked_up_is_seen_and_does_not_hold_up_a_stop(site):
    if IS_SANITIZED:
        return  # they want to be loaded first
    begin(site)
    stub = Stub()
    try:
        settings = {**stub.settings(), "AWS_ENDPOINT_URL": "http://hangs.invalid:9000"}
        uploader = site.uploader(**settings, LD_PRELOAD=BUILD / "fault/hanging_names.so")
        began = time.monotonic()
        problem = wait_for_problem(site, "s3_unreachable")
        assert "no connection in time" in problem["message"], problem
        assert time.monotonic() - began < 60, "the look-up takes 100 s"
        began = time.monotonic()
        uploader.stop()
        assert time.monotonic() - began < 30
    finally:
        stub.close()


# ---- keys ----

def test_missing_keys_are_seen_before_the_first_batch_and_end_with_new_ones(site):
    site.collector()
    config, keys = site.directory / ".aws/config", site.directory / "keys.json"
    stub = Stub()
    try:
        nowhere = {name: value for name, value in stub.settings().items() if "KEY" not in name}
        config.parent.mkdir()
        config.write_text(f"[default]\ncredential_process = cat {keys}\n")
        site.uploader(**nowhere)
        problem = check_sign(site, "credentials", CRITICAL)
        assert problem["message"] and problem["remedy"], problem
        assert site.value("SELECT count(*) FROM _batch") == 0
        keys.write_text(json.dumps({"Version": 1, "AccessKeyId": "stubkey", "SecretAccessKey": "stubsecret"}))
        check_end(site, "credentials")
    finally:
        stub.close()


def test_an_uploader_that_waits_for_keys_is_starting_and_lives(site):
    """It takes longer than a sign of life may be old."""
    site.collector()
    site.wait_for_spool()
    config, answered = site.directory / ".aws/config", site.directory / "answered"
    stub = Stub()
    try:
        nowhere = {name: value for name, value in stub.settings().items() if "KEY" not in name}
        config.parent.mkdir()
        config.write_text(f"[default]\ncredential_process = sh -c 'sleep 40; touch {answered}; exit 1'\n")
        site.start("uploader", **nowhere)  # it logs nothing yet
        wait_for_problem(site, "starting")
        while not answered.exists():
            lives = site.command("uploader", "healthcheck")
            assert lives.returncode == 0 or answered.exists(), lives.stderr
            assert "uploader_absent" not in problems(site)
        wait_for_problem(site, "credentials")
        wait_for_end(site, "starting")
    finally:
        stub.close()


# ---- the clock ----

def check_clock(site, ahead_seconds, words):
    begin(site)
    stub = Stub()
    try:
        stub.ahead_seconds = ahead_seconds
        uploader = site.uploader(**stub.settings())
        problem = check_sign(site, "clock_wrong", WARNING)
        seconds, where = re.fullmatch(r"this machine's clock is (\d+) s (\w+).* the store's", problem["message"]).groups()
        assert abs(int(seconds) - abs(ahead_seconds)) < 5 and where == words and "NTP" in problem["remedy"], problem
        stub.ahead_seconds = 0
        send_batch(site)  # two answers have to say so, as one may lie
        wait_for("the shipping", lambda: site.value("SELECT events FROM summary") == 0)
        send_batch(site)
        check_end(site, "clock_wrong")
        assert uploader.log.count("problem=clock_wrong") == 2, "its begin and its end"
    finally:
        stub.close()


globals().update(tests_of(check_clock, {
    "a_clock_that_is_behind_but_not_refused": (400, "behind"),
    "a_clock_that_is_ahead_and_refused": (-1200, "ahead"),
}))


# ---- single batches ----

def refuse_first_batch():
    return Step("PUT", for_first_ids(error(400, "InvalidArgument"), 1), times=ALWAYS)


@with_stub
def test_a_blocked_batch_is_known_again_at_once_after_a_restart(site, stub):
    stub.set_script(refuse_first_batch())
    uploader = site.uploader(**stub.settings())
    problem = check_sign(site, "batch_blocked", CRITICAL)
    assert problem["message"].startswith("1 batch fails by itself: "), problem
    send_batch(site)
    wait_for_state(site, "shipped", 2)
    uploader.stop()
    stub.go_away()  # so nothing can be learnt anew
    hour_ago = int(time.time() * 1000) - 3600000
    site.change(f"UPDATE _batch SET blocked_at = {hour_ago + 5000} WHERE blocked_at IS NOT NULL")
    again = site.uploader(**stub.settings())
    restored = wait_for_problem(site, "batch_blocked")
    assert milliseconds(restored["since"]) == hour_ago + 5000 and restored["tries"] >= 1, (restored, problem)
    again.wait_for_log("upload still fails")  # an hour is full
    (begin_line,) = [line for line in again.log.splitlines() if "batches have failed by themselves since before this start" in line]
    (reminder,) = [line for line in again.log.splitlines() if "upload still fails" in line]
    assert f"since={restored['since']}" in begin_line and f"since={restored['since']}" in reminder, again.log
    assert "problem=batch_blocked" in reminder and " tries=" in reminder and " remedy=" in reminder, reminder
    stub.set_script()
    stub.start_listening()
    check_end(site, "batch_blocked")
    after = re.search(r"no batch fails by itself any more.* after_ms=(\d+)", again.log)
    assert int(after[1]) >= 3600000, "from before the restart on"
    assert_spool_tiles(site.query)


@with_stub
def test_a_refusal_keeps_its_beginning_over_a_restart(site, stub):
    stub.set_script(*always(error(403, "AccessDenied")))
    uploader = site.uploader(**stub.settings())
    wait_for_state(site, "blocked")
    first = site.value("SELECT min(blocked_at) FROM _batch")
    uploader.stop()
    site.uploader(**stub.settings())
    problem = wait_for_problem(site, "s3_refused")
    assert abs(milliseconds(problem["since"]) - first) < 1000, (problem, first)


# ---- the life of the program ----

def test_an_uploader_that_waits_for_the_spool_is_starting_and_says_what_is_missing(site):
    site.spool.parent.mkdir(parents=True)
    site.spool.write_bytes(b"")  # as a collector leaves it in its very first moment
    uploader = site.uploader()
    uploader.wait_for_log("waiting for the collector")
    wait_for("the sign", lambda: "uploader: starting: " in site.command("uploader", "healthcheck").stderr)
    assert site.command("uploader", "healthcheck", "--strict").returncode == 0, "a start is no reason for an alarm"
    site.spool.unlink()
    site.collector()
    wait_for_end(site, "starting")


def strace(site, program, *arguments):
    """Lets system calls of the running program behave as strace is told."""
    process = site.owns(subprocess.Popen(["strace", "-f", "-p", str(program.process.pid), "-o", site.directory / "strace.log",
                                          *arguments], stderr=subprocess.PIPE, text=True))
    line = process.stderr.readline()
    assert "attached" in line, line
    return process


def test_a_directory_that_hangs_is_a_stalled_thread_until_it_goes_on(site):
    if IS_SANITIZED:
        return  # strace does not work with sanitizers
    site.collector()
    uploader = site.uploader()
    wait_for("the proof", lambda: not any(p.get("code") == "destination_unproven" for p in problems(site).values()))
    strace(site, uploader, "-e", "trace=linkat", "-e", "inject=linkat:delay_enter=90000000:when=1")
    send_batch(site)
    problem = wait_for_problem(site, "thread_stalled")
    assert "(worker) has been using DESTINATION_DIR for 1 min" in problem["message"] and "dmesg" in problem["remedy"], problem
    assert site.command("uploader", "status").returncode == CRITICAL
    assert site.command("uploader", "healthcheck", "--strict").returncode == 1
    site.wait_until_shipped()
    check_end(site, "thread_stalled")
    assert uploader.log.count("problem=thread_stalled") == 2, uploader.log


# ---- what the spool has of it ----

def counters(site):
    return {(name, label): value for name, label, value in site.query("SELECT name, label, value FROM _counter")}


@with_stub
def test_the_report_and_the_counters_are_in_the_spool(site, stub):
    stub.set_script(Step("PUT", error(503), times=2))
    uploader = site.uploader(**stub.settings(ROTATION_INTERVAL="2", MAX_FILE_SIZE="1M"))
    site.wait_until_shipped()
    version, destination, rotation_ms, max_file_bytes = site.query(
        "SELECT version, destination, rotation_ms, max_file_bytes FROM _uploader")[0]
    assert version and (destination, rotation_ms, max_file_bytes) == (
        site.value("SELECT destination FROM _batch"), 2000, 1 << 20)
    shown = counters(site)
    assert shown["shipped_events", ""] == site.value("SELECT last_event_id FROM _intake")
    assert shown["shipped_batches", ""] == 1
    assert shown["shipped_bytes", ""] == site.value("SELECT event_bytes FROM _intake")
    assert shown["upload_failures", "s3_unreachable"] == 2
    assert sum(value for (name, _), value in shown.items() if name == "upload_le_ms") == 1
    uploader.stop()
    site.command("uploader", "reship", "--batch", "1", "--new-keys", **stub.settings())
    site.uploader(**stub.settings(ROTATION_INTERVAL="7"))
    wait_for("the changed setting", lambda: site.value("SELECT rotation_ms FROM _uploader") == 7000)
    wait_for("the copy", lambda: site.value("SELECT count(*) FROM batches WHERE state = 'shipped'") == 2)
    assert counters(site)["shipped_events", ""] == shown["shipped_events", ""], "a copy is no other event"


main(globals(), at_once=4)
