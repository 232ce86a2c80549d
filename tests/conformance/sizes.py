"""What the platform's pods ask of the operations nodes of a stack, and how many of these there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from facts.instance_sizes import vcpus_and_memory
from harness.plan import Plan
from harness.properties import reveal
from rehearsal.capacity import Node, Replicas, Room, allocatable
from settings.quantities import number
from tests.conformance.bundles import Bundle
from tests.conformance.helm import NO_COPY, all_releases
from tests.conformance.pods import NODE_GROUP, Workload, node_kinds, workloads
from tests.plans import configuration_of

ON_EACH_NODE: Final = {
    # https://github.com/aws/amazon-vpc-cni-k8s/blob/master/charts/aws-vpc-cni/values.yaml: aws-node and its agent
    "vpc-cni": Room(50, 0),
    # https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html: the add-on's manifest
    "kube-proxy": Room(100, 0),
    # https://github.com/aws/eks-pod-identity-agent/blob/main/charts/eks-pod-identity-agent/values.yaml: no requests
    "eks-pod-identity-agent": Room(0, 0),
    # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/charts/aws-ebs-csi-driver/values.yaml: three
    # containers of 10m and 40Mi
    "aws-ebs-csi-driver": Room(30, 120),
    # https://github.com/aws/eks-node-monitoring-agent/blob/main/charts/eks-node-monitoring-agent/values.yaml
    "eks-node-monitoring-agent": Room(10, 30),
    # https://github.com/aws-observability/helm-charts/blob/main/charts/amazon-cloudwatch-observability/values.yaml:
    # the agent with 250m and 128Mi, and Fluent Bit with 50m and 25Mi
    "amazon-cloudwatch-observability": Room(300, 153, 2),
    # https://github.com/awslabs/mountpoint-s3-csi-driver/blob/main/charts/aws-mountpoint-s3-csi-driver/values.yaml:
    # three containers of 10m and 40Mi
    "aws-mountpoint-s3-csi-driver": Room(30, 120),
}
"""What the DaemonSets of each add-on ask of every node."""

OF_ADDONS: Final = {
    # https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html: the add-on's manifest
    "coredns": Replicas("coredns", 2, Room(100, 70), unavailable=1),
    # https://github.com/kubernetes-sigs/metrics-server/blob/master/charts/metrics-server/values.yaml; ours has two
    "metrics-server": Replicas("metrics-server", 2, Room(100, 200)),
    # Two pods of six containers of 10m and 40Mi, the page as above
    "aws-ebs-csi-driver": Replicas("ebs-csi-controller", 2, Room(60, 240), unavailable=1),
    # https://github.com/kubernetes-csi/external-snapshotter/tree/master/deploy/kubernetes/snapshot-controller
    "snapshot-controller": Replicas("snapshot-controller", 2, Room(10, 20)),
    # The page as above: the operator
    "amazon-cloudwatch-observability": Replicas("cloudwatch-operator", 1, Room(100, 64)),
    # The page as above: the controller, since version 2
    "aws-mountpoint-s3-csi-driver": Replicas("s3-csi-controller", 1, Room(10, 40)),
}
"""The pods of each add-on that are not on every node."""


@dataclass(frozen=True)
class Part:
    """A Deployment of a chart: where the chart's values have its resources, its replicas and its spread."""

    name: str
    resources: str
    replicas: str
    spread: str


UNRENDERED: Final = {
    # Most controllers are one Deployment, and most charts have its values at the top.
    **{chart: (Part(chart, "resources", "replicas", "topologySpreadConstraints"),) for chart in NO_COPY},
    # https://github.com/cert-manager/cert-manager/blob/master/deploy/charts/cert-manager/values.yaml
    "cert-manager": (
        Part("cert-manager", "resources", "replicaCount", "topologySpreadConstraints"),
        *(
            Part(f"cert-manager-{it}", f"{it}.resources", f"{it}.replicaCount", f"{it}.topologySpreadConstraints")
            for it in ("webhook", "cainjector")
        ),
    ),
    # https://github.com/kedacore/charts/blob/main/keda/values.yaml
    "keda": tuple(
        Part(f"keda-{part}", f"resources.{resources}", f"{count}.replicaCount", f"topologySpreadConstraints.{count}")
        for part, resources, count in (
            ("operator", "operator", "operator"),
            ("metrics-apiserver", "metricServer", "metricsServer"),
            ("admission-webhooks", "webhooks", "webhooks"),
        )
    ),
}
"""The pods of charts whose copy may be missing (see NO_COPY), by the release."""


def operations_nodes(made: Bundle, size: str) -> list[Node]:
    """Return the nodes that take the platform's pods where each group has its "minSize" or "maxSize".

    Each is of the group's smallest type, and empty but for what is on every node. Those of a group are spread over its
    subnets as evenly as they can be, as an Auto Scaling group does it. Raises LookupError for an instance type whose
    name does not tell its memory.
    """
    plan = made.plan
    assert plan
    busy = [ON_EACH_NODE[name] for name in addons(plan) if name in ON_EACH_NODE]
    zones = {subnet: zone for key in ("privateSubnets", "publicSubnets") for zone, subnet in _export(plan, key).items()}
    pods = _scheduled(made)
    found = []
    for entry, kind in zip(plan.find(type=NODE_GROUP), node_kinds(plan), strict=False):
        if not any(kind.takes(one) for one in pods):
            continue
        inputs = reveal(entry.inputs)
        offers = min(
            (allocatable(*_vcpus_and_memory(name)) for name in inputs["instanceTypes"]),
            key=lambda room: (room.memory, room.cpu),
        )
        for room in busy:
            offers -= room
        # A subnet that no output names with its zone counts as a zone of its own.
        here = [zones.get(subnet, subnet) for subnet in inputs["subnetIds"]]
        found += [Node(here[n % len(here)], offers) for n in range(inputs["scalingConfig"][size])]
    return found


