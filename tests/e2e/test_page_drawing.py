"""The status page in a browser: what it makes of each kind of status document, and how it lives for long."""
import json
import statistics
import time

from support.browser import ALL_LOOKS, NARROW_DARK, PHONE_LIGHT, SCREENSHOTS, WIDE_LIGHT, main_with_browser
from support.environment import ROOT
from support.page_server import page_server, whole_page
from support.status_documents import STATES, flowing, nothing_yet, refused, sender, series, unreachable
from support.waiting import wait_for

HOSTILE = "<img src=x onerror=\"document.title='taken'\">`</td>"
# What a person must be able to read in each state: the verdict, and words of the problem and of its remedy.
EXPECTED = {
    "flowing": ["Events are flowing", "The last event came 4 s ago", "3 connections now", "cn=acm-north,o=plant", "s3://plant-events/xml-events/"],
    "unreachable": ["Events are flowing, but not as they should", "s3_unreachable", "tried 14 times in vain", "see that this machine reaches the store"],
    "refused": ["Events are waiting, a person is needed", "s3_refused", "allow the keys s3:PutObject", "for 3 h, since", "1 given up by a person",
                "\u2715 blocked"],
    "rejects": ["but not as they should", "rejects_arriving", "set XML_NAMESPACES", "914 in the last 24 hours", "Not well-formed XML",
                "An HTTP request"],
    "unknown_element": ["but not as they should", "unknown_elements", "name ALARM in EVENT_ELEMENT", "An element that EVENT_ELEMENT does not name"],
    "silent_sender": ["but not as they should", "sender_silent", "eventspool senders forget", "26 h ago"],
    "full_disk": ["Events are held back at their senders", "paused_disk", "free space on that disk", "0 h", "below 1 GiB of free space"],
    "dead_uploader": ["Events are waiting, a person is needed", "uploader_absent", "start the uploader", "\u2715 does not run"],
    "nothing_yet": ["Nothing has arrived yet", "nothing_received", "no firewall is between", "trial_mode", "Nobody is connected now", "not known"],
    "being_lost": ["Events are being lost", "collector_absent", "start the collector", "The charts are not known yet"],
    "unreadable": ["Cannot tell: the spool cannot be read", "cannot be read", "The charts are not known yet"],
    "largest": ["Events are waiting, a person is needed", "64 known senders", "10\u202f000\u202f000 events"],
}


def open_page(browser, server):
    browser.open(server.url)
    wait_for("the page to be drawn", lambda: browser.run("return !document.getElementById('figures').hidden"))


def test_each_state_is_said_with_its_remedy_and_is_accessible(browser, site):
    """`refused`, which has most in it, is looked at in each way; every other state in one, and whether it fits the narrowest."""
    for i, (name, document) in enumerate(STATES.items()):
        browser.settle()
        with page_server(document()) as server:
            open_page(browser, server)
            text = browser.text()
            for words in EXPECTED[name]:
                assert words in text, f"{name}: {words!r} is not in {text}"
            assert EXPECTED[name][0] in browser.title, browser.title
            browser.assert_good(name, ALL_LOOKS if SCREENSHOTS or name == "refused" else [ALL_LOOKS[i % 4]])
            browser.look(*NARROW_DARK)
            assert not browser.overflows(), f"{name}: the page is wider than 320 pixels"
            browser.assert_console_is_empty()


# Makes 40,000 small elements in the page and returns the milliseconds that took: how fast this browser is, here and now.
PLAIN_WORK = """const since = performance.now();
for (let row = 0; row < 200; row++) {
    const parent = document.createElement('div');
    for (let i = 0; i < 200; i++) { const e = document.createElement('span'); e.textContent = 'x' + row + i; parent.append(e); }
}
return performance.now() - since;"""


def test_the_verdict_is_drawn_at_once(browser, site):
    """With the largest document: 76 ms where the plain work took 42. As the machine may be slow, or busy with something else,
    the two are compared, one after the other, and half of eight tries may be worse: the best of each kind alone may be of
    different moments."""
    browser.settle()
    ratios = []
    with page_server(STATES["largest"]()) as server:
        for _ in range(8):
            open_page(browser, server)
            drawn = browser.run("return performance.getEntriesByName('drawn')[0].startTime")
            ratios.append(drawn / browser.run(PLAIN_WORK))
    assert statistics.median(ratios) < 4, ratios


def test_an_open_page_sees_a_change_within_10_s(browser, site):
    browser.settle()
    with page_server(flowing()) as server:
        open_page(browser, server)
        server.document = refused()
        wait_for("the change", lambda: "a person is needed" in browser.title and "s3_refused" in browser.text("#problems"), 10)
        assert browser.run("return document.getElementById('sentence').closest('[aria-live=polite]') !== null")


