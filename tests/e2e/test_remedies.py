"""Every remedy in docs/operating.md that a setting, a policy or a file can carry out is followed, here or by the test that is
named here, and helps; the others are listed with the reason. A row of a table there, or a section, without a place here
fails, and so does a code in the table of store/s3_error.c that has no remedy of its own.

Here: the trouble is brought about, `flush` tells of it with its remedy, that is carried out, and `flush` ships."""
import contextlib
import json
import pathlib
import re

from support.beside import Beside
from support.environment import ROOT
from support.rgw import shared_rgw as rgw
from support.tap import main
from support.waiting import wait_for
from aws_stub import Imds, Sts, sts_error, sts_keys
from s3_stub import ALWAYS, ANY, Step, Stub, captive_portal, error, honest, larger_than, no_answer, page, someone_was_faster

OPERATING = (ROOT / "docs/operating.md").read_text()
NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


# ---- what the trouble is brought about with ----

beside = Beside(6)


def flush(site, settings):
    done = site.command("uploader", "flush", **settings)
    return done.returncode, done.stdout + done.stderr


def assert_ships(site, settings):
    code, shown = flush(site, settings)
    assert code == 0, shown
    left = site.query("SELECT events, last_error FROM summary")
    assert left == [(0, None)], left


def assert_trouble(site, settings, words):
    code, shown = flush(site, settings)
    assert code != 0 and all(word in shown for word in words), (words, shown)


def send_events(site):
    site.collector()
    site.send_events(3)
    site.wait_for_events(3)


def with_events(test):
    """A decorator: the site has events to ship; the test runs beside others."""
    def run(site):
        send_events(site)
        test(site)
    return beside.add(test.__name__, run)[1]


def tests_beside(check, rows):
    """As tap.tests_of()."""
    def add(name, arguments):
        def run(site):
            send_events(site)
            check(site, *arguments)
        return beside.add(f"test_{name}", run)
    return dict(add(name, arguments) for name, arguments in rows.items())


def check_setting(site, wrong, words, right, script=None):
    """Another setting is the remedy. With a script the server is the stub. Functions get the server."""
    with contextlib.closing(Stub()) if script else contextlib.nullcontext(rgw()) as server:
        if script:
            server.set_script(*script(server))
        wrong, right = (each(server) if callable(each) else each for each in (wrong, right))
        assert_trouble(site, server.settings(**wrong), words)
        assert_ships(site, server.settings(**right))


def always(method, behaviour):
    return lambda stub: [Step(method, behaviour, times=ALWAYS)]


def if_header(name, refusal):
    """Refuses what carries this header."""
    return lambda stub, request: (refusal if name in request.headers else honest)(stub, request)


def only_in(region):
    def script(stub):
        stub.region = region

        def act(stub, request):
            is_right = f"/{region}/s3/" in request.headers["authorization"]
            return (honest if is_right else error(301, "PermanentRedirect"))(stub, request)
        return [Step(ANY, act, times=ALWAYS)]
    return script


def tls(server, **more):
    return {"AWS_ENDPOINT_URL": f"https://localhost:{server.tls_port}", "AWS_CA_BUNDLE": "", **more}


# ---- a setting ----

