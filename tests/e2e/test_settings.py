"""Settings, subcommands, exit codes: what a person sees who does something wrong, or asks."""
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time

from support.environment import BIN, clean_environment
from support.tap import main
from support.waiting import wait_for

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


def assert_refused(done, *words):
    assert done.returncode == 78, (done.returncode, done.stderr)
    for word in words:
        assert word in done.stderr, (word, done.stderr)


def test_a_wrong_setting_ends_with_78_and_a_remedy(site):
    for settings, words in (
            ({"PORT": "70000"}, ("PORT=70000", "from 1 to 65535")),
            ({"PORT": "80 # web"}, ("PORT=80 # web", "comment")),
            ({"PORT": '"8080"'}, ("quotes",)),
            ({"MAX_MESSAGE_SIZE": "9M"}, ("MAX_MESSAGE_SIZE=9M", "to 8M")),
            ({"MAX_MESSAGE_SIZE": "8M", "INTAKE_MEMORY": "15M"}, ("INTAKE_MEMORY", "twice MAX_MESSAGE_SIZE", "16777216")),
            ({"MAX_CONNECTIONS": "0"}, ("MAX_CONNECTIONS=0", "from 1 to 60000")),
            ({"MAX_CONNECTIONS_PER_SOURCE": "60001"}, ("MAX_CONNECTIONS_PER_SOURCE=60001", "from 0 to 60000")),
            ({"SPOOL_SYNC": "fully"}, ("SPOOL_SYNC=fully", "full|normal")),
            ({"EVENT_ELEMENT": "<EVENT>"}, ("EVENT_ELEMENT: '<EVENT>'", "expected the name of an XML element")),
            ({"EVENT_ELEMENT": "EVENT,,Event"}, ("EVENT_ELEMENT: ''", "separated by commas")),
            ({"EVENT_ELEMENT": "EVENT Event"}, ("EVENT_ELEMENT: 'EVENT Event'", "separated by commas")),
            ({"EVENT_ELEMENT": "EVENT, a:b:Event"}, ("EVENT_ELEMENT: 'a:b:Event'", "soap:Event")),
            ({"EVENT_ELEMENT": "*:a:Event"}, ("EVENT_ELEMENT: '*:a:Event'", "*:Event")),
            ({"EVENT_ELEMENT": "EVENT, Event, EVENT"}, ("EVENT_ELEMENT: 'EVENT'", "given twice")),
            ({"EVENT_ELEMENT": ",".join(f"e{i}" for i in range(33))}, ("EVENT_ELEMENT: 'e32'", "more than 32 names")),
            ({"EVENT_ELEMENT": "e" * 257}, ("EVENT_ELEMENT: 'eee", "longer than 256 bytes")),
            ({"IGNORE_ELEMENTS": "ping, 1"}, ("IGNORE_ELEMENTS: '1'", "expected the name of an XML element")),
            ({"IGNORE_ELEMENTS": "ping, EVENT"}, ("IGNORE_ELEMENTS", "EVENT_ELEMENT names 'EVENT'", "remove one")),
            ({"EVENT_ELEMENT": "*:Event", "IGNORE_ELEMENTS": "a:Event"},
             ("IGNORE_ELEMENTS", "EVENT_ELEMENT names 'a:Event'", "remove one")),
            ({"INDEX_FIELDS": "uid=a:b:c"}, ("INDEX_FIELDS", "'uid=a:b:c'", "uid=*:id")),
            ({"XML_NAMESPACES": "a=urn:x b=urn:y"}, ("XML_NAMESPACES", "'a=urn:x b=urn:y'", "commas")),
            ({"DEFAULT_ENCODING": "UTF-16"}, ("DEFAULT_ENCODING=UTF-16", "ASCII", "windows-1252")),
            ({"INVALID_CHARACTERS": "drop"}, ("INVALID_CHARACTERS=drop", "reject|replace")),
            ({"NODE_ID": "gate 7"}, ("NODE_ID=gate 7",)),
            ({"ALLOW_FROM": "10.1.2.3/8"}, ("ALLOW_FROM", "10.1.2.3/8", "10.0.0.0/8")),
            ({"BIND_HOST": "no such name"}, ("BIND_HOST=no such name",)),
            ({"SPOOL_PATH": "/proc/nowhere/spool.db"}, ("SPOOL_PATH=/proc/nowhere/spool.db",))):
        assert_refused(site.command("collector", **settings), *words)
    for settings, words in (
            ({}, ("BUCKET_NAME", "DESTINATION_DIR")),
            ({"BUCKET_NAME": "b-u"}, ("AWS_ACCESS_KEY_ID", "_FILE")),
            ({"BUCKET_NAME": "s3://bucket", **CREDENTIALS}, ("BUCKET_NAME=s3://bucket", "name alone")),
            ({"DESTINATION_DIR": "d", "ROTATION_INTERVAL": "1 hour"}, ("ROTATION_INTERVAL=1 hour", "seconds")),
            ({"DESTINATION_DIR": "d", "MAX_FILE_SIZE": "1T"}, ("MAX_FILE_SIZE=1T", "256M")),
            ({"DESTINATION_DIR": "d", "OUTPUT_FORMAT": "csv"}, ("OUTPUT_FORMAT=csv", "xml|json|ndjson")),
            ({"DESTINATION_DIR": "d", "PREFIX": "../x"}, ("PREFIX=../x",)),
            ({"DESTINATION_DIR": "d", "REJECTS_PREFIX": "xml-events/bad"}, ("REJECTS_PREFIX", "inside PREFIX")),
            ({"DESTINATION_DIR": "d", "COMPRESSION": "zstd"}, ("COMPRESSION=zstd", "none|gzip")),
            ({"DESTINATION_DIR": "d", "USE_DATE_FOLDERS": "daily"}, ("USE_DATE_FOLDERS=daily", "false|true|hive")),
            ({"DESTINATION_DIR": "d", "PRETTY_PRINT_JSON": "2"}, ("PRETTY_PRINT_JSON=2", "false|true")),
            ({"DESTINATION_DIR": "d", "DROP_FIELDS": "cn;sn"}, ("DROP_FIELDS", "'cn;sn'", "commas")),
            ({"DESTINATION_DIR": "d", "REJECTS_PAYLOAD": "perhaps"}, ("REJECTS_PAYLOAD=perhaps", "auto|true|false")),
            ({"DESTINATION_DIR": "d", "S3_SSE": "kms"}, ("S3_SSE=kms", "AES256|aws:kms")),
            ({"DESTINATION_DIR": "d", "S3_SSE_KMS_KEY_ID": "k"}, ("S3_SSE_KMS_KEY_ID", "without S3_SSE=aws:kms")),
            ({"DESTINATION_DIR": "d", "S3_SSE_KMS_KEY_ID": "a b", "S3_SSE": "aws:kms"}, ("S3_SSE_KMS_KEY_ID=a b", "ARN")),
            ({"DESTINATION_DIR": "d", "S3_STORAGE_CLASS": "standard"}, ("S3_STORAGE_CLASS=standard", "STANDARD_IA")),
            ({"DESTINATION_DIR": "d", "S3_ACL": "public"}, ("S3_ACL=public", "bucket-owner-full-control")),
            ({"DESTINATION_DIR": "d", "S3_TAGS": "team"}, ("S3_TAGS", "team=security")),
            ({"DESTINATION_DIR": "d", "S3_EXPECTED_BUCKET_OWNER": "1234-5678-9012"},
             ("S3_EXPECTED_BUCKET_OWNER=1234-5678-9012", "12 digits")),
            ({"BUCKET_NAME": "b", **CREDENTIALS}, ("BUCKET_NAME=b ", "too short", "3 to 255 bytes")),
            ({"BUCKET_NAME": "b-u", "AWS_ACCESS_KEY_ID": "a"}, ("AWS_SECRET_ACCESS_KEY is not", "set AWS_SECRET_ACCESS_KEY")),
            ({"BUCKET_NAME": "b-u", "AWS_SECRET_ACCESS_KEY": "b"}, ("AWS_ACCESS_KEY_ID is not", "set AWS_ACCESS_KEY_ID")),
            ({"BUCKET_NAME": "b-u", **CREDENTIALS, "AWS_REGION": "eu central"}, ("AWS_REGION=eu central", "eu-central-1")),
            ({"DESTINATION_DIR": "d", "ROTATION_INTERVAL": "8d"}, ("ROTATION_INTERVAL=8d is out of range", "604800")),
            ({"DESTINATION_DIR": "d", "UPLOAD_CONCURRENCY": "17"}, ("UPLOAD_CONCURRENCY=17", "from 1 to 16")),
            ({"DESTINATION_DIR": "d", "RETENTION": "never"}, ("RETENTION=never", "seconds")),
            ({"DESTINATION_DIR": "d", "EVENT_METADATA": "perhaps"}, ("EVENT_METADATA=perhaps", "auto|true|false")),
            ({"DESTINATION_DIR": "d", "S3_ADDRESSING": "dns"}, ("S3_ADDRESSING=dns", "auto|path|virtual")),
            ({"DESTINATION_DIR": "d", "OUTPUT_FORMAT": "'json'"}, ("OUTPUT_FORMAT='json'", "quotes")),
            ({"DESTINATION_DIR": "d", "OUTPUT_FORMAT": "json # one array"}, ("OUTPUT_FORMAT=json # one array", "comment")),
            ({"DESTINATION_DIR": "d", "PREFIX": "'x/'"}, ("PREFIX='x/'", "quotes")),
            ({"DESTINATION_DIR": "d", "AWS_SECRET_ACCESS_KEY": "'b'"}, ("AWS_SECRET_ACCESS_KEY:", "quotes")),
            ({"DESTINATION_DIR": "d", "PREFIX": "/x"}, ("PREFIX=/x", "no slash at the beginning", "xml-events/")),
            ({"DESTINATION_DIR": "d", "PREFIX": "a\\b"}, ("PREFIX=a", "backslash", "xml-events/")),
            ({"DESTINATION_DIR": "d", "PREFIX": "a\udcffb"}, ("PREFIX is not UTF-8", "xml-events/")),
            ({"DESTINATION_DIR": "d", "REJECTS_PREFIX": "/r"}, ("REJECTS_PREFIX=/r", "no slash", "e.g. rejected/")),
            ({"DESTINATION_DIR": "d", "REJECTS_PREFIX": "xml-events/"}, ("inside PREFIX", "e.g. rejected/xml-events/")),
            ({"DESTINATION_DIR": "d", "PREFIX": "rejected"}, ("inside PREFIX=rejected/", "e.g. rejects/rejected/")),
            ({"DESTINATION_DIR": "d", "DROP_FIELDS": "door/cn"}, ("DROP_FIELDS", "'door/cn'", "name of an element")),
            ({"DESTINATION_DIR": "d", "S3_SSE_KMS_KEY_ID": "k", "S3_SSE": "AES256"}, ("without S3_SSE=aws:kms", "remove")),
            ({"DESTINATION_DIR": "d", "S3_TAGS": ",".join(f"k{n}=v" for n in range(11))}, ("S3_TAGS", "'k10'", "10 tags")),
            ({"DESTINATION_DIR": "d", "S3_TAGS": "a=" + "v" * 257}, ("S3_TAGS, at 'a'", "at most 256")),
            ({"DESTINATION_DIR": "d", "AWS_ROLE_SESSION_NAME": "a b"}, ("AWS_ROLE_SESSION_NAME=a b", "letters")),
            ({"BUCKET_NAME": "arn:aws:s3:eu-west-1:1:accesspoint/a", **CREDENTIALS}, ("BUCKET_NAME=arn:", "alias", "-s3alias")),
            ({"BUCKET_NAME": "arn:aws:s3:::events", **CREDENTIALS}, ("BUCKET_NAME=arn:", "name alone: events\"")),
            ({"BUCKET_NAME": "arn:aws-cn:s3:::events/prefix", **CREDENTIALS}, ("BUCKET_NAME=arn:", "name alone: events\"")),
            ({"BUCKET_NAME": "l--use1-az4--x-s3", **CREDENTIALS}, ("directory bucket", "general purpose bucket")),
            ({"BUCKET_NAME": "events", "AWS_ENDPOINT_URL": "https://events.storage.example", **CREDENTIALS},
             ("begins with the name of the bucket", "https://storage.example,", "S3_ADDRESSING=path")),
            ({"BUCKET_NAME": "b-u", "AWS_ACCESS_KEY_ID_FILE": "/nowhere"}, ("AWS_ACCESS_KEY_ID_FILE", "/nowhere"))):
        assert_refused(site.command("uploader", **settings), *words)


