"""The status page in a browser, as the running collector serves it: what a person beside the appliance sees of it."""
import contextlib
import json
import os
import urllib.request

from support.browser import NARROW_DARK, WIDE_LIGHT, main_with_browser
from support.disk import MIB, SMALL, fill, with_small_disk
from support.environment import IS_SANITIZED
from support.ports import reserve_port
from support.status_documents import unreadable
from support.tap import skip
from support.waiting import wait_for
from s3_stub import ALWAYS, Step, Stub, error

DAY_MS = 86_400_000
TWO_LOOKS = [WIDE_LIGHT, NARROW_DARK]


def open_page(browser, site, **settings):
    """Starts a collector, and opens its page when it can say how things are. It asks more often than for a person."""
    browser.settle()
    browser.hurry(200)
    port = reserve_port()
    collector = site.collector(STATUS_PORT=port, **settings)
    url = f"http://127.0.0.1:{port}/"
    wait_for("a status", lambda: has_status(url))
    browser.open(url)
    return collector, url


def has_status(url):
    with contextlib.suppress(OSError), urllib.request.urlopen(url + "status.json", timeout=10) as answer:
        return answer.status == 200
    return False


def wait_for_words(browser, *words):
    """In what a person sees, without a reload."""
    wait_for(f"the page to say {words}", lambda: all(word in browser.text() for word in words))


def send_some(site, count=100):
    before = site.value("SELECT last_event_id FROM _intake")
    site.send_events(count)
    site.wait_for_events(before + count)


def test_a_page_that_stays_open_follows_an_installation_through_its_life(browser, site):
    """Nothing yet, events, objects, a dead uploader, a new one, a collector that stops, and one that is back."""
    collector, _ = open_page(browser, site)
    wait_for_words(browser, "uploader_absent", "start the uploader", "nothing_received")
    uploader = site.uploader()
    wait_for_words(browser, "Nothing has arrived yet", "no event has arrived yet", "no firewall is between", "trial_mode")
    browser.assert_good("real-new", TWO_LOOKS)

    send_some(site)
    wait_for_words(browser, "Events are flowing", "100 in the last hour", "\u2713 shipped", "1 known sender")
    wait_for("the title", lambda: "Events are flowing" in browser.title)
    browser.assert_good("real-flowing", TWO_LOOKS)
    browser.assert_console_is_empty()

    uploader.kill()
    send_some(site)
    wait_for_words(browser, "Events are waiting, a person is needed", "uploader_absent", "start the uploader", "100 events")
    browser.assert_good("real-dead-uploader", TWO_LOOKS)
    site.uploader()
    wait_for_words(browser, "Events are flowing", "Nothing waits.")
    browser.assert_console_is_empty()

    status_port = browser.run("return Number(location.port)")
    collector.stop()
    wait_for_words(browser, "No answer since", "eventspool status")
    site.collector(STATUS_PORT=status_port)
    wait_for_words(browser, "Events are flowing")
    assert "No answer" not in browser.text()


def test_an_unread_spool_is_as_the_drawing_tests_take_it_to_be(_browser, site):
    """A page that is opened right after a start gets such a document, which has few members."""
    def members(value):
        return {name: members(inside) for name, inside in value.items()} if isinstance(value, dict) else None
    document, real = unreadable(), json.loads(site.command("uploader", "status", "--json", DESTINATION_DIR="objects").stdout)
    assert real["history"] is None  # which a running collector alone adds
    assert members({**document, "history": None}) == members(real), real


def test_a_full_disk_is_said_with_its_remedy(browser, site):
    def on_small_disk(site, place):
        collector, _ = open_page(browser, site, **SMALL)
        collector.wait_for_log("listening")
        site.uploader()
        send_some(site)
        wait_for_words(browser, "Events are flowing")
        ballast = fill(place, leave=4 * MIB)
        wait_for_words(browser, "Events are held back at their senders", "paused_disk", "What is wrong", "Reading stops")
        assert browser.text("#problems .remedy") != ""
        browser.assert_good("real-full-disk", TWO_LOOKS)
        ballast.unlink()
        wait_for_words(browser, "Events are flowing")
        browser.assert_console_is_empty()
    with_small_disk(on_small_disk)(site)


