"""The package on a fresh system: what runs at once, what is said while there is no destination, a trial, and a bucket."""
from installation import (COLLECTOR, EVENTS_PORT, FOLDER, PORT, SECRETS, SETTINGS, SPOOL, STATUS, STATUS_PORT, STORE, TRIAL,
                          UPLOADER, WORLD)
from support.waiting import wait_for


def test_the_package_installs_from_its_file_with_what_it_needs(system):
    system.install(system.package)
    assert system.version()
    system.figures["package"] = f"{system.package.stat().st_size / 1e6:.2f} MB"
    kib = int(system.machine.text("dpkg-query", "--show", "--showformat=${Installed-Size}", "eventspool"))
    system.figures["installed"] = f"{kib * 1024 / 1e6:.2f} MB"


def test_both_sockets_listen_and_the_collector_is_ready(system):
    system.wait_for_state(COLLECTOR, "active")
    assert system.state(PORT) == system.state(STATUS) == "active"
    listening = system.machine.text("ss", "--listening", "--tcp", "--numeric", "--no-header")
    assert f":{EVENTS_PORT} " in listening and f"127.0.0.1:{STATUS_PORT} " in listening, listening
    assert system.accepts()


def test_all_units_are_enabled_for_the_next_boot(system):
    for unit in (PORT, STATUS, COLLECTOR, UPLOADER):
        assert system.machine.text("systemctl", "is-enabled", unit, check=False) == "enabled", unit


def test_users_files_and_the_folder_are_as_documented(system):
    def owner(path):
        return system.machine.text("stat", "--format=%a %U:%G", path)
    assert owner(FOLDER) == "2770 eventspool:eventspool"
    assert owner(SETTINGS) == "640 root:eventspool"
    assert owner(SECRETS) == "640 root:eventspool-uploader"
    groups = system.machine.text("id", "--name", "--groups", "eventspool-uploader").split()
    assert groups == ["eventspool-uploader", "eventspool"], groups
    assert system.machine.text("id", "--name", "--groups", "eventspool") == "eventspool"
    for name in ("", "-wal", "-shm"):
        assert owner(SPOOL + name).split()[0] == "660", name


def test_without_a_destination_the_uploader_ends_with_78_and_says_what_to_do(system):
    system.wait_for_state(UPLOADER, "failed")
    assert system.show(UPLOADER, "ExecMainStatus") == "78"
    assert system.show(UPLOADER, "NRestarts") == "0"
    said = system.machine.run("systemctl", "status", "--full", "--no-pager", UPLOADER, check=False).stdout
    assert "BUCKET_NAME" in said and "DESTINATION_DIR" in said, said


def test_events_wait_in_the_spool_until_there_is_a_destination(system):
    system.acmsim(300, connections=3)
    system.wait_for_sent()
    assert system.backlog() == 300


def test_a_trial_ships_them_into_a_folder_each_event_once(system):
    system.set(SETTINGS, DESTINATION_DIR=TRIAL, ROTATION_INTERVAL="1")
    system.systemctl("restart", UPLOADER)
    system.wait_for_state(UPLOADER, "active")
    wait_for("all to be shipped", lambda: system.backlog() == 0)
    system.assert_each_event_once()


def test_a_bucket_takes_what_comes_then(system):
    """Its server has a name, which the uploader must find."""
    hosts = system.machine.path("/etc/hosts")
    hosts.write_text(f"127.0.0.1 localhost\n{WORLD} {STORE}\n")
    system.set(SETTINGS, DESTINATION_DIR=None, BUCKET_NAME=system.server.bucket, AWS_REGION=system.server.region,
               AWS_ENDPOINT_URL=f"http://{STORE}:{system.server.port}", S3_ADDRESSING="path")
    system.set(SECRETS, AWS_ACCESS_KEY_ID=system.server.access, AWS_SECRET_ACCESS_KEY=system.server.secret)
    system.systemctl("restart", UPLOADER)
    system.acmsim(200, connections=2)
    system.wait_for_sent()
    wait_for("all to be shipped", lambda: system.backlog() == 0)
    assert system.server.objects()
    system.assert_each_event_once()


def test_check_is_good_beside_the_running_services(system):
    said = system.machine.run("eventspool", "check", check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_start_times(system):
    for unit, name in ((COLLECTOR, "collector"), (UPLOADER, "uploader")):
        system.systemctl("restart", unit)
        system.wait_for_state(unit, "active")
        began, ready = (int(system.show(unit, stamp)) for stamp in ("InactiveExitTimestampMonotonic",
                                                                    "ActiveEnterTimestampMonotonic"))
        system.figures[f"start of the {name} until it is ready"] = f"{(ready - began) / 1000:.0f} ms"
