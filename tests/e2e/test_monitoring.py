"""deploy/monitoring: a real Prometheus reads both programs and alerts by our rules; rules, dashboard and document know every
problem of the table and every metric by its name."""
import contextlib
import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

from support.documents import marked_for
from support.environment import ROOT
from support.ports import reserve_port
from support.tap import main, skip
from support.waiting import PATIENCE, wait_for

MONITORING = ROOT / "deploy/monitoring"
DOCUMENT = ROOT / "docs/monitoring.md"
BLOCKS = marked_for(__file__)
SECONDS = {"s": 1, "m": 60, "h": 3600}
PROGRAMS = ("prometheus", "promtool")


# ---- what is to be compared ----

def table():
    """{code: (severity, seconds until people are alerted or None, verdict)} of common/problem.c"""
    row = r'\[PROBLEM_\w+\] =\s*\{"(\w+)", PROBLEM_(\w+), ([^,]+), FLOW_(\w+),'
    units = {"SECOND": 1, "MINUTE": 60}
    rows = re.findall(row, (ROOT / "common/problem.c").read_text())

    def seconds(text):
        if text == "NEVER":
            return None
        number, _, unit = text.rpartition(" * ")
        return int(number or 1) * units[unit] if unit in units else int(text)
    return {code: (severity.lower(), seconds(after), flow) for code, severity, after, flow in rows}


def alerts():
    """{alert: (expression, seconds of `for`, severity)} of rules.yml"""
    rule = r"- alert: (\w+)\n +expr: (?:>-\n)?((?:.|\n)*?)\n +for: (\w+)\n(?: +keep_firing_for: 5m\n)? +labels:\n +severity: (\w+)"
    found = re.findall(rule, (MONITORING / "rules.yml").read_text())
    return {name: (expression, int(of[:-1]) * SECONDS[of[-1]], severity) for name, expression, of, severity in found}


def alert_of(code):
    return "Eventspool" + "".join(word.capitalize() for word in code.split("_"))


def panels():
    """Of the dashboard, with rows that are collapsed."""
    for panel in json.loads((MONITORING / "grafana-dashboard.json").read_text())["panels"]:
        yield panel
        yield from panel.get("panels", [])


def expressions():
    """[(title, expression)] of the dashboard, with Grafana's variables as for All nodes and a range of an hour."""
    values = {"$__rate_interval": "1m", "$__range": "1h", "$node": ".*", "$instance": ".*"}
    found = []
    for panel in panels():
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in values.items():
                expression = expression.replace(name, value)
            assert "$" not in expression, expression
            found.append((panel["title"], expression))
    return found


def read(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read().decode()


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE * 4)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- programs ----

def is_served(port):
    with contextlib.suppress(OSError):
        return read(f"http://127.0.0.1:{port}/metrics")


