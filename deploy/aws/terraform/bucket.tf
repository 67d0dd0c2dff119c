# The bucket and its settings, as ../bucket/*.json has them.
locals {
  public_access = jsondecode(local.documents["public-access-block"])
  encryption    = jsondecode(local.documents[var.kms_key_arn == null ? "encryption" : "encryption-kms"]).Rules[0]
}

resource "aws_s3_bucket" "events" {
  bucket = var.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "events" {
  bucket                  = aws_s3_bucket.events.id
  block_public_acls       = local.public_access.BlockPublicAcls
  ignore_public_acls      = local.public_access.IgnorePublicAcls
  block_public_policy     = local.public_access.BlockPublicPolicy
  restrict_public_buckets = local.public_access.RestrictPublicBuckets
}

resource "aws_s3_bucket_ownership_controls" "events" {
  bucket = aws_s3_bucket.events.id

  rule {
    object_ownership = jsondecode(local.documents["ownership"]).Rules[0].ObjectOwnership
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "events" {
  bucket = aws_s3_bucket.events.id

  rule {
    bucket_key_enabled = try(local.encryption.BucketKeyEnabled, null)

    apply_server_side_encryption_by_default {
      sse_algorithm     = local.encryption.ApplyServerSideEncryptionByDefault.SSEAlgorithm
      kms_master_key_id = try(local.encryption.ApplyServerSideEncryptionByDefault.KMSMasterKeyID, null)
    }
  }
}

resource "aws_s3_bucket_versioning" "events" {
  count  = var.versioning ? 1 : 0
  bucket = aws_s3_bucket.events.id

  versioning_configuration {
    status = jsondecode(local.documents["versioning"]).Status
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "events" {
  bucket     = aws_s3_bucket.events.id
  depends_on = [aws_s3_bucket_versioning.events]

  dynamic "rule" {
    for_each = { for rule in jsondecode(local.documents["lifecycle"]).Rules : rule.ID => rule }

    content {
      id     = rule.key
      status = rule.value.Status

      filter {
        prefix = rule.value.Filter.Prefix
      }

      dynamic "noncurrent_version_expiration" {
        for_each = try([rule.value.NoncurrentVersionExpiration], [])

        content {
          noncurrent_days = noncurrent_version_expiration.value.NoncurrentDays
        }
      }

      dynamic "transition" {
        for_each = try(rule.value.Transitions, [])

        content {
          days          = transition.value.Days
          storage_class = transition.value.StorageClass
        }
      }

      dynamic "expiration" {
        for_each = try([rule.value.Expiration], [])

        content {
          days = expiration.value.Days
        }
      }
    }
  }
}

resource "aws_s3_bucket_policy" "events" {
  bucket     = aws_s3_bucket.events.id
  policy     = local.bucket_policy
  depends_on = [aws_s3_bucket_public_access_block.events]
}
