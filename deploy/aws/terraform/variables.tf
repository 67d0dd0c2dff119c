# What must be set: where the bucket is.
variable "bucket" {
  description = "The bucket's name: BUCKET_NAME of the uploader."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket must be a name of 3 to 63 lower-case letters, digits, hyphens and dots."
  }
}

variable "account_id" {
  description = "The account that owns the bucket: S3_EXPECTED_BUCKET_OWNER of the uploader."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "region" {
  description = "The bucket's region: AWS_REGION of the uploader."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region must be a region's name, such as eu-central-1."
  }
}

# What has the uploader's own defaults.
variable "partition" {
  description = "The part of AWS that the account belongs to."
  type        = string
  default     = "aws"

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov", "aws-eusc"], var.partition)
    error_message = "partition must be aws, aws-cn, aws-us-gov or aws-eusc."
  }
}

variable "name" {
  description = "The beginning of the names of roles and topics; another one for a second bucket in this account."
  type        = string
  default     = "eventspool"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,40}$", var.name))
    error_message = "name must have 1 to 40 letters, digits, hyphens and underscores."
  }
}

variable "prefix" {
  description = "PREFIX of the uploader."
  type        = string
  default     = "xml-events/"

  validation {
    condition     = can(regex("^[^/*?$][^*?$]*/$", var.prefix))
    error_message = "prefix must end in a slash, not begin with one, and have no wildcard."
  }
}

variable "rejects_prefix" {
  description = "REJECTS_PREFIX of the uploader."
  type        = string
  default     = "rejected/xml-events/"

  validation {
    condition     = can(regex("^[^/*?$][^*?$]*/$", var.rejects_prefix))
    error_message = "rejects_prefix must end in a slash, not begin with one, and have no wildcard."
  }
}

variable "status_prefix" {
  description = "STATUS_PREFIX of the uploader."
  type        = string
  default     = "status/"

  validation {
    condition     = can(regex("^[^/*?$][^*?$]*/$", var.status_prefix))
    error_message = "status_prefix must end in a slash, not begin with one, and have no wildcard."
  }
}

# The bucket.
variable "versioning" {
  description = "Whether the bucket keeps what was overwritten or deleted, for as long as bucket/lifecycle.json says."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "The key of KMS that encrypts the objects; null: S3's own keys."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", coalesce(var.kms_key_arn, "arn:aws:kms:x:000000000000:key/")))
    error_message = "kms_key_arn must be the ARN of a key, not of an alias: policies do not follow aliases."
  }
}

variable "refuse_overwriting" {
  description = "Whether the bucket refuses every PUT of an event or a reject that does not carry If-None-Match."
  type        = bool
  default     = false
}

# The uploader.
variable "uploader_trusted_arn" {
  description = "The user or role that may take the uploader's role; null: the instances of EC2 that have its profile."
  type        = string
  default     = null
}

variable "uploader_role_arn" {
  description = "The uploader's role, if it is one of another account; null: a role is made here."
  type        = string
  default     = null
}

variable "allow_tags" {
  description = "Whether the uploader may tag objects (S3_TAGS)."
  type        = bool
  default     = false
}

# Snowflake. README.md says where each value comes from, and when.
variable "snowflake_iam_user_arn" {
  description = "STORAGE_AWS_IAM_USER_ARN, which DESC INTEGRATION prints; null: Snowflake has no role yet."
  type        = string
  default     = null
}

variable "snowflake_external_id" {
  description = "STORAGE_AWS_EXTERNAL_ID, likewise."
  type        = string
  default     = null
}

variable "snowflake_queue_arn" {
  description = "notification_channel, which SHOW PIPES prints; null: the bucket does not notify Snowflake's queue."
  type        = string
  default     = null
}

variable "snowflake_sns_user_arn" {
  description = "The principal that SYSTEM$GET_AWS_SNS_IAM_POLICY prints; set, the bucket notifies a topic, and no queue."
  type        = string
  default     = null
}

variable "snowflake_errors_iam_user_arn" {
  description = "SF_AWS_IAM_USER_ARN, which DESC INTEGRATION prints for the integration of error messages; null: none."
  type        = string
  default     = null
}

variable "snowflake_errors_external_id" {
  description = "SF_AWS_EXTERNAL_ID, likewise."
  type        = string
  default     = null
}

# The network.
variable "vpc_id" {
  description = "The VPC that gets a gateway endpoint for this bucket alone; null: none."
  type        = string
  default     = null
}

variable "route_table_ids" {
  description = "The route tables of that VPC which lead to the endpoint."
  type        = list(string)
  default     = []
}
