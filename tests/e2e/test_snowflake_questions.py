"""The questions of sql/snowflake/questions/, on DuckDB: events made on purpose go through the real collector and uploader into
objects, the objects into the tables and views, and each question gives what is right, and nothing where there is nothing.
"""
import contextlib
import datetime
import itertools
import re
from xml.sax.saxutils import escape

from support.environment import SAMPLES
from support.sql.acm_fields import FIELDS
from support.sql.text import statements
from support.sql.warehouse import SQL, Warehouse, quoted
from support.tap import main

QUESTIONS = SQL / "questions"
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
ELEMENTS = {field["column"]: field["element"] for field in FIELDS}
numbers = itertools.count(1)


def question(name, **parameters):
    """The one statement of the file, with other values for some of its parameters: {name: SQL}."""
    (statement,) = statements(QUESTIONS / f"{name}.sql")
    for parameter, value in parameters.items():
        statement, count = re.subn(rf"(?<=[ ,])[^ ,]+ AS {parameter}\b", f"{value} AS {parameter}", statement, count=1)
        assert count == 1, parameter
    return statement


def before(**ago):
    return NOW - datetime.timedelta(**ago)


def acm_event(at, more="", **columns):
    """An event as ACM sends it: its fields by the names of their columns, and `more` XML."""
    values = {"gateway_dn": "cn=a1,ou=gateways,dc=plasec", "cn": f"{next(numbers):016x}",
              "happened_at": at.strftime("%Y%m%d%H%M%S-0000"), "happened_at_utc": at.strftime("%Y%m%d%H%M%SZ"), **columns}
    fields = "".join(f"<{ELEMENTS[name]}>{escape(value)}</{ELEMENTS[name]}>" for name, value in values.items())
    return f"<EVENT>{fields}{more}</EVENT>\n"


@contextlib.contextmanager
def warehouse_with(site, *events, reject_count=0, modified=None, **settings):
    """The warehouse after these events were received, shipped and loaded. Objects are NDJSON unless `settings` say otherwise."""
    site.collector(NODE_ID="gate-7")
    site.send("".join(events).encode())
    site.wait_for_events(len(events) - reject_count)
    done = site.command("uploader", "flush", **{"DESTINATION_DIR": site.objects, "OUTPUT_FORMAT": "ndjson", **settings})
    assert done.returncode == 0, done.stderr
    with contextlib.closing(Warehouse()) as warehouse:
        warehouse.load(site.objects / "xml-events", modified=modified)
        if reject_count:
            warehouse.load(site.objects / "rejected/xml-events", table="raw_rejects")
        yield warehouse