class Prometheus:
    """A real one with our configuration, which looks every second, and alerts as soon as a problem has lasted for one."""

    def __init__(self, site, collector_port, uploader_port):
        directory = site.directory / "prometheus"
        directory.mkdir()
        config = (MONITORING / "prometheus.yml").read_text()
        for old, new in (("interval: 15s", "interval: 1s"), (":8081", f":{collector_port}"), (":8082", f":{uploader_port}")):
            assert old in config, old
            config = config.replace(old, new)
        (directory / "prometheus.yml").write_text(config)
        rules = (MONITORING / "rules.yml").read_text()
        (directory / "rules.yml").write_text(re.sub(r"for: \d+[smh]$", "for: 1s", rules, flags=re.MULTILINE))
        self.port = reserve_port()
        self.log = directory / "log"
        with open(self.log, "wb") as log:
            self.process = site.owns(subprocess.Popen(
                ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn",
                 f"--web.listen-address=127.0.0.1:{self.port}"], cwd=directory, stdout=log, stderr=log))
        wait_for("Prometheus to be ready", self.is_ready)

    def is_ready(self):
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError):
            return read(f"http://127.0.0.1:{self.port}/-/ready")

    def ask(self, expression):
        """[(labels, value)] of now"""
        query = urllib.parse.urlencode({"query": expression})
        answer = json.loads(read(f"http://127.0.0.1:{self.port}/api/v1/query?{query}"))
        return [(sample["metric"], float(sample["value"][1])) for sample in answer["data"]["result"]]

    def values(self, expression):
        return sorted(value for _, value in self.ask(expression))

    def wait_for_values(self, expression, *values):
        wait_for(f"{expression} to be {values}", lambda: self.values(expression) == sorted(values))

    def wait_for_alert(self, name):
        """Until it fires, which it did not at once; its labels."""
        wait_for(f"{name} to fire", lambda: self.ask(f'ALERTS{{alertname="{name}",alertstate="firing"}}'))
        assert self.ask(f'count_over_time(ALERTS{{alertname="{name}",alertstate="pending"}}[10m])'), f"{name} was never pending"
        return self.ask(f'last_over_time(ALERTS{{alertname="{name}",alertstate="firing"}}[10m])')[0][0]

    def wait_for_end(self, name):
        wait_for(f"{name} to end", lambda: not self.ask(f'ALERTS{{alertname="{name}"}}'))


class Installation:
    """Both programs with a port for their status each."""

    def __init__(self, site):
        self.site = site
        self.collector_port, self.uploader_port = reserve_port(), reserve_port()
        self.collector = site.collector(STATUS_PORT=self.collector_port)
        self.start_uploader()
        wait_for("the collector's metrics", lambda: is_served(self.collector_port))

    def start_uploader(self):
        self.uploader = self.site.uploader(UPLOADER_STATUS_PORT=self.uploader_port)
        wait_for("the uploader's metrics", lambda: is_served(self.uploader_port))

    def metrics(self):
        """Once it has the spool's figures."""
        def whole():
            text = is_served(self.collector_port)
            return text and "eventspool_events_received_total" in text and text
        return wait_for("the spool's figures", whole)


# ---- tests ----

def test_promtool_accepts_configuration_and_rules_and_each_alert_fires_and_ends(_site):
    promtool("check", "rules", MONITORING / "rules.yml")
    done = subprocess.run(["sh", "-ec", BLOCKS.take("docs/monitoring.md")], cwd=MONITORING, capture_output=True, text=True,
                          timeout=PATIENCE * 4)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_test(_site):
    tests = "".join((MONITORING / name).read_text() for name in ("rules_test.yml", "rates_test.yml"))
    for alert in alerts():
        lines = re.findall(rf"alertname: {alert}\b.*(?:\n +eval_time.*\n +exp_alerts.*)?", tests)
        assert sum("[]" in line for line in lines) >= 2 and any("[]" not in line for line in lines), alert


def test_there_is_an_alert_for_each_problem_that_is_critical_or_a_warning(site):
    problems = table()
    exported = re.findall(r'^eventspool_problem\{code="(\w+)"', Installation(site).metrics(), re.MULTILINE)
    assert set(exported) == set(problems), set(exported) ^ set(problems)

    by_code = {}
    for alert, (expression, seconds, severity) in alerts().items():
        for code in re.findall(r'code="(\w+)"', expression):
            assert code not in by_code and alert == alert_of(code)
            by_code[code] = (severity, seconds)
    assert by_code == {code: row[:2] for code, row in problems.items() if row[0] != "info"}
    assert (MONITORING / "rules.yml").read_text().count("keep_firing_for: 5m") == len(by_code)


