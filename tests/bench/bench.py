"""bench -- the collector's and the uploader's speed, latency, memory and writing, beside the same work by its parts: a table, no verdict.

Whatever is compared is measured in turns in one run, and medians are printed: on a shared machine only ratios of one
run mean something. Settings, from the environment:
  BENCH_PARTS    which parts, by name, separated by blanks (all: see PARTS)
  BENCH_ROUNDS   rounds of the parts that are repeated (5)
  BENCH_EVENTS   events of one load (200000)
  BENCH_BACKLOG  events of 200 bytes in the backlog (200000; the goal is 10000000)
  BENCH_UPLOADER_EVENTS   events of about 2.2 KB that the uploader drains (50000; the goal is 1000000)
  BENCH_UPLOADER_BACKLOG  events of 200 bytes in its large backlog (1000000; the goals are 10000000 and 21600000)
  BENCH_HOLD     seconds for which the foreign reader holds its snapshot (60)
"""
import os
import sys
import time
import types

import measure_backlog
import measure_commit
import measure_instructions
import measure_latency
import measure_outage
import measure_quiet
import measure_reader
import measure_shipping
import measure_speed
import measure_status
import measure_uploader
from goals import print_goals
from options import chosen, number
from results import Results, print_table

# Name, function, and whether each round repeats it; the backlog has its own rounds.
PARTS = (
    ("speed", measure_speed.measure, True),
    ("latency", measure_latency.measure, True),
    ("shipping", measure_shipping.measure, False),
    ("commit", measure_commit.measure, False),
    ("idle", measure_quiet.measure_idle, False),
    ("single", measure_quiet.measure_single, False),
    ("purge", measure_quiet.measure_purge, False),
    ("reader", measure_reader.measure, False),
    ("backlog", measure_backlog.measure, False),
    ("instructions", measure_instructions.measure, False),
    ("uploader", measure_uploader.measure, False),
    ("outage", measure_outage.measure, False),
    ("status", measure_status.measure, False),
)


def load_options():
    parts = chosen("BENCH_PARTS", [name for name, _, _ in PARTS])
    return types.SimpleNamespace(parts=parts, rounds=number("BENCH_ROUNDS", 5), events=number("BENCH_EVENTS", 200000),
                                 backlog=number("BENCH_BACKLOG", 200000),
                                 uploader_events=number("BENCH_UPLOADER_EVENTS", 50000),
                                 uploader_backlog=number("BENCH_UPLOADER_BACKLOG", 1000000), hold_seconds=number("BENCH_HOLD", 60))


def run(name, measure, results, options):
    since = time.monotonic()
    measure(results, options)
    print(f"{name}: {time.monotonic() - since:.0f} s", file=sys.stderr)


def measure_all(results, options):
    wanted = [part for part in PARTS if part[0] in options.parts]
    for n in range(options.rounds):
        for name, measure, is_repeated in wanted:
            if is_repeated:
                run(f"round {n + 1} of {options.rounds}, {name}", measure, results, options)
    for name, measure, is_repeated in wanted:
        if not is_repeated:
            run(name, measure, results, options)


def print_results(results, options):
    print(f"{options.events:,} events of about 2.2 KB, SPOOL_SYNC=full, {options.rounds} interleaved rounds, "
          f"{os.cpu_count()} processors; medians, and where it says peak or max the largest of all")
    print_table(results, "speed, socket to row", measure_speed.NAMES, measure_speed.COLUMNS)
    print_table(results, f"speed over {measure_shipping.LOADS * options.events:,} events", (measure_shipping.NAME,),
                measure_shipping.COLUMNS)
    print_table(results, "send to visible, 8 connections, the uploader beside it", measure_latency.NAMES,
                measure_latency.COLUMNS)
    print_table(results, "send to visible, nothing beside it", (measure_quiet.SINGLE,), measure_latency.COLUMNS[:4])
    print_table(results, "the disk", (measure_speed.SINK_SYNC, *measure_commit.NAMES), measure_commit.COLUMNS)
    print_table(results, "a backlog", measure_backlog.NAMES, measure_backlog.COLUMNS)
    print_table(results, "callgrind", measure_instructions.NAMES, measure_instructions.COLUMNS)
    print_table(results, "the uploader", measure_uploader.NAMES, measure_uploader.COLUMNS)
    print_table(results, "batches of 200 events", measure_uploader.BATCH_NAMES, measure_uploader.BATCH_COLUMNS)
    print_table(results, "send to visible, the end of an outage", measure_outage.NAMES, measure_outage.COLUMNS)
    print_table(results, "the status beside a load", measure_status.NAMES, measure_status.COLUMNS)
    print_table(results, "answers of the status", measure_status.ANSWERS, measure_status.ANSWER_COLUMNS)
    print_goals(results, options)
    print()
    for name, text in results.notes.items():
        print(f"{name}: {text}")


def main():
    options = load_options()
    results = Results()
    measure_all(results, options)
    print_results(results, options)


main()
