"""The runbooks: the blocks of docs/runbooks.md, each typed on the real programs under users of their own. `systemctl` is played
here: it starts and stops the programs. Needs root, as the runbooks do."""
import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

from support.documents import marked_for
from support.environment import BIN, clean_environment
from support.ledger import KEY, assert_each_event_in_one_object, uids_of_xml
from support.site import Site
from support.tap import main, skip
from support.users import COLLECTOR, IS_ROOT, UPLOADER, as_user, give_place
from support.waiting import PATIENCE, wait_for

BLOCKS = marked_for(__file__)
NEVER = {"ROTATION_INTERVAL": "7d"}  # nothing is shipped but by `flush`
QUIET = {"MAX_FILE_SIZE": "256M"}


def block(name):
    return [line.strip() for line in BLOCKS.take("docs/runbooks.md", name).splitlines()]


class Machine:
    """One machine with an installation: what a person types on it as root."""

    def __init__(self, site):
        self.site = site
        self.programs = {}
        give_place(site)
        self.places = {"/var/lib/eventspool": site.spool.parent, "/var/backups/eventspool": site.directory / "backups",
                       "/root/": f"{site.directory}/"}

    def start(self, *names):
        for name in names or ("collector", "uploader"):
            if name not in self.programs:
                more = {} if name == "collector" else {**NEVER, **QUIET}
                user = COLLECTOR if name == "collector" else UPLOADER
                self.programs[name] = getattr(self.site, name)(under=as_user(self.site, user), **more)

    def stop(self, *names):
        for name in names:
            if name in self.programs:
                self.programs.pop(name).stop()

    def systemctl(self, line):
        """The sockets are the collector's own port here."""
        action, units = re.fullmatch(r"systemctl (stop|start|enable --now|disable --now) (.*)", line).groups()
        names = [unit.removeprefix("eventspool-") for unit in units.split() if not unit.endswith(".socket")]
        assert names and set(names) <= {"collector", "uploader"}, line
        if "collector" in names:  # else whoever connects, or looks at its status, starts it again
            assert "eventspool-collector.socket" in line and "eventspool-status.socket" in line, line
        (self.start if action in ("start", "enable --now") else self.stop)(*names)

    def type(self, line, expected=0):
        """One line, by bash, with this machine's places and users in it."""
        if line.startswith("systemctl "):
            return self.systemctl(line)
        for path, here in self.places.items():
            line = line.replace(path, str(here))
        line = line.replace("-o eventspool -g eventspool", f"-o {COLLECTOR.uid} -g {COLLECTOR.gid}")
        line = line.replace("chown eventspool:eventspool", f"chown {COLLECTOR.uid}:{COLLECTOR.gid}")
        for name, user in (("eventspool-uploader", UPLOADER), ("eventspool", COLLECTOR)):
            groups = f"--groups={','.join(map(str, user.groups))}" if user.groups else "--clear-groups"
            line = line.replace(f"sudo -u {name} ", f"setpriv --reuid={user.uid} --regid={user.gid} {groups} ")
        environment = {**clean_environment(), **{k: str(v) for k, v in self.site.settings(
            DESTINATION_DIR=self.site.objects, SPOOL_MIN_FREE="64M", **NEVER, **QUIET).items()}}
        environment["PATH"] = f"{self.site.directory}/bin:{environment['PATH']}"
        done = subprocess.run(["bash", "-ec", line], cwd="/", env=environment, capture_output=True, text=True,
                              timeout=PATIENCE)
        assert done.returncode == expected, (line, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def types(self, name, **lines_that_fail):
        """A block of the page, line by line; returns what each has shown. `flush=1`: the line with this word ends so."""
        shown = []
        for line in block(name):
            codes = [code for word, code in lines_that_fail.items() if word in line]
            shown.append(self.type(line, *codes))
        return shown

    def has(self, *path):
        return self.site.spool.parent.joinpath(*path)


def identity(site):
    return site.value("SELECT spool FROM _spool")


def names_in_keys(site):
    return {KEY.match(str(path))[3] for path in site.files()}


def shipped(site):
    """The uids of all objects, in order, each as often as it is there."""
    return sorted(uid for path in site.files() for uid in uids_of_xml(path.read_bytes()))


def uids(first, last, connection=0):
    return [f"{connection:04x}{n:012x}" for n in range(first, last + 1)]


def send(site, first, last):
    site.send(b"".join(b"<EVENT><cn>%s</cn></EVENT>" % uid.encode() for uid in uids(first, last, 0xFFFF)))
    wait_for("these events", lambda: site.value("SELECT count(*) FROM events WHERE uid = ?", uids(last, last, 0xFFFF)[0]))


@contextlib.contextmanager
def another_site(site):
    """Another machine with a disk of its own, which ships to the same store."""
    with tempfile.TemporaryDirectory(prefix="eventspool-", ignore_cleanup_errors=True) as directory:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", directory], check=True)
        try:
            with contextlib.closing(Site(directory)) as other:
                machine = Machine(other)
                shutil.rmtree(other.objects)
                other.objects = site.objects
                with other.telling_of_failures():
                    yield machine
        finally:
            subprocess.run(["umount", directory], check=True)


# ---- back up and restore ----

def test_a_backup_while_events_flow_and_its_restore(site):
    machine = Machine(site)
    machine.start()
    count = 6000
    sim = site.acmsim("--count", count, "--rate", 1000)
    site.wait_for_spool()
    site.wait_for_events(1000)
    shown = machine.types("back up")
    assert sim.poll() is None, "events have flowed all the time"
    assert "all shipped" in shown[1] and shown[3].splitlines()[0] == "ok", shown
    backup = machine.places["/var/backups/eventspool"] / "spool.db"
    assert backup.stat().st_uid == 0 and backup.parent.stat().st_mode & 0o777 == 0o700
    with contextlib.closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as db:
        pending = [uid for (uid,) in db.execute("SELECT uid FROM backlog ORDER BY uid")]
        first = db.execute("SELECT spool FROM _spool").fetchone()[0]
    assert shown[3].splitlines()[1] == str(len(pending)), shown
    assert sim.wait(PATIENCE) == 0
    site.wait_for_events(count)
    machine.type("eventspool flush")
    assert shipped(site) == uids(1, count)
    send(site, 1, 50)  # they come after the backup, and are not shipped when the spool is lost
    lost = site.files()[0]
    lost.unlink()

    machine.types("restore")
    collector = machine.programs["collector"]
    collector.wait_for_log("the spool's file is a copy: it got a new identity")
    send(site, 51, 80)
    machine.type("eventspool flush")
    st = site.spool.stat()
    assert (st.st_uid, st.st_gid, st.st_mode & 0o777) == (COLLECTOR.uid, COLLECTOR.gid, 0o660)
    machine.types("ship the rest")
    dry, real = (machine.type(line.replace("2026-11-01", "2020-01-01")) for line in block("reship"))
    assert lost.exists() and "sent again: 1" in real and "sent again" not in dry.replace("would be sent again", ""), (dry, real)

    assert shipped(site) == sorted(uids(1, count) + pending + uids(1, 80, 0xFFFF)), "what doubles is what the page says"
    assert names_in_keys(site) == {first, identity(site)} and identity(site) != first


def test_a_restore_by_a_plain_copy_ends_with_78_and_the_runbooks_line_mends_it(site):
    machine = Machine(site)
    machine.start()
    send(site, 1, 3)
    machine.types("back up")
    machine.stop("collector", "uploader")
    backup = machine.places["/var/backups/eventspool"] / "spool.db"
    for path in site.spool.parent.glob("spool.db*"):
        path.unlink()
    shutil.copyfile(backup, site.spool)
    site.spool.chmod(0o644)
    collector = site.start("collector", under=as_user(site, COLLECTOR), PORT=site.port, BIND_HOST="127.0.0.1",
                           SPOOL_MIN_FREE="64M")
    assert collector.process.wait(PATIENCE) == 78, collector.log
    assert f"may not read and write {site.spool}" in collector.log and "with mode 0644" in collector.log, collector.log
    machine.types("restore")
    send(site, 4, 5)
    machine.type("eventspool flush")
    assert shipped(site) == uids(1, 5, 0xFFFF)


# ---- move ----

def test_a_move_to_a_new_spool_waits_for_nothing_and_doubles_nothing(site):
    old = Machine(site)
    old.start()
    send(site, 1, 20)
    with another_site(site) as new:
        new.start()
        send(new.site, 21, 30)  # the senders have been pointed there
        old.types("leave")
        assert not old.programs
        new.type("eventspool flush")
        assert_each_event_in_one_object({k: v for k, v in site.object_bytes().items() if identity(site) in k}, uids(1, 20, 0xFFFF))
        assert shipped(site) == uids(1, 30, 0xFFFF) and names_in_keys(site) == {identity(site), identity(new.site)}


def moved(site, *, with_store):
    old = Machine(site)
    old.start()
    send(site, 1, 20)
    old.type("eventspool flush")
    send(site, 21, 40)
    away = site.directory / "away"
    if not with_store:
        site.objects.rename(away)
        site.objects.write_text("no directory")
        old.type("eventspool flush", 1)  # it is sealed
        send(site, 41, 60)
        old.programs["uploader"].kill()
        del old.programs["uploader"]
    old.types("leave", **({} if with_store else {"flush": 1}))
    before = identity(site)
    with another_site(site) as new:
        new.start()  # its installation has begun a spool of its own
        new.site.wait_for_spool()
        old.types("pack")
        shutil.copy(site.directory / "spool.tar.gz", new.site.directory)
        if not with_store:
            site.objects.unlink()
            away.rename(site.objects)
        new.types("unpack")
        new.programs["collector"].wait_for_log("the spool's file is a copy: it got a new identity")
        send(new.site, 61, 70)
        new.type("eventspool flush")
        assert identity(new.site) != before
        expected = uids(1, 40, 0xFFFF) + ([] if with_store else uids(41, 60, 0xFFFF)) + uids(61, 70, 0xFFFF)
        assert shipped(site) == expected
        assert new.site.value("SELECT max(id) FROM events") == len(expected), "ids go on"
        first_ids = sorted(int(KEY.match(str(path))[4]) for path in site.files() if identity(new.site) in str(path))
        assert first_ids[0] == 41, "what had not been sealed has the new name, and nothing else"

        old.start("collector")  # by mistake
        site.wait_for_spool()
        assert site.value("SELECT count(*) FROM events") == 0


def test_a_move_with_the_spool_doubles_nothing(site):
    moved(site, with_store=True)


def test_what_could_not_be_shipped_moves_along_and_is_shipped_once(site):
    moved(site, with_store=False)


def test_what_waited_on_a_machine_that_died_is_shipped_once(site):
    old = Machine(site)
    old.start()
    send(site, 1, 20)
    old.type("eventspool flush")
    send(site, 21, 40)
    for name in ("collector", "uploader"):
        old.programs.pop(name).kill()
    assert old.has("spool.db-wal").stat().st_size > 0
    old.types("pack")
    with another_site(site) as new:
        shutil.copy(site.directory / "spool.tar.gz", new.site.directory)
        new.types("unpack")
        new.type("eventspool flush")
        assert shipped(site) == uids(1, 40, 0xFFFF) and len(names_in_keys(site)) == 2


# ---- roll back ----

def test_a_version_with_the_same_schema_goes_on_with_the_spool(site):
    machine = Machine(site)
    machine.start()
    send(site, 1, 10)
    before = identity(site)
    machine.stop("uploader", "collector")
    site.change(f"PRAGMA user_version = {site.value('PRAGMA user_version') + 1}")  # a newer version has added something to it
    for name in ("collector", "uploader"):
        program = site.directory / "bin" / name
        text = (BIN / name).read_bytes()
        assert b"0.1.0\0" in text
        program.write_bytes(text.replace(b"0.1.0\0", b"0.0.9\0"))
    assert "0.0.9" in machine.type("eventspool collector --version")
    machine.start()
    send(site, 11, 20)
    machine.type("eventspool flush")
    assert identity(site) == before and shipped(site) == uids(1, 20, 0xFFFF)


def test_a_version_with_an_older_schema_begins_a_new_spool_and_nothing_is_lost(site):
    machine = Machine(site)
    machine.start()
    send(site, 1, 10)
    shown = machine.types("roll back, newer")
    assert "all shipped" in shown[1], shown
    before = identity(site)
    site.change("PRAGMA user_version = 200")  # what a newer version leaves
    older = site.start("collector", under=as_user(site, COLLECTOR), PORT=site.port, BIND_HOST="127.0.0.1")
    assert older.process.wait(PATIENCE) == 75 and "upgrade this program" in older.log, older.log
    machine.types("roll back, older")
    send(site, 11, 20)
    machine.type("eventspool flush")
    assert shipped(site) == uids(1, 20, 0xFFFF) and names_in_keys(site) == {before, identity(site)}
    assert identity(site) != before and machine.has("newer", "spool.db").exists()


# ---- clone ----

def test_a_clone_needs_the_runbook_to_get_a_name_of_its_own(site):
    """The image of a disk, and its copy: the file in both is the same one as far as the collector can see."""
    images = [site.directory / "disk", site.directory / "clone"]
    subprocess.run(["truncate", "-s", "400M", images[0]], check=True)
    subprocess.run(["mkfs.ext4", "-q", images[0]], check=True)
    machine = Machine(site)

    def mounted(image):
        subprocess.run(["mount", "-o", "loop", image, site.spool.parent], check=True)
        os.chown(site.spool.parent, COLLECTOR.uid, COLLECTOR.gid)
        site.spool.parent.chmod(0o2770)

    def unmounted():
        machine.stop("collector", "uploader")
        subprocess.run(["umount", site.spool.parent], check=True)

    mounted(images[0])
    try:
        machine.start()
        send(site, 1, 10)
        machine.type("eventspool flush")
        before = identity(site)
        unmounted()
        shutil.copyfile(*images)
        mounted(images[1])
        machine.start()
        assert identity(site) == before and "is a copy" not in machine.programs["collector"].log, "nobody can see it"
        machine.stop("collector", "uploader")
        shown = machine.types("clone")[0]
        assert before in shown and identity(site) in shown and identity(site) != before, shown
        send(site, 11, 20)
        machine.type("eventspool flush")
        assert names_in_keys(site) == {before, identity(site)} and shipped(site) == uids(1, 20, 0xFFFF)
    finally:
        for program in site.running:
            if program.process.poll() is None:
                program.kill()
        subprocess.run(["umount", site.spool.parent], check=True)


if IS_ROOT:
    main(dict(globals()), at_once=2)
else:
    skip(dict(globals()), "the runbooks are typed as root")
