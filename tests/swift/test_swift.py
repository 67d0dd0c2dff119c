"""The uploader against OpenStack Swift's S3 interface: a second opinion on signatures, from a server that minds the region and
knows no conditional writes. Not part of `make test`: run it with `make test-swift`."""
import os
import pathlib
import subprocess

from support.environment import ROOT
from support.ledger import assert_each_event_in_one_object
from support.ports import reserve_ports
from support.rgw import Rgw
from support.tap import main


class Swift(Rgw):
    """Asked as the other server, with other keys and in another region."""
    region = "RegionOne"
    access, secret, bucket = "test:tester", "testing", "spool-test"

    def __init__(self, directory):  # pylint: disable=super-init-not-called
        self.directory = pathlib.Path(directory) / "swift"
        self.port = reserve_ports(*range(5))
        try:
            self.run("start")
            self.request("PUT", f"/{self.bucket}")
        except BaseException:
            self.close()
            raise

    def run(self, command):
        done = subprocess.run([ROOT / "tests/support/swift.sh", command, self.directory], timeout=180,
                              env={**os.environ, "SWIFT_PORT": str(self.port)}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]


def with_swift(test):
    def run(site):
        swift = Swift(site.directory)
        try:
            test(site, swift)
        finally:
            swift.close()
    return run


@with_swift
def test_keys_of_every_printable_character_are_signed_right(site, swift):
    ascii_ = "".join(chr(c) for c in range(0x21, 0x7F)).replace("\\", "") + " x"  # PREFIX takes no backslash
    prefixes = [ascii_, "ä/ö ü/é", "漢字/かな", "\U0001f6aa/door", ".c/..d/e.", "%2F%20+"]
    site.collector()
    for number, prefix in enumerate(prefixes, 1):
        site.send_events(1)
        site.wait_for_events(number)
        done = site.command("uploader", "flush", **swift.settings(PREFIX=prefix, REJECTS_PREFIX="none"))
        assert done.returncode == 0, (prefix, done.stderr)
    assert sorted(swift.keys()) == sorted(key for (key,) in site.query("SELECT object_key FROM batches"))


@with_swift
def test_a_wrong_region_is_corrected_and_conditional_writes_are_given_up(site, swift):
    site.collector()
    uploader = site.uploader(**swift.settings(AWS_REGION="us-east-1"))
    for number in range(1, 4):
        site.send_events(5)
        site.wait_for_events(5 * number)
        site.wait_until_shipped()
    assert uploader.log.count("AWS_REGION=RegionOne") == 1, uploader.log
    assert "upload failed" not in uploader.log, uploader.log
    assert_each_event_in_one_object(swift.objects(), site.uids())


@with_swift
def test_a_wrong_key_is_reported(site, swift):
    for wrong, remedy in (({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS_SECRET_ACCESS_KEY"),
                          ({"BUCKET_NAME": "no-such-bucket"}, "create the bucket no-such-bucket")):
        done = site.command("uploader", "check", **swift.settings(**wrong))
        assert done.returncode == 1 and remedy in done.stdout, (wrong, done.stdout)


main(dict(globals()))
