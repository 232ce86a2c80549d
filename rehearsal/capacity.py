"""What fits on nodes: what a kubelet leaves of an instance, where a scheduler puts pods, and whether a release rolls.

Pure: nothing here knows stacks or charts. CPU is in thousandths of a CPU, memory in MiB.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

EVICTION: Final = 100
"""Memory below which a kubelet evicts pods, which it therefore does not offer (`memory.available<100Mi`).

https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#hard-eviction-thresholds"""
VM_OVERHEAD: Final = 0.075
"""Share of an instance's nominal memory that the hypervisor and the kernel keep, as Karpenter reckons.

https://karpenter.sh/docs/reference/settings/ (VM_MEMORY_OVERHEAD_PERCENT)"""


@dataclass(frozen=True)
class Room:
    """An amount of CPU, memory and pods: a request, or what a node offers."""

    cpu: int
    memory: int
    pods: int = 1

    def __add__(self, other: "Room") -> "Room":
        return Room(self.cpu + other.cpu, self.memory + other.memory, self.pods + other.pods)

    def __sub__(self, other: "Room") -> "Room":
        return Room(self.cpu - other.cpu, self.memory - other.memory, self.pods - other.pods)

    def holds(self, other: "Room") -> bool:
        """Return whether another amount fits into this one."""
        return self.cpu >= other.cpu and self.memory >= other.memory and self.pods >= other.pods


def reserved_cpu(cpus: int) -> int:
    """Return what the kubelet keeps of a node's CPUs: 6% of the first, 1% of the second, 0.5%, 0.5%, then 0.25%.

    The same formula in both image families:
    https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go,
    https://github.com/bottlerocket-os/bottlerocket-core-kit/blob/develop/sources/api/schnauzer/src/v2/import/helpers.rs
    """
    shares = [60, 10, 5, 5]
    return int(sum(shares[:cpus]) + 2.5 * max(0, cpus - len(shares)))


def reserved_memory(max_pods: int) -> int:
    """Return what the kubelet keeps of a node's memory: 11 MiB for each pod that it may have, and 255; as above."""
    return 11 * max_pods + 255


def max_pods(cpus: int) -> int:
    """Return how many pods EKS lets a node with prefix delegation have.

    https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html#determine-max-pods
    """
    return 110 if cpus < 30 else 250


def allocatable(cpus: int, memory: int) -> Room:
    """Return what a node of an instance type offers to pods. memory: the type's nominal memory in MiB."""
    pods = max_pods(cpus)
    usable = int(memory * (1 - VM_OVERHEAD)) - reserved_memory(pods) - EVICTION
    return Room(cpus * 1000 - reserved_cpu(cpus), max(0, usable), pods)


@dataclass(frozen=True)
class Replicas:
    """The pods of one workload.

    zones, hosts: whether they must be spread over zones evenly, and be alone on their nodes. surge: how many more
    there may be while they are replaced. unavailable: how many may be missing meanwhile.
    """

    name: str
    count: int
    each: Room
    zones: bool = False
    hosts: bool = False
    surge: int = 1
    unavailable: int = 0


@dataclass
class Node:
    """A node: its zone, what it offers, and the pods on it, each as its workload's name and its revision."""

    zone: str
    offers: Room
    pods: list[tuple[str, int]] = field(default_factory=list)
    used: Room = field(default=Room(0, 0, 0))

    @property
    def free(self) -> Room:
        """What no pod has asked for."""
        return self.offers - self.used

    def add(self, replicas: Replicas, revision: int) -> None:
        """Put one pod here."""
        self.pods.append((replicas.name, revision))
        self.used += replicas.each

    def remove(self, replicas: Replicas, revision: int) -> None:
        """Take one pod away."""
        self.pods.remove((replicas.name, revision))
        self.used -= replicas.each


def tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """Return whether a toleration of a pod matches a taint of a node, both as Kubernetes writes them.

    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return toleration.get("key") == taint["key"] and (toleration.get("value") or "") == (taint.get("value") or "")


def copies(nodes: Iterable[Node]) -> list[Node]:
    """Return nodes with the same pods, to try something with."""
    return [replace(node, pods=list(node.pods)) for node in nodes]


def schedule(replicas: Replicas, nodes: Sequence[Node], revision: int = 0) -> bool:
    """Put one more pod on the node that kube-scheduler prefers: of those that may take it, the emptiest.

    Return whether there was one. Zones without a node do not count, nor does another revision's pod (`matchLabelKeys`).
    https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
    """
    mine = (replicas.name, revision)
    counts = Counter({node.zone: 0 for node in nodes})
    for node in nodes:
        counts[node.zone] += node.pods.count(mine)
    fewest = min(counts.values(), default=0)
    open_to = [
        node
        for node in nodes
        if node.free.holds(replicas.each)
        and not (replicas.zones and counts[node.zone] + 1 - fewest > 1)
        # Anti-affinity knows labels, and these are the same in every revision.
        and not (replicas.hosts and any(name == replicas.name for name, _ in node.pods))
    ]
    if not open_to:
        return False
    chosen = min(open_to, key=lambda node: (node.pods.count(mine), node.used.cpu / node.offers.cpu))
    chosen.add(replicas, revision)
    return True


def place(workloads: Iterable[Replicas], nodes: Sequence[Node]) -> list[str]:
    """Put the pods of workloads on nodes, in that order. Return the name of the workload of each that waits."""
    return [one.name for one in workloads for _ in range(one.count) if not schedule(one, nodes)]


def rolls(replicas: Replicas, nodes: Sequence[Node]) -> bool:
    """Replace all pods of a workload by others of the same size. Return whether that comes to an end.

    As a Deployment's controller does it: new pods up to the surge, an old one goes for each that is ready, and first
    those that may be missing. Which old one is not said; here it is the one on the fullest node but that of no new pod,
    so that the room that it leaves helps least. A workload of which a pod waits for a node does not roll.
    """
    if sum(node.pods.count((replicas.name, 0)) for node in nodes) < replicas.count:
        return False
    new = 0
    for _ in range(min(replicas.unavailable, replicas.count)):
        _retire(replicas, nodes)
    while new < replicas.count:
        started = 0
        old = sum(node.pods.count((replicas.name, 0)) for node in nodes)
        while new + started < replicas.count and new + started + old < replicas.count + replicas.surge:
            if not schedule(replicas, nodes, 1):
                break
            started += 1
        if not started:
            return False
        new += started
        for _ in range(min(started, old)):
            _retire(replicas, nodes)
    return True


def _retire(replicas: Replicas, nodes: Sequence[Node]) -> None:
    there = [node for node in nodes if (replicas.name, 0) in node.pods]
    node = max(there, key=lambda node: ((replicas.name, 1) in node.pods, node.used.cpu / node.offers.cpu))
    node.remove(replicas, 0)
