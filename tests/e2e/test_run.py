"""What `make run` and `make send` do: tools/run.sh and tools/send.sh, as a new user would use them."""
import os
import socket
import sqlite3
import subprocess
import urllib.request

from support.environment import BIN, ROOT, clean_environment
from support.ledger import assert_keys_have_no_gap
from support.make_run import BANNER, MakeRun, programs_of, send, try_to_send
from support.ports import reserve_port
from support.tap import main, skip
from support.waiting import PATIENCE, wait_for


def run(site, **settings):
    """With nothing in the environment but this, and what a test machine needs."""
    return MakeRun(site, {**clean_environment(), "HOME": str(site.directory), "AWS_EC2_METADATA_DISABLED": "true", "STATUS_PORT": "0",
                          "SPOOL_MIN_FREE": "64M", **{k: str(v) for k, v in settings.items()}})


def start(site, **settings):
    return run(site, **{"PORT": site.port, "ROTATION_INTERVAL": 1, **settings})


def write_env(site, text):
    (site.directory / ".env").write_text(text)


# ---- a trial ----

def test_make_run_ships_stops_on_ctrl_c_and_goes_on(site):
    site.objects = site.directory / "var/objects"
    for expected in (10, 20):
        made = start(site).wait_for_banner()
        assert site.accepts(), "what the banner says is true at once"
        send(site)
        site.wait_for_events(expected)
        site.wait_until_shipped()
        assert assert_keys_have_no_gap([str(f) for f in site.files()]) == expected
        made.ctrl_c()
        for words in (f"{BANNER} {site.port} and ships every 1 s", "make send", "sqlite3", "BUCKET_NAME", "var/objects",
                      "eventspool status", "eventspool check", "cp .env.example .env"):
            assert words in made.log, words
        assert made.log.count(BANNER) == 1


def test_sigterm_to_make_run_stops_both_programs(site):
    made = start(site).wait_for_banner()
    made.process.terminate()
    assert made.process.wait(PATIENCE) == 0
    assert not site.accepts() and not programs_of(made.process.pid)


def test_a_second_make_run_on_the_same_spool_ends_with_75_and_leaves_the_first_alone(site):
    first = start(site).wait_for_banner()
    second = start(site, PORT=reserve_port())
    assert second.process.wait(PATIENCE) == 75 and BANNER not in second.log, second.log
    send(site)
    first.ctrl_c()


def test_make_run_beside_another_uploader_ends_with_75_and_without_a_banner(site):
    start(site).wait_for_banner().ctrl_c()
    site.uploader().wait_for_log("shipping")
    made = start(site)
    assert made.process.wait(PATIENCE) == 75 and BANNER not in made.log and not site.accepts(), made.log


def test_a_reader_of_the_banner_that_goes_away_leaves_no_program_behind(site):
    """As in `make run | head -1`: what is written later meets a closed pipe."""
    read, write = os.pipe()
    environment = {**clean_environment(), "PORT": str(site.port), "STATUS_PORT": "0", "SPOOL_MIN_FREE": "64M", "LOG_LEVEL": "error"}
    process = site.owns(subprocess.Popen(["sh", ROOT / "tools/run.sh", BIN], cwd=site.directory, env=environment, stdout=write,
                                         stderr=subprocess.DEVNULL, start_new_session=True), with_group=True)
    os.close(write)
    os.close(read)
    process.wait(PATIENCE)
    assert not programs_of(process.pid)


# ---- .env ----

def test_a_line_of_the_env_file_means_what_it_means_to_every_command(site):
    """None of it is in the environment: run and send find the port, the directory and the format in .env alone."""
    write_env(site, f"\ufeff# a comment\r\nexport PORT = {site.port} # the port\r\nDESTINATION_DIR='my objects' # quoted\n"
                    "NODE_ID=\"gate-7\"\nOUTPUT_FORMAT='ndjson'\nROTATION_INTERVAL=\"1500ms\"\nDROP_FIELDS=\nBIND_HOST\n"
                    "INDEX_FIELDS=\"uid=cn, sender=*:gate\"  # of tests\n\nALERT_URL=http://127.0.0.1:1/a$$b\n")
    site.objects = site.directory / "my objects"
    made = run(site, ALERT_URL="").wait_for_banner()
    assert f"{BANNER} {site.port} and ships every 1500ms." in made.log, made.log
    assert "in the file .env" in made.log and "cp .env.example" not in made.log, "it would replace the person's own"
    done = try_to_send(site)
    assert done.returncode == 0, done
    wait_for("an object", site.files)
    made.ctrl_c()
    assert site.files()[0].suffix == ".ndjson" and '"_node":"gate-7"' in site.files()[0].read_text()
    assert site.query("SELECT sender, count(*) FROM events GROUP BY 1") == [("cn=eventspool-test", 10)]


