"""The six situations in which somebody is called, each made with the real programs: what `eventspool status` shows is the
screen that docs/operating.md shows for it, but for figures and paths."""
import contextlib
import re
import sys

from support.disk import SMALL, fill, with_small_disk
from support.environment import BIN, ROOT, clean_environment
from support.tap import main
from support.terminal import Terminal
from support.waiting import wait_for
from s3_stub import ALWAYS, ANY, Step, Stub, error

OPERATING = (ROOT / "docs/operating.md").read_text()


def screen(site):
    """What the command for people shows on a terminal of 80 columns, and its exit code."""
    settings = {**clean_environment(), **{name: str(value) for name, value in site.settings().items()}}
    terminal = Terminal(site, [BIN / "eventspool", "status"], settings, columns=80)
    code = terminal.wait_for_end()
    return "\n".join(line.rstrip() for line in terminal.screen()), code


def has(site, *codes):
    return lambda: all(code in screen(site)[0] for code in codes) and screen(site)


def show(name, result):
    print("=====", name, result[1])
    print(result[0])


def send(site, count=3):
    site.send_events(count)
    site.wait_for_events(count)


def test_s3_refuses(site):
    with contextlib.closing(Stub()) as stub:
        site.collector()
        site.uploader(**stub.settings())
        send(site)
        site.wait_until_shipped()
        stub.set_script(Step(ANY, error(403, "AccessDenied"), times=ALWAYS))
        site.send_events(3)
        show("S3 refuses", wait_for("the sign", has(site, "s3_refused")))


@with_small_disk
def test_the_disk_is_full(site, place):
    site.collector(**SMALL)
    site.uploader()
    send(site)
    site.wait_until_shipped()
    ballast = fill(place, 0)
    show("disk full", wait_for("the sign", has(site, "paused_disk")))
    ballast.unlink()


def test_the_collector_is_dead(site):
    with contextlib.closing(Stub()) as stub:
        collector = site.collector()
        site.uploader(**stub.settings())
        send(site)
        site.wait_until_shipped()
        collector.kill()
        show("collector dead", wait_for("the sign", has(site, "collector_absent")))


def test_the_uploader_is_dead(site):
    with contextlib.closing(Stub()) as stub:
        site.collector()
        uploader = site.uploader(**stub.settings())
        send(site)
        site.wait_until_shipped()
        uploader.kill()
        site.send_events(3)
        site.wait_for_events(6)
        show("uploader dead", wait_for("the sign", has(site, "uploader_absent")))


def test_nothing_ever_arrived(site):
    with contextlib.closing(Stub()) as stub:
        site.collector()
        site.uploader(**stub.settings())
        wait_for("the proof", lambda: "destination_unproven" not in screen(site)[0] and "starting" not in screen(site)[0] and "running" in screen(site)[0])
        show("nothing", wait_for("the sign", has(site, "nothing_received")))


def test_keys_are_wrong_before_the_first_batch(site):
    with contextlib.closing(Stub()) as stub:
        site.collector()
        site.uploader(**stub.settings(AWS_SECRET_ACCESS_KEY="x" * 40))
        show("keys", wait_for("the sign", has(site, "credentials")))


main(dict(globals()))
