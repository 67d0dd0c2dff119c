"""docs/fleet.html in a browser, from a file as a person opens it: an overview of many nodes' status documents."""
import base64
import hashlib
import json
import pathlib
import re

from support.browser import main_with_browser
from support.environment import ROOT
from support.status_documents import HOUR, at, flowing, full_disk, nothing_yet, refused, unreachable
from support.waiting import wait_for

PAGE = ROOT / "docs/fleet.html"
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
FOLDER, FILES = "#folder", "#files"


def put(directory, name, document, **spool):
    """A status document as a file, of the node and the spool that are named; it has no history. Returns its path."""
    document = {**document, "spool": {**document["spool"], **spool}, "history": None, "connected": None, "connections": None}
    path = pathlib.Path(directory) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def open_page(browser):
    browser.settle()
    browser.open(PAGE.as_uri())


def choose(browser, selector, *paths):
    """As the only ones: to a driver, an input that takes several keeps those of before."""
    before = browser.title
    browser.run("document.querySelector(arguments[0]).value = ''", selector)
    browser.choose_files(selector, paths)
    wait_for("the overview", lambda: browser.title != before)


def rows(browser):
    """The cells of each node, as a person reads them."""
    return browser.run("return [...document.querySelectorAll('#rows tr')].map(r => [...r.cells].map(c => c.innerText.trim()))")


def test_a_folder_becomes_a_table_the_worst_first(browser, site):
    open_page(browser)
    fleet = site.directory / "fleet"
    put(fleet, "north/gate-1.json", flowing("gate-1"), id="aaaaaaaaaa")
    put(fleet, "north/gate-7.json", refused(), id="bbbbbbbbbb")
    put(fleet, "south/gate-7.json", flowing(), id="cccccccccc")
    put(fleet, "south/dock.json", full_disk(), node="dock", id="dddddddddd")
    put(fleet, "south/evil.json", unreachable(), node=HOSTILE, id=HOSTILE)
    put(fleet, "south/old.json", {**flowing(), "now": at(3 * HOUR)}, node="old", id="eeeeeeeeee")
    put(fleet, "south/new.json", nothing_yet(), node="new", id="ffffffffff")
    (fleet / "south/broken.json").write_text('{"now": "2026-1', encoding="utf-8")
    (fleet / "south/list.json").write_text("[1]", encoding="utf-8")
    (fleet / "south/other.json").write_text('{"hello": 1}', encoding="utf-8")
    (fleet / "south/notes.txt").write_text("hello", encoding="utf-8")
    choose(browser, FOLDER, fleet)

    table = rows(browser)
    assert [cells[0].splitlines()[0] for cells in table] == ["dock", "old", "gate-7", HOSTILE, "new", "gate-1", "gate-7"], table
    dock, old, first_gate, evil, new, _, second_gate = table
    assert "held back" in dock[1] and "paused_disk" in dock[2] and "free space on that disk" in dock[2], dock
    assert "no word for 3 h" in old[1] and "older than 15 minutes" in old[3] and "STATUS_PREFIX" in old[2], old
    assert "s3_refused and 1 more" in first_gate[2] and "3\u202f720\nthe oldest for 3 h 10 min" in first_gate[4], first_gate
    for gate, spool in ((first_gate, "bbbbbbbbbb"), (second_gate, "cccccccccc")):
        assert "Two nodes have this name" in gate[0] and spool in gate[0], gate
    assert "never" in new[5] and new[6] == "never" and "trial mode" in new[0], new
    assert HOSTILE in evil[0].splitlines()[1] and evil[7] == "0.1.0", evil

    assert browser.title == "\u2715 2 of 7 nodes need a person now \u00b7 Fleet \u00b7 eventspool", browser.title
    assert browser.text("#waiting") == "5\u202f520" and browser.text("#old") == "1" and browser.text("#nodes") == "7"
    unread = browser.text("#unread")
    for words in ("broken.json: it is not JSON, or not all of it", "list.json: it is JSON, but no status document",
                  "other.json: it is no status document", "notes.txt: its name does not end in .json"):
        assert words in unread, unread
    assert browser.run("return document.querySelectorAll('img').length") == 0
    browser.assert_console_is_empty()
    browser.assert_good("fleet")


