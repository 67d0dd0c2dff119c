"""The environment of an existing deployment works unchanged: the names, and the values that people wrote for the programs in
Python, given by the environment or by .env. Each has its effect on the objects in a bucket of Ceph's radosgw."""
import json
import re

from support.ledger import KEY
from support.rgw import shared_rgw as rgw
from support.tap import main, tests_of
from support.waiting import wait_for

RETIRED = {"RATE_LIMIT_PER_SECOND": "100", "RATE_LIMIT_BURST": "200", "CURRENT_FILE": "/tmp/current.xml",
           "TEMP_FILE": "/tmp/temp.xml", "MAX_RETRIES": "3"}


class Deployment:
    """Both programs with these settings and those of a test machine, and a bucket of its own."""

    def __init__(self, site, source, bucket, region, **settings):
        self.site, self.server, self.bucket = site, rgw(), bucket
        self.server.make_bucket(bucket)
        keys = self.server.settings()
        settings = {"PORT": str(site.port), "BUCKET_NAME": bucket, "AWS_ACCESS_KEY_ID": keys["AWS_ACCESS_KEY_ID"],
                    "AWS_SECRET_ACCESS_KEY": keys["AWS_SECRET_ACCESS_KEY"], "AWS_ENDPOINT_URL": keys["AWS_ENDPOINT_URL"],
                    region: "us-east-1", **settings}
        self.machine = {"BIND_HOST": "127.0.0.1", "SPOOL_MIN_FREE": "64M", "STATUS_PORT": "0"}
        if source == ".env":
            (site.directory / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        else:
            self.machine.update(settings)
        self.collector = self.start("collector")
        wait_for("the collector to listen", lambda: site.accepts() or self.collector.process.poll() is not None)
        self.uploader = self.start("uploader")
        self.uploader.wait_for_log('"shipping"')

    def start(self, program):
        return self.site.start("eventspool", program, **self.machine)  # they share a log

    def ask(self, *words):
        done = self.site.command("eventspool", *words, **self.machine)
        assert done.returncode == 0, (words, done)
        return done.stdout

    def objects(self):
        """{key: bytes} of events, in the order of their ids."""
        keys = sorted((key for key in self.server.keys(self.bucket) if KEY.match(key)), key=lambda key: int(KEY.match(key)[4]))
        return {key: self.server.request("GET", f"/{self.bucket}/{key}")[1] for key in keys}


def check_xml_in_folders_cut_by_size(site, source, bucket, region):
    deployment = Deployment(site, source, bucket, region, PREFIX="xml-events/", ROTATION_INTERVAL="60", MAX_FILE_SIZE="20480",
                            OUTPUT_FORMAT="xml", USE_DATE_FOLDERS="True", PRETTY_PRINT_JSON="False")
    site.send_events(40)
    site.wait_for_events(40)
    wait_for("objects that are due by their size", lambda: len(deployment.objects()) >= 4)
    deployment.ask("flush")
    objects = deployment.objects()
    for key, body in objects.items():
        folder, day = re.fullmatch(r"xml-events/(\d{4}/\d\d/\d\d)/(\d{8})_.*\.xml", key).groups()
        assert folder.replace("/", "") == day, key
        assert body.startswith(b"<?xml") and body.count(b"<EVENT>") == int(KEY.match(key)[5]) - int(KEY.match(key)[4]) + 1
        assert len(body) < 20480 + 3000, "an event more than the size at most"
    assert len(objects) == 5, "40 events of some 2,100 bytes are 4 objects of 20 KiB and a rest, which would wait for its minute"
    assert sum(body.count(b"<EVENT>") for body in objects.values()) == 40


def check_json_cut_by_time(site, source, bucket, region):
    deployment = Deployment(site, source, bucket, region, PREFIX="acm/events", ROTATION_INTERVAL="3", MAX_FILE_SIZE="10485760",
                            OUTPUT_FORMAT="JSON", USE_DATE_FOLDERS="false", PRETTY_PRINT_JSON="TRUE")
    for count in (1, 2):
        site.send_events(3)
        wait_for("an object that is due by its time", lambda count=count: len(deployment.objects()) >= count)
    for key, body in deployment.objects().items():
        assert re.fullmatch(r"acm/events/\d{8}_\d{6}-[0-9a-f]{10}-\d{10}-\d{10}\.json", key), key
        assert json.loads(body) and b"\n" in body.strip() and b'    "cn"' in body.replace(b"\t", b"    "), body[:300]
    assert sum(len(json.loads(body)) for body in deployment.objects().values()) == 6


def check_the_server_the_region_and_the_keys(site, source, bucket, region):
    deployment = Deployment(site, source, bucket, region, ROTATION_INTERVAL="3600")
    shown = deployment.ask("check")
    for words in (f"the bucket {bucket}\n", f"http://127.0.0.1:{deployment.server.port} (AWS_ENDPOINT_URL)", f"us-east-1 ({region})",
                  "the environment (AWS_ACCESS_KEY_ID)"):
        assert words in shown, shown
    assert "problem" not in shown and f"PORT={site.port}\n" in deployment.ask("config")


def check_retired_names(site, source, bucket, region):
    deployment = Deployment(site, source, bucket, region, ROTATION_INTERVAL="1", **RETIRED)
    site.send_events(2)
    wait_for("the object", deployment.objects)
    for program in ("collector", "uploader"):
        for name in RETIRED:
            lines = [line for line in deployment.collector.log.splitlines() if f" {program} warn " in line and f"name={name} " in line]
            assert len(lines) == 1 and '"this setting is no longer needed"' in lines[0] and "why=" in lines[0], (program, name, lines)
    assert not list(site.directory.glob("current*")) + list(site.directory.glob("temp*"))


SOURCES = {"in_the_environment": ("environment", "AWS_REGION"), "in_a_file": (".env", "AWS_DEFAULT_REGION")}


def rows_of(check, name):
    return tests_of(check, {f"{name}_{where}": (source, f"{name}-{where}".replace("_", "-"), region)
                            for where, (source, region) in SOURCES.items()})


def test_the_values_that_people_write_are_understood(site):
    for name, given, effective in (
            ("USE_DATE_FOLDERS", ("True", "TRUE", "true", " true ", "1", "yes", "on"), "true"),
            ("USE_DATE_FOLDERS", ("False", "FALSE", "false", "", "0", "No", "off"), "false"),
            ("PRETTY_PRINT_JSON", ("True", "1"), "true"), ("PRETTY_PRINT_JSON", ("False", "0"), "false"),
            ("OUTPUT_FORMAT", ("json", "JSON", "Json"), "json"), ("OUTPUT_FORMAT", ("xml", "XML"), "xml"),
            ("PREFIX", ("xml-events/", "xml-events"), "xml-events/"), ("MAX_FILE_SIZE", ("10485760",), "10M"),
            ("MAX_FILE_SIZE", ("5000000",), "5000000"), ("ROTATION_INTERVAL", ("60",), "60"), ("PORT", ("8080",), "8080"),
            ("AWS_ENDPOINT_URL", ("http://127.0.0.1:9000",), "http://127.0.0.1:9000")):
        for value in given:
            done = site.command("eventspool", "collector" if name == "PORT" else "uploader", "config", **{name: value})
            assert done.returncode == 0 and f"\n{name}={effective}\n" in "\n" + done.stdout, (name, value, done)


if __name__ == "__main__":
    main({**globals(), **rows_of(check_xml_in_folders_cut_by_size, "xml_in_folders_cut_by_size"),
          **rows_of(check_json_cut_by_time, "json_cut_by_time"), **rows_of(check_retired_names, "retired_names"),
          **rows_of(check_the_server_the_region_and_the_keys, "the_server_the_region_and_the_keys")}, at_once=3)