def test_a_wrong_endpoint_is_refused_with_an_example_and_without_its_password(site):
    for url in ("localhost:9", "x", "http://", "ftp://127.0.0.1", "http:///", "http://127.0.0.1/bucket", "http://127.0.0.1?x",
                "http://127.0.0.1:99999", "http://127.0.0.1:nine", "http://::1:9", "http://[::1", "http://a b"):
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS", "AWS_EC2_METADATA_SERVICE_ENDPOINT"):
            done = site.command("uploader", "check", BUCKET_NAME="b-u", **CREDENTIALS, **{name: url})
            assert_refused(done, f"{name}={url.replace('?x', '?***')}: ", "http://127.0.0.1:9000", "http://[::1]:9000")
    done = site.command("uploader", "check", BUCKET_NAME="b-u", **CREDENTIALS, AWS_ENDPOINT_URL="http://me:hush@127.0.0.1")
    assert_refused(done, "AWS_ENDPOINT_URL", "nothing more")
    assert "hush" not in done.stderr + done.stdout
    for url in ("http://127.0.0.1:9", "http://127.0.0.1:9/", "http://[::1]:9", "https://s3.example"):
        assert site.command("uploader", "config", AWS_ENDPOINT_URL=url).returncode == 0, url


def test_rejects_prefix_none_keeps_rejects_in_the_spool_however_written(site):
    for none in ("none", "NONE", " None "):
        assert "REJECTS_PREFIX=none\n" in site.command("uploader", "config", REJECTS_PREFIX=none).stdout


