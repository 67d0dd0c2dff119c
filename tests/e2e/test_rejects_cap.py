"""Far more rejects than REJECTS_MAX_SIZE: the spool keeps its size, events are not disturbed, no byte is missing, and the
problem ends by itself once the rejects are shipped or dismissed."""
import datetime
import json
import socket
import threading
import time

from support.environment import size
from support.tap import main, tests_of
from support.waiting import wait_for

MIB = 1 << 20
REJECTS = size("TEST_REJECTS", 100_000, 20_000)  # 1,000,000 for a campaign
CAP = REJECTS * 32  # bytes: a quarter of what the rows of so many would take
ADDRESSES = size("TEST_ADDRESSES", 200, 150)
ROUNDS = 4
PAGE = 16384
EVENT_BYTES = 2600  # of a simulated event with its row, at most
OVERHEAD = MIB  # what the spool takes beside events and rejects, and what pages leave unused
REJECTED_BYTES = "SELECT sum(bytes) FROM rejects"


def problems(site):
    """{code: since how many seconds}"""
    told = json.loads(site.command("uploader", "status", "--json", DESTINATION_DIR=site.objects).stdout)
    now = datetime.datetime.fromisoformat(told["now"])
    return {problem["code"]: (now - datetime.datetime.fromisoformat(problem["since"])).total_seconds()
            for problem in told["collector"]["problems"]}


