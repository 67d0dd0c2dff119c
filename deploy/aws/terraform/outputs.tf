# The names of the roles are known before the roles exist: Snowflake is told them first (README.md).
output "snowflake_role_arn" {
  description = "STORAGE_AWS_ROLE_ARN of the storage integration."
  value       = "arn:${var.partition}:iam::${var.account_id}:role/${var.name}-snowflake"
}

output "errors_role_arn" {
  description = "AWS_SNS_ROLE_ARN of the integration of error messages."
  value       = "arn:${var.partition}:iam::${var.account_id}:role/${var.name}-errors"
}

output "errors_topic_arn" {
  description = "AWS_SNS_TOPIC_ARN of the integration of error messages."
  value       = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${var.name}-errors"
}

output "objects_topic_arn" {
  description = "AWS_SNS_TOPIC of pipes and stages, where the bucket notifies a topic."
  value       = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${var.name}-objects"
}

output "uploader_role_arn" {
  description = "The role that the uploader takes: role_arn of its profile."
  value       = coalesce(var.uploader_role_arn, one(aws_iam_role.uploader[*].arn))
}

output "uploader_instance_profile" {
  description = "The profile to attach to the uploader's instance; null if the role is another's."
  value       = one(aws_iam_instance_profile.uploader[*].name)
}

output "kms_key_policy" {
  description = "The policy that the key needs if the uploader is of another account; else null."
  value       = var.kms_key_arn == null || var.uploader_role_arn == null ? null : local.documents["kms-key"]
}
