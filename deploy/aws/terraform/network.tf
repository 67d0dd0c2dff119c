# The way from a VPC to the bucket, and to no other.
resource "aws_vpc_endpoint" "s3" {
  count             = var.vpc_id == null ? 0 : 1
  vpc_id            = var.vpc_id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.s3"
  route_table_ids   = var.route_table_ids
  policy            = local.documents["vpc-endpoint"]
}
