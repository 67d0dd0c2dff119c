"""`uploader check`: one screen that says where objects go, with whose keys, what was proven and what was not; nothing foreign
makes up a line of it. --read-only writes nothing."""
import contextlib
import hashlib
import time

from support.tap import main, tests_of
from aws_stub import HANG, Answer as StsAnswer, Endpoint, form, sts_error, sts_identity
from s3_stub import (ALWAYS, ANY, Answer, Step, Stored, Stub, error, giving_stub, honest, no_conditions, object_lock)

SCREEN_LINES, SCREEN_COLUMNS = 24, 100
ARN = "arn:aws:iam::111122223333:user/eventspool"


with_stub = giving_stub(lambda site: None)  # a spool that is not there yet is no problem


def check(site, stub, *script, arguments=(), expected=0, **settings):
    """What it prints: each line begins as it must, whatever is in it."""
    if script:
        stub.set_script(*script)
    done = site.command("uploader", "check", *arguments, **stub.settings(**settings))
    assert done.returncode == expected, (done.stdout, done.stderr)
    for line in done.stdout.splitlines():
        assert line.startswith(("ok      ", "note    ", "problem ", "        ")) and line.isprintable(), line
    return done.stdout


def notes(shown):
    return [line for line in shown.splitlines() if line.startswith("note") and "the collector creates it" not in line]


# ---- the screen ----

@with_stub
def test_one_screen_says_where_with_whose_keys_and_what_was_proven(site, stub):
    def encrypting(stub, request):
        answer = honest(stub, request)
        return answer._replace(headers={**answer.headers, "x-amz-server-side-encryption": "aws:kms"})

    site.collector(NODE_ID="gate-7")
    site.wait_for_spool()
    bundle = site.directory / "ca.pem"
    bundle.write_text("")
    with contextlib.closing(Endpoint(lambda request: sts_identity())) as sts:
        shown = check(site, stub, Step(ANY, encrypting, times=ALWAYS), AWS_ENDPOINT_URL_STS=sts.url, S3_SSE="aws:kms",
                      S3_SSE_KMS_KEY_ID="alias/spool", S3_STORAGE_CLASS="STANDARD_IA", S3_TAGS="team=security",
                      S3_ACL="bucket-owner-full-control", S3_EXPECTED_BUCKET_OWNER="111122223333", AWS_CA_BUNDLE="ca.pem")
        assert [form(request) for request in sts.requests] == [{"Action": "GetCallerIdentity", "Version": "2011-06-15"}]
    lines = shown.splitlines()
    assert len(lines) <= SCREEN_LINES and max(map(len, lines)) <= SCREEN_COLUMNS, shown
    assert lines == [
        "ok      a destination is set: the bucket stub-bucket",
        "ok      the spool can be used",
        "ok      the lock file can be used",
        "ok      credentials found: the environment (AWS_ACCESS_KEY_ID)",
        f"ok      server: {stub.url} (AWS_ENDPOINT_URL); the bucket is named in the path",
        "ok      certificates: those in ca.pem are trusted, not the system's",
        "ok      region: us-east-1 (AWS_REGION); FIPS: no; dual-stack: no",
        f"ok      access key: ...bkey; no end is known; whose: {ARN}",
        "ok      each object asks for: encryption aws:kms, with the key alias/spool",
        "ok      each object asks for: class STANDARD_IA, ACL bucket-owner-full-control, tags team=security",
        "ok      the bucket must belong to the account 111122223333 (S3_EXPECTED_BUCKET_OWNER)",
        "ok      objects can be written as xml-events/_check-gate-7",
        "        written now and left there; proven: write, no overwrite, read, missing told from forbidden",
        "        the store says that it is encrypted: aws:kms",
        "ok      objects can be written as rejected/xml-events/_check-gate-7",
        "        written now and left there; proven: write, no overwrite, read, missing told from forbidden",
        "        the store says that it is encrypted: aws:kms",
        "        not tried: other keys under these prefixes, objects of full size, deleting (not needed)",
    ], shown


def test_a_directory_has_a_screen_of_its_own(site):
    for written, arguments in (("", ["--read-only"]), ("written now and left there", []), ("it was there and stays", []),
                               ("", ["--read-only"])):
        shown = site.command("uploader", "check", *arguments, DESTINATION_DIR=site.objects).stdout
        assert f"objects are files in {site.objects} (DESTINATION_DIR), for a trial" in shown, shown
        assert written in shown and ("only looked" in shown) == bool(arguments), shown
        assert "FIPS" not in shown and "access key" not in shown, shown
        assert site.objects.exists() == (written != "" or "is there" in shown), shown