def test_an_outage_of_s3_is_said_with_its_remedy(browser, site):
    """The store is away, then refuses the keys, then is well."""
    with contextlib.closing(Stub()) as stub:
        open_page(browser, site)
        site.uploader(**stub.settings())
        send_some(site)
        wait_for_words(browser, "Events are flowing", "\u2713 Well.", stub.bucket)
        stub.go_away()
        send_some(site)
        wait_for_words(browser, "Events are flowing, but not as they should", "s3_unreachable", "\u26a0 Not well:", "in vain", "AWS_ENDPOINT_URL")
        browser.assert_good("real-unreachable", TWO_LOOKS)
        stub.set_script(Step("PUT", error(403, "AccessDenied"), times=ALWAYS))
        stub.start_listening()
        wait_for_words(browser, "Events are waiting, a person is needed", "s3_refused", "\u2715 Not well:", "s3:PutObject")
        assert browser.text("#problems .remedy") != "" and browser.text("#store-state .remedy") != ""
        browser.assert_good("real-refused", TWO_LOOKS)
        stub.set_script()
        wait_for_words(browser, "Events are flowing", "\u2713 Well.", "Nothing waits.")
        browser.assert_console_is_empty()


def test_rejects_and_unknown_elements_are_said_by_reason(browser, site):
    """What is in them stays out of the page."""
    open_page(browser, site)
    site.uploader(REJECTS_PREFIX="none")
    send_some(site)
    wait_for_words(browser, "Events are flowing", "None: all that came were events.")
    site.send(b"<EVENT>secret &</EVENT>" * 3)
    wait_for_words(browser, "but not as they should", "rejects_arriving", "eventspool rejects list", "malformed", "Not well-formed XML")
    browser.assert_good("real-rejects", TWO_LOOKS)
    site.send(b"<alarm><name>secret</name></alarm>")
    wait_for_words(browser, "unknown_elements", "alarm", "IGNORE_ELEMENTS", "unknown_element\n", "An element that EVENT_ELEMENT does not name")
    assert "secret" not in browser.run("return document.documentElement.outerHTML")
    ids = [str(number) for (number,) in site.query("SELECT id FROM rejects")]
    assert site.command("uploader", "rejects", "dismiss", *ids, DESTINATION_DIR=site.objects).returncode == 0
    wait_for("the end of the problems", lambda: "rejects_arriving" not in browser.text() and "unknown_elements" not in browser.text())
    browser.assert_console_is_empty()


def test_a_silent_sender_is_named_with_what_to_do(browser, site):
    open_page(browser, site)
    site.uploader()
    site.send(b"<EVENT><plasectrxGatewayDN>cn=gate-north</plasectrxGatewayDN></EVENT>" * 100)
    wait_for_words(browser, "Events are flowing", "cn=gate-north")
    site.change(f"UPDATE _sender SET last_received_at = last_received_at - {2 * DAY_MS}, day = day - 2, days = 2")
    wait_for_words(browser, "but not as they should", "sender_silent", "cn=gate-north", "senders forget", "2 days ago")
    browser.assert_good("real-silent-sender", TWO_LOOKS)
    browser.assert_console_is_empty()


def test_the_verdict_is_drawn_within_100_ms(browser, site):
    """From the navigation on, in one of several tries: the machine may be busy with something else."""
    _, url = open_page(browser, site)
    site.uploader()
    send_some(site)
    wait_for_words(browser, "Events are flowing")

    def is_fast():
        browser.open(url)
        drawn = wait_for("the page to be drawn", lambda: browser.run("return performance.getEntriesByName('drawn').map(m => m.startTime)"))
        return drawn[0] < 100
    wait_for("the verdict within 100 ms", is_fast)


def left_out():
    """{test: the reason}"""
    root = {} if os.geteuid() == 0 else {"test_a_full_disk_is_said_with_its_remedy": "needs root"}
    fast = {"test_the_verdict_is_drawn_within_100_ms": "a sanitizer is slow"} if IS_SANITIZED else {}
    return {**root, **fast}


if __name__ == "__main__":
    for name, reason in left_out().items():
        skip([name], reason)
    main_with_browser({name: test for name, test in globals().items() if name not in left_out()})
