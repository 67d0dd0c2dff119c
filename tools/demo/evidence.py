"""evidence -- what the ledger compares, from acmsim's count, the relays, the spool, and back from the store."""
from support.ledger import CHECK, assert_spool_tiles

from ledger import Evidence


def gather(stage):
    return Evidence(sent=sent(stage), rows=stage.rows.events, objects=objects(stage, "xml-events/"),
                    garbage=stage.garbage.streams, rejects=stage.rows.rejects,
                    reject_objects=objects(stage, "rejected/"), spool_fault=spool_fault(stage.site))


def sent(stage):
    """Every event that acmsim says it has sent; its digest from the relay, None if no relay has seen it."""
    digests = stage.relays.digests
    lines = [[int(word) for word in line.split()] for line in stage.acmsim_ledger.read_text().splitlines()]
    uids = [f"{connection:04x}{number:012x}" for connection, count, _ in lines for number in range(1, count + 1)]
    return {uid: digests.get(uid) for uid in uids}


def spool_fault(site):
    try:
        assert_spool_tiles(site.query)
    except AssertionError as error:
        return f"the batches do not cover the ids of the spool, each once: {error}"
    return ""


def objects(stage, prefix):
    """{key: (bytes, metadata)}; the bytes are kept as files, to be looked at."""
    found = {}
    for key in stage.store.keys():
        if key.startswith(prefix) and not CHECK.search(key):
            found[key] = stage.store.get(key)
            path = stage.directory / "objects" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(found[key][0])
    return found
