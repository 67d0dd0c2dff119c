"""Two programs of two users with a group in common, and people beside them: whoever comes first, and whatever was left."""
import os
import subprocess

from support.environment import BIN, clean_environment
from support.ledger import assert_each_event_in_one_object
from support.tap import main, skip, tests_of
from support.users import ADMIN, COLLECTOR, IS_ROOT, OUTSIDER, ROOT, UPLOADER, as_user, files_beside, give_place
from support.waiting import PATIENCE, wait_for

EVENTS = 20
FORBIDDEN = ("Permission denied", "Operation not permitted", "may not", "readonly database", "cannot set")


# ---- the services, and what people type ----

def collector(site, user=COLLECTOR):
    return site.collector(under=as_user(site, user), LOG_LEVEL="debug", SPOOL_MAX_SIZE="1G")


def uploader(site, user=UPLOADER):
    program = site.uploader(under=as_user(site, user), LOG_LEVEL="debug")
    if site.spool.exists():  # so that it is the first who makes SQLite's files, where it starts first
        wait_for("the uploader to open the spool", lambda: "spool.db-shm" in files_beside(site.spool))
    return program


def typed(site, user, *words, **settings):
    """A command as a user types it, with the settings of the services but for secrets."""
    environment = {**clean_environment(), **{name: str(value) for name, value in site.settings(
        DESTINATION_DIR=site.objects, PORT=site.port, BIND_HOST="127.0.0.1", SPOOL_MIN_FREE="64M", **settings).items()}}
    return subprocess.run([*as_user(site, user), "eventspool", *words], cwd="/", env=environment, capture_output=True,
                          text=True, timeout=PATIENCE)


