"""deploy/aws/terraform/: parsed by Terraform's own parser (npm), each name leads to something, and each document is used.

Where Terraform is installed, also: its format, the documents that it renders, and the values that it refuses. AWS's provider
is not needed for any of that; `validate` and `plan`, which need it, are not tried."""
import functools
import json
import os
import re
import shutil
import subprocess

from support.aws_documents import AWS, PATHS, VALUES, as_bucket_policy, fill, placeholders
from support.environment import ROOT, clean_environment
from support.tap import main, skip

FOLDER = AWS / "terraform"
FILES = sorted(FOLDER.glob("*.tf"))
BY_HAND = {"uploader-acl"}  # documents that Terraform has no use for: it makes a bucket without ACLs
REQUIRED = ("bucket", "account_id", "region")


@functools.cache
def trees():
    """{file: its tree}"""
    engines = {**os.environ, "NODE_PATH": ROOT / "build/engines/node_modules"}
    done = subprocess.run(["node", ROOT / "tests/support/engines/hcl2json.js", *FILES], env=engines, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def blocks(kind):
    """(label, what the block holds) of all files; a resource's label is its type, and it may stand there twice."""
    return [block for tree in trees().values() for block in tree.get(kind, {}).items()]


def local_names():
    return {name for tree in trees().values() for block in tree.get("locals", []) for name in block}


def expressions(tree):
    """All texts of a tree that Terraform evaluates."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        return [text for each in tree for text in expressions(each)]
    return re.findall(r"\$\{.*\}", tree, re.DOTALL) if isinstance(tree, str) else []


def names_in(pattern):
    return set(re.findall(pattern, "\n".join(expressions(trees()))))


def test_each_variable_is_declared_used_described_and_typed(site):
    variables = dict(blocks("variable"))
    assert names_in(r"\bvar\.(\w+)") == variables.keys()
    for name, (variable,) in variables.items():
        assert variable["description"].endswith(".") and "type" in variable, name
        assert ("default" in variable) == (name not in REQUIRED), name


def test_each_reference_leads_to_something(site):
    assert names_in(r"\blocal\.(\w+)") == local_names()
    resources = {(kind, name) for kind, named in blocks("resource") for name in named}
    assert len(resources) > 15 and names_in(r"\b(aws_\w+)\.(\w+)") <= resources
    assert all(output["description"] for _, (output,) in blocks("output"))


def test_each_document_is_used_and_each_that_is_used_is_there(site):
    assert names_in(r'"([a-z0-9-]+)"') & PATHS.keys() == PATHS.keys() - BY_HAND
    chosen = names_in(r"local\.documents\[([^\]]*)\]")
    assert len(chosen) > 10 and {name for each in chosen for name in re.findall(r'"(.*?)"', each)} <= PATHS.keys()


def test_the_documents_get_the_values_that_they_ask_for(site):
    (values,) = [block["values"] for block in trees()[str(FOLDER / "documents.tf")]["locals"]]
    pairs = re.findall(r"^ +(\w+) += (.*)$", values, re.MULTILINE)
    assert all(value == f"var.{name}" for name, value in pairs), pairs
    assert {name for name, _ in pairs} == set().union(*map(placeholders, PATHS)) == VALUES.keys()


def test_lines_are_indented_by_two_and_have_no_blank_end(site):
    for path in FILES:
        depth = 0
        for number, line in enumerate(path.read_text().splitlines(), 1):
            depth -= bool(re.match(r"\s*[}\])]", line))
            assert line == line.rstrip() and (not line or len(line) - len(line.lstrip()) == 2 * depth), (path.name, number)
            depth += bool(re.search(r"[{\[(]$", line))


# ---- by Terraform itself ----

def terraform(*arguments, **more):
    return subprocess.run(["terraform", *arguments], env=clean_environment(), capture_output=True, text=True, timeout=120, **more)


by_terraform = {}


def with_terraform(test):
    """A decorator: a test that only a machine with Terraform can run."""
    by_terraform[test.__name__] = test
    return test


def evaluate(site, expression, **variables):
    """What Terraform makes of an expression, with the files that need no provider. None: it has refused a value."""
    folder = site.directory / "terraform"
    if not folder.exists():
        folder.mkdir()
        for name in ("variables.tf", "documents.tf"):
            shutil.copy(FOLDER / name, folder)
        for name in ("policies", "bucket"):
            shutil.copytree(AWS / name, site.directory / name)
    (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
    done = terraform("console", cwd=folder, input=f"jsonencode({expression})\n")
    if done.returncode != 0:
        assert "Invalid value for variable" in done.stderr, done.stderr
        return None
    return json.loads(json.loads(done.stdout))


@with_terraform
def test_the_format_is_terraforms_own(site):
    done = terraform("fmt", "-check", "-recursive", "-diff", FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr


@with_terraform
def test_terraform_renders_the_documents_as_a_person_fills_them_in(site):
    rendered = evaluate(site, "local.documents", **VALUES)
    assert {name: json.loads(text) for name, text in rendered.items()} == {name: fill(name) for name in PATHS}
    few = {name: VALUES[name] for name in REQUIRED}
    rendered = evaluate(site, "local.documents", **few)
    assert json.loads(rendered["uploader"]) == fill("uploader") and json.loads(rendered["lifecycle"]) == fill("lifecycle")
    user = "arn:aws:iam::345678901234:user/errors"
    trust = evaluate(site, "local.errors_trust", snowflake_errors_iam_user_arn=user, snowflake_errors_external_id="E", **few)
    assert json.loads(trust) == fill("snowflake-trust", snowflake_iam_user_arn=user, snowflake_external_id="E")


@with_terraform
def test_terraform_joins_the_policies_that_belong_together(site):
    few = {name: VALUES[name] for name in REQUIRED}
    chosen = {"uploader_role_arn": VALUES["uploader_role_arn"], "kms_key_arn": VALUES["kms_key_arn"], "allow_tags": True,
              "refuse_overwriting": True}
    assert json.loads(evaluate(site, "local.bucket_policy", **few)) == fill("bucket")
    assert list(evaluate(site, "local.uploader_policies", **few)) == ["uploader"]
    own = {**fill("bucket"), "Statement": fill("bucket")["Statement"] + fill("bucket-no-overwrite")["Statement"]}
    assert json.loads(evaluate(site, "local.bucket_policy", **few, **chosen)) == as_bucket_policy(
        VALUES["uploader_role_arn"], own, fill("uploader"), fill("uploader-tags"))
    assert list(evaluate(site, "local.uploader_policies", **few, **chosen)) == ["uploader", "uploader-kms", "uploader-tags"]


@with_terraform
def test_terraform_refuses_values_that_would_do_harm(site):
    few = {name: VALUES[name] for name in REQUIRED}
    for name, value in (("bucket", "My_Bucket"), ("account_id", "1234"), ("region", "Frankfurt"), ("prefix", "xml-events"),
                        ("prefix", "*/"), ("rejects_prefix", "/rejected/"), ("status_prefix", ""), ("partition", "AWS"), ("name", "a b"),
                        ("kms_key_arn", "arn:aws:kms:eu-central-1:123456789012:alias/events")):
        assert evaluate(site, "local.values", **{**few, name: value}) is None, (name, value)
    for name, value in (("region", "us-gov-west-1"), ("region", "eusc-de-east-1"), ("partition", "aws-cn"), ("prefix", "a/b/")):
        assert evaluate(site, "local.values", **{**few, name: value})[name] == value, (name, value)


if shutil.which("terraform"):
    main(dict(globals()))
skip(by_terraform, "Terraform is not installed")
main({name: test for name, test in globals().items() if name not in by_terraform})
