# The documents beside this folder, filled in. Nothing here asks AWS, so that a test can render them without an account.
locals {
  # A value that is not set stands in a document that is not used.
  values = {
    for name, value in {
      partition              = var.partition
      region                 = var.region
      account_id             = var.account_id
      name                   = var.name
      bucket                 = var.bucket
      prefix                 = var.prefix
      rejects_prefix         = var.rejects_prefix
      status_prefix          = var.status_prefix
      kms_key_arn            = var.kms_key_arn
      uploader_trusted_arn   = var.uploader_trusted_arn
      uploader_role_arn      = var.uploader_role_arn
      snowflake_iam_user_arn = var.snowflake_iam_user_arn
      snowflake_external_id  = var.snowflake_external_id
      snowflake_queue_arn    = var.snowflake_queue_arn
      snowflake_sns_user_arn = var.snowflake_sns_user_arn
    } : name => coalesce(value, "not-set")
  }

  # { name of the file : its text }
  documents = {
    for file in fileset("${path.module}/..", "{policies,bucket}/*.json") :
    trimsuffix(basename(file), ".json") => templatefile("${path.module}/../${file}", local.values)
  }

  # The integration of error messages has a user and an id of its own.
  errors_trust = templatefile("${path.module}/../policies/snowflake-trust.json", merge(local.values, {
    snowflake_iam_user_arn = coalesce(var.snowflake_errors_iam_user_arn, "not-set")
    snowflake_external_id  = coalesce(var.snowflake_errors_external_id, "not-set")
  }))

  uploader_policies = {
    for name in compact([
      "uploader",
      var.kms_key_arn == null ? "" : "uploader-kms",
      var.allow_tags ? "uploader-tags" : ""
    ]) : name => local.documents[name]
  }

  # What the bucket's policy says for an uploader of another account. (For the key of KMS kms-key.json does.)
  foreign_uploader = flatten([
    for name, text in local.uploader_policies : [
      for statement in jsondecode(text).Statement : merge(statement, { Principal = { AWS = var.uploader_role_arn } })
    ] if var.uploader_role_arn != null && name != "uploader-kms"
  ])

  bucket_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      jsondecode(local.documents["bucket"]).Statement,
      [for statement in jsondecode(local.documents["bucket-no-overwrite"]).Statement : statement if var.refuse_overwriting],
      local.foreign_uploader
    )
  })
}
