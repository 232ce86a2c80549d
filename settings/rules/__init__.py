"""Rules that relate one setting of a stack to another, or to what AWS, EKS and Karpenter take."""

from settings.rules import cluster, compute, fargate, ingress, instances, karpenter, network, observability, platform
from settings.rules.registry import RULES, Rule, broken_rules

__all__ = [
    "RULES",
    "Rule",
    "broken_rules",
    "cluster",
    "compute",
    "fargate",
    "ingress",
    "instances",
    "karpenter",
    "network",
    "observability",
    "platform",
]
