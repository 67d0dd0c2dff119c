"""docs/quickstart.md on a fresh machine, word for word: by clone, and by package. What the page shows must be printed. Two blocks
of docs/installing.md need the same machine."""
import time

from machine import WORLD
from support.documents import marked_for
from support.environment import ROOT
from support.transcript import assert_shows
from support.waiting import wait_for

PAGE = "docs/quickstart.md"
BLOCKS = marked_for(__file__)
APPLIANCE = "192.0.2.17"  # of the page


def block(step):
    """What is typed in a step."""
    return BLOCKS.take(PAGE, step, shown=False)


def shown(step):
    """What is printed then."""
    return BLOCKS.take(PAGE, step, shown=True)


def object_of(system, folder):
    return wait_for("an object", lambda: list(system.machine.path(folder).glob("xml-events/2*")))


def note_total(system, name, since):
    system.figures[f"{name}: all of it"] = f"{(time.monotonic() - since) / 60:.1f} min"


def test_by_clone(system):
    system.begin()
    began = time.monotonic()
    system.type("clone 1: apt, of the cache", block("clone 1"))
    system.type("clone 2: git clone, of this machine", block("clone 2"))
    assert_shows(shown("clone 3"), system.type_and_wait("clone 3: make run until it listens", block("clone 3"), "Ctrl-C stops both"))
    assert_shows(shown("clone 4"), system.type("clone 4: make send", block("clone 4")))
    object_of(system, f"{system.folder}/var/objects")
    note_total(system, "clone to the first object", began)
    assert_shows(shown("clone 5"), system.type("clone 5: ls", block("clone 5")))
    assert_shows(shown("clone 6"), system.type("clone 6: verify --flush", block("clone 6")))
    assert_shows(shown("clone 7"), system.type("clone 7: status", block("clone 7")))
    assert system.type("nc", block("nc")) == ""
    wait_for("the row", lambda: system.type("sqlite3", block("row")))
    assert_shows(shown("row"), system.type("sqlite3", block("row")))
    assert system.type("holes", block("holes")) == ""
    note_total(system, "clone", began)
    system.ctrl_c()
    system.close()


def test_by_package(system):
    system.begin()
    system.machine.path(f"/home/alice/{system.package.name}").write_bytes(system.package.read_bytes())
    began = time.monotonic()
    system.type("package 2: apt, of the cache", block("package 2"))
    assert_shows(shown("package 3"), system.type("package 3: is-active", block("package 3")))
    system.type("package 4: the destination", block("package 4"))
    said = system.type("package 5: check", block("package 5"))
    assert not any(line.startswith("problem") for line in said.splitlines()), said
    assert_shows(shown("package 6"), system.type("package 6: verify --flush", block("package 6")))
    note_total(system, "package to the first object", began)
    assert_shows(shown("package 7"), system.type("package 7: ls", block("package 7")))
    assert system.type("nc", block("nc")) == ""
    row = block("row of the package")
    wait_for("the row", lambda: system.type("sqlite3", row))
    assert_shows(shown("row"), system.type("sqlite3", row))
    note_total(system, "package", began)
    assert system.type("installing.md, look", BLOCKS.take("docs/installing.md", "look")).count("verdict ") == 1
    system.type("a new spool", block("new spool of the package"))
    wait_for("the port", system.accepts)
    said = system.type("package 6: verify --flush, with a new spool", block("package 6"))
    assert "the spool has it: event 1\n" in said, said


def test_the_rules_of_nftables_admit_the_appliance_alone(system):
    """On the machine of the package, which still runs."""
    system.machine.run("apt-get", "install", "--yes", "nftables")
    rules = block("nftables")
    assert rules.count(APPLIANCE) == 1 and APPLIANCE in (ROOT / PAGE).read_text()
    wait_for("the port", system.accepts)
    system.type("nft", rules)
    assert not system.accepts()
    system.type("verify behind the firewall", block("package 6"))
    system.machine.run("nft", "delete", "table", "inet", "eventspool")
    system.type("nft", rules.replace(APPLIANCE, WORLD))
    assert system.accepts()


def test_the_package_goes_and_the_spool_stays(system):
    """As docs/installing.md says; on the same machine."""
    for line in BLOCKS.take("docs/installing.md", "remove").splitlines():  # each of them asks
        system.type("installing.md, remove", line)
    assert not system.accepts() and system.machine.path("/var/lib/eventspool/spool.db").exists()
    assert not system.machine.path("/usr/bin/eventspool").exists() and not system.machine.path("/etc/eventspool/uploader.env").exists()
