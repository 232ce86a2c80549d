"""AWS services that the platform uses little of: Grafana, Prometheus, KMS, CloudWatch, EventBridge, SQS, Route 53."""

from __future__ import annotations

from typing import Final

from harness.kind import Autoname, Context, Kind, Properties, autoname, uuid
from rehearsal.cloud.aws import arn, aws_kind, in_partition


def _target_key(inputs: Properties, context: Context) -> str:
    key = str(inputs["targetKeyId"])
    return key if key.startswith("arn:") else arn("kms", f"key/{key}")(inputs, context)


def _record_id(inputs: Properties, _context: Context) -> str:
    parts = [inputs["zoneId"], inputs["name"], inputs["type"], inputs.get("setIdentifier")]
    return "_".join(str(part) for part in parts if part)


KINDS: Final[dict[str, Kind]] = {
    "aws:amp/workspace:Workspace": aws_kind(
        lambda inputs, context: f"ws-{uuid()(inputs, context)}",
        {
            "arn": arn("aps", "workspace/{id}"),
            "prometheusEndpoint": in_partition("https://aps-workspaces.{region}.{dns_suffix}/workspaces/{id}/"),
        },
        replaces=("kmsKeyArn",),
        seconds=(5.0, 2.0, 5.0),
    ),
    "aws:amp/scraper:Scraper": aws_kind(
        lambda inputs, context: f"s-{uuid()(inputs, context)}",
        {
            "arn": arn("aps", "scraper/{id}"),
            "roleArn": in_partition(
                "arn:{partition}:iam::{account}:role/aws-service-role/scraper.aps.amazonaws.com/"
                "AWSServiceRoleForAmazonPrometheusScraper"
            ),
        },
        replaces=("source",),
        # AWS makes and deletes machines of the collector: up to 30 minutes, by the provider's timeouts.
        seconds=(900.0, 300.0, 600.0),
    ),
    "aws:grafana/workspace:Workspace": aws_kind(
        lambda inputs, context: f"g-{uuid()(inputs, context)[:8]}00",
        {
            "arn": arn("grafana", "/workspaces/{id}"),
            "endpoint": "{id}.grafana-workspace.{region}.amazonaws.com",
            "samlConfigurationStatus": "",
        },
        seconds=(180.0, 60.0, 120.0),
    ),
    "aws:grafana/roleAssociation:RoleAssociation": aws_kind(
        "{workspaceId}/{role}", replaces=("role", "workspaceId"), tagged=False
    ),
    "aws:kms/key:Key": aws_kind(
        uuid(),
        {"arn": arn("kms", "key/{id}"), "keyId": "{id}"},
        defaults={
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "enableKeyRotation": False,
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
            "multiRegion": False,
        },
        replaces=("customerMasterKeySpec", "customKeyStoreId", "keyUsage", "multiRegion", "xksKeyId"),
        seconds=(28.0, 2.0, 2.0),
    ),
    "aws:kms/alias:Alias": aws_kind(
        "{name}",
        {"arn": arn("kms", "{name}"), "targetKeyArn": _target_key},
        defaults={"name": Autoname(prefix="alias/")},
        replaces=("name", "namePrefix"),
        tagged=False,
    ),
    "aws:cloudwatch/logGroup:LogGroup": aws_kind(
        "{name}",
        {"arn": arn("logs", "log-group:{name}")},
        defaults={"name": autoname, "logGroupClass": "STANDARD", "retentionInDays": 0, "skipDestroy": False},
        replaces=("name", "namePrefix", "logGroupClass"),
    ),
    "aws:cloudwatch/eventRule:EventRule": aws_kind(
        "{name}",
        {"arn": arn("events", "rule/{name}")},
        defaults={"name": autoname, "eventBusName": "default", "state": "ENABLED"},
        replaces=("name", "namePrefix", "eventBusName"),
    ),
    "aws:cloudwatch/eventTarget:EventTarget": aws_kind(
        "{rule}-{targetId}",
        defaults={"targetId": autoname, "eventBusName": "default"},
        replaces=("rule", "targetId", "eventBusName"),
        tagged=False,
    ),
    "aws:sqs/queue:Queue": aws_kind(
        in_partition("https://sqs.{region}.{dns_suffix}/{account}/{name}"),
        {"arn": arn("sqs", "{name}"), "url": "{id}"},
        defaults={
            "name": autoname,
            "delaySeconds": 0,
            "fifoQueue": False,
            "maxMessageSize": 262_144,
            "messageRetentionSeconds": 345_600,
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        replaces=("name", "namePrefix", "fifoQueue"),
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": aws_kind(
        "{name}",
        defaults={"name": autoname, "applyOnTransformedLogs": False},
        replaces=("name", "logGroupName"),
        tagged=False,
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": aws_kind(
        "{name}",
        {"arn": arn("cloudwatch", "alarm:{name}")},
        defaults={"name": autoname, "actionsEnabled": True, "treatMissingData": "missing"},
        replaces=("name",),
    ),
    "aws:sns/topic:Topic": aws_kind(
        arn("sns", "{name}"),
        {"arn": "{id}", "owner": "{account}", "beginningArchiveTime": ""},
        defaults={"name": autoname, "fifoTopic": False},
        replaces=("name", "namePrefix", "fifoTopic"),
    ),
    "aws:sns/topicPolicy:TopicPolicy": aws_kind(
        "{arn}",
        {"owner": "{account}"},
        replaces=("arn",),
        tagged=False,
    ),
    "aws:sns/topicSubscription:TopicSubscription": aws_kind(
        lambda inputs, context: f"{inputs['topic']}:{uuid()(inputs, context)}",
        {
            "arn": "{id}",
            "ownerId": "{account}",
            # A person follows the link in a message; an endpoint answers by itself, or the creation fails.
            "pendingConfirmation": lambda inputs, _context: not inputs.get("endpointAutoConfirms"),
            "confirmationWasAuthenticated": False,
        },
        defaults={"endpointAutoConfirms": False, "confirmationTimeoutInMinutes": 1, "rawMessageDelivery": False},
        replaces=("topic", "protocol", "endpoint"),
        tagged=False,
    ),
    "aws:sqs/queuePolicy:QueuePolicy": aws_kind("{queueUrl}", replaces=("queueUrl",), tagged=False),
    "aws:route53/record:Record": aws_kind(
        _record_id,
        {"fqdn": lambda inputs, _context: str(inputs["name"]).rstrip(".")},
        replaces=("zoneId", "name"),
        tagged=False,
        regional=False,
    ),
}
