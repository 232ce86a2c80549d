"""Rules that relate one setting of a stack to another, or to what AWS, EKS and Karpenter take."""

from settings.rules import (
    argo_cd,
    auto_mode,
    cluster,
    cluster_autoscaler,
    compute,
    dns,
    external_secrets,
    extra_charts,
    fargate,
    ingress,
    instances,
    karpenter,
    network,
    observability,
    platform,
    workloads,
)
from settings.rules.registry import RULES, Rule, broken_rules

__all__ = [
    "RULES",
    "Rule",
    "argo_cd",
    "auto_mode",
    "broken_rules",
    "cluster",
    "cluster_autoscaler",
    "compute",
    "dns",
    "external_secrets",
    "extra_charts",
    "fargate",
    "ingress",
    "instances",
    "karpenter",
    "network",
    "observability",
    "platform",
    "workloads",
]