def test_a_bucket_wins_over_a_directory(site):
    done = site.command("uploader", "check", BUCKET_NAME="b-u", DESTINATION_DIR=site.objects, **CREDENTIALS,
                        AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 1 and "http://127.0.0.1:9" in done.stdout and not site.objects.exists(), done.stdout


def test_a_setting_without_effect_is_reported(site):
    for output_format, has_effect in (("xml", False), ("ndjson", False), ("json", True)):
        done = site.command("uploader", "config", PRETTY_PRINT_JSON="true", OUTPUT_FORMAT=output_format)
        assert done.returncode == 0 and ("PRETTY_PRINT_JSON" in done.stderr) != has_effect, done.stderr
    for settings, has_effect in (({}, False), ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}, True)):
        done = site.command("uploader", "config", AWS_ROLE_ARN="arn:aws:iam::1:role/r", **settings)
        assert done.returncode == 0 and ("setting=AWS_ROLE_ARN" in done.stderr) != has_effect, done.stderr


def test_an_acl_that_shows_objects_to_strangers_is_reported(site):
    for acl, who in (("public-read", "anybody_on_the_internet"), ("public-read-write", "anybody_on_the_internet"),
                     ("authenticated-read", "every_AWS_account"), ("bucket-owner-full-control", None)):
        done = site.command("uploader", "config", S3_ACL=acl)
        assert f"S3_ACL={acl}\n" in done.stdout and ("strangers can read" in done.stderr) == bool(who), done.stderr
        assert not who or f"who={who}" in done.stderr, done.stderr


