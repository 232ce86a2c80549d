"""Every workload below `manifests/` on the development stack: its load balancers come, and go before the controller."""

from pathlib import Path
from typing import Final

import pytest

from facts import manifests
from harness.engine.process import Run
from rehearsal.engine.refusals import uses
from rehearsal.engine.rehearse import Rehearsal
from tests.engine.conftest import PACE, Platforms
from tests.engine.journal import is_over_before

pytestmark = pytest.mark.engine

WORKLOADS: Final = r":Workloads\$"


@pytest.fixture(scope="module")
def everything(platforms: Platforms, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """The development stack with all workloads."""
    stack = platforms("dev").copy(tmp_path_factory.mktemp("workloads") / "stack")
    # The middlewares of nginx read a secret by a store for their namespace.
    store = {"service": "secrets-manager", "path": "dev/nginx/", "namespaces": ["app-nginx"]}
    changes = {"ingress.dedicated": {"namespaces": ["app-nginx"]}, "externalSecrets.stores.nginx": store}
    stack.change({"workloads.folders": list(manifests.folders()), **changes})
    stack.up(behaviour=stack.paced(PACE))
    return stack


@pytest.fixture(scope="module")
def destroyed(everything: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rehearsal, Run]:
    """The same, taken down."""
    stack = everything.copy(tmp_path_factory.mktemp("gone") / "stack")
    return stack, stack.destroy(check=False, behaviour=stack.paced(PACE))


def test_load_balancers_are_made_for_ingresses_and_for_the_service(everything: Rehearsal) -> None:
    balancers = [resource for resource in everything.cloud() if resource.type == uses.BALANCER]
    # The platform's own, two of Ingresses, and an NLB.
    assert len(balancers) == 4
    assert [resource.outputs.get("type") for resource in balancers].count("network") == 1
    assert all(len(resource.outputs["subnets"]) > 1 for resource in balancers)


def test_nothing_changes_when_nothing_is_changed(everything: Rehearsal, tmp_path: Path) -> None:
    again = everything.copy(tmp_path / "stack").up("--expect-no-changes", check=False)
    assert again.code == 0, again.text


def test_destroy_leaves_no_load_balancer_behind(destroyed: tuple[Rehearsal, Run]) -> None:
    stack, run = destroyed
    assert run.code == 0, run.text
    assert stack.left() == []


@pytest.mark.parametrize(
    "longer",
    [
        r":LoadBalancerController\$",
        r":Release::traefik-release",
        r":NodePool::",
        r":ExtraChart\$",
        r"crds:.*traefik.io",
    ],
)
def test_workloads_go_before_what_serves_them(destroyed: tuple[Rehearsal, Run], longer: str) -> None:
    stack, _ = destroyed
    events = [event for event in stack.events() if event.operation == "delete"]
    assert is_over_before(("delete", WORKLOADS), ("delete", longer), events)


def test_added_charts_go_before_what_they_may_use(destroyed: tuple[Rehearsal, Run]) -> None:
    stack, _ = destroyed
    events = [event for event in stack.events() if event.operation == "delete"]
    for longer in (r":LoadBalancerController\$", r":NodePool::", r":Release::traefik-release"):
        assert is_over_before(("delete", r":Release::chart-keda-release"), ("delete", longer), events)
    assert is_over_before(("delete", r":Release::chart-keda-release"), ("delete", r":ExtraChart\$.*aws:"), events)
