"""Where the platform's own pods run: selectors, tolerations, spread over zones."""

from typing import Any

import pytest

from components.common.placement import Placement, pod_annotations, pod_placement, zone_spread
from settings import TaintEffect, Toleration

LABELS = {"app.kubernetes.io/name": "traefik"}
ZONE, NODE = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


def test_without_settings_a_charts_own_placement_stays() -> None:
    assert pod_placement(Placement(fargate=False)) == {}


def test_a_node_selector_alone_leaves_the_charts_tolerations() -> None:
    assert pod_placement(Placement(fargate=False, node_selector={"role": "operations"})) == {
        "nodeSelector": {"role": "operations"}
    }


@pytest.mark.parametrize(
    ("toleration", "form"),
    [
        (Toleration(key="a"), {"key": "a", "operator": "Exists"}),
        (Toleration(key="a", effect=TaintEffect.NO_EXECUTE), {"key": "a", "operator": "Exists", "effect": "NoExecute"}),
        (Toleration(key="a", value="b"), {"key": "a", "operator": "Equal", "value": "b"}),
        # An empty value is a value: it tolerates only the taint without one.
        (Toleration(key="a", value=""), {"key": "a", "operator": "Equal", "value": ""}),
        (
            Toleration(key="a", value="b", effect=TaintEffect.NO_SCHEDULE),
            {"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"},
        ),
    ],
)
def test_a_toleration_has_the_form_of_a_pods_spec(toleration: Toleration, form: dict[str, str]) -> None:
    assert pod_placement(Placement(fargate=False, tolerations=[toleration])) == {"tolerations": [form]}


def _constraint(key: str, *, fargate: bool = False) -> dict[str, Any]:
    return {item["topologyKey"]: item for item in zone_spread(LABELS, fargate=fargate)}[key]


def test_replicas_must_be_spread_over_zones_and_should_be_over_nodes() -> None:
    assert [item["topologyKey"] for item in zone_spread(LABELS, fargate=False)] == [ZONE, NODE]
    assert _constraint(ZONE)["whenUnsatisfiable"] == "DoNotSchedule"
    # One node alone must take every replica.
    assert _constraint(NODE)["whenUnsatisfiable"] == "ScheduleAnyway"


def test_on_fargate_no_pod_waits_for_a_zone() -> None:
    assert {item["whenUnsatisfiable"] for item in zone_spread(LABELS, fargate=True)} == {"ScheduleAnyway"}


@pytest.mark.parametrize("key", [ZONE, NODE])
def test_only_the_pods_of_one_version_are_counted(key: str) -> None:
    constraint = _constraint(key)
    assert constraint["maxSkew"] == 1
    assert constraint["labelSelector"] == {"matchLabels": LABELS}
    # Otherwise the pods that a rollout is about to remove hold the new ones off their zone.
    assert constraint["matchLabelKeys"] == ["pod-template-hash"]


@pytest.mark.parametrize("key", [ZONE, NODE])
def test_a_zone_whose_nodes_are_lost_is_no_empty_zone(key: str) -> None:
    # By default tainted nodes count: the unreachable zone would have no pod, and the others could take no second one.
    assert _constraint(key)["nodeTaintsPolicy"] == "Honor"


def test_karpenter_leaves_controllers_where_they_are() -> None:
    assert pod_annotations(Placement(fargate=False)) == {"karpenter.sh/do-not-disrupt": "true"}
    assert pod_annotations(Placement(fargate=True)) == {}