def test_single_files_replace_what_was_chosen_before(browser, site):
    open_page(browser)
    browser.assert_good("fleet-empty")
    one, two = put(site.directory, "one.json", flowing("one"), id="aaaaaaaaaa"), put(site.directory, "two.json", flowing("two"), id="bbbbbbbbbb")
    choose(browser, FILES, one, two)
    assert browser.text("#sentence") == "\u2713 All 2 nodes are well"
    choose(browser, FILES, put(site.directory, "three.json", unreachable(), node="three"))
    assert [cells[0].splitlines()[0] for cells in rows(browser)] == ["three"]
    assert browser.text("#sentence") == "\u26a0 1 of 1 node needs attention"


def test_what_is_dropped_is_read_with_all_that_is_in_it(browser, site):
    open_page(browser)
    put(site.directory, "fleet/deep/down/one.json", flowing("one"))
    two = put(site.directory, "two.json", unreachable(), node="two", id="bbbbbbbbbb")
    data = {"items": [], "files": [str(site.directory / "fleet"), str(two)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.devtools("Input.dispatchDragEvent", type=kind, x=300, y=100, data=data)
    wait_for("the overview", lambda: len(rows(browser)) == 2)
    assert browser.text("#sentence") == "\u26a0 1 of 2 nodes needs attention"
    browser.assert_console_is_empty()


def test_of_one_spool_the_newest_document_is_shown(browser, site):
    open_page(browser)
    new = put(site.directory, "new.json", flowing("gate"))
    old = put(site.directory, "old.json", {**refused(), "now": at(HOUR)}, node="gate")
    choose(browser, FILES, old, new)
    ((name, verdict, *_),) = rows(browser)
    assert "Two nodes" not in name and verdict == "\u2713 flowing", (name, verdict)
    assert "old.json: an older document of gate, which is shown from new.json" in browser.text("#unread")


def test_members_of_another_kind_do_no_harm(browser, site):
    """A document of a newer version, or one that somebody has made to annoy."""
    open_page(browser)
    odd = [{"now": at(), "verdict": "a verdict of tomorrow", "problems": [1, None, {"code": 7, "severity": []}], "spool": {"node": 3, "id": {}},
            "backlog": [], "last_event_at": "never", "trial_mode": "yes", "version": HOSTILE},
           {"now": at(-2 * HOUR), "verdict": "constructor", "problems": [], "spool": {}, "backlog": {"events": -1, "oldest_age_seconds": "x"}},
           {"now": "x", "verdict": "flowing", "problems": [], "spool": {}}, {"now": at(), "verdict": 1, "problems": {}, "spool": []}, None, 3]
    paths = []
    for i, document in enumerate(odd):
        paths.append(site.directory / f"{i}.json")
        paths[-1].write_text(json.dumps(document), encoding="utf-8")
    choose(browser, FILES, *paths)
    table = rows(browser)
    assert len(table) == 2 and all("without a name" in cells[0] for cells in table), table
    assert {cells[1] for cells in table} == {"a verdict of tomorrow", "constructor"}, table
    assert any("its clock is ahead by" in cells[3] for cells in table), table
    assert len(browser.text("#unread").splitlines()) == 4, browser.text("#unread")
    browser.assert_console_is_empty()


def test_the_page_lets_in_its_own_script_alone(browser, site):
    """Whoever changes the script changes the hash in the policy of the page."""
    page = PAGE.read_text(encoding="utf-8")
    (script,) = re.findall("<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page, f"the policy of docs/fleet.html needs sha256-{digest}"
    assert "default-src 'none'" in page and "://" not in page and "innerHTML" not in page


if __name__ == "__main__":
    main_with_browser(globals())
