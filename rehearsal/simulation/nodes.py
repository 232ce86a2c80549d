"""The nodes of a simulation: one Kubernetes node for each that a managed node group in the fake cloud wants."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from facts.instance_sizes import vcpus_and_memory
from harness.engine.store import Cloud, Resource
from rehearsal.capacity import allocatable
from rehearsal.engine.refusals import uses
from rehearsal.simulation.api_server import ApiServer, Object

GROUP: Final = "eks.amazonaws.com/nodegroup"
ZONE: Final = "topology.kubernetes.io/zone"
LARGE: Final = (8, 32768)
"""CPUs and memory (MiB) of an instance type whose name does not tell them."""


def node(group: Resource, number: int, cloud: Cloud) -> Object:
    """Return a node of a group as the kubelet of an instance registers it. number: which of the group's, from 0.

    https://docs.aws.amazon.com/eks/latest/userguide/node-labels.html
    """
    subnets = group.all("subnetIds")
    zone = str((cloud.find(uses.SUBNET, "id", subnets[number % len(subnets)]) or {}).get("availabilityZone"))
    architecture = "arm64" if "ARM" in str(group.get("amiType")) else "amd64"
    instance_type = _instance_type(group, cloud)
    labels = {
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        "node.kubernetes.io/instance-type": instance_type,
        ZONE: zone,
        "topology.kubernetes.io/region": zone[:-1],
        GROUP: str(group.get("nodeGroupName")),
        "eks.amazonaws.com/capacityType": str(group.get("capacityType")),
        **(group.outputs.get("labels") or {}),
    }
    name = f"{group.get('nodeGroupName')}-{number}"
    room = allocatable(*(vcpus_and_memory(instance_type) or LARGE))
    offered = {"cpu": f"{room.cpu}m", "memory": f"{room.memory}Mi", "pods": str(room.pods)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**labels, "kubernetes.io/hostname": name}},
        "spec": {"taints": list(_taints(group)), "providerID": f"aws:///{zone}/i-{group.key:08x}{number:09x}"},
        "status": {"capacity": offered, "allocatable": offered},
    }


def _instance_type(group: Resource, cloud: Cloud) -> str:
    template = cloud.find(uses.TEMPLATE, "id", group.get("launchTemplate.id")) or {}
    return str(group.get("instanceTypes") or template.get("instanceType"))


def _taints(group: Resource) -> Iterator[dict[str, str]]:
    for taint in group.outputs.get("taints") or []:
        # EKS's NO_SCHEDULE is Kubernetes' NoSchedule.
        effect = str(taint["effect"]).title().replace("_", "")
        yield {"key": str(taint["key"]), "value": str(taint.get("value") or ""), "effect": effect}


def reconcile(server: ApiServer, cloud: Cloud, lost: Collection[str] = ()) -> None:
    """Register the nodes that the node groups want, and delete those that they want no longer.

    lost: zones that are down. Their nodes are deleted, and no other zone gets more for them.
    """
    wanted = {
        item["metadata"]["name"]: item
        for group in cloud.of(uses.NODE_GROUP)
        for item in (node(group, number, cloud) for number in range(_size(group.outputs)))
        if item["metadata"]["labels"][ZONE] not in lost
    }
    there = {item["metadata"]["name"]: item for item in server.request("GET", "/api/v1/nodes").body["items"]}
    for name in wanted.keys() - there.keys():
        server.create(wanted[name])
    for name in there.keys() - wanted.keys():
        if GROUP in there[name]["metadata"]["labels"]:
            server.request("DELETE", f"/api/v1/nodes/{name}")


def _size(group: Mapping[str, Any]) -> int:
    scaling = group.get("scalingConfig") or {}
    return int(scaling.get("desiredSize") or scaling.get("minSize") or 0)
