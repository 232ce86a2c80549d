"""A zone that leaves the network of a running stack: refused while the cluster needs it, and not longer."""

from typing import Any, Final

import pulumi
import pytest

from settings import Stack
from settings.problems import Problem
from settings.zones import CONTROL_PLANE, NODE_POOL, SUBNET, zones_in_use
from tests.plans import plan_of, run_program
from tests.settings_files import put, read, sections_of

A, C, D = (f"ap-northeast-1{letter}" for letter in "acd")

ARN: Final = "arn:aws:ec2:ap-northeast-1:111122223333:subnet"


def _state(*, made_in: list[str], zones: list[str], pools: dict[str, list[str] | None]) -> dict[str, dict[str, Any]]:
    """Return the state of a stack with a private, a public and a pods' subnet in each zone."""
    subnets = {
        f"{kind}-{zone}": {"arn": f"{ARN}/subnet-{kind}-{zone}", "availabilityZone": zone}
        for zone in zones
        for kind in ("private", "public", "pods")
    }
    control_plane = {"vpcConfig": {"subnetIds": [f"subnet-private-{zone}" for zone in made_in]}}
    made: dict[str, dict[str, Any]] = {SUBNET: subnets, CONTROL_PLANE: {"eks": control_plane}, NODE_POOL: {}}
    for name, only in pools.items():
        requirements = [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}]
        if only is not None:
            requirements.append({"key": "topology.kubernetes.io/zone", "operator": "In", "values": only})
        spec = {"template": {"spec": {"requirements": requirements}}}
        made[NODE_POOL][name] = {"metadata": {"name": name}, "spec": spec}
    return {
        f"urn:pulumi:dev::eks-platform::{type_}::{name}": {"type": type_, "outputs": outputs}
        for type_, found in made.items()
        for name, outputs in found.items()
    }


def _stack(**network: Any) -> Stack:
    sections = sections_of("dev")
    for key, value in network.items():
        put(sections, ["network", key], value)
    if "zoneCount" in network:
        del sections["network"]["zones"]
    return read(sections)


KEPT_BY_EKS: Final = "EKS leaves a control plane in the zones it was made in"


@pytest.mark.parametrize(
    ("network", "path"), [({"zones": [A, C]}, "network.zones"), ({"zoneCount": 2}, "network.zoneCount")]
)
def test_the_control_plane_keeps_its_zones(network: dict[str, Any], path: str) -> None:
    state = _state(made_in=[A, C, D], zones=[A, C, D], pools={"general": [A, C]})
    (problem,) = zones_in_use(_stack(**network), state)
    assert (problem.path, problem.found) == (path, f"without {D}")
    assert KEPT_BY_EKS in problem.expected


@pytest.mark.parametrize("only", [None, [C, D]], ids=["any zone", "this zone"])
def test_a_zone_stays_while_a_node_pool_may_launch_there(only: list[str] | None) -> None:
    state = _state(made_in=[A, C], zones=[A, C, D], pools={"batch": [A], "general": only})
    (problem,) = zones_in_use(_stack(zones=[A, C]), state)
    expected = (
        'expected it kept while nodes of karpenter.nodePools.general may be there. docs/operations.md, "Remove a zone"'
    )
    assert problem == Problem("network.zones", f"without {D}", expected)


def test_a_zone_that_nothing_is_in_any_more_may_go() -> None:
    state = _state(made_in=[A, C], zones=[A, C, D], pools={"general": [A, C]})
    assert list(zones_in_use(_stack(zones=[C, A]), state)) == []


def test_zones_may_be_added_and_listed_in_another_order() -> None:
    state = _state(made_in=[A, C], zones=[A, C], pools={"general": None})
    assert list(zones_in_use(_stack(zones=[D, C, A]), state)) == []
    assert list(zones_in_use(_stack(zoneCount=3), state)) == []
    assert list(zones_in_use(_stack(zones=[A, C]), {})) == []


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_the_program_ends_before_anything_is_declared(*, preview: bool) -> None:
    with pytest.raises(pulumi.RunError, match=f"nothing was changed\n  .*eks-platform:network.zones: without {D}: "):
        run_program("dev", config={"network": {"zones": [A, C]}}, unknown=preview, deployed=plan_of("dev"))
