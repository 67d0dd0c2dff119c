"""An MD5 is for S3 alone: what goes to a directory has none, and over any change between the two nothing is taken for a
batch's own object, or sent, by an MD5 that nobody has computed."""
import hashlib

from support.ledger import assert_each_event_in_one_object, assert_spool_tiles
from support.tap import main
from support.waiting import wait_for
from s3_stub import giving_stub

EVENTS = 6


def begin(site):
    site.collector()
    site.send_events(EVENTS)
    site.wait_for_events(EVENTS)


with_stub = giving_stub(begin)


def rows(site):
    return site.query("SELECT b.sha256, b.md5, v.state, b.unknown_since IS NOT NULL FROM _batch b JOIN batches v USING (id) "
                      "WHERE b.kind = 'events' ORDER BY id")


def flush(site, **settings):
    done = site.command("uploader", "flush", **{"DESTINATION_DIR": site.objects, **settings})
    assert done.returncode == 0, done.stdout + done.stderr


def forget_the_end(site, md5=None):
    """As though the program had been killed before it could record that the object is there."""
    site.change("UPDATE _batch SET shipped_at = NULL, verified = NULL, kept_from = 0, unknown_since = sealed_at, "
                f"md5 = {repr(md5) if md5 else 'NULL'}")


def test_a_batch_in_a_directory_has_no_MD5_and_is_known_by_its_bytes(site):
    begin(site)
    flush(site)
    (path,) = site.files()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert rows(site) == [(sha256, None, "shipped", 0)]
    for earlier in (None, hashlib.md5(path.read_bytes()).hexdigest(), "0" * 32):  # releases that recorded one, and a wrong one
        forget_the_end(site, earlier)
        flush(site)
        assert rows(site) == [(sha256, None, "shipped", 0)]
        assert site.files() == [path], "not put again"
    assert site.command("uploader", "reship", "--batch", "1", DESTINATION_DIR=site.objects).returncode == 0
    assert site.files() == [path]
    path.unlink()
    assert site.command("uploader", "reship", "--batch", "1", DESTINATION_DIR=site.objects).returncode == 0
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256 and rows(site)[0][1] is None


def test_another_file_without_MD5_is_no_batchs_own(site):
    begin(site)
    flush(site)
    (path,) = site.files()
    ours = path.read_bytes()
    path.write_bytes(ours.replace(b"EVENT", b"OTHER"))  # as long as ours
    forget_the_end(site)
    flush(site)
    assert [(md5, state) for _, md5, state, _ in rows(site)] == [(None, "superseded"), (None, "shipped")]
    assert [p.read_bytes() == ours for p in site.files()].count(True) == 1


@with_stub
def test_what_was_recorded_for_a_directory_goes_to_a_bucket_with_its_MD5(site, stub):
    site.objects.write_text("no directory")
    uploader = site.uploader()
    wait_for("the batch to be refused", lambda: [row[2:] for row in rows(site)] == [("blocked", 0)])
    assert rows(site)[0][0] and rows(site)[0][1] is None, "recorded before it was tried"
    uploader.stop()
    site.uploader(**stub.settings())
    wait_for("all to be shipped", lambda: site.value("SELECT events FROM summary") == 0)
    (there,) = (stub.objects[key] for key in stub.kept if key.startswith("xml-events/"))
    assert all("content-md5" in r.headers for r in stub.requests if r.method == "PUT")
    assert [row[1:3] for row in rows(site)] == [(None, "superseded"), (hashlib.md5(there.body).hexdigest(), "shipped")]
    assert_each_event_in_one_object({key: stub.objects[key].body for key in stub.objects}, site.uids())
    assert_spool_tiles(site.query)


@with_stub
def test_what_is_in_a_directory_is_not_sent_to_a_bucket_again(site, stub):
    flush(site)
    for more in ((), ("--new-keys",)):
        done = site.command("uploader", "reship", "--batch", "1", *more, **stub.settings())
        assert done.returncode == 1 and "which is not the destination now" in done.stdout, done
    assert stub.objects == {} and [row[1:3] for row in rows(site)] == [(None, "shipped")]


@with_stub
def test_a_batch_perhaps_in_a_directory_is_resealed_for_a_bucket_with_its_MD5(site, stub):
    flush(site)
    forget_the_end(site)
    uploader = site.uploader(**stub.settings())
    wait_for("the batch to be set aside", lambda: rows(site)[0][2] == "blocked")
    done = site.command("uploader", "resolve", "--batch", "1", "--as", "reseal", "--yes", **stub.settings())
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for("all to be shipped", lambda: site.value("SELECT events FROM summary") == 0)
    uploader.stop()
    (there,) = (stub.objects[key] for key in stub.kept if key.startswith("xml-events/"))
    assert all("content-md5" in r.headers for r in stub.requests if r.method == "PUT")
    assert [row[1:3] for row in rows(site)] == [(None, "superseded"), (hashlib.md5(there.body).hexdigest(), "shipped")]


main(globals())