def test_a_silent_server_is_said_and_the_last_figures_stay(browser, site):
    browser.settle()
    browser.hurry(2)
    with page_server(flowing()) as server:
        open_page(browser, server)
        server.document = None
        wait_for("the silence to be said", lambda: browser.text("#sentence").startswith("No answer since "))
        assert "HTTP 503" in browser.text("#meaning") and "eventspool status" in browser.text("#meaning")
        assert browser.title.startswith("? No answer since"), browser.title
        assert "cn=acm-north,o=plant" in browser.text("#figures")
        browser.assert_good("silent", [WIDE_LIGHT, NARROW_DARK])
        server.document = unreachable()
        wait_for("the answer", lambda: "not as they should" in browser.title)
        assert browser.run("return document.body.dataset.stale === undefined")


def test_a_page_without_any_answer_says_so(browser, site):
    browser.settle()
    browser.hurry(2)
    with page_server(None) as server:
        browser.open(server.url)
        wait_for("the silence to be said", lambda: browser.text("#sentence").startswith("No answer since "))
        waits = wait_for("some tries", lambda: (waits := browser.run("return waits")) and len(waits) > 7 and waits)
        assert waits[:8] == [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000], waits
        assert browser.text("#figures") == ""
        browser.assert_good("no-answer", [PHONE_LIGHT])


def set_hidden(browser, is_hidden):
    browser.run("Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true});"
                "document.dispatchEvent(new Event('visibilitychange'))", is_hidden)


def test_a_hidden_page_does_not_ask(browser, site):
    """No timer is left when the page is hidden, and it asks at once when it is seen again."""
    browser.settle()
    with page_server(flowing()) as server:
        open_page(browser, server)
        browser.run("window.waits = 0; const wait = setTimeout; window.setTimeout = (f, ms) => { window.waits++; return wait(f, ms); };"
                    "const end = clearTimeout; window.clearTimeout = id => { window.ended = id; end(id); };")
        set_hidden(browser, True)
        asked = server.asked
        assert browser.run("return [window.waits, window.ended > 0]") == [0, True]
        assert "flowing" not in browser.title, browser.title
        set_hidden(browser, False)
        wait_for("the page to ask", lambda: server.asked > asked)
        wait_for("the title", lambda: "flowing" in browser.title)


def measured(browser):
    browser.devtools("HeapProfiler.collectGarbage")
    metrics = {m["name"]: m["value"] for m in browser.devtools("Performance.getMetrics")["metrics"]}
    return {name: metrics[name] for name in ("Nodes", "JSEventListeners", "JSHeapUsedSize")}


def test_a_page_that_is_open_for_long_does_not_grow(browser, site):
    """Two hundred answers, each with other figures, and outages between them."""
    browser.settle()
    browser.devtools("Performance.enable")
    states = [document() for name, document in STATES.items() if name != "largest"] + [None, None]
    browser.hurry(2)
    with page_server(flowing()) as server:
        open_page(browser, server)

        def live(answers):
            until = server.asked + answers
            while server.asked < until:
                server.document = states[server.asked % len(states)]
                time.sleep(0.001)
            server.document = flowing()
            due = server.asked + 3
            wait_for("the last answer", lambda: server.asked >= due and "flowing" in browser.title)
        live(40)
        before = measured(browser)
        live(200)
        after = measured(browser)
    assert after["Nodes"] <= before["Nodes"] * 1.2 + 100, (before, after)
    assert after["JSEventListeners"] <= before["JSEventListeners"], (before, after)
    assert after["JSHeapUsedSize"] <= before["JSHeapUsedSize"] * 1.5 + 500_000, (before, after)


def test_what_has_not_changed_is_left_where_it_is(browser, site):
    """So that a reader keeps the focus, the selection, and an opened table."""
    browser.settle()
    browser.hurry(2)
    with page_server(flowing()) as server:
        open_page(browser, server)
        browser.click("#charts summary")
        wait_for("the opened table", lambda: browser.run("return document.querySelectorAll('#charts tbody th').length > 50"))
        browser.run("window.kept = [...document.querySelectorAll('#senders th, #batches th, #charts tbody th')];"
                    "document.getElementById('senders-scroll').focus()")
        asked = server.asked
        wait_for("more answers", lambda: server.asked > asked + 5)
        assert browser.run("return window.kept.length > 60 && window.kept.every(e => e.isConnected && e.firstChild !== null)")
        assert browser.run("return document.activeElement.id") == "senders-scroll"
        assert browser.run("return document.querySelector('#charts details').open")


