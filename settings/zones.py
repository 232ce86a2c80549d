"""A zone that leaves the network of a running stack: refused while the cluster has, or may put, something there.

Subnet, NAT gateway and route of the zone would be deleted in the update: the route under nodes that run, the subnet not
at all while a network interface is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from settings.deployed import State
from settings.problems import Problem

if TYPE_CHECKING:
    from settings.stack import Stack

SUBNET: Final = "eks-platform:index:Network$aws:ec2/subnet:Subnet"
CONTROL_PLANE: Final = "aws:eks/cluster:Cluster"
NODE_POOL: Final = "kubernetes:karpenter.sh/v1:NodePool"
ZONE: Final = "topology.kubernetes.io/zone"
WAY: Final = 'docs/operations.md, "Remove a zone"'


def zones_in_use(stack: Stack, state: State) -> Iterator[Problem]:
    """Yield a problem for each zone of the stack's own VPC that its settings leave out and its cluster needs.

    Node groups and Fargate profiles need no word: they are replaced, and the old ones end before their subnets.
    """
    # By ARN, which is an output with every provider; the id is one with some.
    zones = {str(it.get("arn")).rpartition("/")[2]: str(it.get("availabilityZone")) for it in _outputs(state, SUBNET)}
    used = sorted(set(zones.values()))
    wanted = stack.network.zones or used[: stack.network.zone_count]
    wanted = [*wanted, *(subnet.zone for subnet in stack.network.node_subnets.values())]
    path = "network.zones" if stack.network.zones else "network.zoneCount"
    if not used or stack.network.existing:
        return
    made_in = {
        zones.get(str(subnet))
        for cluster in _outputs(state, CONTROL_PLANE)
        for subnet in _at(cluster, "vpcConfig", "subnetIds") or ()
    }
    pools = {str(_at(it, "metadata", "name")): _zones_of(it) for it in _outputs(state, NODE_POOL)}
    for zone in [zone for zone in used if zone not in wanted]:
        open_pools = sorted(name for name, only in pools.items() if only is None or zone in only)
        if zone in made_in:
            # https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html
            expected = f"expected it kept: EKS leaves a control plane in the zones it was made in. {WAY}"
        elif open_pools:
            expected = f"expected it kept while nodes of karpenter.nodePools.{open_pools[0]} may be there. {WAY}"
        else:
            continue
        yield Problem(path, f"without {zone}", expected)


def _outputs(state: State, type_: str) -> Iterator[Mapping[str, Any]]:
    """Yield the outputs of the resources whose qualified type ends with `type_`."""
    for urn, resource in state.items():
        outputs = resource.get("outputs")
        if urn.split("::")[2].endswith(type_) and isinstance(outputs, Mapping):
            yield outputs


def _zones_of(pool: Mapping[str, Any]) -> list[str] | None:
    """Return the zones that a NodePool is limited to, or None if it is not."""
    for wanted in _at(pool, "spec", "template", "spec", "requirements") or ():
        if wanted.get("key") == ZONE and wanted.get("operator") == "In":
            return [str(zone) for zone in wanted.get("values") or ()]
    return None


def _at(outputs: Any, *keys: str) -> Any:
    for key in keys:
        outputs = outputs.get(key) if isinstance(outputs, Mapping) else None
    return outputs