def test_the_document_has_each_alert_with_its_severity_and_delay(_site):
    rows = re.findall(r"^\| `(\w+)` \| (info|warning|critical) \| ([^|]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    words = {None: "never", 0: "at once", 30: "30 s"}
    expected = {code: (severity, words.get(after) or f"{after // 60} min") for code, (severity, after, _) in table().items()}
    others = {name: (severity, f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h")
              for name, (_, seconds, severity) in alerts().items() if name not in map(alert_of, table())}
    assert {code: (severity, after.strip()) for code, severity, after in rows} == {**expected, **others}


def test_the_dashboard_has_only_metrics_that_there_are_and_expressions_that_can_be_read(site):
    metrics = set(re.findall(r"^# TYPE (\w+)", Installation(site).metrics(), re.MULTILINE))
    shown = expressions()
    for title, expression in shown:
        for name in re.findall(r"\beventspool_\w+", expression):
            assert re.sub(r"_(bucket|sum|count)$", "", name) in metrics or name in metrics, f"{title}: {name}"
    seen = {re.sub(r"_bucket$", "", name) for _, e in shown for name in re.findall(r"\beventspool_\w+", e)}
    assert metrics == seen, metrics ^ seen

    rules = [{"record": f"panel:{number}", "expr": expression} for number, (_, expression) in enumerate(shown)]
    path = site.directory / "panels.yml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))  # JSON is YAML
    promtool("check", "rules", path)


def test_the_dashboard_fits_together(_site):
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    assert 36 <= dashboard["schemaVersion"] <= 39  # of Grafana 9 to 11
    assert [v["name"] for v in dashboard["templating"]["list"]] == ["datasource", "node", "instance"]
    every = list(panels())
    assert len({panel["id"] for panel in every}) == len(every)
    taken = {}
    for panel in every:
        where = panel["gridPos"]
        assert where["x"] + where["w"] <= 24
        for x in range(where["x"], where["x"] + where["w"]):
            for y in range(where["y"], where["y"] + where["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"], f"{panel['title']} lies on {taken[x, y]}"
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == panel["datasource"]["uid"] == "${datasource}"


def test_the_dashboards_verdict_is_that_of_the_table(_site):
    (verdict,) = [expression for title, expression in expressions() if title == "Verdict"]
    levels = {"BEING_LOST": "4", "HELD_BACK": "3", "WAITING": "2", "DEGRADED": ""}
    found = {code: level for level, codes in re.findall(r'(\d?)(?: \* )?eventspool_problem\{[^}]*code=~"([\w|]+)"', verdict)
             for code in codes.split("|")}
    assert found == {code: levels[flow] for code, (_, _, flow) in table().items() if flow != "WELL"}


def test_prometheus_counts_what_was_sent_and_alerts_while_a_program_is_away(site):
    installation = Installation(site)
    prometheus = Prometheus(site, installation.collector_port, installation.uploader_port)
    prometheus.wait_for_values("up", 1, 1)

    site.send_events(700, "--connections", 3)
    prometheus.wait_for_values("eventspool_events_received_total", 700)
    prometheus.wait_for_values("eventspool_events_shipped_total", 700)
    prometheus.wait_for_values("eventspool_backlog_events", 0)
    prometheus.wait_for_values("count(eventspool_sender_last_event_timestamp_seconds)", 3)
    for title, expression in expressions():
        samples = prometheus.ask(expression)  # an expression that it cannot work out is an error
        assert samples or re.search(r"[\[<>=] ?", re.sub(r"=~", "", expression)), f"{title}: {expression}"
    prometheus.wait_for_values('ALERTS{severity="critical"}')

    installation.uploader.stop()
    labels = prometheus.wait_for_alert("EventspoolUploaderAbsent")
    assert (labels["severity"], labels["code"], labels["program"], labels["node"]) == \
        ("critical", "uploader_absent", "uploader", "127.0.0.1")
    prometheus.wait_for_alert("EventspoolUploaderDown")
    installation.start_uploader()
    prometheus.wait_for_end("EventspoolUploaderAbsent")
    prometheus.wait_for_end("EventspoolUploaderDown")

    installation.collector.stop()
    assert prometheus.wait_for_alert("EventspoolCollectorDown")["severity"] == "critical"


if __name__ == "__main__":
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        skip(dict(globals()), f"{' and '.join(missing)} not found: Debian's package is prometheus")
    else:
        main(dict(globals()), at_once=4)