@with_stub
def test_a_public_acl_and_an_encryption_that_is_not_confirmed_are_notes(site, stub):
    shown = check(site, stub, S3_ACL="public-read", S3_SSE="AES256")
    assert "with S3_ACL=public-read anybody on the internet can read" in shown, shown
    assert "S3_SSE=AES256 was asked for, and the store does not say that it is so" in shown, shown
    shown = check(site, stub, S3_SSE="AES256")
    assert "S3_SSE=AES256 is not proven: the document that was there is not so" in shown, "it may be older than the setting"
    assert "does not say" not in shown and "delete it, and check again" in shown, shown


# ---- whose keys ----

@with_stub
def test_whose_the_keys_are_is_a_note_at_most(site, stub):
    hostile = "arn&#10;ok      all is well&#x9b;2J"
    answers = {"answer": sts_identity()}
    with contextlib.closing(Endpoint(lambda request: answers["answer"])) as sts:
        for answer, words, count in ((sts_identity(), f"whose: {ARN}", 0), (sts_identity(hostile), "whose: arn", 0),
                                     (sts_error(403, "InvalidClientTokenId"), "STS answers HTTP 403 InvalidClientTokenId", 1),
                                     (StsAnswer(200, b"<html>Welcome</html>"), "STS answers HTTP 200", 1), (None, sts.url, 1)):
            answers["answer"] = answer
            shown = check(site, stub, AWS_ENDPOINT_URL_STS=sts.url)
            assert words in shown and len(notes(shown)) == count and "\nok      all is well" not in shown, (words, shown)
        answers["answer"] = HANG
        since = time.monotonic()
        shown = check(site, stub, AWS_ENDPOINT_URL_STS=sts.url)
        assert time.monotonic() - since < 9 and len(notes(shown)) == 1, shown
        sts.requests.clear()
        for settings in ({}, {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": stub.url},
                         {"AWS_ENDPOINT_URL": stub.url, "AWS_ENDPOINT_URL_STS": ""}):
            shown = check(site, stub, **settings)
            assert "whose: not asked" in shown and not notes(shown), shown
        assert not sts.requests and {r.method for r in stub.checks + stub.requests} == {"PUT", "HEAD", "GET"}


@with_stub
def test_only_the_tail_of_a_key_is_shown_and_nothing_of_a_short_one(site, stub):
    stub.secrets = {}
    for key, tail in (("AKIAIOSFODNN7EXAMPLE", "...MPLE;"), ("abcd", "...;")):
        shown = check(site, stub, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY="TOPSECRET")
        assert f"access key: {tail}" in shown and key not in shown and "TOPSECRET" not in shown, shown


@with_stub
def test_no_answer_makes_up_a_line(site, stub):
    text = b"<Error><Code>Odd</Code><Message>no&#10;ok      objects can be written as x&#27;]0;owned&#7;</Message></Error>"
    shown = check(site, stub, Step(ANY, lambda stub, request: Answer(403, {}, text), times=ALWAYS), expected=1)
    assert shown.count("ok      objects can be written") <= 2 and "\nok      objects" not in shown, shown


@with_stub
def test_a_server_that_answers_412_to_everything_proves_nothing(site, stub):
    for arguments in ((), ["--read-only"]):
        shown = check(site, stub, Step(ANY, error(412, "PreconditionFailed"), times=ALWAYS), arguments=arguments, expected=1)
        assert "HTTP 412 to a question of what is there: what answers is no S3 server" in shown and "proven" not in shown, shown


@with_stub
def test_a_server_that_shows_any_object_proves_nothing(site, stub):
    shows_any = Step("HEAD", lambda stub, request: Answer(200, {"ETag": '"any"'}), times=ALWAYS)
    for arguments in ((), ["--read-only"]):
        shown = check(site, stub, shows_any, arguments=arguments, expected=1)
        assert "HTTP 200 to a request for an object that cannot exist: what answers is no S3 server" in shown, shown


# ---- what it costs ----

def check_costs(site, script, words, settings):
    with contextlib.closing(Stub()) as stub:
        shown = check(site, stub, *script(), **settings)
        assert len(notes(shown)) == (2 if words else 0), shown
        assert all(word in shown for word in words), (words, shown)
        assert len(stub.documents) == 2 and all("content-md5" in r.headers for r in stub.checks if r.method == "PUT")


def locked(stub, request):
    answer = object_lock(stub, request) if request.method == "PUT" else honest(stub, request)
    until = {"x-amz-object-lock-retain-until-date": "2031-05-04T10:11:12Z"} if request.method != "PUT" else {}
    return answer._replace(headers={**answer.headers, **until})


def nothing_is_missing(stub, request):
    """Without s3:ListBucket."""
    answer = honest(stub, request)
    return error(403, "AccessDenied")(stub, request) if answer.status == 404 else answer


def condition_ignored(stub, request):
    """As Ceph in a bucket with versions."""
    stub.shelf(request).pop(request.key, None)
    return honest(stub, request)


COSTS = tests_of(check_costs, {
    "all_rights_are_no_note": (lambda: [], (), {}),
    "a_missing_right_to_read_is_a_note": (lambda: [Step(m, error(403, "AccessDenied"), times=ALWAYS) for m in ("HEAD", "GET")], (
        "objects cannot be read back: HTTP 403", "`verified` is 0", "allow these keys s3:GetObject"), {}),
    "a_key_of_KMS_that_does_not_decrypt_is_a_note": (lambda: [Step("GET", error(403, "AccessDenied"), times=ALWAYS)], (
        "objects cannot be read back: HTTP 403 AccessDenied", "kms:Decrypt"), {}),
    "a_look_that_fails_now_is_a_note": (lambda: [Step("GET", error(500, "InternalError"), times=ALWAYS)], (
        "whether objects can be read back was not found out: HTTP 500 InternalError", "check again"), {}),
    "a_missing_right_to_list_is_a_note": (lambda: [Step("HEAD", nothing_is_missing, times=ALWAYS)], (
        "s3:ListBucket is not allowed", "`eventspool reship --dry-run` and `eventspool resolve`"), {}),
    "a_condition_that_is_ignored_is_a_note": (lambda: [Step("PUT", condition_ignored, times=ALWAYS)], (
        "does not heed `If-None-Match: *`", "nobody else writes under this prefix"), {}),
    "objects_that_are_locked_are_a_note": (lambda: [Step(ANY, locked, times=ALWAYS)], (
        "the document is locked until 2031-05-04T10:11:12Z (Object Lock)", "nobody can delete it before"), {}),
})


@with_stub
def test_a_document_of_another_format_is_no_obstacle_and_stays_where_objects_are_locked(site, stub):
    for script in ([Step("PUT", object_lock, times=ALWAYS)], [Step("PUT", no_conditions, times=ALWAYS)]):
        check(site, stub, *script)
        before = dict(stub.documents)
        shown = check(site, stub, OUTPUT_FORMAT="json")
        assert stub.documents == before, "nothing was replaced"
        is_plain = "another document is under" in shown
        assert is_plain == (script[0].behaviour is no_conditions), shown
        assert not is_plain or "where it is locked (Object Lock) that must wait, and `run` works all the same" in shown, shown
        stub.documents.clear()


@with_stub
def test_a_header_that_a_proxy_removes_is_named_where_objects_are_locked(site, stub):
    message = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
    text = f"<Error><Code>InvalidRequest</Code><Message>{message}</Message></Error>".encode()
    shown = check(site, stub, Step("PUT", lambda stub, request: Answer(400, {}, text), times=ALWAYS), expected=1)
    assert "nothing on the way (a proxy) removes the header Content-MD5" in shown, shown


# ---- --read-only ----

def other_document(stub, key):
    stub.documents[key] = Stored(b"other", hashlib.md5(b"other").hexdigest(), "")


@with_stub
def test_read_only_writes_nothing(site, stub):
    shown = check(site, stub, arguments=["--read-only"])
    assert shown.count("ok      the store answers: ") == 2 and shown.count("_check-") == 2, shown
    assert "another document" not in shown and "only looked: nothing was written, so that these keys may write is not proven" in shown, shown
    assert not stub.documents and not stub.objects
    check(site, stub)
    stub.checks.clear()
    other_document(stub, next(key for key in stub.documents if key.startswith("rejected/")))
    before = dict(stub.documents)
    shown = check(site, stub, arguments=["--read-only"])
    assert "xml-events/_check-" in shown and "another document is there as rejected/xml-events/_check-" in shown, shown
    assert stub.documents == before and {r.method for r in stub.checks} <= {"HEAD", "GET"}


@with_stub
def test_read_only_tells_what_it_cannot_see_from_what_is_wrong(site, stub):
    for status, code, expected, words in (
            (403, "AccessDenied", 0, "these keys may not look at"), (403, None, 0, "keys that may do nothing"),
            (404, "NoSuchBucket", 1, "create the bucket"), (403, "InvalidAccessKeyId", 1, "correct AWS_ACCESS_KEY_ID"),
            (403, "SignatureDoesNotMatch", 1, "correct AWS_SECRET_ACCESS_KEY"), (503, "SlowDown", 1, "HTTP 503"),
            (400, "ExpiredToken", 1, "renew AWS_SESSION_TOKEN"), (407, None, 1, "proxy's user and password"),
            (404, "NoSuchKey", 0, "is not there"), (404, None, 1, "HTTP 404 without S3's error code")):
        shown = check(site, stub, Step(ANY, error(status, code), times=ALWAYS), arguments=["--read-only"], expected=expected)
        assert words in shown and bool(notes(shown)) == (expected == 0 and status == 403), (code, shown)
    assert "PUT" not in {r.method for r in stub.checks + stub.requests}


def test_another_argument_is_wrong_usage(site):
    done = site.command("uploader", "check", "--dry-run", DESTINATION_DIR=site.objects)
    assert done.returncode == 64 and "usage: eventspool check [--read-only]" in done.stderr, done.stderr
    assert not site.objects.exists()


main({**globals(), **COSTS})
