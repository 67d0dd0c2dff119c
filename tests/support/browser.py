"""browser -- Chromium without a window, driven by chromedriver's JSON over HTTP: what a person sees of a page."""
import base64
import contextlib
import functools
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from support.environment import ROOT, clean_environment
from support.tap import main
from support.waiting import PATIENCE, wait_for

AXE = ROOT / "build/axe/node_modules/axe-core/axe.min.js"  # `make test` fetches it (tests/support/axe/package-lock.json)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names a reference to an element
# Nothing but the loopback is reached, whatever Chromium would like to know of the world.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--hide-scrollbars",
         "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--no-proxy-server"]
RUN_AXE = """const done = arguments[0];
axe.run().then(r => done([r.violations, r.passes.length]), e => done([[{id: String(e), nodes: []}], 0]))"""
# How a page is looked at: the window's size in CSS pixels, and the colour scheme.
WIDE_LIGHT, WIDE_DARK = ((1280, 900), "light"), ((1280, 900), "dark")
PHONE_LIGHT, NARROW_DARK = ((390, 844), "light"), ((320, 640), "dark")
ALL_LOOKS = [WIDE_LIGHT, WIDE_DARK, PHONE_LIGHT, NARROW_DARK]
# A directory into which pictures of all that is checked go, for people to look at.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


def main_with_browser(tests):
    """As main() of tap.py, for tests that get a browser before their site: one for all of a module."""
    with tempfile.TemporaryDirectory(prefix="eventspool-browser-", ignore_cleanup_errors=True) as directory, \
            contextlib.closing(Browser(directory)) as browser:
        main({name: functools.partial(test, browser) for name, test in tests.items() if name.startswith("test_")})


class Browser:
    """One session. Errors on the console are collected; `close()` ends the driver and the browser with it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.log_path = self.directory / "chromedriver.log"
        with open(self.log_path, "wb") as log:
            self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=log, stderr=log, cwd=self.directory,
                                           env={**clean_environment(), "HOME": str(self.directory)})
        self.port, self.session, self.scripts = 0, None, []
        try:
            self.port = wait_for("chromedriver to listen", self.listening_port)
            self.open_session()
        except BaseException:
            self.close()
            raise

    def listening_port(self):
        assert self.driver.poll() is None, self.log_path.read_text()
        found = re.search(r"started successfully on port (\d+)", self.log_path.read_text())
        return int(found[1]) if found else 0

    def open_session(self):
        options = {"binary": shutil.which("chromium"), "args": [*FLAGS, f"--user-data-dir={self.directory / 'profile'}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = self.request("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def close(self):
        if self.session:
            with contextlib.suppress(OSError, AssertionError):
                self.command("DELETE", "")
        self.driver.terminate()
        self.driver.wait()

    def settle(self):
        """For the next test: a plain window, no page, nothing on the console."""
        while self.scripts:
            self.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=self.scripts.pop())
        self.look(*WIDE_LIGHT)
        self.open("about:blank")
        self.console_errors()

    # ---- the protocol ----

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
            response = connection.getresponse()
            value = json.loads(response.read())["value"]
        assert response.status == 200, f"{method} {path}: {value['error']}: {value['message']}"
        return value

    def command(self, method, path, body=None):
        return self.request(method, f"/session/{self.session}{path}", body)

    def devtools(self, name, **parameters):
        return self.command("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    # ---- what a person does ----

    def open(self, url):
        self.command("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """Runs the body of a function in the page, and returns what that returns."""
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_before_pages(self, script):
        """In each page that is opened from now on, before its own scripts, until settle()."""
        added = self.devtools("Page.addScriptToEvaluateOnNewDocument", source=script)
        self.scripts.append(added["identifier"])

    def hurry(self, ms):
        """Pages that are opened now wait so long at most where they would wait for seconds, but for the 10 s that they give
        an answer. `window.waits` has the first of what they wanted to wait."""
        self.run_before_pages("const wait = window.setTimeout; window.waits = [];"
                              "window.setTimeout = (f, ms) => { if (ms !== 10000 && waits.length < 10) waits.push(ms);"
                              f"return wait(f, ms === 10000 ? ms : Math.min(ms, {ms})); }}")

    def find(self, selector):
        return self.command("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.command("POST", f"/element/{self.find(selector)}/click", {})

    def choose_files(self, selector, paths):
        """Of a file input. For one that takes folders, the path of one."""
        self.command("POST", f"/element/{self.find(selector)}/value", {"text": "\n".join(map(str, paths))})

    # ---- what a person sees ----

    @property
    def title(self):
        return self.command("GET", "/title")

    def text(self, selector="body"):
        """What is drawn, as a person reads it; "" where it is hidden, or not there."""
        return self.run("const e = document.querySelector(arguments[0]); return e && e.checkVisibility() ? e.innerText : ''", selector)

    def console_errors(self):
        """What the console holds of errors since the last call."""
        return [entry["message"] for entry in self.command("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def assert_console_is_empty(self):
        errors = self.console_errors()
        assert errors == [], errors

    def look(self, size, scheme):
        width, height = size
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                              {"name": "prefers-reduced-motion", "value": "reduce"}])

    def overflows(self):
        """Is the page wider than the window?"""
        return self.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def screenshot(self, path):
        """The whole page, not only what the window holds."""
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def violations(self):
        """What axe-core finds, a line each."""
        if not self.run("return Boolean(window.axe)"):
            self.run(AXE.read_text(encoding="utf-8"))
        found, checked = self.command("POST", "/execute/async", {"args": [], "script": RUN_AXE})
        assert checked > 10, f"axe-core has found next to nothing to check: {found}"
        return [f"{v['id']}: {' '.join(str(n['target']) + ' ' + n['failureSummary'] for n in v['nodes'][:3])}" for v in found]

    def assert_good(self, name, looks=ALL_LOOKS):
        """Nothing is wider than the window, and axe-core finds nothing, however the page is looked at."""
        for size, scheme in looks:
            self.look(size, scheme)
            assert not self.overflows(), f"{name}: the page is wider than {size[0]} pixels"
            found = self.violations()
            assert not found, f"{name}, {size}, {scheme}: {found}"
            if SCREENSHOTS:
                self.screenshot(pathlib.Path(SCREENSHOTS) / f"{name}-{size[0]}-{scheme}.png")
