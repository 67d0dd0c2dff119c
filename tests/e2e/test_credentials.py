"""Where the uploader's keys come from: each source by its own protocol, keys that end or are changed, and what is kept
secret. STS is radosgw's own where that can answer; the rest are the small servers of aws_stub.py."""
import contextlib
import datetime
import email.utils
import functools
import hashlib
import hmac
import http.client
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.parse

from aws_stub import HANG, Answer, Endpoint, Imds, Issuer, Sts, form, keys_json, sts_error, sts_keys
from support.environment import BIN, clean_environment
from support.ledger import CHECK, assert_keys_have_no_gap
from support.rgw import Rgw
from support.tap import main
from support.waiting import PATIENCE, wait_for
from s3_stub import ALWAYS, Step, Stub, error

SECRETS = re.compile(r"secret-\d|token-\d|TOPSECRET|testsecret0000")
NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


@contextlib.contextmanager
def closing(thing):
    try:
        yield thing
    finally:
        thing.close()


def with_stub(test):
    """The test gets a scripted S3 server."""
    @functools.wraps(test)
    def run(site):
        with closing(Stub()) as stub:
            test(site, stub)
            for program in site.running:
                assert not SECRETS.search(program.log), program.log
    return run


def with_rgw(*, sts=False):
    """The test gets a real S3 server. A server with STS says AccessDenied of every signature that does not match."""
    def wrap(test):
        @functools.wraps(test)
        def run(site):
            with closing(Rgw(site.directory, sts=sts)) as rgw:
                test(site, rgw)
                for program in site.running:
                    assert not SECRETS.search(program.log), program.log
        return run
    return wrap


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def aws_config(site, text):
    return write(site.directory / ".aws/config", text)


def aws_credentials(site, text):
    return write(site.directory / ".aws/credentials", text)


def script(site, body):
    """An executable for credential_process."""
    path = write(site.directory / "process", "#!/bin/sh\n" + body)
    path.chmod(0o700)
    return path


def check(site, stub, expected=0, **settings):
    """`uploader check` on the stub, without keys in the environment; its output, free of secrets."""
    done = site.command("uploader", "check", **stub.settings(**{**NO_KEYS, **settings}))
    shown = done.stdout + done.stderr
    assert done.returncode == expected and not SECRETS.search(shown), (done.returncode, shown)
    return shown


def used_keys(stub, requests=None):
    """The access key and the session token of each request about an object so far, or of these requests."""
    with stub.lock:
        return [(re.search(r"Credential=([^/]*)/", r.headers["authorization"])[1],
                 r.headers.get("x-amz-security-token", "")) for r in (stub.requests if requests is None else requests)]


def checked_keys(stub):
    """The same of the requests about the document that proves the destination."""
    return used_keys(stub, stub.checks)


def send_batch(site, count=3):
    known = site.value("SELECT last_event_id FROM _intake")
    site.send_events(count)
    site.wait_for_events(known + count)


# ---- each source, and their order ----

@with_stub
def test_instance_metadata_gives_keys_and_bypasses_the_proxy(site, stub):
    with closing(Imds()) as imds:
        settings = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        shown = check(site, stub, **settings, http_proxy="http://127.0.0.1:1", NO_PROXY=f"127.0.0.1:{stub.port}",
                      AWS_ENDPOINT_URL=f"http://localhost:{stub.port}", no_proxy="localhost")
        assert "credentials found: instance metadata, role shipping-role" in shown, shown
        assert [r.method for r in imds.requests] == ["PUT", "GET", "GET"]
        assert set(checked_keys(stub)) == {("ASIA1", "token-1")}


@with_stub
def test_the_container_endpoint_gets_the_token_as_its_file_has_it(site, stub):
    token = write(site.directory / "token", "first\n")
    given = []

    def answer(request):
        given.append(request.headers["authorization"])
        token.write_text("second\n")
        return Answer(200, keys_json(len(given), seconds=1))  # ended at once: the next request asks again
    with closing(Endpoint(answer)) as endpoint:
        shown = check(site, stub, AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url + "/v1/credentials?x=y",
                      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token, http_proxy="http://127.0.0.1:1",
                      no_proxy="localhost", AWS_ENDPOINT_URL=f"http://localhost:{stub.port}")
        assert "credentials found: the container's endpoint" in shown, shown
        assert given[:2] == ["first", "second"] and endpoint.requests[0].path == "/v1/credentials?x=y"
        assert len(set(checked_keys(stub))) == len(checked_keys(stub)) > 1


