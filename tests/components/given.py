"""What the components that run in the cluster are given."""

from collections.abc import Callable
from typing import Any, Final

import pulumi
from pulumi_aws import cloudwatch

from components.common.chart import ChartSourceArgs
from components.common.identity import IdentityArgs
from components.common.placement import PlacementArgs
from facts import iam_documents
from facts.iam_documents import PolicyDocument
from rehearsal.plan import Plan, Registration
from rehearsal.values import reveal
from tests.components.recording import ACCOUNT, REGION, label, recorded, waits_for

CLUSTER: Final = "platform-test"
ISSUER: Final = f"oidc.eks.{REGION}.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
NODES: Final[PlacementArgs] = {
    "fargate": False,
    "node_selector": {"role": "operations"},
    "tolerations": [{"key": "CriticalAddonsOnly"}],
}
FARGATE: Final[PlacementArgs] = {"fargate": True, "node_selector": {}, "tolerations": []}
REGISTRY: Final[ChartSourceArgs] = {
    "registry": "oci://charts.example.jp/mirror",
    "username": "reader",
    "password": "hunter2",
}
MIRROR: Final[ChartSourceArgs] = {"images": "own.example.jp/mirror"}


def identity(kind: str = "irsa") -> IdentityArgs:
    """Return how the cluster gives roles: "irsa" or "pod-identity"."""
    return {
        "kind": kind,
        "cluster_name": CLUSTER,
        "cluster_arn": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}",
        "oidc_provider_arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}",
        "oidc_issuer": ISSUER,
    }


def granted(kind: str, namespace: str, name: str, role: Registration) -> tuple[PolicyDocument, dict[str, Any]]:
    """Return the trust policy of a role for one service account, and what the account is annotated with."""
    args, accounts = identity(), [(namespace, name)]
    if kind == "irsa":
        trust = iam_documents.trust_irsa(str(args["oidc_provider_arn"]), str(args["oidc_issuer"]), accounts)
        return trust, {"eks.amazonaws.com/role-arn": role.outputs["arn"]}
    return iam_documents.trust_pod_identity(str(args["cluster_arn"]), accounts), {}


def release_of(plan: Plan, chart: str) -> Registration:
    """Return the Helm release of a chart."""
    releases = plan.find(type="kubernetes:helm.sh/v3:Release")
    return next(entry for entry in releases if entry.inputs["name"] == chart)


def values_of(plan: Plan, chart: str) -> dict[str, Any]:
    """Return the values of a chart's release, with what is secret in them."""
    return dict(reveal(release_of(plan, chart).inputs["values"]))


def repositories(values: Any) -> list[str]:
    """Return the repository of every image in a chart's values, in alphabetical order."""
    if isinstance(values, list):
        return sorted(found for item in values for found in repositories(item))
    if not isinstance(values, dict):
        return []
    own = [image["repository"]] if isinstance(image := values.get("image"), dict) and "repository" in image else []
    return sorted([*own, *(found for item in values.values() for found in repositories(item))])


def waiting_for_compute(
    namespace: str, declare: Callable[[pulumi.Output[str], pulumi.ResourceOptions], Any]
) -> set[str]:
    """Return the labels of what waits for compute where only the namespace that `declare` is given does."""

    def program(opts: pulumi.ResourceOptions) -> None:
        declare(cloudwatch.LogGroup("compute", name=namespace, opts=opts).name, opts)

    plan = recorded(program)
    return {label(entry) for entry in plan if entry.custom and "LogGroup compute" in waits_for(plan, entry)}