def sqlite3(site, *arguments, **more):
    """By root, as a person would who looks first thing after a reboot."""
    return subprocess.Popen(["sqlite3", site.spool, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            **more)


def both(site, users=(COLLECTOR, UPLOADER), first="collector"):
    """Starts both, and returns the collector and the uploader."""
    starts = {"collector": lambda: collector(site, users[0]), "uploader": lambda: uploader(site, users[1])}
    second = "uploader" if first == "collector" else "collector"
    programs = {name: starts[name]() for name in (first, second)}
    return programs["collector"], programs["uploader"]


def ship_some(site, uploader):
    """Events on their way through both programs. Nobody looks into the spool: root's SQLite would change the files' owner."""
    before = uploader.log.count('"batch shipped"')
    site.send_events(EVENTS)
    wait_for("a batch to be shipped", lambda: uploader.log.count('"batch shipped"') > before)


# ---- what there may be before the services start ----

def nothing(site):
    pass


def both_were_killed(site, users=(COLLECTOR, UPLOADER), first="collector"):
    programs = both(site, users, first)
    ship_some(site, programs[1])
    for program in programs:
        program.kill()
    assert {"spool.db-wal", "spool.db-shm", "spool.db-collector.lock", "spool.db-uploader.lock"} <= set(files_beside(site.spool))


def the_uploader_was_first_when_both_were_killed(site):
    """So -wal and -shm are the uploader's."""
    for program in both(site):
        program.stop()
    assert "spool.db-shm" not in files_beside(site.spool)
    both_were_killed(site, first="uploader")
    assert files_beside(site.spool)["spool.db-shm"][0] == UPLOADER.uid


def both_had_one_user(site):
    both_were_killed(site, (COLLECTOR, COLLECTOR))
    assert {uid for uid, _, _ in files_beside(site.spool).values()} == {COLLECTOR.uid}


def root_has_tried_both(site):
    both_were_killed(site, (ROOT, ROOT))


def root_has_looked(site):
    for program in both(site):
        program.stop()
    for words in ("status",), ("batches", "list"), ("check", "--read-only"), ("senders", "list"):
        done = typed(site, ROOT, *words)
        assert done.returncode in (0, 2), done


def roots_sqlite3_was_killed(site):
    """While it had the spool open, after a change: -wal and -shm stay."""
    for program in both(site):
        program.stop()
    shell = sqlite3(site, umask=0o077)
    shell.stdin.write("PRAGMA journal_mode; CREATE TABLE scratch (x); DROP TABLE scratch; SELECT 'open';\n")
    shell.stdin.flush()
    assert shell.stdout.readline() == "wal\n" and shell.stdout.readline() == "open\n"
    shell.kill()
    shell.wait()
    assert "spool.db-shm" in files_beside(site.spool)


def an_admin_has_shipped(site, user=ADMIN):
    """With no uploader there: `flush` ships by itself, and makes the uploader's files."""
    program = collector(site)
    site.send_events(EVENTS)
    site.wait_for_spool()
    site.wait_for_events(EVENTS)
    os.chown(site.objects, user.uid, COLLECTOR.gid)
    done = typed(site, user, "flush")
    assert done.returncode == 0, done
    os.chown(site.objects, UPLOADER.uid, COLLECTOR.gid)
    subprocess.run(["chown", "-R", f"{UPLOADER.uid}", site.objects], check=True)
    assert files_beside(site.spool)["spool.db-uploader.lock"][2] == 0o660
    program.kill()


def root_has_shipped(site):
    an_admin_has_shipped(site, ROOT)


BEFORE = (nothing, both_were_killed, the_uploader_was_first_when_both_were_killed, both_had_one_user, root_has_tried_both,
          root_has_looked, roots_sqlite3_was_killed, an_admin_has_shipped, root_has_shipped)


def check_order(site, before, first):
    give_place(site)
    before(site)
    subprocess.run(["chown", "-R", f"{UPLOADER.uid}", site.objects], check=True)  # it is about the spool's files
    running = dict(zip(("collector", "uploader"), both(site, first=first)))
    starts = {"collector": collector, "uploader": uploader}
    for killed in ("collector", "uploader"):
        ship_some(site, running["uploader"])
        running[killed].kill()
        running[killed] = starts[killed](site)
    ship_some(site, running["uploader"])
    for name, (_, gid, mode) in files_beside(site.spool).items():
        assert (gid, mode) == (COLLECTOR.gid, 0o660), (name, files_beside(site.spool))
    healthy = typed(site, ADMIN, "healthcheck", "--strict")
    assert healthy.returncode == 0, healthy
    for program in running.values():
        program.stop()
        assert not [line for line in program.log.splitlines() if any(word in line for word in FORBIDDEN)], program.log
    last = uploader(site)  # what the stop has left
    site.wait_until_shipped()
    last.stop()
    assert_each_event_in_one_object(site.object_bytes(), site.uids())


globals().update(tests_of(check_order, {f"{before.__name__}_and_the_{first}_starts_first": (before, first)
                                        for before in BEFORE for first in ("collector", "uploader")}))

# ---- people beside the services ----

COMMANDS = {  # with the exit code while the services run, and while they do not
    "status": (0, 2), "flush": (0, 0), "batches list": (0, 0), "batches show 1": (0, 0), "batches fetch 1": (0, 0),
    "reship --batch 1": (0, 0),
    "rejects list": (0, 0), "rejects show 1": (0, 0), "rejects retry": (0, 0), "rejects export -": (0, 0),
    "rejects dismiss 1": (0, 0), "senders list": (0, 0), "senders forget {sender}": (0, 0), "healthcheck": (0, 1),
    "resolve --batch 1 --as shipped --yes": (1, 1), "new-identity": (0, 0)}


def assert_admin_can(site, are_running):
    for words, codes in COMMANDS.items():
        done = typed(site, ADMIN, *words.format(sender="cn=sender").split())
        said = done.stdout + done.stderr
        assert done.returncode == codes[0 if are_running else 1], (words, done)
        assert not any(word in said for word in FORBIDDEN), (words, said)


def test_a_member_of_the_group_can_use_every_command(site):
    """While the services run and without them; and what his commands make beside the spool, the services can use."""
    give_place(site)
    running = both(site)
    for are_running in True, False:
        ship_some(site, running[1])
        site.send(b"<EVENT><plasectrxGatewayDN>cn=sender</plasectrxGatewayDN></EVENT><EVENT><a></EVENT>")
        wait_for("the sender", lambda: "cn=sender" in typed(site, ADMIN, "senders", "list").stdout)
        wait_for("all to be shipped", lambda: "0 events" in typed(site, ADMIN, "status").stdout)
        if not are_running:
            for program in running:
                program.stop()
        assert_admin_can(site, are_running)
    for name, (_, gid, mode) in files_beside(site.spool).items():
        assert (gid, mode) == (COLLECTOR.gid, 0o660), (name, files_beside(site.spool))
    ship_some(site, both(site, first="uploader")[1])


def test_whoever_is_not_in_the_group_is_told_which_right_is_missing(site):
    give_place(site)
    both(site)
    for words in COMMANDS:
        done = typed(site, OUTSIDER, *words.format(sender="x").split())
        said = done.stdout + done.stderr
        assert done.returncode == {"status": 3, "healthcheck": 1}.get(words, 78), (words, done)
        assert f"user {OUTSIDER.uid} may not search {site.spool.parent}, which is user " in said and "2770" in said, (words, said)


def test_each_healthcheck_works_for_the_other_user_and_for_a_member_of_the_group(site):
    give_place(site)
    programs = both(site)
    for user in COLLECTOR, UPLOADER, ADMIN, ROOT:
        for name in "collector", "uploader":
            healthy = typed(site, user, name, "healthcheck", "--strict")
            assert healthy.returncode == 0, (user, name, healthy)
    programs[0].kill()
    for user in COLLECTOR, UPLOADER, ADMIN, ROOT:
        assert typed(site, user, "collector", "healthcheck").returncode == 1, user
        assert typed(site, user, "uploader", "healthcheck").returncode == 0, user


def test_a_directory_that_does_not_hand_down_its_group_is_named(site):
    """There the uploader's files have the uploader's own group, and the collector cannot open them."""
    give_place(site)
    for program in both(site):
        program.stop()
    checks = ("collector", "check"), ("uploader", "check", "--read-only")
    for words in checks:
        assert "does not give its group" not in typed(site, UPLOADER, *words).stdout, words
    site.spool.parent.chmod(0o770)
    for words in checks:
        done = typed(site, UPLOADER, *words)
        assert f"note    {site.spool.parent} does not give its group to new files" in done.stdout, done
        assert f"chmod g+s {site.spool.parent}" in done.stdout, done
        assert "does not give its group" not in typed(site, COLLECTOR, *words).stdout, words
    first = uploader(site)
    assert files_beside(site.spool)["spool.db-shm"][1] == UPLOADER.gid
    refused = typed(site, COLLECTOR, "collector")
    assert refused.returncode == 78 and f"user {COLLECTOR.uid} may not read and write {site.spool}-" in refused.stderr, refused
    first.stop()


if not IS_ROOT:
    skip(dict(globals()), "only root can start programs as two users")
else:
    main(dict(globals()), at_once=2)
