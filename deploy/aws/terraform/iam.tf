# The roles of the uploader and of Snowflake.
locals {
  has_own_uploader = var.uploader_role_arn == null
  has_instances    = local.has_own_uploader && var.uploader_trusted_arn == null
  has_snowflake    = var.snowflake_iam_user_arn != null
  has_errors       = var.snowflake_errors_iam_user_arn != null

  snowflake_policies = {
    for name in compact([
      "snowflake",
      var.kms_key_arn == null ? "" : "snowflake-kms"
    ]) : name => local.documents[name] if local.has_snowflake
  }
}

resource "aws_iam_role" "uploader" {
  count              = local.has_own_uploader ? 1 : 0
  name               = "${var.name}-uploader"
  assume_role_policy = local.documents[local.has_instances ? "uploader-trust-ec2" : "uploader-trust-key"]
}

resource "aws_iam_role_policy" "uploader" {
  for_each = { for name, text in local.uploader_policies : name => text if local.has_own_uploader }
  role     = aws_iam_role.uploader[0].id
  name     = each.key
  policy   = each.value
}

resource "aws_iam_instance_profile" "uploader" {
  count = local.has_instances ? 1 : 0
  name  = "${var.name}-uploader"
  role  = aws_iam_role.uploader[0].name
}

resource "aws_iam_role" "snowflake" {
  count              = local.has_snowflake ? 1 : 0
  name               = "${var.name}-snowflake"
  assume_role_policy = local.documents["snowflake-trust"]
}

resource "aws_iam_role_policy" "snowflake" {
  for_each = local.snowflake_policies
  role     = aws_iam_role.snowflake[0].id
  name     = each.key
  policy   = each.value
}

resource "aws_iam_role" "errors" {
  count              = local.has_errors ? 1 : 0
  name               = "${var.name}-errors"
  assume_role_policy = local.errors_trust
}

resource "aws_iam_role_policy" "errors" {
  count  = local.has_errors ? 1 : 0
  role   = aws_iam_role.errors[0].id
  name   = "errors"
  policy = local.documents["errors"]
}
