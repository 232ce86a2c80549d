"""Rules that relate one setting of a stack to another, or to what AWS, EKS and Karpenter take."""

from settings.rules import (
    cluster,
    cluster_autoscaler,
    compute,
    dns,
    external_secrets,
    fargate,
    ingress,
    instances,
    karpenter,
    network,
    platform,
)
from settings.rules.registry import RULES, Rule, broken_rules

__all__ = [
    "RULES",
    "Rule",
    "broken_rules",
    "cluster",
    "cluster_autoscaler",
    "compute",
    "dns",
    "external_secrets",
    "fargate",
    "ingress",
    "instances",
    "karpenter",
    "network",
    "platform",
]
