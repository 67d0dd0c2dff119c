# Who is told of new objects, and who of files that Snowflake could not load.
locals {
  has_topic        = var.snowflake_sns_user_arn != null
  has_notification = local.has_topic || var.snowflake_queue_arn != null
  notifications    = jsondecode(local.documents[local.has_topic ? "notifications-sns" : "notifications"])
}

resource "aws_sns_topic" "objects" {
  count = local.has_topic ? 1 : 0
  name  = "${var.name}-objects"
}

resource "aws_sns_topic_policy" "objects" {
  count  = local.has_topic ? 1 : 0
  arn    = aws_sns_topic.objects[0].arn
  policy = local.documents["objects-topic"]
}

# A bucket has one such configuration: what another tool has set is replaced.
resource "aws_s3_bucket_notification" "events" {
  count      = local.has_notification ? 1 : 0
  bucket     = aws_s3_bucket.events.id
  depends_on = [aws_sns_topic_policy.objects]

  dynamic "queue" {
    for_each = try(local.notifications.QueueConfigurations, [])

    content {
      id            = queue.value.Id
      queue_arn     = queue.value.QueueArn
      events        = queue.value.Events
      filter_prefix = queue.value.Filter.Key.FilterRules[0].Value
    }
  }

  dynamic "topic" {
    for_each = try(local.notifications.TopicConfigurations, [])

    content {
      id            = topic.value.Id
      topic_arn     = topic.value.TopicArn
      events        = topic.value.Events
      filter_prefix = topic.value.Filter.Key.FilterRules[0].Value
    }
  }
}

resource "aws_sns_topic" "errors" {
  count = local.has_errors ? 1 : 0
  name  = "${var.name}-errors"
}