def test_the_environment_wins_over_the_env_file_and_that_over_what_is_for_trials(site):
    site.objects = site.directory / "elsewhere"
    for text, environment, words in (
            ("PORT=1\n", {"PORT": site.port}, "ships every 10 s"),
            (f"PORT={site.port}\nROTATION_INTERVAL=3600\n", {}, "ships every 3600 s"),
            (f"PORT={site.port}\nROTATION_INTERVAL=\nDESTINATION_DIR=\n", {}, "ships every 10 s"),
            (f"PORT={site.port}\nROTATION_INTERVAL=9\nDESTINATION_DIR=elsewhere\n", {"ROTATION_INTERVAL": "2s"}, "ships every 2 s"),
            (f"PORT={site.port}\nROTATION_INTERVAL=9\nDESTINATION_DIR=elsewhere\n", {"ROTATION_INTERVAL": ""}, "ships every 3600 s")):
        write_env(site, text)
        made = run(site, **environment).wait_for_banner()
        where = "elsewhere" if "elsewhere" in text else "var/objects"
        if environment.get("ROTATION_INTERVAL") == "":
            words = "ships every 10 s"  # an empty value counts as not set
        assert f"{BANNER} {site.port} and {words}" in made.log and f"ls -l {where}/*/" in made.log, (text, made.log)
        made.ctrl_c()


def test_a_bucket_in_the_env_file_ends_the_trial(site):
    nobody = reserve_port()
    write_env(site, f"PORT={site.port}\nBUCKET_NAME=\"door-events\" # the bucket\nAWS_ACCESS_KEY_ID=key\n"
                    f"AWS_SECRET_ACCESS_KEY_FILE={site.directory}/secret\nAWS_ENDPOINT_URL=http://127.0.0.1:{nobody}\n")
    (site.directory / "secret").write_text("hush\n")
    made = run(site).wait_for_banner()
    assert f"{site.port} and ships every 3600 s" in made.log and "the bucket door-events, under xml-events/" in made.log, made.log
    assert "eventspool flush" in made.log and "says whether that works" in made.log, made.log
    assert "trial mode" not in made.log and "var/objects" not in made.log and "hush" not in made.log
    made.ctrl_c()


def test_a_line_that_cannot_be_understood_ends_run_and_send_with_78(site):
    write_env(site, f"PORT={site.port}\nAWS_SECRET_ACCESS_KEY=hu$h\n")
    made = run(site)
    assert made.process.wait(PATIENCE) == 78 and made.log.count(".env, line 2: ") == 1, made.log
    done = try_to_send(site)
    assert done.returncode == 78 and ".env, line 2: " in done.stderr and done.stdout == "", done
    assert "hu$h" not in made.log + done.stderr and BANNER not in made.log


def test_an_env_file_of_another_user_is_left_out(site):
    write_env(site, "PORT=1\nDESTINATION_DIR=elsewhere\n")
    os.chown(site.directory / ".env", 65534, 65534)
    made = start(site).wait_for_banner()
    assert f"{BANNER} {site.port} " in made.log and "ls -l var/objects/*/" in made.log, made.log
    assert "belongs to another user" in made.log
    send(site)
    made.ctrl_c()


# ---- the banner is true ----

