"""Instance types with Elastic Fabric Adapter, and how many of their network cards have one."""

from collections.abc import Mapping
from typing import Final

EFA_CARDS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("p4d.24xlarge", "p4de.24xlarge"), 4),
    **dict.fromkeys(("p5.48xlarge", "p5e.48xlarge"), 32),
    "p5en.48xlarge": 16,
    "p6-b200.48xlarge": 8,
    "trn1.32xlarge": 8,
    "trn1n.32xlarge": 16,
    "trn2.48xlarge": 16,
    **dict.fromkeys(("p3dn.24xlarge", "g4dn.8xlarge", "g4dn.12xlarge", "g4dn.16xlarge", "g4dn.metal"), 1),
    **{f"{family}.{size}": 1 for family in ("g5", "g6") for size in ("8xlarge", "12xlarge", "16xlarge", "24xlarge")},
    **dict.fromkeys(("g5.48xlarge", "g6.48xlarge", "g6e.8xlarge", "g6e.12xlarge", "g6e.16xlarge"), 1),
    **dict.fromkeys(("c5n.9xlarge", "c5n.18xlarge", "c5n.metal", "c6gn.16xlarge", "hpc6a.48xlarge"), 1),
    **dict.fromkeys(("hpc7g.4xlarge", "hpc7g.8xlarge", "hpc7g.16xlarge"), 1),
}
"""Network cards with EFA. A type that is absent is refused, because a node with fewer interfaces than cards is slow.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa.html#efa-instance-types"""
