"""The network: the stack's own, an existing VPC, or another stack's."""

from components.common.where import Where
from components.network.existing import ExistingNetwork, ExistingNetworkArgs
from components.network.shared import SharedNetwork, SharedNetworkArgs
from components.network.vpc import Network, NetworkArgs
from facts.contract import CONTRACT_VERSION
from settings import Stack, arguments

AnyNetwork = Network | ExistingNetwork | SharedNetwork


def network_layer(settings: Stack, *, where: Where) -> AnyNetwork:
    """Declare the network that the stack file asks for."""
    section = settings.network
    if section.existing and section.shared:
        return SharedNetwork(
            where.name,
            arguments(
                SharedNetworkArgs,
                section.existing,
                without=["private_subnets", "public_subnets", "tagging"],
                contract_version=CONTRACT_VERSION,
                cluster_name=where.name,
                region=where.region,
                account_id=where.account_id,
            ),
            where.in_aws,
        )
    if section.existing:
        return ExistingNetwork(
            where.name,
            arguments(ExistingNetworkArgs, section.existing, without=["zones"], cluster_name=where.name),
            where.in_aws,
        )
    return Network(
        where.name,
        arguments(
            NetworkArgs,
            section,
            cluster_name=where.name,
            region=where.region,
            account_id=where.account_id,
            protect=settings.platform.protect,
            internet=settings.internet,
            logs_key=settings.encryption.logs,
        ),
        where.in_aws,
    )
