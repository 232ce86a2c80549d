"""Karpenter: controller, node role, interruption queue and Helm releases."""

import json
from typing import Any, Final

import pulumi
from pulumi_aws import cloudwatch, eks, iam, sqs

import versions
from components.common.chart import image, release
from components.common.dependency import after
from components.common.identity import ServiceAccountName, role_annotations, workload_identity
from components.common.node_role import node_role
from components.common.on_cluster import OnCluster
from components.common.placement import pod_placement
from components.common.pod_namespace import without_pods
from facts import iam_documents, namespaces
from facts.names import shortened
from settings import Karpenter as KarpenterSettings

NAMESPACE = namespaces.SYSTEM
"""Where the API server's own flow schemas give the controller's requests precedence.

https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/#preventing-api-server-request-throttling"""

QUEUE_NAME_LENGTH: Final = 80
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""

IMAGE = "public.ecr.aws/karpenter/controller"

FORMER_EVENT_NAMES: Final = {"reservation-interruption": "capacity-reservation-interruption"}
"""Events whose rule and target were named otherwise. With autonaming, a rule of the longer name had up to 72
characters; EventBridge takes 64 (terraform-aws-eks #2311, #3553)."""


class Karpenter(pulumi.ComponentResource):
    """The controller that launches and removes nodes, and what its nodes are.

    Node pools must depend on it: their nodes drain, and their finalizers clear, only while it and its role live.
    """

    instance_profile_name: pulumi.Output[str]
    """For node classes. Known once nodes with it may join the cluster."""
    node_role_arn: pulumi.Output[str]
    queue_name: pulumi.Output[str]

    def __init__(
        self, name: str, settings: KarpenterSettings, cluster: OnCluster, *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the roles, the queue and the releases."""
        super().__init__("eks-platform:index:Karpenter", name, {}, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        role = self._node_role(settings, cluster)
        queue = sqs.Queue(
            f"{name}-interruption",
            name=shortened(cluster.cluster_id, QUEUE_NAME_LENGTH),
            message_retention_seconds=300,
            sqs_managed_sse_enabled=None if cluster.queue_key else True,
            kms_master_key_id=cluster.queue_key,
            opts=self._child,
        )
        fed = self._events(queue)
        documents = pulumi.Output.all(role.arn, queue.arn).apply(
            lambda arns: iam_documents.karpenter_controller(
                cluster.account_id,
                cluster.region,
                cluster.cluster_id,
                arns[0],
                arns[1],
                image_parameters=settings.image_parameters,
            )
        )
        identity = workload_identity(
            f"{name}-controller",
            cluster.identity,
            ServiceAccountName(NAMESPACE, versions.KARPENTER.name),
            self._child,
            # Apart: together they are over IAM's limit of 6,144 characters.
            documents={
                **{
                    key: pulumi.Output.json_dumps(documents[key]) for key in iam_documents.KARPENTER_CONTROLLER_POLICIES
                },
                **_key_documents(cluster),
            },
        )
        # Helm never upgrades what is in a chart's crds/: upstream's second chart has them as templates.
        definitions = release(
            f"{name}-crd",
            versions.KARPENTER_CRD.at(settings.version),
            self._child,
            namespace=without_pods(NAMESPACE),
            charts=cluster.charts,
            values={},
        )
        release(
            f"{name}-release",
            versions.KARPENTER.at(settings.version),
            pulumi.ResourceOptions(parent=self, depends_on=[identity, definitions, *fed]),
            namespace=cluster.namespace(NAMESPACE),
            charts=cluster.charts,
            skip_crds=True,
            values=karpenter_values(settings, cluster, queue.name, role_annotations(identity)),
        )
        self.node_role_arn = role.arn
        self.queue_name = queue.name
        self.register_outputs(
            {
                "instance_profile_name": self.instance_profile_name,
                "node_role_arn": self.node_role_arn,
                "queue_name": self.queue_name,
            }
        )

    def _node_role(self, settings: KarpenterSettings, cluster: OnCluster) -> iam.Role:
        role, attachments = node_role(f"{self._name}-node", cluster.region, self._child, more=settings.role)
        # Of our own: the one that Karpenter makes from a node class's `role` outlives the node class, and IAM then
        # refuses to delete the role.
        profile = iam.InstanceProfile(f"{self._name}-node", role=role.name, opts=self._child)
        entry = eks.AccessEntry(
            f"{self._name}-node",
            cluster_name=cluster.identity.cluster_name,
            principal_arn=role.arn,
            type="EC2_LINUX",
            opts=self._child,
        )
        self.instance_profile_name = after([*attachments, entry], profile.name)
        return role

    def _of_event(self, event: str) -> pulumi.ResourceOptions:
        """Return the options of an event's rule and target, which a stack may have under a longer name."""
        former = FORMER_EVENT_NAMES.get(event)
        aliases = [pulumi.Alias(name=f"{self._name}-{former}")] if former else None
        return pulumi.ResourceOptions(parent=self, aliases=aliases)

    def _events(self, queue: sqs.Queue) -> list[pulumi.Resource]:
        rules = {
            event: cloudwatch.EventRule(
                f"{self._name}-{event}",
                description=f"Karpenter: {', '.join(pattern['detail-type'])}",
                event_pattern=json.dumps(pattern),
                opts=self._of_event(event),
            )
            for event, pattern in iam_documents.INTERRUPTION_EVENTS.items()
        }
        policy = sqs.QueuePolicy(
            f"{self._name}-interruption",
            queue_url=queue.url,
            policy=pulumi.Output.json_dumps(
                pulumi.Output.all(queue.arn, *[rule.arn for rule in rules.values()]).apply(
                    lambda arns: iam_documents.interruption_queue(arns[0], arns[1:])
                )
            ),
            opts=self._child,
        )
        targets = [
            cloudwatch.EventTarget(f"{self._name}-{event}", rule=rule.name, arn=queue.arn, opts=self._of_event(event))
            for event, rule in rules.items()
        ]
        return [policy, *targets]


def _key_documents(cluster: OnCluster) -> dict[str, str]:
    """Return the policies, by name, that the controller needs for keys of the company's own."""
    found: dict[str, str] = {}
    if key := cluster.volumes_key:
        found["volumes-key"] = json.dumps(iam_documents.volumes_key_user(key))
    if key := cluster.queue_key:
        found["queue-key"] = json.dumps(iam_documents.queue_key_reader(key))
    return found


def karpenter_values(
    settings: KarpenterSettings,
    cluster: OnCluster,
    queue_name: pulumi.Input[str],
    annotations: dict[str, pulumi.Output[str]],
) -> dict[str, Any]:
    """Return the values of the chart `karpenter`."""
    return {
        "replicas": 2,
        "serviceAccount": {"name": versions.KARPENTER.name, "annotations": annotations},
        "settings": {
            "clusterName": cluster.cluster_id,
            "clusterEndpoint": cluster.endpoint,
            "interruptionQueue": queue_name,
            # Neither the prices nor IAM have an endpoint in a VPC (karpenter #8609).
            "isolatedVPC": cluster.isolated,
            "featureGates": {"nodeRepair": settings.node_repair},
        },
        "controller": {
            "image": {"repository": image(IMAGE, cluster.charts)},
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
            # Without it the controller reads the instance's metadata, which the hop limit forbids, and exits.
            "env": [{"name": "AWS_REGION", "value": cluster.region}, *cluster.variables],
        },
        # It must reach AWS when CoreDNS waits for the nodes that it is about to launch.
        "dnsPolicy": "Default",
        **pod_placement(cluster.placement),
        **_spread_on_fargate(cluster),
    }


def _spread_on_fargate(cluster: OnCluster) -> dict[str, Any]:
    """Return the chart's spread over zones without its condition, which Fargate's scheduler does not meet by itself."""
    if not cluster.placement.fargate:
        return {}
    return {
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
        ]
    }