def test_misspelt_and_retired_settings_are_reported(site):
    site.collector(PORTT="1", RATE_LIMIT_PER_MINUTE="1000", MAX_RETRIES="3", ROTATION_INTERVALL="5", BUCKET="x")
    log = site.running[0].log
    for words in ("name=PORTT did_you_mean=PORT", "ROTATION_INTERVALL did_you_mean=ROTATION_INTERVAL",
                  "BUCKET did_you_mean=BUCKET_NAME", "RATE_LIMIT_PER_MINUTE", "MAX_RETRIES"):
        assert words in log, (words, log)


def test_wrong_usage_help_and_version_print_what_they_should(site):
    for program in ("collector", "uploader"):
        shown = site.command(program, "--help")
        assert shown.returncode == 0 and "SPOOL_PATH" in shown.stdout and "healthcheck" in shown.stdout
        assert site.command(program, "--version").stdout == f"{program} 0.1.0\n"
        wrong = site.command(program, "frobnicate")
        assert wrong.returncode == 64 and "frobnicate" in wrong.stderr and "run" in wrong.stderr


def test_config_prints_what_can_be_read_back(site):
    for program in ("collector", "uploader"):
        first = site.command(program, "config", MAX_MESSAGE_SIZE="2M", ROTATION_INTERVAL="90s", REJECTS_PREFIX="none").stdout
        assert "MAX_MESSAGE_SIZE=2M" in first or "ROTATION_INTERVAL=90" in first
        again = site.command(program, "config", **dict(line.split("=", 1) for line in first.splitlines()))
        assert again.stdout == first