@with_stub
def test_the_order_of_the_sources_is_that_of_every_AWS_tool(site, stub):
    """All are configured; then the first is taken away, and so on."""
    token = write(site.directory / "token", "jwt")
    aws_credentials(site, "[default]\naws_access_key_id = FILE\naws_secret_access_key = TOPSECRET\n")
    container = Endpoint(lambda request: Answer(200, keys_json(8)))
    sts = Sts(lambda request: sts_keys(7, action="AssumeRoleWithWebIdentity"))
    with closing(Imds()) as imds, closing(container), closing(sts):
        settings = {"AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "TOPSECRET",
                    "AWS_ROLE_ARN": "arn:aws:iam::1:role/web", "AWS_WEB_IDENTITY_TOKEN_FILE": token,
                    "AWS_ENDPOINT_URL_STS": sts.url, "AWS_ROLE_SESSION_NAME": "gate-7",
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url,
                    "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        for key, source, gone in (
                ("ENVIRONMENT", "the environment (AWS_ACCESS_KEY_ID)", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
                ("ASIA7", "arn:aws:iam::1:role/web by a web identity token", ("AWS_WEB_IDENTITY_TOKEN_FILE",)),
                ("FILE", "the profile default", ("HOME",)),
                ("ASIA8", "the container's endpoint", ("AWS_CONTAINER_CREDENTIALS_FULL_URI",)),
                ("ASIA1", "instance metadata, role shipping-role", ())):
            shown = check(site, stub, **settings)
            assert f"credentials found: {source}" in shown and checked_keys(stub)[-1][0] == key, (shown, key)
            settings.update({name: "" for name in gone})
    assert form(sts.for_keys[0])["RoleSessionName"] == "gate-7"
    assert "authorization" not in sts.for_keys[0].headers


@with_stub
def test_a_profile_names_the_servers(site, stub):
    """Without AWS_ENDPOINT_URL its keys would go to AWS."""
    with closing(Sts(lambda request: sts_keys(7))) as sts:
        aws_config(site, "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\nservices = own\n"
                         "aws_access_key_id = BASE\naws_secret_access_key = TOPSECRET\n"
                         f"[services own]\ns3 =\n  endpoint_url = {stub.settings()['AWS_ENDPOINT_URL']}\n"
                         f"sts =\n  endpoint_url = {sts.url}\n")
        check(site, stub, AWS_ENDPOINT_URL="")
        assert len(sts.for_keys) == 1 and checked_keys(stub)[-1][0] == "ASIA7"
    aws_config(site, "[default]\nservices = other\n")
    assert "services of the profile default is other" in check(site, stub, 78, AWS_ENDPOINT_URL="")


@with_stub
def test_missing_keys_are_reported_with_the_places_searched_and_a_remedy(site, stub):
    for done in (site.command("uploader", **stub.settings(**NO_KEYS)),
                 site.command("uploader", "check", **stub.settings(**NO_KEYS))):
        shown = done.stdout + done.stderr
        assert done.returncode == 78, shown
        for words in ("AWS_ACCESS_KEY_ID", "_FILE", "/run/secrets", "AWS_WEB_IDENTITY_TOKEN_FILE", "profile default",
                      "~/.aws/credentials", "~/.aws/config", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                      "AWS_EC2_METADATA_DISABLED", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            assert words in shown, (words, shown)
    assert not stub.requests


@with_stub
def test_a_source_that_fails_is_not_covered_up_by_the_next_one(site, stub):
    refusals = Endpoint(lambda request: Answer(400, b"no such association"))
    with closing(Imds()) as imds, closing(refusals):
        shown = check(site, stub, 1, AWS_CONTAINER_CREDENTIALS_FULL_URI=refusals.url, AWS_EC2_METADATA_DISABLED="false",
                      AWS_EC2_METADATA_SERVICE_ENDPOINT=imds.url)
        assert "HTTP 400" in shown and "EKS Pod Identity association" in shown and not imds.requests
        imds.role = None
        shown = check(site, stub, 1, AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=imds.url)
        assert "no role is attached" in shown and "attach an IAM role to this instance" in shown
    for token in (b"", b"t" * 5000, b"a b"):
        with closing(Endpoint(lambda request: Answer(200, token))) as portal:
            shown = check(site, stub, 1, AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=portal.url)
            assert "instance metadata: the answer holds no session token" in shown, shown
            assert "allow instance metadata (IMDSv2)" in shown, shown


@with_stub
def test_a_role_takes_its_keys_from_each_kind_of_source(site, stub):
    """base -> middle -> default by source_profile, and the instance's keys by credential_source."""
    config = """[default]
role_arn = arn:aws:iam::1:role/last
source_profile = middle
external_id = a/b:c+d
duration_seconds = 900
role_session_name = me
[profile middle]
role_arn = arn:aws:iam::1:role/first
source_profile = base
[profile base]
credential_process = %s
[profile instance]
role_arn = arn:aws:iam::1:role/last
credential_source = Ec2InstanceMetadata
[profile self]
role_arn = arn:aws:iam::1:role/last
source_profile = self
aws_access_key_id = SELF
aws_secret_access_key = TOPSECRET
[profile web]
role_arn = arn:aws:iam::1:role/web
web_identity_token_file = %s
duration_seconds = 1200
role_session_name = me
"""
    token = write(site.directory / "token", "jwt")
    process = script(site, "echo '%s'" % keys_json(5, token="SessionToken", Version=1).decode())
    aws_config(site, config % (process, token))
    signers = []

    def answer(request):
        if "authorization" not in request.headers:
            return sts_keys(7, action="AssumeRoleWithWebIdentity")
        signers.append(re.search(r"Credential=(\w+)/\d+/us-east-1/sts/", request.headers["authorization"])[1])
        assert (request.headers.get("x-amz-security-token") is None) == (signers[-1] == "SELF")
        return sts_keys(10 + len(signers))
    with closing(Imds()) as imds, closing(Sts(answer)) as sts:
        settings = {"AWS_ENDPOINT_URL_STS": sts.url, "AWS_EC2_METADATA_DISABLED": "false",
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        shown = check(site, stub, **settings)
        assert "credentials found: arn:aws:iam::1:role/last by the profile default" in shown, shown
        assert signers == ["ASIA5", "ASIA11"] and checked_keys(stub)[-1] == ("ASIA12", "token-12")
        first, last = map(form, sts.for_keys)
        assert first["RoleArn"].endswith("role/first") and first["RoleSessionName"] == "eventspool"
        assert last == {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/last",
                        "RoleSessionName": "me", "DurationSeconds": "900", "ExternalId": "a/b:c+d"}
        check(site, stub, AWS_PROFILE="instance", **settings)
        check(site, stub, AWS_PROFILE="self", **settings)
        assert signers[2:] == ["ASIA1", "SELF"]
        check(site, stub, AWS_PROFILE="web", AWS_ROLE_SESSION_NAME="set", **settings)
        assert form(sts.for_keys[-1]) == {
            "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/web",
            "RoleSessionName": "set", "DurationSeconds": "1200", "WebIdentityToken": "jwt"}


@with_stub
def test_a_session_token_may_be_long(site, stub):
    """60,000 characters: the servers of the tests take no longer line. One that is too long is named with its length."""
    token = "t" * 60000
    aws_config(site, "[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = role\n"
                     f"aws_access_key_id = BASE\naws_secret_access_key = TOPSECRET\naws_session_token = {token}\n")
    answer = keys_json(1).replace(b"token-1", token.encode())
    sts = sts_keys(1)
    sts = sts._replace(body=sts.body.replace(b"token-1", token.encode()))
    with closing(Imds(token=token)) as imds, closing(Endpoint(lambda request: Answer(200, answer))) as container, \
            closing(Endpoint(lambda request: sts)) as server:
        for settings in ({"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url},
                         {"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url},
                         {"AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": server.url}):
            check(site, stub, **settings)
            assert checked_keys(stub)[-1] == ("ASIA1", token)
        assert server.requests[0].headers["x-amz-security-token"] == token
        sts = sts._replace(body=sts.body.replace(token.encode(), b"t" * 65537))
        shown = check(site, stub, 1, AWS_PROFILE="role", AWS_ENDPOINT_URL_STS=server.url)
        assert "the session token is too long: it has 65537 characters, and 65536 are possible" in shown, shown


@with_stub
def test_each_answer_of_STS_is_classified_and_explained(site, stub):
    aws_config(site, "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n[profile base]\n"
                     "aws_access_key_id = BASE\naws_secret_access_key = TOPSECRET\n")
    answers = []
    with closing(Endpoint(lambda request: answers[0])) as sts:
        for answer, words in (
                (sts_error(403, "AccessDenied"), ("AccessDenied", "let the trust policy of arn:aws:iam::1:role/r")),
                (sts_error(403, "InvalidClientTokenId"), ("correct the keys that ask",)),
                (sts_error(403, "SignatureDoesNotMatch", "no match.\n\nThe String is\nTOPSECRET"),
                 ("no match.", "correct the secret key")),
                (sts_error(400, "SomethingNew"), ("SomethingNew", "look up what STS answers")),
                (sts_error(503, "ServiceUnavailable"), ("503",)),
                (sts_error(400, "Throttling"), ("Throttling",)),
                (Answer(200, b"<html>Welcome!</html>"), ("not a set of keys", "AWS_ENDPOINT_URL_STS")),
                (Answer(200, b"not even that"), ("not a set of keys",)),
                (Answer(200), ("not a set of keys",)),
                (None, (sts.url,))):
            answers[:] = [answer]
            shown = check(site, stub, 1, AWS_ENDPOINT_URL_STS=sts.url)
            assert all(word in shown for word in words), (words, shown)
    shown = check(site, stub, 1, AWS_ENDPOINT_URL_STS=sts.url)
    assert "Connection refused" in shown or "Failed to connect" in shown, shown
    assert not stub.requests


@with_stub
def test_a_wrong_clock_is_corrected_by_the_one_of_STS(site, stub):
    aws_config(site, "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n[profile base]\n"
                     "aws_access_key_id = BASE\naws_secret_access_key = TOPSECRET\n")
    right = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=20)

    def answer(request):
        at = datetime.datetime.strptime(request.headers["x-amz-date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        if abs((at - right).total_seconds()) < 60:
            return sts_keys(1, seconds=3 * 3600)
        refusal = sts_error(403, "SignatureDoesNotMatch", "Signature expired: ... is now earlier than ...")
        return refusal._replace(headers={"Date": email.utils.format_datetime(right.replace(tzinfo=datetime.timezone.utc),
                                                                             usegmt=True)})
    with closing(Sts(answer)) as sts:
        check(site, stub, AWS_ENDPOINT_URL_STS=sts.url)
        assert len(sts.for_keys) == 2


# ---- radosgw's STS ----

def post_signed(rgw, service, parameters):
    """One signed POST of a form, by the published recipe."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    body, host = urllib.parse.urlencode(parameters), f"127.0.0.1:{rgw.port}"
    scope, digest = f"{now[:8]}/us-east-1/{service}/aws4_request", hashlib.sha256(body.encode()).hexdigest()
    kind = "application/x-www-form-urlencoded"
    canonical = f"POST\n/\n\ncontent-type:{kind}\nhost:{host}\nx-amz-date:{now}\n\ncontent-type;host;x-amz-date\n{digest}"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + rgw.secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    with contextlib.closing(http.client.HTTPConnection(host, timeout=30)) as connection:
        connection.request("POST", "/", body, {
            "x-amz-date": now, "content-type": kind, "Authorization":
            f"AWS4-HMAC-SHA256 Credential={rgw.access}/{scope}, SignedHeaders=content-type;host;x-amz-date, "
            f"Signature={signature}"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (answer.status, text)


def without_keys(rgw, **more):
    return rgw.settings(**{**NO_KEYS, **more})


def assert_ships(site, rgw, settings):
    """Events sent now become objects. Returns the uploader's log."""
    uploader = site.uploader(**settings)
    send_batch(site)
    site.wait_until_shipped()
    uploader.stop()
    keys = [key for key in rgw.keys() if key.startswith("xml-events/")  # others' objects can be listed, not read
            and not CHECK.search(key)]
    assert assert_keys_have_no_gap(keys) == site.value("SELECT count(*) FROM events")
    return uploader.log


@with_rgw(sts=True)
def test_keys_of_a_role_come_from_a_real_STS(site, rgw):
    """Both calls: AssumeRole by a profile, AssumeRoleWithWebIdentity by a token that an issuer has signed."""
    site.collector()
    aws_config(site, "[profile role]\nrole_arn = arn:aws:iam:::role/S3Access\nsource_profile = base\n"
                     "duration_seconds = 900\nregion = us-east-1\n")
    aws_credentials(site, f"[base]\naws_access_key_id = {rgw.access}\naws_secret_access_key = {rgw.secret}\n")
    log = assert_ships(site, rgw, without_keys(rgw, AWS_PROFILE="role", AWS_REGION=""))
    assert 'source="arn:aws:iam:::role/S3Access by the profile role"' in log, log

    with closing(Issuer(site.directory)) as issuer:
        provider = issuer.url.split("://")[1]
        rgw.admin("caps", "add", "--uid=test", "--caps=oidc-provider=*;roles=*")
        post_signed(rgw, "iam", {"Action": "CreateOpenIDConnectProvider", "Url": issuer.url, "Version": "2010-05-08",
                                 "ClientIDList.member.1": "eventspool-app",
                                 "ThumbprintList.member.1": issuer.thumbprint})
        rgw.admin("role", "create", "--role-name=Web", "--path=/", "--assume-role-policy-doc="
                  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":'
                  '["arn:aws:iam:::oidc-provider/%s"]},"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":'
                  '{"StringEquals":{"%s:app_id":"eventspool-app"}}}]}' % (provider, provider))
        rgw.admin("role-policy", "put", "--role-name=Web", "--policy-name=P", "--policy-doc="
                  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"arn:aws:s3:::*"}]}')
        token = write(site.directory / "token", issuer.token() + "\n")
        web = {"AWS_ROLE_ARN": "arn:aws:iam:::role/Web", "AWS_WEB_IDENTITY_TOKEN_FILE": token}
        log = assert_ships(site, rgw, without_keys(rgw, **web))
        assert 'source="arn:aws:iam:::role/Web by a web identity token"' in log, log
        token.write_text(issuer.token(client="somebody-else"))
        done = site.command("uploader", "check", **without_keys(rgw, **web))
        assert done.returncode == 1 and "arn:aws:iam:::role/Web" in done.stdout, done.stdout


@with_rgw()
def test_keys_changed_in_their_file_take_effect_without_a_restart(site, rgw):
    site.collector()
    keys = "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n"
    aws_credentials(site, keys % (rgw.access, rgw.secret))
    uploader = site.uploader(**without_keys(rgw))
    send_batch(site)
    site.wait_until_shipped()
    rgw.stop_gateway()
    send_batch(site)
    wait_for("the outage to show", lambda: site.value("SELECT last_error FROM summary"))
    aws_credentials(site, keys % (rgw.access, "TOPSECRET"))  # a slip of the person who changes the keys
    rgw.start_gateway()
    wait_for("the remedy", lambda: "AWS_SECRET_ACCESS_KEY" in (site.value("SELECT remedy FROM summary") or ""), 60)
    aws_credentials(site, keys % (rgw.access, rgw.secret))
    site.wait_until_shipped(90)
    uploader.stop()


# ---- keys that end ----

@with_stub
def test_keys_that_expire_mid_upload_are_renewed_and_the_request_repeated_once(site, stub):
    """Whatever the server calls it; with and without a body in the answer."""
    site.collector()
    with closing(Imds()) as imds:
        settings = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        site.uploader(**stub.settings(**NO_KEYS, **settings))
        for number, (status, code) in enumerate([(400, "ExpiredToken"), (403, "ExpiredTokenException"),
                                                 (400, "InvalidToken"), (403, "InvalidAccessKeyId")], 1):
            stub.set_script(Step("PUT", error(status, code)))
            send_batch(site)
            site.wait_until_shipped()
            assert used_keys(stub)[-2:] == [(f"ASIA{number}", f"token-{number}"),
                                            (f"ASIA{number + 1}", f"token-{number + 1}")]
        assert stub.methods() == "PUT " * 7 + "PUT"
        assert site.query("SELECT DISTINCT state, attempts, verified, last_error FROM batches") == [("shipped", 1, 1, None)]
        # A HEAD has no body to tell what is wrong.
        stub.set_script(Step("PUT", lambda s, r: None), Step("HEAD", error(400)))
        send_batch(site)
        site.wait_until_shipped()
        assert stub.methods().endswith("PUT HEAD HEAD PUT"), stub.methods()


@with_stub
def test_a_request_is_not_repeated_where_new_keys_do_not_help(site, stub):
    site.collector()
    with closing(Imds()) as imds:
        settings = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        stub.set_script(Step("PUT", error(400, "ExpiredToken"), times=ALWAYS))
        site.uploader(**stub.settings(**NO_KEYS, **settings))
        send_batch(site)
        wait_for("the remedy", lambda: site.query("SELECT state FROM batches WHERE remedy <> ''"))
        assert stub.methods() == "PUT PUT"
        assert site.query("SELECT state FROM batches") == [("blocked",)]
        stub.set_script()
        site.wait_until_shipped(60)


@with_stub
def test_unknown_permanent_keys_are_not_fetched_again(site, stub):
    site.collector()
    stub.set_script(Step("PUT", error(403, "InvalidAccessKeyId"), times=ALWAYS))
    site.uploader(**stub.settings())
    send_batch(site)
    wait_for("the remedy", lambda: site.query("SELECT state FROM batches WHERE remedy <> ''"))
    assert stub.methods() == "PUT"


@with_stub
def test_a_lost_key_source_is_a_problem_until_it_returns(site, stub):
    site.collector()
    process = script(site, "exit 3\n")
    aws_config(site, f"[default]\ncredential_process = {process}\n")
    uploader = site.uploader(**stub.settings(**NO_KEYS))
    uploader.wait_for_log("no credentials now")
    send_batch(site)
    wait_for("the remedy", lambda: site.query("SELECT state, remedy FROM batches WHERE remedy LIKE '%by hand%'"))
    assert "ended with exit code 3" in site.value("SELECT last_error FROM summary")
    assert not stub.requests
    script(site, "echo '%s'\n" % keys_json(token="SessionToken", Version=1).decode())
    site.wait_until_shipped(60)
    assert site.query("SELECT state, attempts, last_error FROM batches") == [("shipped", 2, None)] or \
        site.value("SELECT state FROM batches") == "shipped"


@with_stub
def test_a_flush_while_the_first_keys_are_awaited_is_done_when_they_are_there(site, stub):
    """It was left for this uploader, not for one that is gone."""
    site.collector()
    send_batch(site)
    process = script(site, f"touch asked\nwhile [ ! -e go ]; do sleep 0.05; done\necho '{keys_json(Version=1).decode()}'\n")
    aws_config(site, f"[default]\ncredential_process = {process}\n")
    site.start("uploader", **stub.settings(**NO_KEYS, ROTATION_INTERVAL="3600"))
    wait_for("the keys to be asked for", (site.directory / "asked").exists)
    flush = site.start("uploader", "flush", **stub.settings(**NO_KEYS))
    wait_for("the request", lambda: site.value("SELECT count(*) FROM _request WHERE action = 'flush'") == 1)
    (site.directory / "go").touch()
    assert flush.process.wait(PATIENCE) == 0, flush.log
    assert site.value("SELECT count(*) FROM backlog") == 0


# ---- a stop ----

def stop_quickly(program, seconds=5):
    since = time.monotonic()
    program.stop()
    assert time.monotonic() - since < seconds, f"the stop took {time.monotonic() - since:.1f} s"


@with_stub
def test_no_wait_for_keys_holds_up_a_stop(site, stub):
    """STS hangs, the instance metadata, and then a process."""
    site.collector()
    marker = site.directory / "started"
    process = script(site, f"echo $$ >{marker}\nsleep 1000\n")
    with closing(Endpoint(lambda request: HANG)) as hung:
        aws_config(site, f"[profile process]\ncredential_process = {process}\n"
                         "[profile role]\nrole_arn = r\nsource_profile = base\n"
                         "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n")
        for settings in ({"AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": hung.url},
                         {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": hung.url}):
            hung.requests.clear()
            uploader = site.start("uploader", **stub.settings(**NO_KEYS, **settings))
            wait_for("the question", lambda: hung.requests)
            stop_quickly(uploader)
            assert " warn " not in uploader.log and " error " not in uploader.log, uploader.log
        uploader = site.start("uploader", **stub.settings(**NO_KEYS, AWS_PROFILE="process"))
        pid = int(wait_for("the process to run", lambda: marker.exists() and marker.read_text()))
        stop_quickly(uploader)
        wait_for("the process to be gone", lambda: not os.path.exists(f"/proc/{pid}"))


# ---- what stays secret ----

@with_stub
def test_a_credential_process_inherits_no_descriptor(site, stub):
    """It is run for each request here: the spool, its lock and the connection to the store are open by then."""
    site.collector()
    seen = site.directory / "descriptors"
    process = script(site, f"ls /proc/self/fd | xargs >>{seen}\n"
                           f"grep -E '^Sig(Blk)' /proc/self/status >>{seen}\n"
                           "echo '%s'\n" % keys_json(token="SessionToken", Version=1, seconds=1).decode())
    aws_config(site, f"[default]\ncredential_process = {process}\n")
    site.uploader(**stub.settings(**NO_KEYS))
    for _ in range(3):
        send_batch(site)
        site.wait_until_shipped()
    lines = seen.read_text().splitlines()
    assert len(lines) >= 8 and set(lines[0::2]) == {"0 1 2 3"}, lines  # 3: the directory that ls itself reads
    assert set(lines[1::2]) == {"SigBlk:\t0000000000000000"}, lines


def test_only_root_can_inspect_a_running_uploader(site):
    """PR_SET_DUMPABLE 0: /proc/PID/environ belongs to root, and there is no core dump."""
    owner = os.getuid() or 65534
    log_path = site.directory / "uploader.log"
    uploader = shutil.copy(BIN / "uploader", site.directory)  # another user may not reach the checkout
    site.directory.chmod(0o755)
    with open(log_path, "wb") as log:
        process = site.owns(subprocess.Popen(
            [uploader], cwd="/", user=owner if os.getuid() == 0 else None, stderr=log,
            env={**clean_environment(), "DESTINATION_DIR": "/nowhere", "SPOOL_PATH": "/nowhere/spool.db",
                 "AWS_SECRET_ACCESS_KEY": "TOPSECRET"}))
    wait_for("the uploader to wait for its spool",  # before that a SIGTERM would end it at once
             lambda: "waiting for the collector" in log_path.read_text() or process.poll() is not None)
    assert os.stat(f"/proc/{process.pid}/environ").st_uid == 0
    assert process.poll() is None
    assert f"Uid:\t{owner}\t" in open(f"/proc/{process.pid}/status").read()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@with_stub
def test_config_shows_no_secret(site, stub):
    shown = site.command("uploader", "config", AWS_SECRET_ACCESS_KEY="TOPSECRET", AWS_SESSION_TOKEN="TOPSECRET",
                         AWS_CONTAINER_AUTHORIZATION_TOKEN="TOPSECRET").stdout
    assert "TOPSECRET" not in shown and shown.count("********") == 3
    url = "http://user:TOPSECRET@127.0.0.1/keys?token=TOPSECRET"
    shown = site.command("uploader", "config", AWS_CONTAINER_CREDENTIALS_FULL_URI=url).stdout
    assert "TOPSECRET" not in shown and "FULL_URI=http://***@127.0.0.1/keys?***" in shown, shown
    shown = site.command("uploader", "config", AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/keys?token=TOPSECRET").stdout
    assert "TOPSECRET" not in shown and "RELATIVE_URI=/keys?***" in shown, shown
    done = site.command("uploader", "config", BUCKET_NAME=url)
    assert done.returncode == 78 and "TOPSECRET" not in done.stderr and "BUCKET_NAME=http://***@127.0.0.1" in done.stderr, done
    done = site.command("uploader", "config", AWS_CONTAINER_CREDENTIALS_FULL_URI=f"'{url}'")
    assert "TOPSECRET" not in done.stderr and "quotes were left" in done.stderr, done.stderr


main(dict(globals()))
