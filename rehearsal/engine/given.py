"""What a platform's stack file takes for granted: the account, who runs Pulumi, somebody else's network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from harness.engine.store import GIVEN, Resource
from harness.kind import get
from rehearsal.engine.refusals import uses

NETWORK: Final = "10.0"
"""The first two bytes of a given network's addresses, of which the stack file says nothing."""


@dataclass(frozen=True)
class Given:
    """What is there before the first `up`.

    account: the one that the stack belongs to, if it says so. deployer: the IAM principal that runs Pulumi, if it says
    so. resources: what must be in the cloud.
    """

    account: str | None = None
    deployer: str | None = None
    resources: list[Resource] = field(default_factory=list)


def given_by(config: Mapping[str, Any], project: str) -> Given:
    """Return what the configuration of a stack takes for granted; nothing if it is not a platform's.

    project: the name of its project, under which the settings are.
    """
    account = get(config, f"{project}:platform.account")
    deployer = get(config, f"{project}:access.deployer")
    network = get(config, f"{project}:network.existing")
    # Another stack's network is there once that stack is up.
    resources = [*_network(network)] if isinstance(network, Mapping) and "vpcId" in network else []
    return Given(None if account is None else str(account), deployer, resources)


def _network(network: Mapping[str, Any]) -> Iterator[Resource]:
    vpc = network["vpcId"]
    yield _given(uses.VPC, vpc, cidrBlock=f"{NETWORK}.0.0/16")
    subnets = [*(network.get("publicSubnets") or {}).items(), *(network.get("privateSubnets") or {}).items()]
    for number, (zone, subnet) in enumerate(subnets):
        yield _given(uses.SUBNET, subnet, vpcId=vpc, availabilityZone=zone, cidrBlock=f"{NETWORK}.{number}.0/24")


def _given(type_: str, id_: str, **outputs: str) -> Resource:
    return Resource(type_, id_, dict(outputs), dict(outputs), seed=GIVEN)
