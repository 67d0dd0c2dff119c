"""aws_documents -- the JSON documents of deploy/aws/, filled in as a person or Terraform would fill them."""
import json
import re
import string

from support.environment import ROOT

AWS = ROOT / "deploy/aws"
PATHS = {path.stem: path for path in sorted(AWS.glob("*/*.json"))}
README = (AWS / "README.md").read_text()

# Examples, one for each placeholder.
VALUES = {
    "partition": "aws", "region": "eu-central-1", "account_id": "123456789012", "name": "eventspool", "bucket": "my-bucket",
    "prefix": "xml-events/", "rejects_prefix": "rejected/xml-events/", "status_prefix": "status/",
    "kms_key_arn": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "uploader_trusted_arn": "arn:aws:iam::123456789012:user/gate-7",
    "uploader_role_arn": "arn:aws:iam::210987654321:role/eventspool-uploader",
    "snowflake_iam_user_arn": "arn:aws:iam::345678901234:user/abc1-b-self1234", "snowflake_external_id": "MYACCOUNT_SFCRole=2_k7bY=",
    "snowflake_queue_arn": "arn:aws:sqs:eu-central-1:345678901234:sf-snowpipe-AIDA-example",
    "snowflake_sns_user_arn": "arn:aws:iam::345678901234:user/abc1-b-self1234",
}


def text(name):
    return PATHS[name].read_text()


def placeholders(name):
    return set(re.findall(r"\$\{(\w+)\}", text(name)))


def fill(name, **values):
    return json.loads(string.Template(text(name)).substitute({**VALUES, **values}))


def statements(policy, *, without=()):
    """The policy without the statements of these names."""
    return {**policy, "Statement": [s for s in policy["Statement"] if s["Sid"] not in without]}


def without_conditions(policy):
    return {**policy, "Statement": [{k: v for k, v in s.items() if k != "Condition"} for s in policy["Statement"]]}


def as_bucket_policy(principal, *policies):
    """What README.md does with jq for an uploader of another account: what the bucket's own policy says, then for this
    principal what the other policies say."""
    bucket, *others = policies
    foreign = [{**s, "Principal": {"AWS": principal}} for policy in others for s in policy["Statement"]]
    return {**bucket, "Statement": bucket["Statement"] + foreign}
