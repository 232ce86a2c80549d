"""The GitOps bridge: labels and annotations of a cluster's secret in Argo CD, which ApplicationSets read.

https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Cluster/,
https://github.com/gitops-bridge-dev/gitops-bridge
"""

import json
from collections.abc import Mapping
from typing import Any, Final

NAME_LABEL: Final = "eks-platform/cluster"
"""The label with the name of the cluster in Argo CD, by which a set selects it."""
THIS_CLUSTER: Final = "in-cluster"
"""Argo CD's own name for the cluster that it runs in."""
LABELS: Final = (NAME_LABEL, "aws_region", "kubernetes_version")
ANNOTATIONS: Final = ("aws_account_id", "aws_cluster_name", "aws_region", "aws_vpc_id", "workload_role_arns")


def labels(name: str, region: str, kubernetes_version: str) -> dict[str, str]:
    """Return the labels of the secret of a cluster, by its name in Argo CD."""
    return dict(zip(LABELS, (name, region, kubernetes_version), strict=True))


def annotations(
    *, account_id: str, cluster_name: str, region: str, vpc_id: str, workload_role_arns: Mapping[str, str]
) -> dict[str, str]:
    """Return the annotations of the secret of a cluster. The roles of applications are JSON: their ARNs by name."""
    roles = json.dumps(dict(sorted(workload_role_arns.items())))
    return dict(zip(ANNOTATIONS, (account_id, cluster_name, region, vpc_id, roles), strict=True))


def chart_values() -> dict[str, Any]:
    """Return the values that charts receive of their cluster, as templates of an ApplicationSet."""

    def annotation(key: str) -> str:
        return f"{{{{.metadata.annotations.{key}}}}}"

    return {
        "cluster": {
            "name": annotation("aws_cluster_name"),
            "region": annotation("aws_region"),
            "accountId": annotation("aws_account_id"),
            "vpcId": annotation("aws_vpc_id"),
            "workloadRoleArns": annotation("workload_role_arns"),
        }
    }
