"""Rules about a stack without compute of its own: what requires pods of the stack is refused."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic.alias_generators import to_camel

from facts.capabilities import CAPABILITIES
from settings.base import Settings
from settings.cluster import Cluster
from settings.problems import Problem
from settings.rules.registry import rule

REQUIRE_PODS: Final = (
    *(it.section for it in CAPABILITIES),
    *("argo_cd", "extra_charts", "fargate_profiles", "karpenter", "node_groups", "observability", "workloads"),
)
"""Sections that run pods of the stack, or that provide compute for them."""

OF_EVERY_STACK: Final = ("addons", "ingress", "operations_pods", "storage", "traefik")
"""Sections that a stack has without naming them: of these, only what the stack file sets is refused."""

OF_NODES: Final = {"addons": {"versions", "values"}}
"""What the add-ons of nodes may have, by section. The rules of add-ons refuse versions and values of the others."""

EXPECTED: Final = "expected none with cluster.controlPlaneOnly, which leaves nodes and pods to others"


@rule
def _sections(cluster: Cluster, sections: Mapping[str, Any]) -> Iterator[Problem]:
    if not cluster.control_plane_only:
        return
    for section in REQUIRE_PODS:
        if sections.get(section):
            yield Problem(to_camel(section), "set", EXPECTED)
    if cluster.auto_mode:
        yield Problem("cluster.autoMode", "set", EXPECTED)
    for section in OF_EVERY_STACK:
        if model := sections.get(section):
            yield from _set(section, model)


def _set(section: str, model: Settings) -> Iterator[Problem]:
    for field in sorted(model.model_fields_set - OF_NODES.get(section, set())):
        # What is switched off may be written down.
        if getattr(model, field) not in (False, None, {}, []):
            yield Problem(f"{to_camel(section)}.{type(model).model_fields[field].alias}", "set", EXPECTED)
