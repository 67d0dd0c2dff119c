"""goals -- the figures that this project has set itself, each beside its goal. Text for a person; never a verdict."""
import measure_backlog
import measure_instructions
import measure_latency
import measure_outage
import measure_quiet
import measure_reader
import measure_shipping
import measure_speed
import measure_status
import measure_uploader
from results import print_rows, ratio, text


def print_goals(results, options):
    rows = [[what, text(value, decimals), goal] for what, value, decimals, goal in goals(results, options)
            if value is not None]
    if rows:
        print_rows(["what was set as a goal", "measured", "goal"], rows)


def goals(results, options):
    """(what, the figure or None, decimals, the goal)"""
    one, eight, many = map(measure_speed.collector, measure_speed.CONNECTIONS)
    at_1000, full = measure_latency.NAMES
    figure = results.figure
    return [
        ("1 connection: rate, of libxml2's SAX on one core",
         ratio(results, "rate", one, measure_speed.SAX), 2, ">= 0.80"),
        ("8 connections: CPU, of libxml2's SAX and SQLite together",
         ratio(results, "cpu_us", eight, measure_speed.SAX, measure_speed.SQLITE), 2, "<= 0.60"),
        ("8 connections: instructions, of libxml2's SAX and SQLite together",
         instructions_ratio(results), 2, "(steadier)"),
        ("8 connections: instructions an event of the collector",
         figure(measure_instructions.COLLECTOR, "instructions"), 0, "<= 30,000"),
        ("8 connections: busy cores, the load generator among them", figure(eight, "cores"), 2, "all"),
        ("p99 ms, send to visible, at 1,000 events/s", figure(at_1000, "p99_ms"), 2, "<= 5"),
        ("p99 ms, send to visible, at full speed", figure(full, "p99_ms"), 2, "<= 60"),
        ("64 connections: peak resident MiB", figure(many, "peak_mib"), 1, "<= 48"),
        ("idle: anonymous MiB", figure(measure_quiet.IDLE, "anonymous_mib"), 1, "<= 8"),
        ("idle: wake-ups a second, all threads", figure(measure_quiet.IDLE, "wake_ups"), 2, "<= 1"),
        ("8 connections: bytes to the disk, of the payload", figure(eight, "disk_payload"), 2, "<= 2.40"),
        ("single commits: KB to the disk an event", kilo(figure(measure_quiet.SINGLE, "disk_event")), 1, "stated"),
        ("purging: bytes to the disk for each purged", figure(measure_quiet.PURGE, "disk_payload"), 2, "stated"),
        ("WAL MiB at its peak, the uploader working", figure(measure_shipping.NAME, "wal_mib"), 1, "<= 64"),
        *reader_goals(results, options),
        *backlog_goals(results),
        *uploader_goals(results),
        *status_goals(results),
    ]


def reader_goals(results, options):
    name = measure_reader.NAME
    return [
        ("WAL MiB before a foreign reader comes", results.figure(name, "before_mib"), 1, ""),
        (f"WAL MiB when it has held its snapshot for {options.hold_seconds} s", results.figure(name, "held_mib"), 1,
         "grows, is reported"),
        (f"WAL MiB {measure_reader.AFTER_SECONDS} s after it has gone", results.figure(name, "after_mib"), 1,
         "falls back"),
    ]


def backlog_goals(results):
    empty, full = measure_backlog.NAMES
    return [
        ("rate with the backlog, of an empty spool", ratio(results, "rate", full, empty), 2, ">= 0.95"),
        ("median latency with it, of an empty spool", ratio(results, "p50_ms", full, empty), 2, "<= 1.05"),
        ("p99 latency with it, of an empty spool", ratio(results, "p99_ms", full, empty), 2, "<= 1.05"),
        ("start with it, ms", results.figure(full, "start_ms"), 1, "< 1,000"),
        ("backlog's first row, ms", results.figure(full, "backlog_ms"), 2, "< 10"),
        ("summary, ms", results.figure(full, "summary_ms"), 2, "< 10"),
    ]


def status_goals(results):
    status = measure_status
    scraped, page = status.SCRAPED, status.answer("/status.json")
    return [
        ("scraped once a second: CPU of the status, % of the collector's", results.figure(scraped, "share"), 2, "< 1"),
        ("the page's figures with the backlog, max ms", results.figure(page, "max_ms"), 1, "< 100"),
    ]


def uploader_goals(results):
    u, o = measure_uploader, measure_outage
    peak, largest = results.figure(u.XML, "peak_mib"), results.figure(u.XML, "object_mib")
    return [
        ("draining as XML, of cp and fsync", ratio(results, "mb_s", u.XML, u.COPY), 2, ">= 0.50"),
        ("draining as JSON, of XML", ratio(results, "rate", u.JSON, u.XML), 2, ">= 0.33"),
        ("draining to radosgw, of curl -T", ratio(results, "mb_s", u.RGW, u.CURL), 2, ">= 1.20"),
        ("CPU us/event, draining as XML", results.figure(u.XML, "cpu_us"), 2, "<= 4"),
        ("CPU us/event, draining as JSON", results.figure(u.JSON, "cpu_us"), 2, "<= 6"),
        ("a batch of a large backlog, of one of 10,000", ratio(results, "batch_ms", u.MANY, u.FEW), 2, "1, within noise"),
        ("peak MiB above two of the largest object", None if peak is None else peak - 2 * largest, 1, "< 24"),
        ("p99 latency beside the drain to another disk, of the backlog alone",
         ratio(results, "p99_ms", o.DRAINED, o.QUIET), 2, "<= 2"),
        ("p99 latency beside the drain to the spool's disk, of the backlog alone",
         ratio(results, "p99_ms", o.BESIDE, o.QUIET), 2, "<= 2"),
        ("the drain beside events, of the drain alone", ratio(results, "shipped", o.BESIDE, o.ALONE), 2, ">= 0.50"),
    ]


def instructions_ratio(results):
    return ratio(results, "instructions", measure_instructions.COLLECTOR, measure_instructions.SAX,
                 measure_instructions.SQLITE)


def kilo(value):
    return None if value is None else value / 1000
