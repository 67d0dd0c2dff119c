# Written for version 5 of the AWS provider. `terraform validate` was not run: the provider could not be fetched where this
# was made. tests/e2e/test_aws_policies.py says what was checked.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.40"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
}