def test_no_banner_is_printed_where_a_program_ends_at_the_start(site):
    with socket.create_server(("127.0.0.1", reserve_port())) as other:  # it accepts connections, too
        taken = other.getsockname()[1]
        for settings, code, words in (
                ({"PORT": taken}, 75, "is taken by another program"),
                ({"PORT": taken, "BIND_HOST": "127.0.0.1"}, 75, "is taken by another program"),
                ({"PORT": "x"}, 78, "PORT=x is not understood"),
                ({"OUTPUT_FORMAT": "yaml"}, 78, "OUTPUT_FORMAT=yaml is not understood"),
                ({"BUCKET_NAME": "door-events"}, 78, "no credentials"),
                ({"BUCKET_NAME": "door-events", "AWS_ACCESS_KEY_ID_FILE": "nowhere"}, 78, "AWS_ACCESS_KEY_ID_FILE")):
            made = start(site, **settings)
            assert made.process.wait(PATIENCE) == code and words in made.log, (settings, made.process.returncode, made.log)
            assert BANNER not in made.log and not programs_of(made.process.pid), (settings, made.log)


def test_the_addresses_that_the_collector_may_listen_on_count(site):
    for address in ("127.0.0.2", "::1", "::", "[::1]"):  # brackets: compose wants them in the same .env
        made = start(site, BIND_HOST=address).wait_for_banner()
        send(site, BIND_HOST=address)
        made.ctrl_c()
    assert site.value("SELECT count(*) FROM events") == 40


def test_the_page_is_named_as_a_browser_wants_it(site):
    port = reserve_port()
    for host, shown in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("::", "127.0.0.1")):
        made = start(site, STATUS_PORT=port, STATUS_HOST=host).wait_for_banner()
        assert f" http://{shown}:{port}/ " in made.log, (host, made.log)
        with urllib.request.urlopen(f"http://{shown}:{port}/livez", timeout=60) as answer:
            assert answer.status == 200
        made.ctrl_c()


def test_a_spool_that_takes_long_to_open_does_not_hold_up_the_banner(site):
    start(site).wait_for_banner().ctrl_c()
    lock = sqlite3.connect(site.spool, isolation_level=None)
    lock.execute("PRAGMA locking_mode = EXCLUSIVE")
    lock.execute("BEGIN EXCLUSIVE")
    made = start(site).wait_for_banner()
    assert site.accepts()
    lock.close()
    send(site)
    site.wait_for_events(10)
    made.ctrl_c()


def test_ctrl_c_while_the_port_is_waited_for_stops_both_programs(site):
    made = start(site, BIND_HOST="192.0.2.1")  # an address for examples, which no machine has
    wait_for("the collector to wait for its address", lambda: "192.0.2.1" in made.log)
    made.ctrl_c()
    assert BANNER not in made.log


# ---- sending ----

def test_make_send_names_the_sender_of_tests_where_it_is_looked_for(site):
    for count, fields in enumerate(("uid=cn, sender=plasectrxGatewayDN", "sender = gate:way , uid=cn", "sender=*:gateway,uid=cn",
                                    "uid=cn,sender=plasectrxSourcename", "uid=cn"), 1):
        collector = site.collector(INDEX_FIELDS=fields)
        if count % 2:
            send(site, INDEX_FIELDS=fields)
        else:
            write_env(site, f"INDEX_FIELDS=\"{fields}\"\r\n")
            send(site)
            (site.directory / ".env").unlink()
        site.wait_for_events(count * 10)
        collector.stop()
    assert site.query("SELECT sender, count(*) FROM events GROUP BY 1 ORDER BY 1") == [(None, 10), ("cn=eventspool-test", 40)]
    assert site.query("SELECT * FROM rejects") == []


def test_make_send_says_what_to_do_where_nothing_listens(site):
    done = try_to_send(site, PORT=str(site.port))
    assert done.returncode == 1 and done.stdout == "" and len(done.stderr.splitlines()) == 1, done
    for words in ("`make run`", f"127.0.0.1, port {site.port}"):
        assert words in done.stderr, done
    unknown = try_to_send(site, PORT=str(site.port), SEND_HOST="nobody.invalid")
    assert unknown.returncode == 1 and "nobody.invalid" in unknown.stderr and "make run" not in unknown.stderr, unknown


if os.geteuid() != 0:
    del test_an_env_file_of_another_user_is_left_out
    skip(["test_an_env_file_of_another_user_is_left_out"], "only root can make a file of another user")
main(globals(), at_once=3)
