"""What every component on the cluster needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.common.identity import ClusterIdentity
from components.common.placement import Placement
from components.common.pod_namespace import PodNamespace
from facts.proxy import Proxy
from settings import Charts


@dataclass(frozen=True)
class OnCluster:
    """A cluster that can run pods, and how components are installed on it.

    cluster_id: the cluster's name, known in every preview. iam_path: the path in IAM of all roles, "/" or longer.
    placement: the nodes for the platform's own pods. charts: registries of charts and images. pods_in: namespace to the
    node groups, the Fargate profile or the node pools that run its pods. isolated: whether pods can connect only to
    endpoints in the VPC. proxy: how controllers connect to hosts outside of the VPC; None: directly. shared_subnets:
    whether the subnets belong to another stack. built_in_volumes: whether nodes have a driver for EBS volumes without
    an add-on. logs_key, volumes_key, queue_key: ARNs of the company's own KMS keys for log groups, EBS volumes and
    Karpenter's queue; None: AWS's keys.
    """

    cluster_id: str
    kubernetes_version: str
    endpoint: pulumi.Output[str]
    account_id: str
    iam_path: str
    region: str
    vpc_id: pulumi.Output[str]
    identity: ClusterIdentity
    placement: Placement
    charts: Charts
    pods_in: Mapping[str, Sequence[pulumi.Resource]]
    isolated: bool
    proxy: Proxy | None
    shared_subnets: bool
    built_in_volumes: bool
    tags: Mapping[str, str]
    logs_key: str | None
    volumes_key: str | None
    queue_key: str | None

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of containers that connect to hosts outside of the VPC."""
        return self.proxy.environment if self.proxy else {}

    @property
    def variables(self) -> list[dict[str, str]]:
        """The same in the form that a container has in Kubernetes."""
        return [{"name": name, "value": value} for name, value in self.environment.items()]

    def namespace(self, name: str) -> PodNamespace:
        """Return a namespace with the compute for its pods.

        Raises KeyError where no node group, Fargate profile or Auto Mode runs pods of that namespace: `compute_layer`
        knows the namespaces of every section of the settings.
        """
        return PodNamespace(name, self.pods_in[name])
