"""What `make run` and `make send` do: tools/run.sh and tools/send.sh, as a new user would use them."""
import os
import signal
import subprocess

from support.environment import BIN, ROOT, clean_environment
from support.ledger import assert_keys_have_no_gap
from support.tap import main
from support.waiting import wait_for


def start(site):
    """In a terminal of its own, so that Ctrl-C reaches all of its programs."""
    environment = {**clean_environment(), "PORT": str(site.port), "STATUS_PORT": "0", "ROTATION_INTERVAL": "1"}
    log = open(site.directory / "run.log", "ab")
    process = subprocess.Popen(["sh", ROOT / "tools/run.sh", BIN], cwd=site.directory, env=environment, stdout=log,
                               stderr=log, start_new_session=True)
    return site.owns(process, with_group=True)


def ctrl_c(process):
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 0


def send(site, **settings):
    subprocess.run(["sh", ROOT / "tools/send.sh", BIN], cwd=site.directory, check=True,
                   env={**clean_environment(), "PORT": str(site.port), **settings}, stdout=subprocess.DEVNULL)


def test_make_run_ships_stops_on_ctrl_c_and_goes_on(site):
    site.objects = site.directory / "var/objects"
    for expected in (10, 20):
        process = start(site)
        wait_for("the collector to listen", site.accepts)
        send(site)
        site.wait_for_events(expected)
        site.wait_until_shipped()
        assert assert_keys_have_no_gap([str(f) for f in site.files()]) == expected
        ctrl_c(process)
    log = (site.directory / "run.log").read_text()
    for words in ("make send", "sqlite3", "BUCKET_NAME", "var/objects"):
        assert words in log, words


def test_make_send_names_the_sender_of_tests_where_it_is_looked_for(site):
    for count, fields in enumerate(("uid=cn, sender=plasectrxGatewayDN", "sender = gate:way , uid=cn", "sender=*:gateway,uid=cn",
                                    "uid=cn,sender=plasectrxSourcename"), 1):
        collector = site.collector(INDEX_FIELDS=fields)
        if count % 2:
            send(site, INDEX_FIELDS=fields)
        else:
            (site.directory / ".env").write_text(f"INDEX_FIELDS={fields}\r\n")
            send(site)
            (site.directory / ".env").unlink()
        site.wait_for_events(count * 10)
        collector.stop()
    assert site.query("SELECT sender, count(*) FROM events GROUP BY 1") == [("cn=eventspool-test", 40)]
    assert site.query("SELECT * FROM senders") == [] and site.query("SELECT * FROM rejects") == []


def test_sigterm_to_make_run_stops_both_programs(site):
    process = start(site)
    wait_for("the collector to listen", site.accepts)
    process.terminate()
    assert process.wait(30) == 0
    assert not site.accepts()


def test_make_run_reads_the_env_file_below_the_environment(site):
    (site.directory / ".env").write_text(f"# a comment\nPORT=1\nDESTINATION_DIR = elsewhere\r\n"
                                         f"NODE_ID=\"gate-7\"\nOUTPUT_FORMAT='ndjson'\n")
    site.objects = site.directory / "elsewhere"
    process = start(site)
    wait_for("the collector to listen", site.accepts)
    send(site)
    wait_for("an object", site.files)
    ctrl_c(process)
    assert site.files()[0].suffix == ".ndjson" and '"_node":"gate-7"' in site.files()[0].read_text()


main(dict(globals()))
