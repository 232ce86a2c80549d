"""The life of a stack with Pulumi's own Kubernetes provider, the real charts and a real control plane."""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest

from facts.namespaces import TRAEFIK
from harness.engine.process import Run
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.cluster import RELEASE
from rehearsal.simulation.api_server import Object, wait_until
from rehearsal.simulation.leftovers import STAYS, objects, unexplained
from rehearsal.simulation.life import left_in_cluster, line
from rehearsal.simulation.simulation import Simulation, minor_of, simulated
from tests.plans import EXAMPLES

pytestmark = [pytest.mark.simulate, pytest.mark.thorough, pytest.mark.upstream]


LEFT_OUT: Final[Mapping[str, Mapping[str, Any]]] = {
    # Its stores need a controller that says that they are ready, and no stand-in does.
    "dev": {"externalSecrets": None},
}
"""What a stack is simulated without: changes of its settings."""


class Life:
    """One stack from its first `up` to its end; each part runs when a test first requests it, in this order."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.before = objects(simulation.server)

    @cached_property
    def up(self) -> Run:
        run = self.simulation.bring_up()
        assert run.code == 0, run.text
        return run

    @cached_property
    def state(self) -> list[dict[str, Any]]:
        """The resources in the state after `up`."""
        _ = self.up
        return self.simulation.resources()

    @cached_property
    def pods(self) -> list[Object]:
        """All pods once the stack is up."""
        _ = self.up
        return list(self.simulation.server.request("GET", "/api/v1/pods").body["items"])

    @cached_property
    def again(self) -> Run:
        _ = self.state
        _ = self.pods
        return self.simulation.bring_up_again()

    @cached_property
    def refreshed(self) -> Run:
        _ = self.again
        return self.simulation.look_again()

    @cached_property
    def changed(self) -> Run:
        _ = self.refreshed
        return self.simulation.change_on_day_two()

    @cached_property
    def destroyed(self) -> Run:
        assert self.changed.code == 0, self.changed.text
        return self.simulation.take_down()

    @cached_property
    def left(self) -> set[str]:
        """What `destroy` left in the API server."""
        assert self.destroyed.code == 0, self.destroyed.text
        return left_in_cluster(self.simulation, self.before)


@pytest.fixture(scope="module", params=["private", "dev"])
def life(request: pytest.FixtureRequest, provider: None, copies: None) -> Iterator[Life]:
    stack: str = request.param
    # Not pytest's folder: the state, the API server's data and the logs are some 200 MB.
    with (
        tempfile.TemporaryDirectory() as folder,
        simulated(Path(folder), stack, minor=minor_of(stack, EXAMPLES), project=EXAMPLES) as simulation,
    ):
        simulation.change(LEFT_OUT.get(stack, {}))
        yield Life(simulation)


@pytest.fixture(autouse=True)
def _times(life: Life, record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Report how long each part took: tests/conftest.py prints it at the end."""
    before = len(life.simulation.phases)
    yield
    for phase in life.simulation.phases[before:]:
        record_property("simulated", f"{life.simulation.stack}: {line(phase)}")


def _is_ready(pod: Object) -> bool:
    return any(it["type"] == "Ready" and it["status"] == "True" for it in pod["status"].get("conditions", []))


def test_every_pod_of_the_platform_runs(life: Life) -> None:
    assert life.pods

    def waiting() -> list[str]:
        found = life.simulation.server.request("GET", "/api/v1/pods").body["items"]
        return [f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in found if not _is_ready(pod)]

    # Autoscalers add pods after `up`, and these may have to wait for a node.
    wait_until(lambda: waiting() == [], lambda: f"not ready: {waiting()}")


def test_the_releases_are_helms_and_their_charts_the_publishers(life: Life) -> None:
    releases = {resource["id"] for resource in life.state if resource["type"] == RELEASE}
    secrets = life.simulation.server.request("GET", "/api/v1/secrets", {"labelSelector": "owner=helm"}).body["items"]
    deployed = {
        f"{it['metadata']['namespace']}/{it['metadata']['labels']['name']}"
        for it in secrets
        if it["metadata"]["labels"]["status"] == "deployed"
    }
    assert releases
    assert deployed == releases
    assert life.simulation.publishers.missing == []


def test_the_ingress_leads_to_the_load_balancer_in_aws(life: Life) -> None:
    (ingress,) = (it for it in life.state if it["type"].endswith(":Ingress"))
    (hostname,) = (it["hostname"] for it in ingress["outputs"]["status"]["loadBalancer"]["ingress"])
    balancers = [it for it in life.simulation.cloud() if it.type == uses.BALANCER]
    assert [it.get("dnsName") for it in balancers] == [hostname]


def test_a_second_up_changes_nothing(life: Life) -> None:
    assert life.again.code == 0, life.again.text


def test_a_refresh_finds_no_drift(life: Life) -> None:
    assert life.refreshed.code == 0, life.refreshed.text


def test_a_day_2_change_replaces_pods_that_all_run_again(life: Life) -> None:
    before = {pod["metadata"]["uid"] for pod in life.pods if pod["metadata"]["namespace"] == TRAEFIK}
    assert before
    assert life.changed.code == 0, life.changed.text

    def ready() -> list[bool]:
        """Return of each pod whether it is ready, and not one of those before."""
        found = life.simulation.server.request("GET", f"/api/v1/namespaces/{TRAEFIK}/pods").body["items"]
        return [_is_ready(pod) and pod["metadata"]["uid"] not in before for pod in found]

    # Helm does not wait until the last of the old pods is gone.
    # The autoscaler may have added pods since.
    wait_until(
        lambda: len(found := ready()) >= len(before) and all(found),
        lambda: f"Traefik's pods are new and ready: {ready()}",
    )


def test_destroy_leaves_nothing_in_aws(life: Life) -> None:
    assert life.left >= set()
    assert life.simulation.left_behind() == []


def test_destroy_leaves_in_the_cluster_what_has_a_reason(life: Life) -> None:
    assert unexplained(life.left) == []


def test_each_reason_is_needed(life: Life) -> None:
    assert [pattern for pattern in STAYS if not any(re.fullmatch(pattern, name) for name in life.left)] == []


def test_the_controllers_let_go_before_they_went(life: Life) -> None:
    """Each object that a controller holds was released by it."""
    assert life.left >= set()
    log = life.simulation.stand_ins.log
    served = {entry.split(" ", 1)[1] for entry in log if entry.startswith("served ")}
    released = {entry.split(" ", 1)[1] for entry in log if entry.startswith("released ")}
    assert served
    assert released == served