def test_a_second_program_on_the_same_spool_ends_with_75(site):
    collector = site.collector()
    uploader = site.uploader()
    uploader.wait_for_log('"shipping"')
    for program, pid in (("collector", collector.process.pid), ("uploader", uploader.process.pid)):
        second = site.command(program, PORT="0" if program == "uploader" else "18999", DESTINATION_DIR=site.objects)
        assert second.returncode == 75, second.stderr
        assert f"another {program} (process {pid})" in second.stderr, second.stderr


def test_a_taken_port_ends_with_75_and_a_remedy(site):
    with socket.socket() as s:
        s.bind(("127.0.0.1", site.port))
        s.listen()
        done = site.command("collector", PORT=site.port, BIND_HOST="127.0.0.1")
    assert done.returncode == 75 and f"PORT={site.port}" in done.stderr and "set PORT" in done.stderr, done.stderr


def test_healthcheck_tells_a_live_program_from_a_dead_or_stuck_one(site):
    assert site.command("collector", "healthcheck").returncode == 1
    collector = site.collector()
    assert site.command("collector", "healthcheck").returncode == 0
    lock = site.spool.parent / "spool.db-collector.lock"
    collector.process.send_signal(signal.SIGSTOP)
    os.utime(lock, (time.time() - 60, time.time() - 60))
    stuck = site.command("collector", "healthcheck")
    assert stuck.returncode == 1 and "has shown no sign of life" in stuck.stderr, stuck.stderr
    collector.process.send_signal(signal.SIGCONT)
    wait_for("the next sign of life", lambda: site.command("collector", "healthcheck").returncode == 0)
    collector.kill()
    dead = site.command("collector", "healthcheck")
    assert dead.returncode == 1 and "no collector is running" in dead.stderr


def test_check_passes_before_and_beside_the_running_service(site):
    settings = {"PORT": site.port, "BIND_HOST": "127.0.0.1"}
    assert site.command("collector", "check", **settings).returncode == 0
    site.collector()
    assert site.command("collector", "check", **settings).returncode == 0
    taken = site.command("collector", "check", PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_PATH=site.directory / "x.db")
    assert taken.returncode == 1 and "problem" in taken.stdout and "set PORT" in taken.stdout
    assert site.command("uploader", "check", DESTINATION_DIR=site.objects).returncode == 0
    assert site.files() == []
    nowhere = site.command("uploader", "check", DESTINATION_DIR="/proc/nowhere")
    assert nowhere.returncode == 1 and "DESTINATION_DIR" in nowhere.stdout, nowhere.stdout


def test_check_treats_the_spools_path_as_the_uploader_does(site):
    text = site.directory / "text"
    text.write_text("precious text of somebody\n" * 50)
    for path, words in (("/", "SPOOL_PATH=/ is not a regular file"), (site.directory, "set SPOOL_PATH to a file"),
                        (text, "is not a spool of eventspool")):
        checked, ran = (site.command("uploader", *command, SPOOL_PATH=path, DESTINATION_DIR=site.objects)
                        for command in (["check"], []))
        assert (checked.returncode, ran.returncode) == (78, 78), (checked.stdout, ran.stderr)
        assert words in checked.stdout and words in ran.stderr, (checked.stdout, ran.stderr)
        assert "ok      objects can be written" in checked.stdout, "the other findings are told as well"
    assert not list(site.directory.parent.glob(f"{site.directory.name}*.lock")), "nothing is left beside what is refused"
    away = site.command("uploader", "check", DESTINATION_DIR=site.objects)
    assert away.returncode == 0 and "the collector creates it" in away.stdout, away.stdout
    site.collector()
    assert "ok      the spool can be used" in site.command("uploader", "check", DESTINATION_DIR=site.objects).stdout


