"""peers -- `make bench-peers`: from the socket to the finished file, eventspool beside programs that validate nothing.

A table and what was set as a goal, no verdict. In each round every program gets the same events, one after the other.
Settings, from the environment:
  BENCH_EVENTS  events of one load, of about 2.2 KB (300000)
  BENCH_ROUNDS  rounds; medians are printed (3)
  BENCH_PEERS   which programs, by name, separated by blanks (all: limit eventspool syslog-ng rsyslog fluent-bit)
  FLUENT_BIT    the path of Fluent Bit's program, which Debian does not have; without it its row says `not run`
"""
import os
import sys
import time
import types

import measure_peers
from options import chosen, number
from results import Results, print_rows, ratio, text
from to_files import ALL, EventspoolToFiles, FluentBitToFile, SyslogNgToFile

HEADING = ("from the socket to the file", "accepted/s", "delivered/s", "on the disk/s", "CPU s per million", "peak MB", "lost",
           "doubled", "a power cut takes")


def load_options():
    names = chosen("BENCH_PEERS", ALL)
    return types.SimpleNamespace(rounds=number("BENCH_ROUNDS", 3), events=number("BENCH_EVENTS", 300000),
                                 programs=[ALL[name] for name in names])


def measure_all(results, options):
    programs = [program for program in options.programs if program.is_there()]
    with measure_peers.loads(programs, options.events) as loads:
        for n in range(options.rounds):
            for program in programs:
                since = time.monotonic()
                measure_peers.measure(results, program, loads[program])
                print(f"round {n + 1} of {options.rounds}, {program.name}: {time.monotonic() - since:.0f} s", file=sys.stderr)


def row(results, program):
    name = program.name
    if name not in results.rounds:
        return [name, *["not run"] * 7, program.POWER_CUT]
    return [name, *(results.spread(name, figure) for figure in ("accepted", "delivered", "on_disk")),
            results.spread(name, "cpu", 1), results.spread(name, "peak_mb"),
            *(f"{results.total(name, figure):,}" for figure in ("lost", "doubled")), program.POWER_CUT]


def goals(results):
    """(what, the figure or None, decimals, the goal)"""
    ours, syslog_ng, fluent_bit = EventspoolToFiles.name, SyslogNgToFile.name, FluentBitToFile.name
    return [("eventspool: delivered/s, of syslog-ng's", ratio(results, "delivered", ours, syslog_ng), 2, ">= 1.15"),
            ("eventspool: delivered/s, of Fluent Bit's", ratio(results, "delivered", ours, fluent_bit), 2, ">= 1.15"),
            ("eventspool: on the disk/s, of syslog-ng's", ratio(results, "on_disk", ours, syslog_ng), 2, "stated"),
            ("eventspool: CPU of both programs, of syslog-ng's", ratio(results, "cpu", ours, syslog_ng), 2, "<= 1.00"),
            ("eventspool: peak MB of both programs, in any round", results.figure(ours, "peak_mb"), 0, "<= 64")]


def print_results(results, options):
    print(f"{options.events:,} events of about 2.2 KB over one connection, {options.rounds} interleaved rounds, "
          f"{os.cpu_count()} processors; medians, and the least and the most of the rounds")
    print_rows(HEADING, [row(results, program) for program in options.programs])
    print_rows(("what was set as a goal", "measured", "goal"),
               [[what, "not run" if value is None else text(value, decimals), goal]
                for what, value, decimals, goal in goals(results)])
    print()
    for program in options.programs:
        print(f"{program.name}, power cut: {program.SOURCE}")
        if program.ONE_OF > 1:
            print(f"{program.name}: got {max(options.events // program.ONE_OF, 1):,} events, as it takes far fewer a second")


def main():
    options = load_options()
    results = Results()
    measure_all(results, options)
    print_results(results, options)


main()
