"""docs/quickstart.md, as far as it goes without a fresh machine: the way by clone with the built programs, and a bucket on a
real S3 server. Each block is typed as it stands; only ports and the values of the bucket are others."""
import os
import re
import signal
import subprocess

from support.documents import marked_for
from support.environment import BUILD, ROOT, clean_environment
from support.rgw import Rgw
from support.tap import main
from support.transcript import assert_shows
from support.waiting import PATIENCE, wait_for

PAGE = "docs/quickstart.md"
BLOCKS = marked_for(__file__)
NOT_IN_A_CLONE = {"build", "var", ".env"}


def block(step):
    """What is typed in a step."""
    return BLOCKS.take(PAGE, step, shown=False)


def shown(step):
    """What is printed then."""
    return BLOCKS.take(PAGE, step, shown=True)


class Clone:
    """A directory that looks like a clone with the build in it."""

    def __init__(self, site):
        self.site = site
        self.place = site.directory / "eventspool"
        self.place.mkdir()
        for path in ROOT.iterdir():
            if path.name not in NOT_IN_A_CLONE:
                (self.place / path.name).symlink_to(path)
        (self.place / "build").mkdir()
        (self.place / "build" / BUILD.name).symlink_to(BUILD)
        site.spool = self.place / "var/spool.db"
        site.objects = self.place / "var/objects"
        self.set(PORT=site.port, STATUS_PORT=0, SPOOL_MIN_FREE="64M")
        self.running = None

    def set(self, **settings):
        """In the file that the page names. It has the ports of the test, so that the blocks need no other environment."""
        with open(self.place / ".env", "a") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())

    def here(self, text):
        """The block with this test's port and build."""
        return text.replace("8080", str(self.site.port)).replace("build/release/", f"build/{BUILD.name}/")

    def environment(self):
        return {**clean_environment(), "MODE": BUILD.name}

    def type(self, text):
        done = subprocess.run(["bash", "-ec", self.here(text)], cwd=self.place, env=self.environment(), capture_output=True,
                              text=True, timeout=PATIENCE)
        assert done.returncode == 0, (text, done.stdout, done.stderr)
        return done.stdout.replace(f":{self.site.port} ", ":8080 ")

    def run(self, text):
        """In a first terminal; returns when it listens."""
        log = self.site.directory / "run.log"
        with open(log, "w") as output:
            process = subprocess.Popen(["bash", "-ec", self.here(text)], cwd=self.place, env=self.environment(), stdout=output,
                                       stderr=output, start_new_session=True)
        self.running = self.site.owns(process, with_group=True)
        wait_for("the collector to listen", lambda: self.site.accepts() or process.poll() is not None)
        wait_for("what make run says", lambda: "Ctrl-C stops both" in log.read_text())
        self.site.wait_for_spool()
        return log.read_text().replace(f"port {self.site.port} ", "port 8080 ")

    def stop(self):
        """Ctrl-C, to which make answers with an exit code of its own."""
        os.killpg(self.running.pid, signal.SIGINT)
        self.running.wait(PATIENCE)
        assert not self.site.accepts()

    def objects(self):
        return wait_for("an object", self.site.files)


def test_the_way_by_clone(site):
    clone = Clone(site)
    assert_shows(shown("clone 3"), clone.run(block("clone 3")))
    assert_shows(shown("clone 4"), clone.type(block("clone 4")))
    clone.objects()
    assert_shows(shown("clone 5"), clone.type(block("clone 5")))
    assert_shows(shown("clone 6"), clone.type(block("clone 6")))
    assert_shows(shown("clone 7"), clone.type(block("clone 7")))
    assert clone.type(block("nc")) == ""
    site.wait_for_events(12)
    assert_shows(shown("row"), clone.type(block("row")))
    assert clone.type(block("holes")) == ""
    first, _, *_ = site.files()
    first.unlink()
    assert clone.type(block("holes")).startswith("a hole before ")
    clone.stop()


def test_the_addresses_that_may_send(site):
    (line,) = block("allow").split()
    name, address = line.split("=")
    site.collector(**{name: address})
    site.wait_for_spool()
    refused = site.acmsim("--count", "1", "--linger-ms", "500")
    refused.communicate(timeout=PATIENCE)
    wait_for("the log", lambda: "a sender is refused" in site.running[0].log)
    assert site.query("SELECT * FROM events") == []
    site.running[0].stop()
    site.collector(**{name: f"127.0.0.1,{address}"})  # as the text below it says
    site.send_events(1)
    site.wait_for_events(1)


def test_a_real_bucket(site):
    server = Rgw(site.directory)
    try:
        clone = Clone(site)
        clone.run("make run")  # a trial, whose spool is removed before the bucket
        clone.type(block("clone 6"))
        clone.stop()
        clone.type(block("new spool"))
        clone.type(block("bucket 1"))
        assert (clone.place / ".env").stat().st_mode & 0o777 == 0o600
        settings = dict(line.split("=", 1) for line in block("bucket 2").splitlines())
        values = server.settings()
        assert set(settings) < set(values)
        clone.set(**{name: values[name] for name in settings}, AWS_ENDPOINT_URL=values["AWS_ENDPOINT_URL"], PORT=site.port,
                  STATUS_PORT=0, SPOOL_MIN_FREE="64M")
        said = clone.type(block("bucket 3"))
        assert not re.search(r"^problem", said, re.MULTILINE) and "objects can be written as xml-events/" in said, said
        clone.run("make run")
        lines = clone.type(block("bucket 4")).splitlines()
        assert "the object is stored: " in lines[3] and lines[-1].startswith("arrived: "), lines
        assert not any(line.startswith("note") for line in lines), lines
        key = lines[3].split("the object is stored: ")[1]
        assert "-0000000001-0000000001." in key and key in server.objects(), (key, list(server.objects()))
        clone.stop()
    finally:
        server.close()


main(dict(globals()), at_once=3)
