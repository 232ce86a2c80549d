"""Rules about the HTTP proxy of nodes and controllers."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from settings.cluster import Cluster
from settings.compute import FargateProfile
from settings.network import IpFamily, Network
from settings.platform import Platform
from settings.problems import Problem
from settings.proxy import proxy_of
from settings.rules.registry import repeated, rule

PATH: Final = "network.proxy"


@rule
def _who_uses_a_proxy(
    network: Network, cluster: Cluster, platform: Platform, fargate_profiles: dict[str, FargateProfile]
) -> Iterator[Problem]:
    proxy = proxy_of(platform, network, cluster)
    if not proxy:
        return
    if fargate_profiles:
        yield Problem(PATH, "set", "expected none together with fargateProfiles: Fargate pulls images without a proxy")
    if network.ip_family is IpFamily.IPV6:
        expected = "expected none with ipFamily ipv6: AWS chooses the ranges, which must be reached without the proxy"
        yield Problem(PATH, "set", expected)
    if cluster.auto_mode and cluster.auto_mode.node_pools:
        expected = "expected none together with network.proxy, which only nodes of nodeClasses can use"
        yield Problem("cluster.autoMode.nodePools", "set", expected)
    if cluster.auto_mode and len(proxy.exceptions) > MOST_IN_AUTO_MODE:
        found = f"{len(proxy.exceptions)} with those of the stack"
        yield Problem(f"{PATH}.noProxy", found, f"expected at most {MOST_IN_AUTO_MODE} with Auto Mode")


MOST_IN_AUTO_MODE: Final = 50
"""https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html"""


@rule
def _exceptions(network: Network) -> Iterator[Problem]:
    if not network.proxy:
        return
    path = f"{PATH}.noProxy"
    yield from repeated(path, network.proxy.no_proxy)
    for index, found in enumerate(network.proxy.no_proxy):
        if "/" in found and not _is_range(found):
            yield Problem(f"{path}[{index}]", found, "expected an IPv4 range, with its first address")
    if network.existing and not any(map(_is_range, network.proxy.no_proxy)):
        expected = "expected the ranges of the VPC, such as 10.0.0.0/16, which only its owner knows"
        yield Problem(path, "no range", expected)


def _is_range(text: str) -> bool:
    try:
        IPv4Network(text)
    except ValueError:
        return False
    return "/" in text