SETTINGS = tests_beside(check_setting, {
    "a_bucket_name_that_is_impossible_is_corrected": (
        {}, ("InvalidBucketName", "correct BUCKET_NAME"), lambda stub: rgw().settings(), always(ANY, error(400, "InvalidBucketName"))),
    "an_acl_where_acls_are_switched_off_is_removed": (
        {"S3_ACL": "private"}, ("AccessControlListNotSupported", "remove S3_ACL"), {},
        always("PUT", if_header("x-amz-acl", error(400, "AccessControlListNotSupported")))),
    "a_public_acl_that_the_bucket_blocks_is_removed": (  # radosgw's BlockPublicAcls refuses every PUT, so not there
        {"S3_ACL": "public-read"}, ("AccessDenied", "blocks public ACLs (S3_ACL)"), {},
        always("PUT", if_header("x-amz-acl", error(403, "AccessDenied")))),
    "an_argument_that_the_store_refuses_is_corrected": (
        {"S3_SSE": "AES256"}, ("InvalidArgument", "S3_SSE"), {},
        always("PUT", if_header("x-amz-server-side-encryption", error(400, "InvalidArgument")))),
    "a_storage_class_that_the_store_does_not_know_is_corrected": (
        {"S3_STORAGE_CLASS": "COLDEST"}, ("InvalidStorageClass", "correct S3_STORAGE_CLASS"), {"S3_STORAGE_CLASS": "STANDARD"},
        always("PUT", lambda stub, request: (error(400, "InvalidStorageClass") if "COLDEST" in request.headers.values() else
                                             honest)(stub, request))),
    "a_bucket_that_is_disabled_is_replaced": (
        {}, ("AllAccessDisabled", "choose another BUCKET_NAME"), lambda stub: rgw().settings(),
        always(ANY, error(403, "AllAccessDisabled"))),
    "a_secret_key_that_is_wrong_is_corrected": (
        {"AWS_SECRET_ACCESS_KEY": "x" * 40}, ("SignatureDoesNotMatch", "correct AWS_SECRET_ACCESS_KEY"), {}),
    "an_access_key_that_is_not_known_is_corrected": (
        {"AWS_ACCESS_KEY_ID": "nobody"}, ("InvalidAccessKeyId", "correct AWS_ACCESS_KEY_ID"), {}),
    "a_token_that_has_ended_is_renewed": (
        {"AWS_SESSION_TOKEN": "old"}, ("ExpiredToken", "renew AWS_SESSION_TOKEN"), {"AWS_SESSION_TOKEN": "new"},
        always(ANY, lambda stub, request: (error(400, "ExpiredToken") if request.headers["x-amz-security-token"] == "old" else
                                           honest)(stub, request))),
    "a_region_that_is_wrong_is_set": (
        {}, ("PermanentRedirect", "set AWS_REGION"), {"AWS_REGION": "eu-west-1"}, only_in("eu-west-1")),
    "tags_that_the_store_does_not_support_are_left_out": (
        {"S3_TAGS": "team=security"}, ("HTTP 501 NotImplemented", "S3_TAGS"), {},
        always("PUT", if_header("x-amz-tagging", error(501, "NotImplemented")))),
    "an_object_that_is_too_large_is_cut_again": (
        {"MAX_FILE_SIZE": "1M"}, ("EntityTooLarge", "set a lower MAX_FILE_SIZE"), {"MAX_FILE_SIZE": "1K"},
        always("PUT", larger_than(4000, error(400, "EntityTooLarge")))),
    "a_proxy_that_takes_no_large_body_gets_smaller_ones": (
        {"MAX_FILE_SIZE": "1M"}, ("HTTP 413", "lower MAX_FILE_SIZE"), {"MAX_FILE_SIZE": "1K"},
        always("PUT", larger_than(4000, page(413)))),
    "an_endpoint_that_redirects_is_corrected": (
        {}, ("HTTP 302", "correct AWS_ENDPOINT_URL"), lambda stub: rgw().settings(),
        always(ANY, page(302, {"Location": "http://127.0.0.1:9/login"}))),
    "a_key_that_is_too_long_is_shortened": (
        {"PREFIX": "far/too/long"}, ("KeyTooLongError", "shorten PREFIX"), {"PREFIX": "x"},
        always(ANY, lambda stub, request: (error(400, "KeyTooLongError") if request.key.startswith("far") else honest)(stub, request))),
    "an_owner_that_is_wrong_is_corrected": (
        {"S3_EXPECTED_BUCKET_OWNER": "111122223333"}, ("InvalidBucketOwnerAWSAccountID", "correct S3_EXPECTED_BUCKET_OWNER"), {},
        always(ANY, if_header("x-amz-expected-bucket-owner", error(400, "InvalidBucketOwnerAWSAccountID")))),
    "an_authority_that_is_not_trusted_is_named": (
        lambda server: tls(server), ("certificate", "set AWS_CA_BUNDLE"), lambda server: tls(server, AWS_CA_BUNDLE=server.ca)),
    "a_certificate_of_another_name_needs_the_bucket_in_the_path": (
        lambda server: tls(server, AWS_CA_BUNDLE=server.ca, S3_ADDRESSING="virtual", BUCKET_NAME=bucket(server, "other-name")),
        ("certificate", "S3_ADDRESSING=path"),
        lambda server: tls(server, AWS_CA_BUNDLE=server.ca, S3_ADDRESSING="path", BUCKET_NAME="other-name")),
})


def bucket(server, name):
    server.make_bucket(name)
    return name


# ---- a policy, a permission, a bucket ----