def test_a_prefix_too_long_for_a_file_can_be_shortened(site):
    wrong, right = {"PREFIX": "x/" + "n" * 256 + "/"}, {"PREFIX": "x/" + "n" * 255 + "/"}
    checked = site.command("uploader", "check", DESTINATION_DIR=site.objects, **wrong)
    assert checked.returncode == 1 and "shorten PREFIX" in checked.stdout and "255 bytes" in checked.stdout, checked.stdout
    assert "write access" not in checked.stdout, checked.stdout
    site.collector()
    site.send_events(3)
    site.wait_for_events(3)
    uploader = site.uploader(**wrong)
    wait_for("the remedy", lambda: "shorten PREFIX" in (site.value("SELECT remedy FROM summary") or ""))
    wait_for("the batch to be blocked", lambda: site.query("SELECT state FROM batches") == [("blocked",)])  # the proof came first
    uploader.stop()
    site.uploader(**right)
    site.wait_until_shipped()
    assert len(site.files(right["PREFIX"])) == 1


def test_a_foreign_file_is_refused_and_left_as_it_is(site):
    site.spool.parent.mkdir()
    site.spool.write_bytes(b"precious text of somebody\n" * 50)
    before = site.spool.read_bytes()
    done = site.command("collector")
    assert done.returncode == 78, (done.returncode, done.stderr)
    assert site.spool.read_bytes() == before


def test_status_shows_backlog_problem_and_trial_mode(site):
    site.collector(NODE_ID="gate-7")
    uploader = site.uploader()
    site.send_events(5)
    site.wait_for_events(5)
    wait_for("the objects", site.files)
    uploader.stop()
    site.send_events(3, "--seed", 2)
    site.wait_for_events(8)
    shown = site.command("uploader", "status").stdout
    for words in ("node gate-7", "collector    running", "no uploader is running", "3 events", "note         trial_mode"):
        assert words in shown, (words, shown)


def test_flush_waits_until_the_running_uploader_has_shipped_all(site):
    site.collector()
    site.uploader(ROTATION_INTERVAL="1h")
    site.send_events(50)
    site.wait_for_events(50)
    assert site.files() == []
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects)
    assert done.returncode == 0 and "all shipped" in done.stdout, done.stderr
    assert site.value("SELECT count(*) FROM backlog") == 0 and len(site.files()) == 1


def test_flush_fails_with_a_reason_where_nothing_can_ship(site):
    site.collector()
    site.send_events(1)
    site.wait_for_events(1)
    done = site.command("uploader", "flush", BUCKET_NAME="b-u", AWS_ENDPOINT_URL="http://127.0.0.1:9", **CREDENTIALS)
    assert done.returncode == 1 and "127.0.0.1:9" in done.stderr, done.stderr
    assert site.value("SELECT state FROM events") == "sealed"
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects)
    assert done.returncode == 0, "nothing can have been stored: sealed again for the other destination"
    assert site.value("SELECT state FROM events") == "shipped"


def test_an_object_is_never_written_over_another_file(site):
    site.collector()
    site.send_events(2)
    site.wait_for_events(2)
    site.objects.write_text("in the way of the directory")
    assert site.command("uploader", "flush", DESTINATION_DIR=site.objects).returncode == 1
    site.objects.unlink()
    file = site.objects / site.value("SELECT object_key FROM batches")
    file.parent.mkdir(parents=True)
    file.write_text("somebody else's")
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects)
    assert done.returncode == 0 and "incident" in done.stderr, done.stderr
    assert file.read_text() == "somebody else's"
    assert site.query("SELECT state FROM batches ORDER BY id") == [("superseded",), ("shipped",)]
    assert site.files() == sorted([file, file.with_name(file.stem + "-r2.xml")])