def test_foreign_text_stays_text(browser, site):
    browser.settle()
    document = refused()
    document["spool"].update(node=HOSTILE, path=HOSTILE)
    document["problems"][0].update(message=HOSTILE, remedy=HOSTILE, code=HOSTILE, program=HOSTILE, severity=HOSTILE)
    document["senders"] = [sender(HOSTILE, HOSTILE, 4, 1, 1)]
    document["connected"][0]["source"] = HOSTILE
    document["recent_batches"][0].update(key=HOSTILE, state=HOSTILE)
    document["rejects_by_reason"] = [{"reason": HOSTILE, "total": 1, "last_at": document["now"]}]
    document["uploader"]["destination"] = HOSTILE
    document.update(last_error=HOSTILE, remedy=HOSTILE, verdict=HOSTILE,
                    requests=[{"program": HOSTILE, "what": HOSTILE, "asked_at": document["now"], "progress": HOSTILE}])
    with page_server(document) as server:
        open_page(browser, server)
        assert browser.run("return document.querySelectorAll('img').length") == 0
        assert browser.text().count("<img src=x onerror=") >= 14, browser.text()
        assert "taken" != browser.title
        browser.assert_console_is_empty()


def test_what_is_not_known_is_a_gap_and_zero_is_none(browser, site):
    browser.settle()
    document = flowing()
    document["history"]["hour"] = series(60, 60, lambda i: 0 if i < 30 else 7, lambda i: 0, lambda i: i, unknown=10)
    with page_server(document) as server:
        open_page(browser, server)
        strips = browser.run("return [...document.querySelectorAll('#charts figure:first-child .strip svg')].map(s => "
                             "[s.querySelector('.unknown').getAttribute('d'), s.querySelector('.shape').getAttribute('d'), s.getAttribute('aria-label')])")
        (gap, bars, words), (_, none, no_words), _ = strips
        assert gap == "M0 0H10V100H0Z" and bars.count("M") == 30 and bars.startswith("M30.12 "), (gap, bars)
        assert none == "" and no_words == "Out, last hour: 0 events, none; not known for 10 min", (none, no_words)
        assert words.startswith("In, last hour: 210 events, at most 7 a minute, at ") and words.endswith("; not known for 10 min"), words
        browser.click("#charts summary")
        wait_for("the table", lambda: browser.run("return document.querySelectorAll('#charts figure:first-child tbody tr').length") == 60)
        assert browser.run("return document.querySelector('#charts tbody tr:last-child').innerText").split("\t")[1:] == ["not known"] * 3
        browser.assert_good("table", [WIDE_LIGHT])


def test_the_keyboard_reaches_all_that_scrolls_or_opens(browser, site):
    browser.settle()
    with page_server(refused()) as server:
        open_page(browser, server)
        seen = []
        for _ in range(20):
            for kind in ("rawKeyDown", "keyUp"):
                browser.devtools("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            seen.append(browser.run("const e = document.activeElement; return e.id || e.className || e.tagName"))
        for wanted in ("skip", "SUMMARY", "connected-scroll", "senders-scroll", "batches-scroll", "A"):
            assert wanted in seen, (wanted, seen)
        assert seen[0] == "skip", seen


def test_without_javascript_the_page_names_other_ways(browser, site):
    browser.settle()
    with page_server(nothing_yet()) as server:
        browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        try:
            browser.open(server.url)
            document = browser.devtools("DOM.getDocument", depth=-1)
            (shown,) = find_all(document["root"], "NOSCRIPT")
            text = " ".join(json.dumps(shown).split())
            assert "/status.json" in text and "eventspool status" in text, text
        finally:
            browser.devtools("Emulation.setScriptExecutionDisabled", value=False)


def find_all(node, name):
    found = [node] if node["nodeName"] == name else []
    return found + [match for child in node.get("children", []) for match in find_all(child, name)]


def test_the_page_is_small_and_needs_nothing_from_elsewhere(browser, site):
    page = whole_page()
    assert len(page.encode()) < 60_000, len(page.encode())
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", " style=", "@import", "url("):
        assert page.replace("no innerHTML", "").count(word) == 0, word
    assert {line.strip() for line in page.splitlines() if "://" in line} == {
        line.strip() for line in page.splitlines() if "http://www.w3.org/2000/svg" in line}
    assert (ROOT / "common/status/page/page.html").read_text(encoding="utf-8").count("<script") == 1


if __name__ == "__main__":
    main_with_browser(globals())