def columns_of(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


def test_where_nothing_is_loaded_no_question_has_an_answer(site):
    files = sorted(QUESTIONS.glob("*.sql"))
    assert len(files) == 10
    with contextlib.closing(Warehouse()) as warehouse:
        for path in files:
            assert warehouse.query(question(path.stem)) == [], path.name


FORCED = {"event_type_name": "Forced door", "event_type_address": " 3", "point_address": " 302", "event_name": "Door forced open"}
RENAMED = {**FORCED, "event_type_name": "Türalarm", "event_name": "Tür aufgebrochen"}
HELD = {"event_type_name": "Door held open", "event_type_address": " 4", "point_address": " 303", "event_name": "Door held open"}
GRANT = {"event_type_name": "Valid credential", "event_type_address": " 7", "point_address": " 201", "event_name": "Local grant"}
DENIED = {"event_type_name": "Invalid credential", "event_type_address": " 8", "event_name": "Expired card attempt",
          "point_address": " 213"}


def test_the_names_of_events_stand_beside_their_numbers(site):
    with warehouse_with(site, acm_event(before(hours=1), **FORCED, is_alarm="1"), acm_event(before(hours=3), **RENAMED),
                        acm_event(before(hours=2), **GRANT)) as warehouse:
        doors, grants = warehouse.query(question("list_event_names"))
    assert columns_of([doors], "event_type_address", "point_address", "event_count", "alarm_count") == [("3", "302", "2", "1")]
    assert set(doors["event_names"].split(" | ")) == {"Door forced open", "Tür aufgebrochen"}
    assert set(doors["event_type_names"].split(" | ")) == {"Forced door", "Türalarm"}
    assert doors["last_happened_at"].startswith(before(hours=1).strftime("%Y-%m-%d %H:%M:%S"))
    assert (grants["event_names"], grants["event_count"], grants["alarm_count"]) == ("Local grant", "1", "0")


def test_doors_that_were_forced_or_held_open_are_listed_under_every_name(site):
    with warehouse_with(site, acm_event(before(days=8), **FORCED, source_name="too long ago"),
                        acm_event(before(hours=3), **RENAMED, source_name="Tiefgarage"),
                        acm_event(before(hours=2), **HELD, source_name="Dock", message="Held 00:02:30"),
                        acm_event(before(hours=1), **GRANT, source_name="Lobby")) as warehouse:
        rows = warehouse.query(question("list_door_alarms"))
        assert columns_of(rows, "source_name", "event_name", "message") == [
            ("Dock", "Door held open", "Held 00:02:30"), ("Tiefgarage", "Tür aufgebrochen", None)]
        rows = warehouse.query(question("list_door_alarms").replace("('%forced open%'), ('%held open%')", "('%aufgebrochen%')"))
        assert columns_of(rows, "source_name") == [("Tiefgarage",)]


def test_events_without_numbers_are_known_by_their_names(site):
    with warehouse_with(site, acm_event(before(hours=1), event_name="Door held open", source_name="Dock"),
                        acm_event(before(hours=2), event_name="Door held open", point_address="303", source_name="Lobby"),
                        acm_event(before(hours=3), event_name="Access denied", source_name="Dock"),
                        acm_event(before(hours=3), event_type_name="Invalid credential", source_name="Lobby"),
                        acm_event(before(hours=3), event_name="Local grant", source_name="Lobby")) as warehouse:
        assert columns_of(warehouse.query(question("list_door_alarms")), "source_name") == [("Dock",), ("Lobby",)]
        assert columns_of(warehouse.query(question("count_denied_badges")), "source_name", "denied_count") == [
            ("Dock", "1"), ("Lobby", "1")]


def test_denied_badges_are_counted_by_door_and_hour(site):
    hour = before(hours=5).replace(minute=0, second=0)
    minutes = [hour + datetime.timedelta(minutes=minute) for minute in (0, 30, 59, 60)]
    with warehouse_with(site, *(acm_event(at, **DENIED, source_name="Lobby", card_number="007") for at in minutes),
                        acm_event(hour, **DENIED, source_name="Dock", card_number="0815"),
                        acm_event(hour, **GRANT, source_name="Lobby", card_number="4711")) as warehouse:
        rows = warehouse.query(question("count_denied_badges"))
        assert columns_of(rows, "source_name", "denied_count", "card_count", "reasons") == [
            ("Lobby", "1", "1", "Expired card attempt"), ("Lobby", "3", "1", "Expired card attempt"),
            ("Dock", "1", "1", "Expired card attempt")]
        assert [row["hour_began_at"] for row in rows] == [
            (hour + datetime.timedelta(hours=later)).strftime("%Y-%m-%d %H:00:00") for later in (1, 0, 0)]
        rows = warehouse.query(question("count_denied_badges", zone="'Asia/Tokyo'"))
        assert rows[-1]["hour_began_at"] == (hour + datetime.timedelta(hours=9)).strftime("%Y-%m-%d %H:00:00")


def test_alarms_are_open_until_an_event_of_the_same_id_names_an_operator_or_is_no_alarm(site):
    def alarm(cn, **columns):
        return {"cn": cn, "event_name": "Input point in alarm", "source_name": cn, "priority": "10", "is_alarm": "1", **columns}

    with warehouse_with(site, acm_event(before(hours=3), **alarm("open")),
                        acm_event(before(hours=2), **alarm("open", message="the same again")),
                        acm_event(before(hours=4), **alarm("urgent", priority="5")),
                        acm_event(before(hours=3), **alarm("acknowledged")),
                        acm_event(before(hours=2), **alarm("acknowledged", operator_name="guard1", message="Acknowledged")),
                        acm_event(before(hours=3), **alarm("cleared")),
                        acm_event(before(hours=2), **alarm("cleared", is_alarm="0")),
                        acm_event(before(hours=1), **alarm("no alarm", is_alarm="0")),
                        acm_event(before(hours=2), **alarm("open", gateway_dn="cn=b2", is_alarm="0"))) as warehouse:
        rows = warehouse.query(question("list_open_alarms"))
    assert columns_of(rows, "cn", "alarm_priority", "event_count") == [("urgent", "5", "1"), ("open", "10", "2")]
    assert rows[1]["first_happened_at"].startswith(before(hours=3).strftime("%Y-%m-%d %H:%M:%S"))


def test_each_alarm_without_an_id_is_open_by_itself(site):
    """Nothing can be known to belong to it."""
    with warehouse_with(site, acm_event(before(hours=3), cn="", is_alarm="1", source_name="Dock"),
                        acm_event(before(hours=2), cn="", is_alarm="1", source_name="Lobby"),
                        acm_event(before(hours=1), cn="", is_alarm="0", operator_name="guard1")) as warehouse:
        assert columns_of(warehouse.query(question("list_open_alarms")), "source_name") == [("Dock",), ("Lobby",)]


def test_a_door_has_its_day_from_midnight_to_midnight_of_its_zone(site):
    def moment(day, hour, minute, **columns):
        return acm_event(datetime.datetime(2025, 8, day, hour, minute), source_name="Loading Dock North", **columns)

    with warehouse_with(site, moment(4, 23, 30, event_name="late"), moment(4, 9, 5, event_name="second", last_name="Ng"),
                        moment(4, 9, 0, event_name="first"), moment(5, 0, 0, event_name="next day"),
                        moment(3, 23, 0, event_name="day before"),
                        acm_event(datetime.datetime(2025, 8, 4, 9, 1), source_name="Lobby")) as warehouse:
        rows = warehouse.query(question("show_source_day"))
        assert columns_of(rows, "event_name", "seconds_after_previous", "last_name") == [
            ("first", None, None), ("second", "300", "Ng"), ("late", "51900", None)]
        rows = warehouse.query(question("show_source_day", zone="'Europe/Berlin'"))
        assert columns_of(rows, "event_name", "happened_at")[0] == ("day before", "2025-08-04 01:00:00")
        assert [row["event_name"] for row in rows] == ["day before", "first", "second"]


def test_panels_are_silent_after_the_longest_of_their_pauses(site):
    def panel(name, last_minutes, count, every_minutes, *more):
        ends = [last_minutes + every_minutes * number for number in range(count)] + list(more)
        return [acm_event(before(minutes=minutes), panel_name=name) for minutes in ends]

    with warehouse_with(site, *panel("dead", 300, 25, 10), *panel("alive", 1, 25, 10), *panel("new", 300, 3, 10),
                        *panel("quiet at night", 300, 24, 10, 1200), *panel("a short pause", 40, 25, 1)) as warehouse:
        rows = warehouse.query(question("find_silent_panels"))
        assert columns_of(rows, "panel_name", "longest_pause_minutes", "event_count") == [("dead", "10", "25")]
        assert 300 <= int(rows[0]["silent_minutes"]) < 360
        rows = warehouse.query(question("find_silent_panels", minimum_minutes="30"))
        assert [row["panel_name"] for row in rows] == ["dead", "a short pause"]


def test_events_are_counted_by_the_hour_of_their_receipt(site):
    with warehouse_with(site, acm_event(before(days=20)), acm_event(NOW)) as warehouse:
        without_metadata = "xml-events/20250804_000000-0123456789-0000000001-0000000001.ndjson"
        warehouse.db.run(f"INSERT INTO raw_events SELECT json_object('cn', 'x'), {quoted(without_metadata)}, 1, '', now(), now()")
        rows = warehouse.query(question("count_events_per_hour"))
        (received,) = {row[0] for row in site.query("SELECT substr(received_at, 1, 13) FROM events")}
    of_node = [row for row in rows if row["node"] == "gate-7"]
    assert sum(int(row["event_count"]) for row in of_node) == 2 and of_node[0]["object_count"] == "1"
    assert of_node[-1]["hour_began_at"].startswith(received.replace("T", " "))
    assert columns_of([row for row in rows if row not in of_node], "hour_began_at", "node", "event_count") == [(None, None, "1")]


UNMAPPED = "<plasectrxPanelDate>20250804</plasectrxPanelDate><cn>again</cn><plasectrxNew unit='s'>7</plasectrxNew>"


def test_fields_that_no_column_shows_are_named(site):
    with warehouse_with(site, acm_event(NOW, UNMAPPED), acm_event(NOW), acm_event(NOW, "<plasectrxNew/>")) as warehouse:
        rows = warehouse.query(question("list_unmapped_fields"))
    assert columns_of(rows, "name", "occurrence_count") == [
        ("plasectrxNew", "2"), ("cn[2]", "1"), ("plasectrxNew/@unit", "1"), ("plasectrxPanelDate", "1")]


def test_elements_that_no_column_shows_are_named(site):
    with warehouse_with(site, acm_event(NOW, UNMAPPED), acm_event(NOW, "<plasectrxNew/>"), OUTPUT_FORMAT="xml") as warehouse:
        rows = warehouse.query(question("list_unmapped_fields"))
    assert columns_of(rows, "name", "occurrence_count") == [("plasectrxNew", "2"), ("plasectrxPanelDate", "1")]


def test_the_fields_that_are_shown_are_those_of_the_views(site):
    shown = re.findall(r"\('(\w+)'\)", question("list_unmapped_fields"))
    assert shown == ["_spool", "_id", "_received_at", "_source", "_node", *ELEMENTS.values()]


def test_rejects_are_counted_by_reason(site):
    malformed = (SAMPLES / "17_guide_example_as_printed_malformed.xml").read_text()
    with warehouse_with(site, malformed, malformed, acm_event(NOW), "<EVENT><cn>1", reject_count=3) as warehouse:
        rows = warehouse.query(question("count_rejects"))
    assert columns_of(rows, "reason", "reject_count", "sender_count") == [("malformed", "2", "1"), ("cut_off", "1", "1")]
    assert "line" in rows[0]["newest_detail"]


def test_delays_are_measured_at_each_station(site):
    with warehouse_with(site, acm_event(before(hours=1)), acm_event(before(hours=1))) as warehouse:
        (received,) = {row[0] for row in site.query("SELECT max(received_at) FROM events")}
        moment = quoted(received)
        warehouse.db.run(f"UPDATE raw_events SET event = json_merge_patch(event, json_object('_received_at', {moment})), "
                         f"file_last_modified = TIMESTAMPTZ {moment} AT TIME ZONE 'UTC' + INTERVAL 60 SECOND, "
                         f"start_scan_time = TIMESTAMPTZ {moment} + INTERVAL 90 SECOND")
        (row,) = warehouse.query(question("measure_delays"))
    assert (row["day"], row["node"], row["event_count"]) == (received[:10], "gate-7", "2")
    assert (float(row["to_bucket_median"]), float(row["to_table_median"])) == (60, 30)
    to_collector = float(row["to_collector_median"])
    assert 3600 <= to_collector < 3600 + 300
    assert {float(row[name]) for name in ("in_all_median", "in_all_95th", "in_all_longest")} == {to_collector + 90}


main(dict(globals()), at_once=2)