def _scheduled(made: Bundle) -> list[Workload]:
    """Return the workloads whose pods a scheduler places, without those on every node and those that end."""
    return [one for one in workloads(made.objects) if one.kind not in ("DaemonSet", "Job", "CronJob")]


def _vcpus_and_memory(instance_type: str) -> tuple[int, int]:
    found = vcpus_and_memory(instance_type)
    if found is None:
        raise LookupError(f"the name of the instance type {instance_type} does not tell its vCPUs and memory")
    return found


def platform_pods(bundle: Bundle, *, most: bool = False) -> list[Replicas]:
    """Return the workloads of a stack that its node groups take. most: where autoscalers want as many as they may."""
    assert bundle.plan
    kinds = node_kinds(bundle.plan)
    limits = _autoscaled(bundle)
    rendered = [
        _replicas(one, limits[one.namespace, one.name] if most and (one.namespace, one.name) in limits else None)
        for one in _scheduled(bundle)
        if any(kind.takes(one) for kind in kinds)
    ]
    managed = [OF_ADDONS[name] for name in addons(bundle.plan) if name in OF_ADDONS]
    others = [
        pods
        for release in all_releases(bundle.plan, bundle.minor)
        if release.name not in bundle.rendered
        for pods in of_values(release.name, release.values)
    ]
    return [*rendered, *managed, *others]


def of_values(release: str, values: Mapping[str, Any]) -> list[Replicas]:
    """Return the pods of a chart that is not rendered, by what a release sets; raises KeyError without requests."""
    found = []
    for part in UNRENDERED.get(release, ()):
        requests = (_at(values, part.resources) or {}).get("requests")
        if requests is None:
            raise KeyError(f"{release}: no requests at {part.resources}: the stack file must set them")
        spread = [term["topologyKey"] for term in _strict({"topologySpreadConstraints": _at(values, part.spread)})]
        # The deployments of these charts roll as Kubernetes does by itself.
        room = _requests([{"resources": {"requests": requests}}])
        zones = "topology.kubernetes.io/zone" in spread
        found.append(Replicas(part.name, _at(values, part.replicas) or 1, room, zones=zones))
    return found


def _at(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def scales(name: str) -> bool:
    """Return whether something gives a stack more operations nodes when pods wait."""
    return "eks-platform:clusterAutoscaler" in configuration_of(name).values


def _replicas(workload: Workload, most: int | None) -> Replicas:
    spec = workload.item["spec"]
    count = most or workload.replicas or 1
    strategy = spec.get("strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    # A StatefulSet, like a Deployment that recreates, takes the old pod away first.
    replaces = workload.kind == "StatefulSet" or strategy.get("type") == "Recreate"
    surge = 0 if replaces else _share(rolling.get("maxSurge", "25%"), count, up=True)
    unavailable = count if replaces else _share(rolling.get("maxUnavailable", "25%"), count, up=False)
    spread = [term["topologyKey"] for term in _strict(workload.spec)]
    terms = ((workload.spec.get("affinity") or {}).get("podAntiAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or []
    return Replicas(
        f"{workload.namespace}/{workload.name}",
        count,
        _requests(workload.spec["containers"]),
        zones="topology.kubernetes.io/zone" in spread,
        hosts=any(term["topologyKey"] == "kubernetes.io/hostname" for term in terms),
        surge=surge,
        unavailable=unavailable,
    )


def _strict(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        term for term in spec.get("topologySpreadConstraints") or [] if term["whenUnsatisfiable"] == "DoNotSchedule"
    ]


def _share(value: str | int, count: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    part = count * int(value.removesuffix("%")) / 100
    return ceil(part) if up else int(part)


def _requests(containers: Sequence[Mapping[str, Any]]) -> Room:
    requests = [container["resources"]["requests"] for container in containers]
    return Room(
        sum(ceil(1000 * number(str(one.get("cpu", 0)))) for one in requests),
        sum(ceil(number(str(one.get("memory", 0))) / 2**20) for one in requests),
    )


def _autoscaled(bundle: Bundle) -> dict[tuple[str, str], int]:
    return {
        (item["metadata"]["namespace"], item["spec"]["scaleTargetRef"]["name"]): int(item["spec"]["maxReplicas"])
        for item in bundle.objects
        if item["kind"] == "HorizontalPodAutoscaler"
    }


def addons(plan: Plan) -> list[str]:
    """Return the names of a stack's EKS add-ons."""
    return [reveal(entry.inputs)["addonName"] for entry in plan.find(type="aws:eks/addon:Addon")]


def _export(plan: Plan, key: str) -> dict[str, str]:
    return dict(reveal(plan.exports[key]))
