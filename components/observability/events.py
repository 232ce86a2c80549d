"""Kubernetes' Warning events: copied to CloudWatch, where they outlive the hour that Kubernetes keeps them."""

import hashlib
from typing import Final

import pulumi
from pulumi_aws import cloudwatch
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, PodSpecArgsDict, ServiceAccount
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding

import versions
from components.common.chart import image
from components.common.dependency import after
from components.common.identity import ServiceAccountName, role_annotations, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import pod_placement
from components.common.pod_security import restricted_namespace
from facts import iam_documents, namespaces
from settings import Observability

NAME: Final = "events"
LABELS: Final = {"app.kubernetes.io/name": NAME}
HEALTH_PORT: Final = 2020


class Events(pulumi.ComponentResource):
    """Fluent Bit, which watches events and writes the warnings among them to a log group.

    One pod only: two would write everything twice. After a restart it begins with the events of the last hour.
    """

    log_group_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Observability,
        cluster: OnCluster,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the log group, the role, and what runs in the cluster."""
        super().__init__("eks-platform:index:Events", name, {}, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        group = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/eks/{cluster.cluster_id}/events",
            retention_in_days=settings.retention_days,
            kms_key_id=cluster.logs_key,
            opts=self._child,
        )
        identity = workload_identity(
            f"{name}-writer",
            cluster.identity,
            ServiceAccountName(namespaces.OBSERVABILITY, NAME),
            self._child,
            documents={"log": pulumi.Output.json_dumps(group.arn.apply(iam_documents.log_group_writer))},
        )
        namespace = restricted_namespace(
            f"{name}-namespace", namespaces.OBSERVABILITY, cluster.kubernetes_version, self._child
        ).metadata["name"]
        account = ServiceAccount(
            f"{name}-account",
            metadata={"name": NAME, "namespace": namespace, "annotations": role_annotations(identity)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[identity]),
        )
        reader = self._reader(namespace)
        text = group.name.apply(lambda log_group: fluent_bit(cluster.region, log_group))
        configuration = ConfigMap(
            f"{name}-configuration",
            metadata={"name": NAME, "namespace": namespace, "labels": LABELS},
            data={"fluent-bit.conf": text},
            opts=self._child,
        )
        pods = cluster.namespace(namespaces.OBSERVABILITY)
        Deployment(
            f"{name}-deployment",
            metadata={"name": NAME, "namespace": after(pods.compute, namespace), "labels": LABELS},
            spec={
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "selector": {"match_labels": LABELS},
                "template": {
                    # Fluent Bit reads its configuration once: another one is another pod.
                    "metadata": {"labels": LABELS, "annotations": {"checksum/configuration": text.apply(_checksum)}},
                    "spec": pod_spec(cluster, account.metadata["name"], configuration.metadata["name"]),
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[reader]),
        )
        self.log_group_name = group.name
        self.register_outputs({"log_group_name": self.log_group_name})

    def _reader(self, namespace: pulumi.Input[str]) -> ClusterRoleBinding:
        role = ClusterRole(
            f"{self._name}-reader",
            metadata={"name": f"{namespaces.OBSERVABILITY}-{NAME}"},
            rules=[{"api_groups": [""], "resources": ["events"], "verbs": ["get", "list", "watch"]}],
            opts=self._child,
        )
        return ClusterRoleBinding(
            f"{self._name}-reader",
            metadata={"name": f"{namespaces.OBSERVABILITY}-{NAME}"},
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role.metadata["name"],
            },
            subjects=[{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}],
            opts=self._child,
        )


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def pod_spec(cluster: OnCluster, account: pulumi.Input[str], configuration: pulumi.Input[str]) -> PodSpecArgsDict:
    """Return the spec of the pod, which the Pod Security Standard `restricted` admits."""
    return {
        "service_account_name": account,
        "enable_service_links": False,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": 65532,
            "run_as_group": 65532,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "fluent-bit",
                "image": image(versions.FLUENT_BIT_IMAGE, cluster.charts),
                # Past the image's entry point, a shell script that loads plugins for other destinations.
                "command": ["/fluent-bit/bin/fluent-bit", "--config=/fluent-bit/events/fluent-bit.conf"],
                "ports": [{"name": "health", "container_port": HEALTH_PORT}],
                "readiness_probe": {"http_get": {"path": "/api/v1/health", "port": HEALTH_PORT}},
                # Not its health: a new start cures nothing that ails CloudWatch.
                "liveness_probe": {"http_get": {"path": "/", "port": HEALTH_PORT}, "period_seconds": 30},
                "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}},
                "security_context": {
                    "allow_privilege_escalation": False,
                    "read_only_root_filesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volume_mounts": [
                    {"name": "configuration", "mount_path": "/fluent-bit/events", "read_only": True},
                ],
            }
        ],
        "volumes": [
            {"name": "configuration", "config_map": {"name": configuration}},
        ],
        "node_selector": dict(cluster.placement.node_selector),
        "tolerations": pod_placement(cluster.placement).get("tolerations", []),
    }


def fluent_bit(region: str, log_group: str) -> str:
    """Return Fluent Bit's configuration: events from the API server, the warnings among them to a log group.

    Without a database of what is written: Kubernetes counts what happens again in the object that it has, and by the
    database that is an old event: a pod that fails a hundred times would be one line.
    https://github.com/fluent/fluent-bit/blob/master/plugins/in_kubernetes_events/kubernetes_events.c
    https://docs.fluentbit.io/manual/data-pipeline/inputs/kubernetes-events
    https://docs.fluentbit.io/manual/data-pipeline/outputs/cloudwatch
    """
    return f"""\
[SERVICE]
    Flush 5
    Log_Level warn
    HTTP_Server On
    HTTP_Port {HEALTH_PORT}
    Health_Check On

[INPUT]
    Name kubernetes_events
    Tag events

[FILTER]
    Name grep
    Match events
    Regex type ^Warning$

[FILTER]
    Name record_modifier
    Match events
    # The event's own; what it is about is in involvedObject.
    Remove_key metadata

[OUTPUT]
    Name cloudwatch_logs
    Match events
    region {region}
    log_group_name {log_group}
    log_stream_name warnings
    auto_create_group Off
    Retry_Limit 10
"""