@with_events
def test_a_bucket_that_is_missing_is_created(site):
    settings = rgw().settings(BUCKET_NAME="created-later")
    assert_trouble(site, settings, ("NoSuchBucket", "create the bucket created-later"))
    rgw().make_bucket("created-later")
    assert_ships(site, settings)


@with_events
def test_permissions_that_are_missing_are_granted(site):
    rgw().make_bucket("granted")
    settings = rgw().settings(BUCKET_NAME="granted", **rgw().add_user("poor"))
    assert_trouble(site, settings, ("AccessDenied", "allow these keys s3:PutObject", "in the bucket granted"))
    rgw().set_policy(("Allow", "poor", ("PutObject", "GetObject"), ()), bucket="granted")
    assert_ships(site, settings)


def check_policy(site, name, conditions, settings):
    """The bucket's policy demands what a setting sends."""
    rgw().make_bucket(name)
    rgw().set_policy(("Deny", "*", ("PutObject",), conditions), bucket=name)
    assert_trouble(site, rgw().settings(BUCKET_NAME=name), ("AccessDenied", "its policy demands", next(iter(settings))))
    assert_ships(site, rgw().settings(BUCKET_NAME=name, **settings))


POLICIES = tests_beside(check_policy, {
    "an_acl_that_the_policy_demands_is_sent": (
        "demands-acl", {"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}, {"S3_ACL": "bucket-owner-full-control"}),
    "an_encryption_that_the_policy_demands_is_asked_for": (
        "demands-sse", {"Null": {"s3:x-amz-server-side-encryption": "true"}},
        {"S3_SSE": "aws:kms", "S3_SSE_KMS_KEY_ID": "testkey-1"}),
})


@with_events
def test_a_quota_that_is_used_up_is_raised(site):
    user = rgw().add_user("frugal")
    rgw().make_bucket("quota")
    rgw().set_policy(("Allow", "frugal", ("PutObject", "GetObject"), ()), bucket="quota")

    def set_quota(objects):
        of_the_bucket = ("--quota-scope=bucket", "--uid=test", "--bucket=quota")
        rgw().admin("quota", "set", *of_the_bucket, f"--max-objects={objects}")
        rgw().admin("quota", "enable", *of_the_bucket)
    set_quota(0)
    settings = rgw().settings(BUCKET_NAME="quota", **user)
    assert_trouble(site, settings, ("QuotaExceeded", "quota raised"))
    set_quota(1000)
    assert_ships(site, settings)


@with_events
def test_an_occupant_that_may_be_read_is_compared(site):
    with contextlib.closing(Stub()) as stub:
        stub.set_script(Step("PUT", someone_was_faster), *(Step(m, error(403, "AccessDenied"), times=ALWAYS) for m in ("HEAD", "GET")))
        assert_trouble(site, stub.settings(), ("HTTP 412: something is under the key", "allow these keys s3:GetObject"))
        stub.set_script()
        code, shown = flush(site, stub.settings())
        assert code == 0 and [key for key in stub.objects if key.endswith("-r2.xml")], shown  # beside the other object


@with_events
def test_an_object_in_the_way_of_the_second_key_is_moved_away(site):
    with contextlib.closing(Stub()) as stub:
        stub.set_script(Step("PUT", someone_was_faster, times=2))
        assert_trouble(site, stub.settings(), ("another object is under the key", "-r2.xml", "move it away"))
        (key,) = [key for key in stub.objects if key.endswith("-r2.xml")]
        del stub.objects[key]
        code, shown = flush(site, stub.settings())
        assert code == 0 and key in stub.objects, shown


@with_events
def test_a_portal_is_replaced_by_the_store_and_its_batch_resealed(site):
    with contextlib.closing(Stub([Step(ANY, captive_portal, times=ALWAYS)])) as portal:
        assert_trouble(site, portal.settings(), ("without an ETag", "see that AWS_ENDPOINT_URL is an S3 server"))
    settings = rgw().settings()
    assert_trouble(site, settings, ("may be in s3://stub-bucket@", "`eventspool resolve --batch 1`"))
    done = site.command("uploader", "resolve", "--batch", "1", "--as", "reseal", "--yes", **settings)
    assert done.returncode == 0, done
    assert_ships(site, settings)


@with_events
def test_a_batch_that_may_be_elsewhere_is_shipped_there(site):
    with contextlib.closing(Stub([Step("PUT", no_answer, times=ALWAYS)])) as stub:
        assert_trouble(site, stub.settings(), ("127.0.0.1",))
        assert_trouble(site, rgw().settings(), ("may be in s3://stub-bucket@", "which is not the destination now"))
        stub.set_script()
        assert_ships(site, stub.settings())


@with_events
def test_a_proxy_that_wants_a_login_is_passed_by(site):
    with contextlib.closing(Stub([Step(ANY, page(407), times=ALWAYS)])) as proxy, contextlib.closing(Stub()) as stub:
        settings = stub.settings(http_proxy=proxy.url)
        assert_trouble(site, settings, ("HTTP 407", "NO_PROXY"))
        assert_ships(site, {**settings, "NO_PROXY": "127.0.0.1"})


# ---- the keys' source ----

def write(path, text, mode=0o600):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def write_process(path, keys):
    """A program that prints keys."""
    return write(path, "#!/bin/sh\necho '%s'\n" % json.dumps({"Version": 1, "AccessKeyId": keys.access, "SecretAccessKey": keys.secret}),
                 0o700)


@with_events
def test_a_source_of_keys_that_is_missing_is_set(site):
    assert_trouble(site, rgw().settings(**NO_KEYS), ("no credentials: looked for", "set AWS_ACCESS_KEY_ID"))
    write(site.directory / ".aws/credentials", f"[default]\naws_access_key_id = {rgw().access}\n"
                                               f"aws_secret_access_key = {rgw().secret}\n")
    assert_ships(site, rgw().settings(**NO_KEYS))


@with_events
def test_a_credential_process_that_fails_is_mended(site):
    program = write(site.directory / "keys", "#!/bin/sh\nexit 3\n", 0o700)
    write(site.directory / ".aws/config", f"[default]\ncredential_process = {program}\n")
    assert_trouble(site, rgw().settings(**NO_KEYS), ("credential_process", "ended with exit code 3"))
    write_process(program, rgw())
    assert_ships(site, rgw().settings(**NO_KEYS))


@with_events
def test_keys_of_the_identity_center_come_by_a_process(site):
    config = "[profile sso]\nsso_session = x\nsso_account_id = 111122223333\nsso_role_name = r\n"
    write(site.directory / ".aws/config", config)
    assert_trouble(site, rgw().settings(**NO_KEYS, AWS_PROFILE="sso"), ("(IAM Identity Center, aws login) are not supported", "credential_process"))
    program = write_process(site.directory / "keys", rgw())
    write(site.directory / ".aws/config", config + f"[profile by-process]\ncredential_process = {program}\n")
    assert_ships(site, rgw().settings(**NO_KEYS, AWS_PROFILE="by-process"))


@with_events
def test_an_instance_without_a_role_gets_one(site):
    with contextlib.closing(Imds(role="")) as imds, contextlib.closing(Stub()) as stub:
        settings = stub.settings(**NO_KEYS, AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=imds.url)
        assert_trouble(site, settings, ("no role is attached to this instance",))
        imds.role = "shipping-role"
        assert_ships(site, settings)


@with_events
def test_a_role_that_does_not_trust_its_caller_is_told_to(site):
    answers = [sts_error(403, "AccessDenied")]
    with contextlib.closing(Sts(lambda request: answers[0])) as sts, contextlib.closing(Stub()) as stub:
        write(site.directory / ".aws/config", "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n[profile base]\n"
                                              "aws_access_key_id = BASE\naws_secret_access_key = TOPSECRET\n")
        settings = stub.settings(**NO_KEYS, AWS_ENDPOINT_URL_STS=sts.url)
        assert_trouble(site, settings, ("AccessDenied", "trust policy", "sts:AssumeRole"))
        answers[0] = sts_keys()
        assert_ships(site, settings)


# ---- the collector's settings ----

def test_a_message_that_is_too_long_needs_a_higher_limit(site):
    event = b"<EVENT><cn>1</cn><pad>" + b"x" * 2000 + b"</pad></EVENT>"
    collector = site.collector(MAX_MESSAGE_SIZE="1K")
    site.send(event)
    wait_for("the reject", lambda: site.query("SELECT reason FROM rejects") == [("oversize",)])
    assert "MAX_MESSAGE_SIZE" in site.value("SELECT detail FROM rejects")
    collector.stop()
    site.collector()
    site.send(event)
    site.wait_for_events(1)


# ---- each remedy of docs/operating.md has a place ----

def in_test(module, *names):
    """Followed there."""
    return module, names


HERE = "here"

# The first cell of each row, or its beginning.
ROWS = {
    "`NoSuchBucket`": HERE,
    "`AccessDenied` |": HERE,
    "`AccessControlListNotSupported`": HERE,
    "`InvalidArgument`": HERE,
    "`InvalidStorageClass`": HERE,
    "`AllAccessDisabled`": HERE,
    "`InvalidAccessKeyId`": HERE,
    "`ExpiredToken`": HERE,
    "`RequestTimeTooSkewed`": "this machine's clock is no setting of ours; that uploads work with a wrong one: test_s3.py",
    "`PermanentRedirect`": HERE,
    "`NotImplemented` (501)": HERE,
    "`QuotaExceeded`": HERE,
    "`EntityTooLarge`": HERE,
    "`KeyTooLongError`": HERE,
    "`AccountProblem`": "only the store's operator can",
    "HTTP 407": HERE,
    "HTTP 3xx without a region": HERE,
    "200 without an ETag": HERE,
    "nothing: `no answer in time": "what is wrong with the server is not known; that waiting for it helps: test_fault_matrix.py",
    "nothing: `the transfer was too slow`": "what slows the network is not known; that waiting helps: test_fault_matrix.py",
    "`HTTP 412: something is under the key": HERE,
    "`HTTP 412: the store said": in_test(
        "test_uploader_commands.py", "test_reship_over_a_delete_marker_that_counts_as_an_object_advises_new_keys"),
    "a certificate that is not trusted": HERE,
    "`another object is under the key": HERE,
    "nothing, since the batch cannot be rendered": in_test(
        "test_objects.py", "test_an_event_that_cannot_be_rendered_blocks_its_batch_alone", "test_a_missing_event_blocks_its_batch_alone"),
    "nothing, since the batch `may be in": HERE,
    "anything else with 4xx": "what to do depends on the store",
    # Credentials
    "`no credentials: looked for ...`": HERE,
    "another source than you meant": in_test("test_credentials.py", "test_the_order_of_the_sources_is_that_of_every_AWS_tool"),
    "`credentials cannot be renewed": in_test("test_credentials.py", "test_a_lost_key_source_is_a_problem_until_it_returns"),
    "`AccessDenied` from STS": HERE,
    "`credential_process ... ended": HERE,
    "`no role is attached": HERE,
    "`uses IAM Identity Center`": HERE,
    # Rejects arrive
    "`malformed`": in_test("test_settings.py", "test_settings_make_events_of_what_would_be_rejects"),
    "`oversize`": HERE,
    "`encoding`": in_test("test_settings.py", "test_settings_make_events_of_what_would_be_rejects"),
    "`cut_off`": in_test("test_feeds.py", "test_each_feed_becomes_its_events_and_rejects"),
    "`unknown_element`": in_test("test_feeds.py", "test_each_feed_becomes_its_events_and_rejects"),
    "`stray_bytes`": "only the sender can be changed",
    "`looks_like_http`": "only the sender can be changed",
    "`doctype`": "only the sender can be changed",
    # The page does not answer
    "the connection is refused": in_test("test_status_server.py", "test_with_port_0_nothing_is_served"),
    "the log says that the port": in_test("test_status_server.py", "test_a_taken_port_does_not_keep_the_collector_from_receiving"),
    "HTTP 421": in_test("test_status_server.py", "test_only_names_that_no_other_page_can_have_are_served"),
    "it says that there is no answer": "it is about the programs behind it",
    "the figures are old": "it is about the programs behind it",
}

# The sections of "What to do when" whose remedies stand in sentences, and the items of a list.
SECTIONS = {
    "An alert came": "it asks for nothing to be done",
    "Nothing arrives": "what is wrong with the sender, or the way to it, is not known; what it shows: test_situations.py",
    "A program is dead": in_test("test_times.py", "check_dead"),
    "Events do not reach the bucket": "it leads to other sections",
    "S3 refuses": "its rows are above",
    "This machine's clock is wrong": "this machine's clock is no setting of ours; that the problem ends: test_uploader_problems.py",
    "An incident is reported": in_test("test_proof.py", "test_an_object_of_someone_else_becomes_an_incident_and_stays"),
    "Credentials": "its rows are above",
    "The disk is full": in_test("test_disk.py", "test_a_full_disk_stops_reading_and_loses_or_doubles_nothing",
                                "test_a_directory_in_the_reserves_place_is_named_by_check_and_run"),
    "The spool is at its ceiling": in_test("test_disk.py", "test_a_spool_at_its_ceiling_takes_no_more_until_events_ship"),
    "Commits fail": in_test("test_disk.py", "test_a_lock_that_another_process_holds_is_waited_out",
                            "test_a_limit_on_the_size_of_files_is_named_and_loses_nothing"),
    "The collector says that it is starting": in_test("test_start.py", "test_a_write_lock_is_waited_out",
                                                      "test_a_first_start_on_a_disk_without_a_byte_waits_for_room"),
    "A thread does not go on": "a thread that hangs is a mistake of ours, or of the disk",
    "A long read makes the log grow": in_test("test_disk.py", "test_a_foreign_reader_is_reported_and_the_log_shrinks_after_it"),
    "Files were deleted or replaced while in use": in_test(
        "test_disk.py", "test_a_spool_that_is_moved_away_and_back_goes_on", "test_a_deleted_log_is_rescued_and_reading_stops"),
    "Garbage fills the spool": in_test("test_rejects_cap.py", "the_problem_ends_when_a_prefix_lets_them_be_shipped"),
    "Rejects arrive": "its rows are above",
    "A sender is silent": in_test("test_arrivals.py", "test_a_silent_sender_is_named_until_it_sends",
                                  "test_silence_alert_off_and_other_times"),
    "Somebody has deleted objects": in_test("test_uploader_commands.py", "test_reship_to_a_real_server_restores_what_was_deleted"),
    "The warehouse has lost rows": in_test("test_uploader_commands.py", "test_reship_under_new_keys_copies_batches_and_changes_no_state"),
    "A sender is refused": in_test("test_senders.py", "test_allow_from_admits_its_senders_and_logs_the_others"),
    "New senders wait": "a higher MAX_CONNECTIONS is what other tests begin with; that places become free: test_places.py",
    "Senders wait, or an unfinished event became a reject":
        "a higher INTAKE_MEMORY is what other tests begin with; what it says: test_senders.py",
    "The page does not answer": "its rows are above",
    "A program does not start": in_test(
        "test_start.py", "test_an_address_that_comes_later_is_waited_for", "test_missing_descriptors_are_waited_for",
        "test_a_limit_of_open_files_that_is_too_low_ends_the_start_with_75"),
}


def rows_of(text):
    """The rows of tables whose last column says what to do, without their headers."""
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        header, _, *rows = table.splitlines()
        if header.endswith("| what to do |"):
            yield from (row[2:] for row in rows)


def when():
    return re.search(r"^## What to do when$\n(.*?)^## ", OPERATING, re.MULTILINE | re.DOTALL)[1]


def test_every_row_and_section_has_a_place_here(site):
    rows = list(rows_of(when()))
    assert len(rows) > 40
    for row in rows:
        assert len([begin for begin in ROWS if row.startswith(begin)]) == 1, f"a remedy without a place: {row}"
    for begin in ROWS:
        assert any(row.startswith(begin) for row in rows), f"no such row: {begin}"
    assert re.findall(r"^### (.*)$", when(), re.MULTILINE) == list(SECTIONS)


def test_every_test_that_is_named_here_exists(site):
    for module, names in (place for place in (*ROWS.values(), *SECTIONS.values()) if isinstance(place, tuple)):
        text = (pathlib.Path(__file__).parent / module).read_text()
        for name in names:
            assert f"def {name}(" in text or f'"{name}":' in text, (module, name)


def test_every_code_of_the_store_has_a_remedy_of_its_own_and_stands_in_the_document(site):
    source = (ROOT / "uploader/store/s3_error.c").read_text()
    table = re.search(r"refusals\[\] = \{\n(.*?)\n\};", source, re.DOTALL)[1]
    codes = re.findall(r'^    \{"([A-Za-z.]+)", SCOPE', table, re.MULTILINE)
    assert len(codes) > 30
    with contextlib.closing(Stub()) as stub:
        for code in codes:
            assert f"`{code}`" in when() or (code.startswith("KMS.") and "`KMS....`" in when()), code
            status = 501 if code == "NotImplemented" else 403
            stub.set_script(Step(ANY, error(status, code), times=ALWAYS))
            shown = site.command("uploader", "check", **stub.settings(REJECTS_PREFIX="none")).stdout
            problem, remedy = shown.splitlines()[-2:]
            assert problem.startswith("problem ") and f"HTTP {status} {code}" in problem, shown
            assert stub.bucket in remedy and "in its documentation" not in remedy, shown


main({**globals(), **SETTINGS, **POLICIES})
