"""Rules about values for the platform's own charts. The section may hold secrets, so no message shows a value of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts.capabilities import CAPABILITIES
from settings.charts import Charts, charts_of
from settings.problems import Problem, place
from settings.rules.extra_charts import pinned
from settings.rules.registry import rule
from settings.words import either

Path = tuple[str, ...]

NAMES: Final[tuple[Path, ...]] = (("nameOverride",), ("fullnameOverride",))
"""Of any chart: other objects of this program know the chart's own by their names."""

OWN: Final[Mapping[str, tuple[Path, ...]]] = {
    "aws-load-balancer-controller": (
        ("clusterName",),
        ("region",),
        ("vpcId",),
        ("serviceAccount",),
        ("ingressClass",),
        ("createIngressClassResource",),
        ("enableServiceMutatorWebhook",),
        ("keepTLSSecret",),
        ("disableIngressGroupNameAnnotation",),
        ("disableIngressClassAnnotation",),
        ("ingressClassParams",),
        ("defaultTags",),
    ),
    "argo-cd": (("crds",), ("configs", "params", "server.insecure"), ("configs", "cm", "admin.enabled")),
    "karpenter": (
        ("serviceAccount",),
        ("settings", "clusterName"),
        ("settings", "clusterEndpoint"),
        ("settings", "interruptionQueue"),
        ("settings", "isolatedVPC"),
    ),
    "traefik": (
        ("api",),
        ("ingressClass",),
        ("service", "spec", "type"),
        ("ports", "web", "port"),
        ("ports", "web", "http", "tls"),
        ("ports", "web", "forwardedHeaders"),
        ("ports", "web", "proxyProtocol"),
        ("providers", "precedence"),
        ("providers", "file"),
        ("providers", "kubernetesCRD", "crossProviderNamespaces"),
        ("providers", "kubernetesCRD", "defaultTLSResourcesNamespace"),
        ("providers", "kubernetesIngress", "crossProviderNamespaces"),
        ("providers", "kubernetesGateway"),
        ("gateway",),
        ("tlsStore",),
    ),
    **{it.chart.name: it.own_values for it in CAPABILITIES},
}
"""By chart: where the values are this program's alone. What is in AWS (names in trust policies, the cluster, the VPC)
and what is in other objects depends on some, and the platform's safety on the others."""

IMAGE: Final = frozenset({"repository", "registry", "hub"})
"""Keys that say where an image comes from, besides those that end with "image" and are text."""


@rule
def _charts_with_values(charts: Charts, sections: Mapping[str, Any]) -> Iterator[Problem]:
    used = charts_of(sections)
    for chart in charts.values:
        if chart not in used:
            known = f"expected {either(sorted(used))}; others have values in extraCharts"
            yield Problem(place("charts", "values", chart), "no chart of the platform in this stack", known)


@rule
def _values_of_charts(charts: Charts) -> Iterator[Problem]:
    for chart, values in charts.values.items():
        at = ("charts", "values", chart)
        yield from pinned(at, values)
        for path in (*NAMES, *OWN.get(chart, ())):
            if has_value(values, path):
                yield Problem(place(*at, *path), "set", "expected none: this value is the program's own")
        if charts.images:
            yield from _images(at, values)


def has_value(values: Any, path: Path) -> bool:
    """Return whether there is a value at a path."""
    for key in path:
        if not isinstance(values, Mapping) or key not in values:
            return False
        values = values[key]
    return True


def _images(path: tuple[str | int, ...], value: Any) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, str) and (key in IMAGE or key.lower().endswith("image")):
                yield Problem(place(*path, key), "set", "expected none: images come from charts.images")
            else:
                yield from _images((*path, key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _images((*path, index), item)
