"""Status documents that no program wrote: one for each state of an installation, as common/status/document.c has them."""
import copy
import datetime

NOW = datetime.datetime.now(datetime.timezone.utc)
MINUTE, HOUR, DAY = 60, 3600, 86400


def at(seconds_ago=0):
    return (NOW - datetime.timedelta(seconds=seconds_ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problem(code, severity, message, remedy, *, program="uploader", since=12 * MINUTE, tries=0):
    return {"code": code, "program": program, "severity": severity, "since": at(since), "tries": tries, "message": message,
            "remedy": remedy}


def series(count, step, received, shipped, backlog, unknown=0):
    """`unknown`: so many points at the beginning."""
    def points(value):
        return [None if i < unknown else value(i) for i in range(count)]
    return {"end_at": at(8), "step_seconds": step, "received": points(received), "shipped": points(shipped),
            "backlog": points(backlog)}


def waves(i):
    return (37 * i * i + 11 * i) % 23 + (40 if 20 < i % 60 < 34 else 8)


def history():
    return {"hour": series(60, MINUTE, waves, lambda i: 1240 if i == 41 else 0, lambda i: 20 * i if i <= 41 else 20 * (i - 41)),
            "day": series(288, 5 * MINUTE, lambda i: waves(i // 3) * (1 + i % 5), lambda i: 1240 if i % 12 == 5 else 0,
                          lambda i: 104 * ((i + 6) % 12), unknown=70)}


def batch(number, state="shipped", **more):
    first = 1 + 1240 * (number - 1)
    return {"id": number, "kind": "events", "state": state, "first_id": first, "last_id": first + 1239, "events": 1240,
            "bytes": 812345, "key": f"xml-events/20261129_1{number % 10}1500-7f3a9c21d4-{first:010}-{first + 1239:010}.xml",
            "attempts": 1, "sealed_at": at((9 - number) * HOUR + 130), "shipped_at": at((9 - number) * HOUR + 125), **more}


def sender(name, source, last, today, minute):
    return {"sender": name, "source": source, "last_event_at": at(last), "events": today * 31, "events_today": today,
            "events_per_minute": minute}


def program(version="0.1.0", started=3 * DAY):
    return {"running": True, "why_not": None, "alive_at": at(2), "started_at": at(started), "version": version, "problems": []}


def flowing(node="gate-7", spool="7f3a9c21d4"):
    return {
        "now": at(), "version": "0.1.0", "status": "ok", "verdict": "flowing", "problems": [],
        "spool": {"path": "/var/lib/eventspool/spool.db", "id": spool, "node": node, "created_at": at(120 * DAY), "first_id": 1, "bytes": 412000256},
        "collector": program(),
        "uploader": {**program(), "seen_at": at(3), "destination": "s3://plant-events/xml-events/", "rotation_seconds": 3600,
                     "max_file_bytes": 10485760},
        "received": {"events": 4812345, "bytes": 3212345678, "rejects": 0, "events_24h": 29760, "bytes_24h": 19876543},
        "shipped": {"events": 4811985, "batches": 3877},
        "last_event_at": at(4), "last_shipped_at": at(18 * MINUTE),
        "backlog": {"events": 360, "bytes": 240123, "oldest_age_seconds": 18 * MINUTE, "next_due_at": at(-42 * MINUTE)},
        "trial_mode": False, "last_error": None, "remedy": None,
        "batches": {"sealed": 0, "blocked": 0, "abandoned": 0},
        "recent_batches": [batch(number) for number in range(8, 0, -1)],
        "rejects_24h": 0, "rejects_by_reason": [],
        "senders": [sender("cn=acm-north,o=plant", "10.20.30.40", 4, 17210, 14), sender("cn=acm-south,o=plant", "10.20.30.41", 31, 9120, 6),
                    sender("cn=acm-harbour,o=plant", "10.20.31.7", 7 * MINUTE, 611, 0)],
        "connections": 3,
        "connected": [{"source": "10.20.30.40", "connections": 2, "connected_at": at(3 * DAY), "last_at": at(4), "events": 51012},
                      {"source": "10.20.30.41", "connections": 1, "connected_at": at(5 * HOUR), "last_at": at(31), "events": 2012}],
        "disk": {"free_bytes": 83984248832, "min_free_bytes": 1073741824, "spool_max_bytes": None, "room_bytes": 82910507008,
                 "room_hours": 79012},
        "requests": [], "history": history()}


def with_problems(verdict, status, *problems, **changes):
    return {**flowing(), "verdict": verdict, "status": status, "problems": list(problems), **changes}


def unreachable():
    return with_problems(
        "degraded", "warning",
        problem("s3_unreachable", "warning", "put object: Could not resolve host: s3.eu-central-1.amazonaws.com",
                "see that this machine reaches the store (DNS, proxy, firewall); the uploader tries again by itself", tries=14),
        batches={"sealed": 2, "blocked": 0, "abandoned": 0},
        recent_batches=[batch(8, "sealed", attempts=14, shipped_at=None), *[batch(n) for n in range(7, 3, -1)]])


def refused():
    return with_problems(
        "waiting, a person is needed", "critical",
        problem("s3_refused", "critical", "put object: HTTP 403: AccessDenied: Access Denied",
                "allow the keys `s3:PutObject` on the bucket plant-events under xml-events/ and rejected/xml-events/", since=3 * HOUR,
                tries=181),
        problem("backlog_old", "warning", "3720 events wait, the oldest for 190 minutes; more than twice ROTATION_INTERVAL and 15 "
                "minutes is too long", "do what is said about s3_refused", since=70 * MINUTE),
        batches={"sealed": 2, "blocked": 1, "abandoned": 1}, last_shipped_at=at(3 * HOUR + 600),
        last_error="put object: HTTP 403: AccessDenied: Access Denied", remedy="allow the keys `s3:PutObject`",
        backlog={"events": 3720, "bytes": 2401230, "oldest_age_seconds": 190 * MINUTE, "next_due_at": at(130 * MINUTE)},
        recent_batches=[batch(8, "blocked", attempts=181, shipped_at=None), batch(7, "abandoned"), batch(6, "superseded"), batch(5),
                        batch(4, kind="rejects", events=3, bytes=2901, key="rejected/" + batch(4)["key"])])


def rejects():
    reasons = [("malformed", 912, 40), ("looks_like_http", 12, 3 * HOUR), ("a_reason_of_tomorrow", 1, 2 * DAY)]
    return with_problems(
        "degraded", "warning",
        problem("rejects_arriving", "warning", "14 rejects in 10 minutes, the last one malformed: line 3, column 7: the prefix soap "
                "is not declared", "`eventspool rejects list` shows them; set XML_NAMESPACES, then `eventspool rejects retry`",
                program="collector"),
        received={**flowing()["received"], "rejects": 925}, rejects_24h=914,
        rejects_by_reason=[{"reason": reason, "total": total, "last_at": at(last)} for reason, total, last in reasons])


def unknown_element():
    return with_problems(
        "degraded", "warning",
        problem("unknown_elements", "warning", "elements <ALARM> arrive, which EVENT_ELEMENT does not name",
                "name ALARM in EVENT_ELEMENT if it is an event, or in IGNORE_ELEMENTS if it carries nothing; restart the collector, then "
                "`eventspool rejects retry`", program="collector"),
        received={**flowing()["received"], "rejects": 40}, rejects_24h=40,
        rejects_by_reason=[{"reason": "unknown_element", "total": 40, "last_at": at(9)}])


def silent_sender():
    return with_problems(
        "degraded", "warning",
        problem("sender_silent", "warning", "cn=acm-harbour,o=plant (10.20.31.7) has been silent for 26 h",
                "look at that sender and its network; if it is gone for good: `eventspool senders forget cn=acm-harbour,o=plant`",
                program="collector", since=2 * HOUR),
        senders=[*flowing()["senders"][:2], sender("cn=acm-harbour,o=plant", "10.20.31.7", 26 * HOUR, 0, 0)])


def full_disk():
    return with_problems(
        "held back", "critical",
        problem("paused_disk", "critical", "912 MiB are free on the disk of SPOOL_PATH, below SPOOL_MIN_FREE (1024 MiB)",
                "free space on that disk; reading goes on by itself", program="collector", since=9 * MINUTE),
        last_event_at=at(9 * MINUTE),
        disk={"free_bytes": 956301312, "min_free_bytes": 1073741824, "spool_max_bytes": 8589934592, "room_bytes": 0, "room_hours": 0})


def dead_uploader():
    gone = {"running": False, "why_not": "the uploader does not run: its lock is free", "alive_at": at(25 * MINUTE), "started_at": None,
            "version": "0.1.0", "problems": []}
    return with_problems(
        "waiting, a person is needed", "critical",
        problem("uploader_absent", "critical", "the uploader does not run: its lock is free",
                "start the uploader (its service, its container, or `eventspool uploader`); the end of its log says why it ended, and "
                "`eventspool check` what keeps it from running",
                since=25 * MINUTE),
        uploader={**flowing()["uploader"], **gone})


def nothing_yet():
    empty = {"hour": series(60, MINUTE, lambda i: 0, lambda i: 0, lambda i: 0, unknown=58),
             "day": series(288, 5 * MINUTE, lambda i: 0, lambda i: 0, lambda i: 0, unknown=288)}
    return with_problems(
        "nothing has arrived yet", "ok",
        problem("trial_mode", "info", "objects are files in DESTINATION_DIR", "set BUCKET_NAME to ship to S3", since=90),
        problem("nothing_received", "info", "no event has arrived yet", "see that the sender's address and port are this collector's, and "
                "that no firewall is between; `eventspool verify` sends an event from here", program="collector", since=90),
        trial_mode=True, last_event_at=None, last_shipped_at=None, senders=[], connected=[], connections=0, recent_batches=[],
        received=dict.fromkeys(flowing()["received"], 0), shipped={"events": 0, "batches": 0}, history=empty,
        backlog={"events": 0, "bytes": 0, "oldest_age_seconds": None, "next_due_at": None},
        disk={"free_bytes": 83984248832, "min_free_bytes": None, "spool_max_bytes": None, "room_bytes": None, "room_hours": None})


def being_lost():
    gone = {"running": False, "why_not": "the collector does not run: its lock is free"}
    return with_problems(
        "being lost", "critical",
        problem("collector_absent", "critical", "the collector does not run: its lock is free",
                "start the collector (its service, its container, or `eventspool collector`); the end of its log says why it ended, and "
                "`eventspool check` what keeps it from running",
                program="collector", since=70),
        collector={**program(), **gone}, connections=None, connected=None, history=None)


def unreadable():
    """The spool cannot be read: only the programs are known, and the document has no more in it."""
    doc = nothing_yet()
    known = ("now", "version", "status", "collector", "connections", "connected")
    return {**{name: doc[name] for name in known}, "verdict": "flowing",
            "problems": [problem("starting", "info", "the spool is being opened", "wait", program="collector", since=5)],
            "spool": {"path": "/var/lib/eventspool/spool.db", "error": None},
            "uploader": {name: doc["uploader"][name] for name in doc["collector"]},
            "history": {name: {"end_at": None, "step_seconds": step, "received": [], "shipped": [], "backlog": []}
                        for name, step in (("hour", MINUTE), ("day", 5 * MINUTE))}}


def largest():
    """As much as the collector ever says, and all of it long."""
    doc = refused()
    doc["senders"] = [sender(f"cn=acm-{i:03},ou={'x' * 200}", f"2001:db8:0:{i:x}::7", i, 10_000_000 - i, 1000) for i in range(64)]
    doc["connected"] = [{"source": f"2001:db8:0:{i:x}::7", "connections": 4, "connected_at": at(9 * DAY), "last_at": at(i), "events": 10_000_000}
                        for i in range(64)]
    doc["connections"] = 256
    doc["problems"] = [copy.deepcopy(doc["problems"][i % 2]) for i in range(40)]
    for i, p in enumerate(doc["problems"]):
        p["message"] = f"{i} " + ("x" * 40 + " ") * 9
    doc["backlog"]["events"] = 10_000_000
    doc["recent_batches"] = [batch(n, key="a/" * 100 + "k" * 500) for n in range(10)]
    doc["history"]["day"] = series(288, 5 * MINUTE, lambda i: 50_000_000 + i, lambda i: 40_000_000 + i, lambda i: 10_000_000 * i)
    return doc


STATES = {"flowing": flowing, "unreachable": unreachable, "refused": refused, "rejects": rejects, "unknown_element": unknown_element,
          "silent_sender": silent_sender, "full_disk": full_disk, "dead_uploader": dead_uploader, "nothing_yet": nothing_yet,
          "being_lost": being_lost, "unreadable": unreadable, "largest": largest}
