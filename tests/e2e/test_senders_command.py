"""`senders list` and `senders forget`: who has sent events, beside a running collector and without one."""
import json
import sqlite3

from support.tap import main
from support.waiting import wait_for

HOSTILE = "evil\u202e\\ \u009b2J"


def event(sender):
    element = f"<plasectrxGatewayDN>{sender}</plasectrxGatewayDN>" if sender else ""
    return f"<EVENT><cn>1</cn>{element}</EVENT>\n".encode()


def rows(site):
    return site.query("SELECT sender, source FROM _sender ORDER BY sender, source")


def filled(site):
    """A running collector with some senders, one of them from two addresses."""
    collector = site.collector()
    site.send(event("cn=acm-1") + event("cn=acm-2") + event(HOSTILE) + event("") + event("cn=acm-2"))
    site.wait_for_events(5)
    site.change("INSERT INTO _sender (sender, source, last_received_at, day, events_of_day, events, days)"
                " VALUES ('cn=acm-1', '192.0.2.7', 1700000000000, 19675, 12, 12, 1)")
    return collector


def listed(site, *arguments):
    done = site.command("eventspool", "senders", "list", *arguments)
    assert done.returncode == 0 and done.stderr == "", done
    return done.stdout.splitlines()


def forget(site, name, expected=0):
    done = site.command("eventspool", "senders", "forget", name)
    assert done.returncode == expected, done
    return done


def test_the_list_shows_each_sender_and_address(site):
    filled(site)
    head, *lines = listed(site)
    assert head.split() == ["last", "event", "silent", "events", "today", "address", "sender"], head
    assert len(lines) == 5
    old = next(line for line in lines if "192.0.2.7" in line)
    assert old.startswith("2023-11-14T22:13:20.000Z") and " d " in old and old.endswith("192.0.2.7        cn=acm-1"), old
    assert any(line.endswith(r"evil\u202e\\ \u009b2J") for line in lines), lines
    assert any(line.endswith("  -") for line in lines), lines
    second = next(line for line in lines if line.endswith("cn=acm-2"))
    assert second.split()[3] == "2" and second.split()[2] == "s", second
    found = [json.loads(line) for line in listed(site, "--json")]
    assert [(row["sender"], row["source"]) for row in found] == rows(site)
    assert all(list(row) == ["sender", "source", "last_received_at", "silent_seconds", "events_today"] for row in found)
    assert next(row for row in found if row["source"] == "192.0.2.7")["last_received_at"] == "2023-11-14T22:13:20.000Z"


def test_the_running_collector_forgets_a_sender_with_all_its_addresses(site):
    filled(site)
    assert "forgotten, with 2 addresses" in forget(site, "cn=acm-1").stdout
    assert "cn=acm-1" not in [sender for sender, _ in rows(site)] and len(rows(site)) == 3
    assert "1 address" in forget(site, r"evil\u202e\\ \u009b2J").stdout, "as it is shown"
    assert "1 address" in forget(site, "-").stdout
    assert [sender for sender, _ in rows(site)] == ["cn=acm-2"]
    assert site.value("SELECT count(*) FROM events") == 5, "events stay"
    site.send(event("cn=acm-1"))
    site.wait_for_events(6)
    wait_for("a new sender", lambda: [sender for sender, _ in rows(site)] == ["cn=acm-1", "cn=acm-2"])
    assert site.running[0].process.poll() is None


def test_without_a_collector_the_command_forgets_by_itself(site):
    collector = filled(site)
    collector.stop()
    assert "2 addresses" in forget(site, "cn=acm-1").stdout
    assert len(rows(site)) == 3
    site.collector()  # the lock was given back
    site.send(event("cn=acm-1"))
    site.wait_for_events(6)


def test_an_unknown_sender_is_exit_code_1_with_a_message(site):
    collector = filled(site)
    for _ in ("the running collector", "the command itself"):
        done = forget(site, "cn=acm-9", 1)
        assert "there is no sender 'cn=acm-9'" in done.stderr and "senders list" in done.stderr, done
        assert forget(site, "cn=acm", 1) and len(rows(site)) == 5
        escape = forget(site, "x\x1b[2J", 1)
        assert "\x1b" not in escape.stderr and "there is no sender" in escape.stderr, escape
        collector.stop() if collector.process.poll() is None else None


def test_wrong_usage_and_a_spool_that_is_not_there(site):
    for arguments in (("forget",), ("forget", "a", "b"), ("list", "x"), ("list", "--json", "x")):
        done = site.command("collector", "senders", *arguments)
        assert done.returncode == 64 and "senders" in done.stderr, (arguments, done)
    for arguments in (("forget", "a"), ("list",)):
        done = site.command("collector", "senders", *arguments)
        assert done.returncode == 75 and "not there yet" in done.stderr, (arguments, done)
    assert not site.spool.exists()


def test_a_locked_spool_is_waited_for(site):
    filled(site)
    db = sqlite3.connect(site.spool, timeout=30, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    try:
        assert len(listed(site)) == 6, "a reader needs no lock"
    finally:
        db.execute("ROLLBACK")
        db.close()
    forget(site, "cn=acm-2")


if __name__ == "__main__":
    main(globals())