def test_a_copied_spool_ships_under_a_name_of_its_own(site):
    collector = site.collector()
    site.send_events(3)
    site.wait_for_events(3)
    collector.stop()
    assert site.command("uploader", "flush", DESTINATION_DIR=site.objects).returncode == 0
    original = site.files()[0].name.split("-")[1]
    copy = site.spool.with_name("copy.db")
    copy.write_bytes(site.spool.read_bytes())
    site.spool = copy
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects)
    assert done.returncode == 75 and "is a copy of another one" in done.stderr, done.stderr
    uploader = site.uploader()
    uploader.wait_for_log("is a copy of another one")
    site.collector()
    site.send_events(2)
    wait_for("the copy's own object", lambda: len(site.files()) == 2)
    names = sorted(f.name.split("-", 1)[1] for f in site.files() if f"-{original}-" not in f.name)
    assert len(names) == 1 and names[0].endswith("-0000000004-0000000005.xml"), names


def test_a_spool_of_a_development_version_ends_both_programs_with_78(site):
    site.collector().stop()
    with contextlib.closing(sqlite3.connect(site.spool)) as db:
        db.execute("PRAGMA user_version = 102")
    before = site.spool.read_bytes()
    for program, *command in (("collector",), ("uploader",), ("collector", "check"), ("uploader", "flush")):
        done = site.command(program, *command, DESTINATION_DIR=site.objects, PORT=site.port)
        assert done.returncode == (1 if command == ["check"] else 78), (program, command, done)
        output = done.stdout + done.stderr
        assert "made by a development version (schema 102)" in output and "set SPOOL_PATH to a new file" in output, output
    assert site.spool.read_bytes() == before


def test_a_start_on_a_newer_spool_ends_both_programs_with_75(site):
    site.collector().stop()
    with contextlib.closing(sqlite3.connect(site.spool)) as db:
        db.execute("PRAGMA user_version = 200")
    for program in ("collector", "uploader"):
        done = site.command(program, DESTINATION_DIR=site.objects, PORT=site.port)
        assert done.returncode == 75 and "upgrade this program" in done.stderr, done.stderr


def test_a_stop_commits_what_had_arrived_and_rejects_unfinished_events(site):
    collector = site.collector()
    with contextlib.ExitStack() as stack:
        for n in range(20):
            s = stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            s.sendall(b"<EVENT><cn>%016x</cn></EVENT><EVENT><cn>unfinished" % n)
        collector.stop()
    assert site.value("SELECT count(DISTINCT uid) FROM events") == 20
    assert site.query("SELECT DISTINCT reason FROM rejects") == [("cut_off",)]
    assert site.value("SELECT count(*) FROM rejects") == 20


def test_a_stop_reads_all_senders_beside_a_flooding_one(site):
    collector = site.collector()
    quiet = socket.create_connection(("127.0.0.1", site.port))
    site.acmsim("--count", 0, "--connections", 2)
    wait_for("the flood", lambda: site.value("SELECT last_event_id FROM _intake") > 10000)
    quiet.sendall(b"".join(b"<EVENT><cn>quiet%d</cn></EVENT>" % n for n in range(500)))
    collector.stop()
    assert site.value("SELECT count(*) FROM events WHERE uid LIKE 'quiet%'") == 500
    quiet.close()


def test_a_stop_takes_seconds_while_another_process_holds_the_spool(site):
    collector = site.collector()
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        site.send(b"<EVENT><cn>held</cn></EVENT>" * 1000)
        collector.wait_for_log("cannot commit: reading stops until a commit succeeds")
        since = time.monotonic()
        collector.stop(expected=1)
        assert time.monotonic() - since < 20, "the lock's holder decides when the collector stops"
    assert "could not be committed" in collector.log


def test_a_deleted_spool_ends_the_uploader_with_a_clear_message(site):
    site.collector().stop()
    uploader = site.uploader()
    uploader.wait_for_log('"shipping"')
    site.spool.unlink()
    wait_for("the uploader to notice", lambda: uploader.process.poll() is not None)
    assert uploader.process.returncode == 1 and "was deleted or replaced" in uploader.log, uploader.log


