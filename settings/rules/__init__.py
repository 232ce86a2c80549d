"""Rules that relate one setting of a stack to another, or to what AWS, EKS and Karpenter take."""

from settings.rules import auto_mode, cluster, compute, fargate, ingress, instances, karpenter, network, platform
from settings.rules.registry import RULES, Rule, broken_rules

__all__ = [
    "RULES",
    "Rule",
    "auto_mode",
    "broken_rules",
    "cluster",
    "compute",
    "fargate",
    "ingress",
    "instances",
    "karpenter",
    "network",
    "platform",
]