def check_flood(site, unit, *units):
    """`unit` again and again, which holds a reject of each of `units`, and events of another connection meanwhile."""
    collector = site.collector(REJECTS_MAX_SIZE=CAP)
    garbage = unit * (REJECTS // len(units))
    sender = threading.Thread(target=site.send, args=(garbage,))
    sender.start()
    events, slowest = 0, 0
    while sender.is_alive() or events == 0:
        began = time.monotonic()
        site.send_events(10)
        events += 10
        site.wait_for_events(events)
        slowest = max(slowest, time.monotonic() - began)
    sender.join()
    wait_for("all rejects", lambda: site.value(REJECTED_BYTES) == len(garbage))
    used = site.value("PRAGMA page_count") * PAGE
    rows = site.value("SELECT count(*) FROM rejects")
    print(f"# {REJECTS} rejects are {rows} rows; the spool has {used} bytes, the cap is {CAP};"
          f" ten of {events} events took {slowest:.2f} s at most")
    assert used <= CAP + events * EVENT_BYTES + OVERHEAD
    assert used >= CAP * 0.8, "up to the cap they are kept one by one"
    wait_for("both problems", lambda: {"rejects_capped", "rejects_arriving"} <= {*problems(site)})
    assert site.value("SELECT count(*) FROM events") == events
    for reason, data in units:
        assert site.value(f"{REJECTED_BYTES} WHERE reason = ?", reason) == len(data) * (REJECTS // len(units))
        (detail, kept, true_length), = site.query("SELECT detail, payload, bytes FROM rejects WHERE reason = ? AND truncated",
                                                  reason)
        assert kept == data and true_length % len(data) == 0
        assert f"this row stands for {true_length // len(data)} rejects" in detail
    assert site.command("collector", "rejects", "retry").returncode == 0
    assert site.value("SELECT count(*) FROM rejects WHERE truncated AND state <> 'pending'") == 0
    collector.stop()


FLOODS = tests_of(check_flood, {
    "tiny_rejects_keep_to_the_cap_and_let_events_pass": (b"<EVENT>", ("cut_off", b"<EVENT>")),
    "two_reasons_in_turn_keep_to_the_cap": (b"<EVENT>&</EVENT>x", ("malformed", b"<EVENT>&</EVENT>"),
                                            ("stray_bytes", b"x")),
})


def test_rejects_that_come_one_by_one_above_the_cap_share_a_row(site):
    collector = site.collector(REJECTS_MAX_SIZE=1)
    for n in range(1, 31):
        site.send(b"<EVENT>&</EVENT>")
        wait_for("the reject", lambda n=n: site.value(REJECTED_BYTES) == 16 * n)
    assert site.query("SELECT id, bytes, truncated FROM rejects") == [(1, 480, 1)]
    collector.stop()


def send_from(site, address, data):
    """From a loopback address of the sender's own."""
    with socket.create_connection(("127.0.0.1", site.port), source_address=(address, 0)) as connection:
        connection.sendall(data)


def test_rejects_of_many_addresses_take_no_more_rows_than_may_wait(site):
    collector = site.collector(REJECTS_MAX_SIZE=1)
    collector.wait_for_log("spool created")
    data = b"<EVENT>&" + b"x" * 4000 + b"</EVENT><foo>" + b"x" * 4000 + b"</foo>"
    addresses = [f"127.0.{1 + n // 250}.{1 + n % 250}" for n in range(ADDRESSES)]
    for _ in range(ROUNDS):
        for address in addresses:
            send_from(site, address, data)
    wait_for("all rejects", lambda: site.value(REJECTED_BYTES) == len(data) * ADDRESSES * ROUNDS)
    rows, row_bytes = site.query("SELECT count(*), sum(row_bytes) FROM _reject")[0]
    used = site.value("PRAGMA page_count") * PAGE
    print(f"# {2 * ADDRESSES * ROUNDS} rejects of {2 * ADDRESSES} addresses and reasons are {rows} rows of {row_bytes} bytes;"
          f" the spool has {used}")
    assert rows == 256 + 2, "those of further addresses share a row for each reason"
    assert used <= row_bytes + OVERHEAD
    shared = site.query("SELECT reason, bytes, detail FROM rejects WHERE source = 'several addresses' ORDER BY 1")
    assert [row[0] for row in shared] == ["malformed", "unknown_element"]
    assert sum(bytes_ for _, bytes_, _ in shared) == len(data) * ROUNDS * (ADDRESSES - 128)
    for _, _, detail in shared:
        assert f"stands for {ROUNDS * (ADDRESSES - 128)} rejects of several addresses, the first one from 127.0.1.129, " in detail
    collector.stop()


def make_capped(site):
    collector = site.collector(REJECTS_MAX_SIZE="100K")
    site.send(b"<EVENT>&</EVENT>" * 5000)
    wait_for("all rejects", lambda: site.value(REJECTED_BYTES) == 80_000)
    # Longer than the collector waits between two looks: nothing has changed, so the problem stays.
    wait_for("a problem of three seconds", lambda: problems(site).get("rejects_capped", 0) >= 3)
    return collector


def ship(site):
    site.uploader()


def set_prefix(site):
    uploader = site.uploader(REJECTS_PREFIX="none")
    uploader.wait_for_log("shipping")
    assert "rejects_capped" in problems(site)
    uploader.stop()
    site.uploader(REJECTS_PREFIX="elsewhere/")


def dismiss(site):
    site.uploader(REJECTS_PREFIX="none")
    ids = [str(n) for (n,) in site.query("SELECT id FROM rejects ORDER BY id")]
    done = site.command("uploader", "rejects", "dismiss", *ids[:len(ids) // 10], DESTINATION_DIR=site.objects)
    assert done.returncode == 0, done.stderr


def test_the_problem_is_there_again_after_a_restart_without_a_reject(site):
    collector = make_capped(site)
    for is_killed in (False, True):
        (collector.kill if is_killed else collector.stop)()
        collector = site.collector(REJECTS_MAX_SIZE="100K")
        wait_for("the problem", lambda: "rejects_capped" in problems(site), 10)
    site.uploader()
    wait_for("the problem's end", lambda: "rejects_capped" not in problems(site))
    collector.stop()
    collector = site.collector(REJECTS_MAX_SIZE="100K")
    site.send_events(1)
    site.wait_for_events(1)
    assert "rejects_capped" not in problems(site)
    collector.stop()


def check_end(site, act):
    """Nothing is sent any more."""
    collector = make_capped(site)
    act(site)
    wait_for("the problem's end", lambda: "rejects_capped" not in problems(site))
    collector.wait_for_log("rejects are kept whole again")
    site.send(b"<EVENT>" + b"x" * 5000)
    wait_for("a reject that is kept whole",
             lambda: site.query("SELECT length(payload), truncated FROM rejects ORDER BY id DESC LIMIT 1") == [(5007, 0)])
    collector.stop()


ENDS = tests_of(check_end, {
    "the_problem_ends_when_rejects_are_shipped": (ship,),
    "the_problem_ends_when_a_prefix_lets_them_be_shipped": (set_prefix,),
    "the_problem_ends_when_rejects_are_dismissed": (dismiss,),
})

if __name__ == "__main__":
    main({**globals(), **FLOODS, **ENDS})
