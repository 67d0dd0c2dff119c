"""ledger -- is each event in exactly one object, nothing missing? The one check that every test of it uses.

As a program it checks a folder of XML objects from an id on, and that they hold the events of some runs of acmsim, whose uid
is 4 hexadecimal digits of the connection and 12 of a number:

    ledger.py FOLDER FIRST_ID [CONNECTIONS EVENTS_OF_EACH]
"""
import collections
import pathlib
import re
import sys

KEY = re.compile(r"(.*/)(\d{8}_\d{6})-([0-9a-f]{10})-(\d{10,})-(\d{10,})(?:-r\d+)?\.(xml|json|ndjson)(\.gz)?$")
CHECK = re.compile(r"(^|/)_check-[^/]*$")  # the document that proves the destination: no object of events


def assert_spool_tiles(query, is_purged=False):
    """The spool's current batches cover the ids of their kind from 1 on, each once; `is_purged`: from behind what was
    purged by age. `query` runs SQL on the spool.

    And the views say of exactly the rows behind the last batch that they wait.
    """
    rows = query("SELECT b.kind, b.first_id, b.last_id, b.resolved_as, b.events FROM batches b JOIN _batch t USING (id) "
                 "WHERE b.state <> 'superseded' AND t.is_copy = 0 ORDER BY 1, 2")
    for kind, table in (("events", "events"), ("rejects", "rejects")):
        last, were_resolved = 0, True
        for _, first, end, resolved_as, count in (row for row in rows if row[0] == kind):
            may_begin = is_purged and were_resolved
            assert first == last + 1 or (may_begin and first > last), f"{kind}: {first} follows {last}: {rows}"
            assert end - first + 1 == count, f"{kind}: {first} to {end} are not {count}"
            last, were_resolved = end, were_resolved and resolved_as is not None
        wrong = query(f"SELECT id, state FROM {table} WHERE (id > {last}) <> (state = 'pending') "
                      "AND state NOT IN ('retried', 'dismissed') LIMIT 5")
        assert not wrong, f"the last of {kind} in a batch is {last}: {wrong}"


def uids_of_xml(body):
    return [uid.decode() for uid in re.findall(rb"<cn>([0-9a-f]{16})</cn>", body)]


def spool(key):
    return KEY.match(key)[3]


def first_id(key):
    return int(KEY.match(key)[4])


def last_id(key):
    return int(KEY.match(key)[5])


def assert_keys_have_no_gap(keys, first=1):
    """Each first id is the last one's successor. Returns the last id."""
    for key in keys:
        assert KEY.match(key), f"no object's name: {key}"
    for key in sorted(keys, key=first_id):
        assert first_id(key) == first, f"a gap or an overlap before {key}: expected {first}"
        first = last_id(key) + 1
    return first - 1


def assert_each_event_in_one_object(objects, uids, first=1):
    """`objects`: {key: bytes} of XML, not compressed. `uids`: of all events from id `first` on, in the order of ids.

    The ids in the keys go on without gap or overlap, in one spool; each object is one whole document and holds as many events
    as its key says; and the events in the objects, in this order, are `uids`.
    """
    assert_keys_have_no_gap(objects, first)
    assert len({spool(key) for key in objects}) <= 1, "objects of several spools"
    found = []
    for key in sorted(objects, key=first_id):
        body = objects[key]
        inside = uids_of_xml(body)
        assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n') and body.endswith(b"\n</EVENTS>\n"), key
        assert len(inside) == body.count(b"</EVENT>") == last_id(key) - first_id(key) + 1, (key, len(inside))
        found += inside
    assert found == list(uids), difference(found, list(uids))


def difference(found, expected):
    """For a person: a few of the events that are missing, that are there twice, or that nobody has sent."""
    twice = sorted(uid for uid, count in collections.Counter(found).items() if count > 1)
    return {"objects hold": len(found), "expected": len(expected), "missing": sorted(set(expected) - set(found))[:5],
            "unexpected": sorted(set(found) - set(expected))[:5], "twice": twice[:5]}


def main(folder, first, connections=None, events_of_each=None):
    objects = {str(path): path.read_bytes() for path in pathlib.Path(folder).rglob("[!.]*")
               if path.is_file() and not CHECK.search(str(path))}
    assert_keys_have_no_gap(objects)
    objects = {key: body for key, body in objects.items() if first_id(key) >= int(first)}
    uids = [uid for key in sorted(objects, key=first_id) for uid in uids_of_xml(objects[key])]
    if connections:
        sent = [f"{connection:04x}{number:012x}" for connection in range(int(connections))
                for number in range(1, int(events_of_each) + 1)]
        assert sorted(uids) == sent, difference(uids, sent)
    assert_each_event_in_one_object(objects, uids, int(first))


if __name__ == "__main__":
    main(*sys.argv[1:])
