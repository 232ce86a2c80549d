"""Rules about reserved instances, and about Elastic Fabric Adapter."""

from collections.abc import Iterator

from facts.efa import EFA_CARDS
from settings.compute import GroupCapacity, NodeGroup
from settings.network import Network
from settings.problems import Problem, place
from settings.rules.compute import zones_of_group
from settings.rules.registry import rule


@rule
def _reservations(node_groups: dict[str, NodeGroup], network: Network) -> Iterator[Problem]:
    for name, group in node_groups.items():
        path, found = place("nodeGroups", name), group.reservation
        if found and bool(found.id) is bool(found.resource_group):
            both = "both id and resourceGroup" if found.id else "neither id nor resourceGroup"
            yield Problem(f"{path}.reservation", both, "expected one of the two")
        if found and group.capacity is GroupCapacity.SPOT:
            yield Problem(f"{path}.capacity", "spot", "expected on-demand or capacity-block together with reservation")
        if group.capacity is not GroupCapacity.CAPACITY_BLOCK:
            continue
        if not found or not found.id:
            yield Problem(f"{path}.reservation.id", "missing", "expected the id of the capacity block")
        if len(group.instance_types) > 1:
            found_types = f"{len(group.instance_types)} types"
            yield Problem(f"{path}.instanceTypes", found_types, "expected that of the capacity block alone")
        if len(zones_of_group(network, group)) != 1:
            yield Problem(f"{path}.zones", "not one zone", "expected the zone of the capacity block")


@rule
def _fabric(node_groups: dict[str, NodeGroup], network: Network) -> Iterator[Problem]:
    """EFA does not cross zones, and an interface more or less than the instance has fails or slows the node."""
    for name, group in node_groups.items():
        if not group.efa:
            continue
        path = place("nodeGroups", name)
        cards = [EFA_CARDS.get(instance_type) for instance_type in group.instance_types]
        for index, (instance_type, number) in enumerate(zip(group.instance_types, cards, strict=True)):
            at = f"{path}.instanceTypes[{index}]"
            if number is None:
                yield Problem(at, instance_type, "expected an instance type of facts/efa.py, or efa: false")
            elif cards[0] is not None and number != cards[0]:
                found = f"{instance_type}, with {number} network cards"
                yield Problem(at, found, f"expected {cards[0]}, as {group.instance_types[0]} has")
        if len(zones_of_group(network, group)) != 1:
            yield Problem(f"{path}.zones", "not one zone", "expected one zone, or a subnet, with efa")
        public = [key for key in group.subnets if (it := network.node_subnets.get(key)) and it.public]
        if group.public or network.public_nodes or public:
            expected = "expected private subnets with efa: several interfaces get no public address"
            yield Problem(f"{path}.efa", "true", expected)