def test_ipv6_and_another_event_element_work(site):
    site.collector(BIND_HOST="::", EVENT_ELEMENT="Event")
    with socket.create_connection(("::1", site.port)) as s:
        s.sendall(b'<?xml version="1.0"?><Event><a>1</a></Event>')
    site.wait_for_events(1)
    with socket.create_connection(("127.0.0.1", site.port)) as s:
        s.sendall(b'<?xml version="1.0" encoding="ISO-8859-1"?><Event><name>M\xfcller</name></Event>')
    site.wait_for_events(2)
    assert site.query("SELECT source, payload FROM events ORDER BY id") == [
        ("::1", "<Event><a>1</a></Event>"), ("127.0.0.1", "<Event><name>Müller</name></Event>")]


def test_index_fields_say_which_children_fill_the_columns(site):
    for value, words in (("uid", ("'uid'", "column=element")), ("uid=cn,door=x", ("'door=x'", "source_name")),
                         ("uid=p:", ("'uid=p:'", "prefix"))):
        assert_refused(site.command("collector", INDEX_FIELDS=value), "INDEX_FIELDS", *words)
    site.collector(EVENT_ELEMENT="Event", INDEX_FIELDS="uid = id,\tname=what, sender=id, source_name=door")
    site.send("<Event><cn>0</cn><id> 7 </id><what>Öffnung</what><door>{}x</door></Event>".format("é" * 200).encode())
    site.wait_for_events(1)
    assert site.query("SELECT uid, name, time, sender, source_name FROM events") == [
        ("7", "Öffnung", None, "7", "é" * 128)]


def test_settings_make_events_of_what_would_be_rejects(site):
    sent = [b"<EVENT><s:id>1</s:id></EVENT>", b"<EVENT><id>2</id><a>M\xfcller</a></EVENT>",
            b"<EVENT><id>3</id><a>&#1;\x02</a></EVENT>"]
    collector = site.collector(INDEX_FIELDS="uid=*:id")
    site.send(b"".join(sent))
    wait_for("three rejects", lambda: site.value("SELECT count(*) FROM rejects") == 3)
    details = [detail for detail, in site.query("SELECT detail FROM rejects ORDER BY id")]
    for detail, name in zip(details, ("XML_NAMESPACES", "DEFAULT_ENCODING", "INVALID_CHARACTERS=replace")):
        assert name in detail, detail
    collector.stop()

    collector = site.collector(INDEX_FIELDS="uid=*:id", XML_NAMESPACES="s=urn:a,b&c", DEFAULT_ENCODING="windows-1252",
                               INVALID_CHARACTERS="replace")
    site.send(b"".join(sent))
    site.wait_for_events(3)
    assert site.query("SELECT uid, payload FROM events ORDER BY id") == [
        ("1", '<EVENT xmlns:s="urn:a,b&amp;c"><s:id>1</s:id></EVENT>'),
        ("2", "<EVENT><id>2</id><a>Müller</a></EVENT>"),
        ("3", "<EVENT><id>3</id><a>\ufffd\ufffd</a></EVENT>")]
    collector.wait_for_log("replaced=2 last_source=127.0.0.1")


def test_json_log_lines_are_json(site):
    collector = site.collector(LOG_FORMAT="json", NODE_ID="gate-7")
    collector.stop()
    lines = [json.loads(line) for line in collector.log.splitlines()]
    usual = [line for line in lines  # it warns of a directory in memory, and tells of the test's connection
             if line["level"] == "info" and not line["message"].startswith("sender ")]
    assert [line["message"] for line in usual] == ["spool created", "listening", "stopping: reading what has arrived",
                                                   "stopped"]
    assert usual[0]["node"] == "gate-7" and all(line["program"] == "collector" for line in lines)


def test_a_closed_standard_error_does_not_hurt(site):
    done = subprocess.run(["sh", "-c", f"exec {BIN / 'collector'} config 2>&-"], env=clean_environment(),
                          capture_output=True, text=True, check=True)
    assert "PORT=8080" in done.stdout


main(dict(globals()))
