"""report -- the ledger at the end, for a person."""
import collections

from show import counted

EXACT = """\
The ledger is exact: each event that was sent is one row and in one object, with the bytes that were sent, in the order
of its connection; ids and keys have no gap; each object is what its SHA-256 says; each byte of garbage is in a reject
of the right reason, and each reject is in one object."""


def print_ledger(stage, evidence, ledger):
    print()
    for words, figure, explanation in lines(stage, evidence, ledger):
        print(f"  {words:<20}{figure:>9,}   {explanation}")
    print(f"\n  {in_flight(stage.relays.sent_again)}\n")
    for fault in ledger.faults:
        print(f"  WRONG: {fault}")
    print(f"  {verdict(stage)}\n")
    print(EXACT if not ledger.faults else "The ledger is NOT exact.")
    print(f"\nThe demo took {stage.show.seconds():.0f} s. Its files, in {stage.directory}:\n"
          "status.txt (the screen of `eventspool status`), status.json, objects/ (read back from the store),\n"
          "collector.log, uploader.log, and spool.db (a copy, without the events that made room when the disk was\n"
          "full). The next demo deletes them.", flush=True)


def lines(stage, evidence, ledger):
    objects, rejects = len(evidence.objects), len(evidence.rejects)
    yield "sent", len(evidence.sent), f"events by acmsim over {counted(len(stage.relays.relays), 'connection')}"
    yield "rows", ledger.rows, "of the spool, each read when it was committed"
    yield "objects", objects, "read back from radosgw"
    yield "events in objects", ledger.in_objects, "as Python's XML parser finds them"
    yield "doubled", ledger.doubled, "events that are in the objects once more"
    yield "lost", ledger.lost, "events that are in no object"
    yield "rejects", rejects, ", ".join(f"{reason} {number}" for reason, number in ledger.reasons.items())
    garbage = sum(len(data) for _, data in evidence.garbage.values())
    yield "  of bytes", garbage, f"of garbage, in {counted(len(evidence.garbage), 'stream')}, were sent"
    kills = ", ".join(f"{name} {number}" for name, number in stage.kills.items())
    yield "kills (kill -9)", sum(stage.kills.values()), f"{kills}; {stage.met_upload} met batches on their way"
    yield "outages", len(stage.outages), outages(stage.outages)


def outages(all_of_them):
    seconds = collections.Counter()
    for what, length in all_of_them:
        seconds[what] += length
    return ", ".join(f"{what} {length:.0f} s" for what, length in seconds.items())


def verdict(stage):
    """The first line of the screen. That rejects have arrived is a warning for five minutes."""
    return "`eventspool status` says: " + (stage.directory / "status.txt").read_text().splitlines()[0].split(None, 1)[1]


def in_flight(number):
    return (f"In flight at a kill: {counted(number, 'event')}, sent and not yet committed when the collector died.\n"
            "  A feed has no acknowledgement, so an appliance that keeps nothing would have lost these. Here a relay\n"
            "  behind acmsim keeps each event until it is a row, and has sent these again.")
