"""What the components that run in the cluster are given."""

from typing import Any, Final

from components.chart import ChartSourceArgs
from components.identity import IdentityArgs
from components.placement import PlacementArgs
from rehearsal.plan import Plan, Registration
from rehearsal.values import reveal

from .recording import ACCOUNT, REGION

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
