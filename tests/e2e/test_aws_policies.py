"""The documents of deploy/aws/: their grammar, what README.md there says of them, and what a real S3 server makes of them.

The server is Ceph's radosgw: it knows IAM policies of users and policies of buckets. What it does not know is said in README.md
there, "What was run, and what was not"."""
import base64
import contextlib
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import xml.sax.saxutils

from support.aws_documents import (AWS, PATHS, README, VALUES, as_bucket_policy, fill, placeholders, statements, text,
                                   without_conditions)
from support.documents import marked_for
from support.environment import clean_environment
from support.rgw import shared_rgw as rgw
from support.tap import main, tests_of
from support.waiting import wait_for
from http_proxy import Proxy

BLOCKS = marked_for(__file__)
POLICIES = [name for name, path in PATHS.items() if path.parent.name == "policies"]


# ---- the grammar of IAM ----

# The actions that are used, and what each is about: "Actions, resources, and condition keys for AWS services".
ACTIONS = {
    "s3:PutObject": "object", "s3:GetObject": "object", "s3:GetObjectVersion": "object", "s3:PutObjectTagging": "object",
    "s3:PutObjectAcl": "object", "s3:ListBucket": "bucket", "s3:GetBucketLocation": "bucket", "kms:GenerateDataKey": "key",
    "kms:Decrypt": "key", "sns:Publish": "topic", "sns:Subscribe": "topic", "sts:AssumeRole": "the role itself",
}
OBJECTS = r"arn:\$\{partition\}:s3:::\$\{bucket\}/\$\{(prefix|rejects_prefix|status_prefix)\}\*"
RESOURCES = {
    "object": OBJECTS, "bucket": r"arn:\$\{partition\}:s3:::\$\{bucket\}", "key": r"\$\{kms_key_arn\}",
    "topic": r"arn:\$\{partition\}:sns:\$\{region\}:\$\{account_id\}:\$\{name\}-(objects|errors)",
}
CONDITIONS = {
    ("StringLike", "s3:prefix"), ("StringEquals", "sts:ExternalId"), ("Bool", "aws:SecureTransport"), ("Null", "s3:if-none-match"),
    ("ArnEquals", "aws:SourceArn"), ("StringEquals", "aws:SourceAccount"),
}
PRINCIPALS = r"\$\{\w+_arn\}|arn:\$\{partition\}:iam::\$\{account_id\}:root|(ec2|s3)\.amazonaws\.com"
# Statements that are wider than this, each for a reason.
WIDE = {
    "RefuseWithoutTls": "it denies",
    "RefuseToReplaceObjects": "it denies",
    "OnlyThisBucket": "an endpoint's policy gives nobody a permission, it takes",
    "OnlyItsNames": "likewise",
    "AccountAdministersItsKey": "the statement that each key has from the start: the account's own policies decide",
    "UploaderOfAnotherAccount": "in a key's policy * is this key",
}


def listed(value):
    return value if isinstance(value, list) else [value]


def parsed(name):
    return json.loads(text(name))


def check_statement(name, statement):
    assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"]) and statement["Effect"] in ("Allow", "Deny"), statement
    assert statement.keys() <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}, statement
    is_trust, is_on_resource = "-trust" in name, "Principal" in statement
    assert is_trust == ("Resource" not in statement) and (is_on_resource or not is_trust), (name, statement)
    for operator, keys in statement.get("Condition", {}).items():
        assert all((operator, key) in CONDITIONS for key in keys), statement
    if statement["Sid"] in WIDE:
        return
    assert statement["Effect"] == "Allow", statement
    kinds = {ACTIONS[action] for action in listed(statement["Action"])}
    assert len(kinds) == 1, f"one kind of resource in a statement: {statement}"
    for resource in listed(statement.get("Resource", [])):
        assert re.fullmatch(RESOURCES[min(kinds)], resource), (name, resource)
    for principal in statement.get("Principal", {}).values():
        assert re.fullmatch(PRINCIPALS, principal), (name, principal)


def test_each_document_is_json_in_one_form(site):
    assert len(PATHS) >= 20
    for name in PATHS:
        assert text(name) == json.dumps(parsed(name), indent=4) + "\n", name


def test_policies_obey_the_grammar_and_allow_no_more_than_they_name(site):
    seen = set()
    for name in POLICIES:
        policy = parsed(name)
        assert policy.keys() == {"Version", "Statement"} and policy["Version"] == "2012-10-17", name
        for statement in policy["Statement"]:
            check_statement(name, statement)
            assert statement["Sid"] not in seen, f"a name that is used twice: {statement['Sid']}"
            seen.add(statement["Sid"])
    assert WIDE.keys() <= seen


