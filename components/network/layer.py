"""The network: the stack's own, an existing VPC, or another stack's."""

from components.common.where import Where
from components.network.base import AnyNetwork
from components.network.existing import ExistingNetwork
from components.network.shared import SharedNetwork
from components.network.vpc import Network
from settings import Stack


def network_layer(settings: Stack, *, where: Where) -> AnyNetwork:
    """Declare the network of the stack file."""
    section = settings.network
    if section.existing:
        component = SharedNetwork if section.shared else ExistingNetwork
        return component(where.name, section.existing, where, apart=settings.ranges_outside_the_vpc, opts=where.in_aws)
    return Network(
        where.name,
        section,
        where,
        internet=settings.internet,
        public_nodes=settings.public_node_groups,
        protect=settings.platform.protect,
        logs_key=settings.encryption.logs,
        opts=where.in_aws,
    )
