"""The files beside the spool, and how each program is started: closed descriptors, links, other users, other directories."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

from support.environment import BIN, clean_environment
from support.ledger import assert_each_event_in_one_object
from support.tap import main
from support.waiting import PATIENCE, wait_for

EVENTS = 20
NOBODY = 65534
IS_ROOT = os.geteuid() == 0
LOG_LINE = re.compile(rb"\d\d:\d\d\.\d{3}Z (collector|uploader) (info|warn|error|debug) ")
UNCLEAN = "the last run did not end cleanly"


# ---- closed descriptors ----

def start_closed(site, name, *arguments, **settings):
    """As a careless init script would start it: without stdin, stdout and stderr."""
    environment = {**clean_environment(), **{k: str(v) for k, v in site.settings(**settings).items()}}
    return site.owns(subprocess.Popen(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', BIN / name, *arguments],
                                      cwd=site.directory, env=environment))


def standard_files(process):
    return [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3)]


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


def test_closed_standard_descriptors_never_become_files_of_the_spool(site):
    collector = start_closed(site, "collector", PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="64M",
                             LOG_LEVEL="debug")
    wait_for("the collector to listen", site.accepts)
    site.send_events(EVENTS)
    site.wait_for_events(EVENTS)
    assert standard_files(collector) == ["/dev/null"] * 3
    uploader = start_closed(site, "uploader", DESTINATION_DIR=site.objects, ROTATION_INTERVAL=1, LOG_LEVEL="debug")
    site.wait_until_shipped()
    if IS_ROOT:  # who may look into a process that holds keys
        assert standard_files(uploader) == ["/dev/null"] * 3
    sim = start_closed(site, "acmsim", "--port", str(site.port), "--count", str(EVENTS), "--seed", "2")
    assert sim.wait(PATIENCE) == 0
    site.wait_for_events(2 * EVENTS)
    site.wait_until_shipped()

    locks = sorted(site.spool.parent.glob("*.lock"))
    assert [lock.name for lock in locks] == ["spool.db-collector.lock", "spool.db-uploader.lock"]
    for lock, process in zip(locks, (collector, uploader)):
        assert lock.read_bytes()[:16] == b"%-7d running\n" % process.pid
    for path in site.spool.parent.iterdir():
        assert not LOG_LINE.search(path.read_bytes()), path
    stop(uploader)
    stop(collector)
    assert site.value("SELECT count(*) FROM rejects") == 0, "acmsim's report did not go into its connection"
    assert site.value("PRAGMA integrity_check") == "ok"
    assert_each_event_in_one_object(site.object_bytes(), site.uids())


# ---- the end before ----

def test_an_unclean_end_is_logged_by_the_next_start_of_either_program(site):
    collector = site.collector()
    uploader = site.uploader()
    site.send_events(EVENTS)
    site.wait_for_events(EVENTS)
    site.wait_until_shipped()
    uploader.wait_for_log("shipping")
    for program in (collector, uploader):
        assert UNCLEAN not in program.log, "this was the first start"
    for start in (site.collector, site.uploader):
        program = {"collector": collector, "uploader": uploader}[start.__name__]
        program.kill()
        after = start()
        after.wait_for_log(UNCLEAN)
        assert f"last_process={program.process.pid} last_sign_of_life=2" in after.log
        after.stop()
        again = start()
        if start is site.uploader:
            again.wait_for_log("shipping")
        assert UNCLEAN not in again.log, "the end before was a clean one"
        again.stop()


@contextlib.contextmanager
def small_disk(place):
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(place):
    with open(place / "filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    assert os.statvfs(place).f_bavail == 0


def test_an_unclean_end_is_seen_on_a_full_disk_as_well(site):
    if not IS_ROOT:
        return
    with small_disk(site.directory / "small") as place:
        site.spool = place / "spool.db"
        site.collector(SPOOL_MIN_FREE="16M", INTAKE_MEMORY="32M").kill()
        fill(place)
        for is_after_kill in (True, False):
            collector = site.start("collector", PORT=site.port, BIND_HOST="127.0.0.1")
            if is_after_kill:
                collector.wait_for_log(UNCLEAN)
            wait_for("a sign of life", lambda: site.command("collector", "healthcheck").returncode == 0)
            collector.stop()
            assert (UNCLEAN in collector.log) == is_after_kill, collector.log


# ---- links ----

def test_a_link_in_a_lock_files_place_ends_both_programs_with_a_remedy(site):
    site.collector().stop()
    victim = site.directory / "victim"
    victim.write_text("somebody's own\n")
    victim.chmod(0o600)
    for name, settings in (("collector", {"PORT": site.port}), ("uploader", {"DESTINATION_DIR": site.objects})):
        lock = pathlib.Path(f"{site.spool}-{name}.lock")
        lock.unlink(missing_ok=True)
        for make, words in ((lock.symlink_to, "a symbolic link"), (lock.hardlink_to, "a hard link")):
            make(victim)
            done = site.command(name, **settings)
            assert done.returncode == 78 and words in done.stderr and "remedy=" in done.stderr, done
            lock.unlink()
    assert victim.read_text() == "somebody's own\n" and victim.stat().st_mode & 0o777 == 0o600


def test_each_check_refuses_what_lies_in_its_lock_files_place(site):
    """As `run` does, and without touching it."""
    site.collector().stop()
    for name, code, settings in (("collector", 1, {"PORT": site.port, "SPOOL_MIN_FREE": "64M"}),
                                 ("uploader", 78, {"DESTINATION_DIR": site.objects})):
        lock = pathlib.Path(f"{site.spool}-{name}.lock")
        assert site.command(name, "check", **settings).returncode == 0
        lock.unlink(missing_ok=True)
        for make, argument, words, remove in ((os.symlink, "nowhere", "a symbolic link", lock.unlink),
                                              (os.mkdir, None, "no regular file", lock.rmdir),
                                              (os.mkfifo, None, "no regular file", lock.unlink)):
            make(argument, lock) if argument else make(lock)
            done = site.command(name, "check", **settings)
            assert done.returncode == code and f"the lock file {lock} is {words}" in done.stdout, done
            assert site.command(name, **settings).returncode == 78
            remove()
        assert site.command(name, "check", **settings).returncode == 0
        assert not lock.exists(), "a check makes nothing"


def test_check_and_run_refuse_a_link_whose_end_is_missing(site):
    site.spool.parent.mkdir()
    site.spool.symlink_to(site.directory / "elsewhere.db")
    done = site.command("collector", "check", PORT=site.port, SPOOL_MIN_FREE="64M")
    assert done.returncode == 1 and "is a symbolic link to a file that is not there" in done.stdout, done
    done = site.command("collector", PORT=site.port)
    assert done.returncode == 78 and "is a symbolic link to a file that is not there" in done.stderr, done
    assert not (site.directory / "elsewhere.db").exists()


# ---- other users and directories ----

def command_of(site, user, name, *arguments, directory=None, **settings):
    """With a copy of the program that the user may run, and its library of the sanitizer's needs nothing of the test's."""
    place = site.directory / "bin"
    place.mkdir(exist_ok=True)
    shutil.copy(BIN / name, place / name)
    for path in (site.directory, place):
        path.chmod(0o755)
    environment = {**clean_environment(), **{k: str(v) for k, v in site.settings(**settings).items()}}
    return subprocess.run([place / name, *arguments], cwd=directory or "/", env=environment, capture_output=True, text=True,
                          timeout=PATIENCE, user=user, group=user, extra_groups=[])


COMMANDS = (("uploader", "status"), ("uploader", "flush"), ("uploader", "rejects", "list"), ("uploader", "reship", "--batch", "1"),
            ("collector", "tail"), ("collector", "rejects", "retry"), ("collector", "new-identity"))


def test_a_user_who_may_not_reach_the_spool_is_told_so(site):
    if not IS_ROOT:
        return
    collector = site.collector()
    for words in COMMANDS:
        done = command_of(site, NOBODY, *words, DESTINATION_DIR=site.objects)
        said, remedy = (done.stdout, "what to do   run this") if "status" in words else (done.stderr, "remedy=")
        assert done.returncode == (3 if "status" in words else 78), (words, done)
        assert "(65534) may not search" in said and str(site.spool.parent) in said, (words, said)
        assert remedy in said and "not there yet" not in said, (words, said)
    for name in ("collector", "uploader"):
        done = command_of(site, NOBODY, name, "healthcheck")
        assert done.returncode == 1 and "may not search" in done.stderr and "has run here" not in done.stderr, done
    collector.stop()


def test_a_log_that_the_user_may_not_read_is_named(site):
    if not IS_ROOT:
        return
    collector = site.collector()
    site.send_events(10)
    site.wait_for_events(10)
    collector.kill()
    for path in (site.spool.parent, *site.spool.parent.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    for name in "spool.db-wal", "spool.db-shm":
        path = site.spool.with_name(name)
        os.chown(path, 0, 0)
        path.chmod(0o600)
        for words in ("collector",), ("collector", "check"), ("uploader", "status"):
            done = command_of(site, NOBODY, *words, DESTINATION_DIR=site.objects, PORT=site.port, BIND_HOST="127.0.0.1",
                              SPOOL_MIN_FREE="64M")
            said = done.stdout + done.stderr
            assert done.returncode == (1 if "check" in words else 2 if "status" in words else 78), (words, done)
            assert f"(65534) may not read and write {path}, which is user root" in said, (words, said)
            assert "run this as user root (0), or" in said and "close the program" not in said, (words, said)
        os.chown(path, NOBODY, NOBODY)


def test_a_link_to_a_spool_that_is_not_there_is_refused_before_anyone_connects(site):
    site.spool.parent.mkdir()
    site.spool.symlink_to("/nowhere/spool.db")
    for words in ("collector",), ("collector", "check"), ("uploader", "flush"):
        done = site.command(*words, PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="64M",
                            DESTINATION_DIR=site.objects)
        said = done.stdout + done.stderr
        assert done.returncode == (1 if "check" in words else 78), (words, done)
        assert said.count(f"SPOOL_PATH={site.spool} is a symbolic link to a file that is not there") == 1, (words, said)
        assert said.count("SPOOL_PATH=") == 1 and "listening" not in said, (words, said)


def test_a_relative_path_is_shown_with_what_it_means(site):
    elsewhere = site.directory / "elsewhere"
    elsewhere.mkdir()
    for words in COMMANDS:
        done = command_of(site, None, *words, directory=elsewhere, SPOOL_PATH="var/spool.db", DESTINATION_DIR=site.objects)
        assert done.returncode == (3 if "status" in words else 75), (words, done)
        said = done.stdout if "status" in words else done.stderr
        assert f"{elsewhere}/var/spool.db: the path is relative to the current directory" in said, (words, said)
    assert not list(elsewhere.iterdir())


def test_a_check_creates_nothing_and_leaves_the_directory_to_the_service(site):
    spool = site.directory / "a/b/spool.db"
    before = sorted(path.name for path in site.directory.iterdir())
    done = site.command("collector", "check", SPOOL_PATH=spool, PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="64M")
    assert done.returncode == 0, done
    assert f"note    {site.directory}/a is not there: `run` makes it, for user " in done.stdout, done.stdout
    assert ("root may write everywhere" in done.stdout) == IS_ROOT, done.stdout
    assert site.command("uploader", "check", SPOOL_PATH=spool, DESTINATION_DIR=site.directory / "o").returncode == 0
    assert sorted(path.name for path in site.directory.iterdir()) == sorted([*before, "o"])


def test_a_check_by_a_user_who_may_not_make_the_directory_says_so(site):
    if not IS_ROOT:
        return
    done = command_of(site, NOBODY, "collector", "check", PORT=site.port, BIND_HOST="127.0.0.1")
    assert done.returncode == 1 and "(65534) may not write in" in done.stdout and "with mode 0755" in done.stdout, done
    assert not site.spool.parent.exists()


main(dict(globals()))