def test_what_is_denied_is_denied_under_a_condition(site):
    denied = [s for name in POLICIES for s in parsed(name)["Statement"] if s["Effect"] == "Deny"]
    assert len(denied) == 2 and all(s["Condition"] for s in denied)


def test_snowflake_hears_of_new_objects_and_of_events_that_were_deleted(site):
    """Without the latter the directory table would list for ever what is gone."""
    for name, kind in (("notifications", "Queue"), ("notifications-sns", "Topic")):
        announced = {rule["Filter"]["Key"]["FilterRules"][0]["Value"]: rule["Events"] for rule in parsed(name)[f"{kind}Configurations"]}
        assert announced == {"${prefix}": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], "${rejects_prefix}": ["s3:ObjectCreated:*"]}


# ---- README.md ----

def section(heading):
    return re.search(rf"^#+ {re.escape(heading)}$\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)[1]


def rows(heading, first_column):
    """The rows, as lists of cells, of the table in this section that begins with this column."""
    lines = re.search(rf"^\| {first_column} \|.*\n\|[- |]+\n((?:\|.*\n)+)", section(heading), re.MULTILINE)[1].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


def blocks_run():
    """The blocks of commands that README.md says are run by this test."""
    return BLOCKS.take_all("deploy/aws/README.md")


def test_the_readme_names_each_document_and_each_statement(site):
    for name, path in PATHS.items():
        mentioned = (f"`{path.parent.name}/{name}.json`", f"`{name}.json`", f"/{name}.json")
        assert any(each in README for each in mentioned), name
        for statement in parsed(name).get("Statement", []):
            assert f"`{statement['Sid']}`" in README, statement["Sid"]
    for name in re.findall(r"[ /`]([\w-]+)\.json\b", README):
        assert name in PATHS or name == "bucket-cross-account", f"README.md names {name}.json"


def test_the_tables_of_permissions_are_those_of_the_policies(site):
    for heading, names in (("What each permission is for", ("uploader", "uploader-kms", "uploader-tags", "uploader-acl")),
                           ("Snowflake", ("snowflake", "snowflake-kms"))):
        real = [(s["Sid"], listed(s["Action"])) for name in names for s in parsed(name)["Statement"]]
        assert [(quoted(row[0])[0], quoted(row[1])) for row in rows(heading, "statement")] == real


def test_the_table_of_placeholders_is_complete(site):
    named = [name for row in rows("Fill in the documents", "placeholder") for name in quoted(row[0])]
    assert sorted(named) == sorted(VALUES) == sorted(set().union(*map(placeholders, PATHS)))


def test_the_commands_fill_in_the_documents(site):
    """First with what README.md's example knows, then with everything."""
    write, fill_in = blocks_run()
    for folder in ("policies", "bucket"):
        shutil.copytree(AWS / folder, site.directory / folder)

    def run(script):
        done = subprocess.run(["sh", "-ec", script], cwd=site.directory, env=clean_environment(), capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr
        return sorted(re.findall(r"filled/([\w-]+)\.json", done.stdout))

    run(write)
    known = dict(line.split("=") for line in (site.directory / "aws.env").read_text().splitlines())
    assert known == {name: VALUES[name] for name in known}, "the examples here are README.md's"
    assert run(fill_in) == sorted(name for name in PATHS if placeholders(name) - known.keys())
    (site.directory / "aws.env").write_text("".join(f"{name}={value}\n" for name, value in VALUES.items()))
    assert run(fill_in) == []
    for name in PATHS:
        assert json.loads((site.directory / f"filled/{name}.json").read_text()) == fill(name), name


# ---- on a real server ----

numbers = itertools.count(1)


def new_bucket(policy="uploader", **more):
    """A bucket of the test's own, and the keys of a user of the same name who has this policy."""
    name = f"aws-{next(numbers)}"
    rgw().make_bucket(name, **more)
    user = rgw().add_user(name)
    rgw().set_user_policy(name, fill(policy, bucket=name))
    return name, user


def settings_of(name, user, **more):
    return rgw().settings(BUCKET_NAME=name, STATUS_PREFIX="status/", **user, **more)


def check(site, name, settings):
    """What `check` prints, one blank between words, under the name of the examples."""
    done = site.command("uploader", "check", **settings)
    return done.returncode, [" ".join(line.split()).replace(name, "my-bucket") for line in done.stdout.splitlines()]


def notes(lines):
    return [line for line in lines if line.startswith("note")]


def send_events(site):
    before = site.value("SELECT last_event_id FROM _intake")
    site.send_events(3)
    site.wait_for_events(before + 3)


def test_the_uploaders_policy_is_enough_for_all_that_it_does(site):
    """Events, rejects, the status document, `check`; only that radosgw cannot tell what is missing, because of the condition."""
    name, user = new_bucket()
    settings = settings_of(name, user)
    site.collector(NODE_ID="gate-7")
    site.wait_for_spool()
    uploader = site.uploader(**settings)
    send_events(site)
    site.send(b"no event")
    wait_for("the reject to be shipped",
             lambda: site.value("SELECT count(*) FROM batches WHERE kind = 'rejects' AND state = 'shipped'"))
    site.wait_until_shipped()
    wait_for("the status document", lambda: "status/gate-7.json" in rgw().keys(name))
    assert "AccessDenied" not in uploader.log, uploader.log
    code, lines = check(site, name, settings)
    assert code == 0 and len(notes(lines)) == 2 and all("s3:ListBucket" in note for note in notes(lines)), lines
    rgw().set_user_policy(name, without_conditions(fill("uploader", bucket=name)))
    code, lines = check(site, name, settings)
    assert code == 0 and not notes(lines), lines


def test_without_a_permission_check_says_what_the_readme_quotes(site):
    name, user = new_bucket()
    settings = settings_of(name, user)
    site.collector(NODE_ID="gate-7")
    site.wait_for_spool()
    policy = without_conditions(fill("uploader", bucket=name))
    # The documents of `check` are the bucket owner's, as every object is where ACLs are switched off.
    assert check(site, name, rgw().settings(BUCKET_NAME=name))[0] == 0
    tried = [(quoted(row[0])[0], quoted(row[3])[0]) for row in rows("What each permission is for", "statement")
             if not row[3].startswith("not tried here")]
    assert [sid for sid, _ in tried] == [s["Sid"] for s in policy["Statement"]]
    for sid, sentence in tried:
        rgw().set_user_policy(name, statements(policy, without=[sid]))
        code, lines = check(site, name, settings)
        assert code == sentence.startswith("problem") and any(line.startswith(sentence) for line in lines), (sid, lines)
        rgw().set_user_policy(name, policy)
        assert sentence not in "\n".join(check(site, name, settings)[1]), sid


def test_without_the_status_prefix_the_log_says_that_its_document_cannot_be_put(site):
    name, user = new_bucket()
    rgw().set_user_policy(name, fill("uploader", bucket=name, status_prefix="elsewhere/"))
    site.collector(NODE_ID="gate-7")
    site.wait_for_spool()
    uploader = site.uploader(**settings_of(name, user))
    wait_for("the refusal", lambda: "the status document cannot be put" in uploader.log)
    send_events(site)
    site.wait_until_shipped()


class LosesAnswers(Proxy):
    """Requests reach the server, and its answers nobody."""

    def copy(self, source, target):
        if target not in self.sockets:
            return super().copy(source, target)
        source.recv(65536)
        target.shutdown(2)


def check_unknown_outcome(site, without, verified, words):
    """The object is there, and the uploader does not know it: the repeated PUT is answered with 412."""
    name, user = new_bucket()
    rgw().set_user_policy(name, statements(fill("uploader", bucket=name), without=without))
    site.collector()
    site.wait_for_spool()
    send_events(site)
    with contextlib.closing(LosesAnswers()) as proxy:  # with the owner's keys: as where ACLs are switched off
        done = site.command("uploader", "flush", **rgw().settings(BUCKET_NAME=name, http_proxy=proxy.url))
        assert done.returncode == 1 and len(rgw().keys(name)) == 1, done
    done = site.command("uploader", "flush", **settings_of(name, user))
    assert done.returncode == 0 and all(word in done.stderr for word in words), done
    assert site.query("SELECT state, verified FROM batches") == [("shipped", verified)]
    assert len(rgw().keys(name)) == 1


OUTCOMES = tests_of(check_unknown_outcome, {
    "an_unknown_outcome_is_compared_with_what_is_there": ((), 1, ()),
    "an_unknown_outcome_cannot_be_compared_without_s3_GetObject": (
        ("CompareAfterAnUnknownOutcome",), 0, ("their bytes cannot be compared: s3:GetObject is not allowed",)),
})


def put_objects(name):
    """One under each prefix, and one elsewhere; all of them the bucket owner's."""
    for prefix in ("xml-events", "rejected/xml-events", "status", "other"):
        rgw().request("PUT", f"/{name}/{prefix}/a", body=b"<EVENTS/>")


def assert_answers(name, user, expected):
    """{status: requests}, each a method, a path within the bucket and perhaps a query."""
    for status, requests in expected.items():
        for request in requests:
            method, path, *query = request.split(" ")
            answer, _ = rgw().ask(method, f"/{name}{path}", *query, user=user)
            assert answer.status == status, (request, answer.status)


def test_what_the_uploaders_policy_does_not_name_is_refused(site):
    name, user = new_bucket()
    put_objects(name)
    assert_answers(name, user, {
        200: ["PUT /xml-events/b", "PUT /rejected/xml-events/b", "PUT /status/b", "GET /xml-events/a", "HEAD /rejected/xml-events/a",
              "GET / list-type=2&prefix=xml-events%2F"],
        403: ["DELETE /xml-events/a", "DELETE /xml-events/b", "DELETE /status/b", "PUT /other/b", "PUT /xml-events", "GET /other/a",
              "GET /status/a", "GET / list-type=2", "GET / list-type=2&prefix=other%2F", "GET / list-type=2&prefix=status%2F",
              "GET / location=", "GET / policy=", "DELETE / policy=", "DELETE /", "GET / versions=&prefix=xml-events%2F"]})


SNOWFLAKE_DOES = {
    "ReadObjects": ["GET /xml-events/a", "GET /rejected/xml-events/a", "GET /status/a", "HEAD /xml-events/a",
                    "GET /xml-events/a versionId={version}"],
    "ListObjects": [f"GET / list-type=2&prefix={prefix}%2F" for prefix in ("xml-events", "rejected%2Fxml-events", "status")],
    "FindTheRegion": ["GET / location="],
}


def test_snowflakes_policy_reads_and_lists_and_does_nothing_else(site):
    name, user = new_bucket("snowflake", has_versions=True)
    put_objects(name)
    version = rgw().request("HEAD", f"/{name}/xml-events/a")[0].getheader("x-amz-version-id")
    does = {sid: [request.format(version=version) for request in requests] for sid, requests in SNOWFLAKE_DOES.items()}
    policy = fill("snowflake", bucket=name)
    assert list(does) == [s["Sid"] for s in policy["Statement"]]
    assert_answers(name, user, {
        200: [request for requests in does.values() for request in requests],
        403: ["PUT /xml-events/b", "DELETE /xml-events/a", "GET /other/a", "GET / list-type=2", "GET / list-type=2&prefix=other%2F",
              f"GET /other/a versionId={version}", "GET / policy=", "DELETE /"]})
    for sid, requests in does.items():
        rgw().set_user_policy(name, statements(policy, without=[sid]))
        assert_answers(name, user, {403: requests})


def test_the_buckets_policy_lets_an_uploader_of_another_account_in_over_tls(site):
    name, user = new_bucket()
    rgw().set_user_policy(name, statements(fill("uploader"), without=["CompareAfterAnUnknownOutcome"]))  # of another bucket
    tls = {"AWS_ENDPOINT_URL": f"https://localhost:{rgw().tls_port}", "AWS_CA_BUNDLE": rgw().ca}
    settings = {**settings_of(name, user), **tls}
    site.collector(NODE_ID="gate-7")
    site.wait_for_spool()
    assert check(site, name, settings)[0] == 1
    policy = as_bucket_policy(f"arn:aws:iam:::user/{name}", fill("bucket", bucket=name), fill("uploader", bucket=name))
    rgw().set_policy_document(policy, bucket=name)
    assert check(site, name, settings)[0] == 0
    send_events(site)
    assert site.command("uploader", "flush", **settings).returncode == 0
    assert_answers(name, user, {200: ["GET /xml-events/_check-gate-7"],
                                403: ["PUT /other/b", "GET / list-type=2", "DELETE /xml-events/_check-gate-7"]})


def as_xml(name, value):
    """As the AWS CLI sends it: a list `Xs` becomes elements X."""
    if isinstance(value, list):
        return "".join(as_xml(name.removesuffix("s"), each) for each in value)
    if isinstance(value, dict):
        inside = "".join(as_xml(key, each) for key, each in value.items())
    else:
        inside = xml.sax.saxutils.escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inside}</{name}>"


def test_settings_of_the_bucket_are_taken(site):
    name, _ = new_bucket()
    for call, element, document, shown in (
            ("lifecycle", "LifecycleConfiguration", fill("lifecycle"), "<NoncurrentDays>90</NoncurrentDays>"),
            ("versioning", "VersioningConfiguration", fill("versioning"), "<Status>Enabled</Status>"),
            ("publicAccessBlock", "PublicAccessBlockConfiguration", fill("public-access-block"),
             "<RestrictPublicBuckets>true</RestrictPublicBuckets>")):
        body = as_xml(element, document).encode()
        rgw().request("PUT", f"/{name}", f"{call}=", body, Content_MD5=base64.b64encode(hashlib.md5(body).digest()).decode())
        assert shown in rgw().request("GET", f"/{name}", f"{call}=")[1].decode(), call


main({**globals(), **OUTCOMES}, at_once=4)
