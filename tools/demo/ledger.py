"""ledger -- is each event that was sent a row once, and in one object once, with the same bytes? And the garbage?

It gets what was sent, what is in the spool and what came back from the store, and says in sentences what is wrong.
"""
import collections
import dataclasses
import hashlib
import json
import re
import xml.etree.ElementTree

from support.ledger import assert_each_event_in_one_object

from rows import digest

START, END = b"<EVENT>", b"</EVENT>"  # as acmsim writes them, and in no text of an event


@dataclasses.dataclass
class Evidence:
    """What is compared. Digests are those of an event's bytes."""
    sent: dict             # {uid: digest}: by acmsim's own count, with the bytes that the relays saw
    rows: list             # (id, uid, digest) in the order of ids, each read when it was new
    objects: dict          # {key: (bytes, metadata)} of the events, as the store gave them back
    garbage: dict          # {source: (reason, bytes)} as it was sent
    rejects: list          # (id, source, reason, bytes, payload) in the spool
    reject_objects: dict   # {key: (bytes, metadata)} of the rejects
    spool_fault: str = ""  # what is wrong in what the spool says of its batches


@dataclasses.dataclass
class Ledger:
    rows: int
    in_objects: int
    doubled: int
    lost: int
    reasons: dict          # {reason: number of rejects}
    faults: list           # sentences; none: it is exact


def settle(evidence):
    found, unreadable = events_of_all(evidence.objects)
    times = collections.Counter(uid for uid, _ in found)
    faults = [*filter(None, [evidence.spool_fault]), *unreadable, *faults_of_rows(evidence),
              *faults_of_objects(evidence, found, times), *faults_of_garbage(evidence)]
    return Ledger(rows=len(evidence.rows), in_objects=len(found), doubled=sum(number - 1 for number in times.values()),
                  lost=len(evidence.sent.keys() - times.keys()), faults=faults,
                  reasons=dict(sorted(collections.Counter(reason for _, _, reason, *_ in evidence.rejects).items())))


def events_of_all(objects):
    """The events in the order of ids, and a sentence for each object that is no document of events."""
    found, faults = [], []
    for key in sorted(objects, key=key_order):
        try:
            found += events_of(objects[key][0])
        except (xml.etree.ElementTree.ParseError, AssertionError) as error:
            faults.append(f"{key} cannot be read: {error}")
    return found, faults


def key_order(key):
    """By the first id in the name; whatever has another name comes last."""
    ids = re.findall(r"-(\d+)-\d+\.", key)
    return (int(ids[0]) if ids else 1 << 62, key)


def events_of(body):
    """[(uid, digest)] of a document, read in two ways that have nothing in common with ours. Both must agree."""
    uids = [event.findtext("cn") for event in xml.etree.ElementTree.fromstring(body)]
    pieces = [piece[piece.index(START):] + END for piece in body.split(END)[:-1]]
    assert len(pieces) == len(uids), f"{len(uids)} elements, {len(pieces)} by their tags"
    return [(uid, digest(piece)) for uid, piece in zip(uids, pieces)]


def faults_of_rows(evidence):
    ids = [row_id for row_id, _, _ in evidence.rows]
    if ids != list(range(1, len(ids) + 1)):
        yield f"the ids of the {len(ids):,} rows are not 1 to {len(ids):,}"
    uids = collections.Counter(uid for _, uid, _ in evidence.rows)
    yield from faults_of_uids("rows of the spool", uids, evidence.sent)
    yield from faults_of_bytes("a row", ((uid, value) for _, uid, value in evidence.rows), evidence.sent)
    last = {}
    for _, uid, _ in evidence.rows:
        if uid <= last.get(uid[:4], ""):
            yield f"event {uid} comes behind {last[uid[:4]]}, which was sent later on its connection"
        last[uid[:4]] = uid


def faults_of_objects(evidence, found, times):
    yield from faults_of_uids("events in objects", times, evidence.sent)
    yield from faults_of_bytes("an object", found, evidence.sent)
    yield from faults_of_hashes(evidence.objects)
    try:
        assert_each_event_in_one_object({key: body for key, (body, _) in evidence.objects.items()},
                                        [uid for _, uid, _ in evidence.rows])
    except AssertionError as error:
        yield f"the objects are not the rows: {error}"


def faults_of_uids(where, times, sent):
    for words, uids in (("are missing", sent.keys() - times.keys()), ("were never sent", times.keys() - sent.keys()),
                        ("are there more than once", {uid for uid, number in times.items() if number > 1})):
        if uids:
            yield f"{where}: {len(uids):,} {words}, such as {', '.join(sorted(uids)[:3])}"


def faults_of_bytes(where, events, sent):
    changed = [uid for uid, value in events if uid in sent and sent[uid] != value]
    if changed:
        yield f"{len(changed):,} events have other bytes in {where} than were sent, such as {', '.join(changed[:3])}"


def faults_of_hashes(objects):
    for key, (body, metadata) in objects.items():
        if metadata.get("x-amz-meta-sha256") != hashlib.sha256(body).hexdigest():
            yield f"{key} is not what its SHA-256 in the metadata says"


def faults_of_garbage(evidence):
    """All bytes of a stream are in rejects of its reason, and each reject is in one object."""
    kept = collections.defaultdict(bytes)
    for _, source, reason, length, payload in evidence.rejects:
        kept[source] += payload
        wanted, _ = evidence.garbage.get(source, ("none", b""))
        if reason != wanted:
            yield f"a reject {reason} of {length:,} bytes came from {source}, not {wanted}"
    for source, (reason, data) in evidence.garbage.items():
        if kept[source] != data:
            yield f"{len(kept[source]):,} bytes of the garbage {reason} from {source} are not the {len(data):,} that were sent"
    yield from faults_of_hashes(evidence.reject_objects)
    lines = (line for body, _ in evidence.reject_objects.values() for line in body.splitlines())
    shipped = [int(json.loads(line)["_id"]) for line in lines]
    if sorted(shipped) != [row_id for row_id, *_ in evidence.rejects]:
        yield f"the {len(evidence.rejects):,} rejects of the spool are {len(shipped):,} in objects"
