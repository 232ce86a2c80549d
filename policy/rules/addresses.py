"""Which ranges of addresses are the world, or as good as it."""

from ipaddress import IPv6Network, ip_network
from typing import Any, Final

WIDEST_IPV4: Final = 8
"""Prefix length: nobody's network is wider than a /8, and two /1 are the world as well as one /0 is."""

WIDEST_IPV6: Final = 19
"""Prefix length: no registry has given out more than a /19.

https://www.iana.org/assignments/ipv6-unicast-address-assignments/
"""


def open_to_the_world(block: Any) -> bool:
    """Return whether a CIDR block lets in more than any organisation owns; False for what is no CIDR."""
    try:
        network = ip_network(block, strict=False) if isinstance(block, str) else None
    except ValueError:
        return False
    if network is None:
        return False
    return network.prefixlen < (WIDEST_IPV6 if isinstance(network, IPv6Network) else WIDEST_IPV4)
