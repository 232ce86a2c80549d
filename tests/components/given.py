"""What the components that run in the cluster are given."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

import pulumi
from pulumi_aws import cloudwatch
from pydantic import SecretStr

from components.common.identity import ClusterIdentity
from components.common.on_cluster import OnCluster
from components.common.placement import Placement
from components.common.where import Where
from facts import iam_documents
from facts.iam_documents import PolicyDocument
from harness.plan import Plan, Registration
from harness.properties import reveal
from settings import Charts, Identity, Settings, Toleration
from tests.components.recording import ACCOUNT, REGION, label, recorded, waits_for

CLUSTER: Final = "platform-test"
ISSUER: Final = f"oidc.eks.{REGION}.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
NODES: Final = Placement(
    fargate=False, node_selector={"role": "operations"}, tolerations=[Toleration(key="CriticalAddonsOnly")]
)
FARGATE: Final = Placement(fargate=True)
PUBLISHERS: Final = Charts()
REGISTRY: Final = Charts(registry="oci://charts.example.jp/mirror", username="reader", password=SecretStr("hunter2"))
MIRROR: Final = Charts(images="own.example.jp/mirror")


def on_cluster(**changes: Any) -> OnCluster:
    """Return a cluster of which everything is known, and that runs pods in every namespace of the platform.

    changes: fields with other values.
    """
    cluster = OnCluster(
        cluster_id=CLUSTER,
        kubernetes_version="1.36",
        endpoint=pulumi.Output.from_input("https://example.eks.amazonaws.com"),
        account_id=ACCOUNT,
        iam_path="/",
        region=REGION,
        vpc_id=pulumi.Output.from_input("vpc-0123456789abcdef0"),
        identity=identity(),
        placement=NODES,
        charts=PUBLISHERS,
        pods_in=defaultdict(list),
        isolated=False,
        proxy=None,
        shared_subnets=False,
        built_in_volumes=False,
        tags={"Stack": "test"},
        logs_key=None,
        volumes_key=None,
        queue_key=None,
    )
    return replace(cluster, **changes)


def identity(kind: str = "irsa") -> ClusterIdentity:
    """Return how the cluster gives roles: "irsa" or "pod-identity"."""
    return ClusterIdentity(
        kind=Identity(kind),
        cluster_name=CLUSTER,
        cluster_arn=f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}",
        oidc_provider_arn=f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}",
        oidc_issuer=ISSUER,
    )


def where(name: str = "dev", **changes: Any) -> Where:
    """Return the place of a stack in which no node group exists yet.

    changes: fields with other values.
    """
    place = Where(
        name=name,
        cluster_name=name,
        region=REGION,
        account_id=ACCOUNT,
        iam_path="/",
        tags={},
        running_groups={},
        in_aws=pulumi.ResourceOptions(),
    )
    return replace(place, **changes)


Section = TypeVar("Section", bound=Settings)


def section(model: type[Section], given: Mapping[str, Any], **changes: Any) -> Section:
    """Return settings from what a stack file would say.

    given, changes: values by the names of the model's fields; what is inside of them has the names of a stack file.
    """
    named = {model.model_fields[field].alias or field: value for field, value in {**given, **changes}.items()}
    return model.model_validate_json(json.dumps(named))


def granted(kind: str, namespace: str, name: str, role: Registration) -> tuple[PolicyDocument, dict[str, Any]]:
    """Return the trust policy of a role for one service account, and what the account is annotated with."""
    cluster, accounts = identity(), [(namespace, name)]
    if kind == "irsa":
        trust = iam_documents.trust_irsa(str(cluster.oidc_provider_arn), str(cluster.oidc_issuer), accounts)
        return trust, {"eks.amazonaws.com/role-arn": role.outputs["arn"]}
    return iam_documents.trust_pod_identity(str(cluster.cluster_arn), accounts), {}


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


def waiting_for_compute(declare: Callable[[OnCluster, pulumi.ResourceOptions], Any]) -> set[str]:
    """Return the labels of what waits for what runs the pods of the namespaces, of what `declare` declares."""

    def program(opts: pulumi.ResourceOptions) -> None:
        compute = cloudwatch.LogGroup("compute", name="compute", opts=opts)
        declare(on_cluster(pods_in=defaultdict(lambda: [compute])), opts)

    plan = recorded(program)
    return {label(entry) for entry in plan if entry.custom and "LogGroup compute" in waits_for(plan, entry)}
