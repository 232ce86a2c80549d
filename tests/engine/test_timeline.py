"""Where the time of a stack's `up` goes: the dependency graph of its state, with the durations of the fake cloud."""

from collections.abc import Iterator, Sequence
from typing import Final

import pytest

from harness.engine.schedule import Schedule, Task, schedule
from harness.engine.timeline import gantt
from rehearsal.engine.timeline import lower_bound, tasks_of
from rehearsal.program import ROOT
from tests.engine.conftest import Platforms
from tests.plans import STACKS

pytestmark = pytest.mark.engine

CLUSTER: Final = "aws:eks/cluster:Cluster"
CERTIFICATE: Final = "kubernetes:cert-manager.io/v1:Certificate"
ISSUER: Final = "kubernetes:cert-manager.io/v1:Issuer"
RELEASE: Final = "kubernetes:helm.sh/v3:Release"
NAT_GATEWAY: Final = "aws:ec2/natGateway:NatGateway"
APPLICATION_SET: Final = "kubernetes:argoproj.io/v1alpha1:ApplicationSet"
OF_A_TEAM: Final = (
    "kubernetes:core/v1:Namespace",
    "kubernetes:core/v1:ServiceAccount",
    "kubernetes:argoproj.io/v1alpha1:AppProject",
    APPLICATION_SET,
)


@pytest.mark.parametrize("stack", STACKS)
def test_little_is_added_to_what_eks_imposes(platforms: Platforms, stack: str) -> None:
    tasks = tasks_of(platforms(stack).resources())
    found = schedule(tasks)
    bound = sum(seconds for _, seconds in lower_bound(tasks))
    # Auto Mode's nodes end with the control plane, so their way out is created before it (docs/decisions.md).
    bound += max((task.seconds for task in _before(tasks, CLUSTER) if task.type == NAT_GATEWAY), default=0)
    # Traefik starts with a certificate where the ALB's targets take HTTPS, and cert-manager issues it.
    bound += sum(task.seconds for task in _before(tasks, CERTIFICATE) if task.type in (RELEASE, ISSUER, CERTIFICATE))
    # Argo CD deploys into namespaces of teams with their roles, so one of each is created before, one after the other.
    delivered = list(_before(tasks, APPLICATION_SET))
    bound += sum(max((task.seconds for task in delivered if task.type == type_), default=0) for type_ in OF_A_TEAM)
    path = [f"{slot.start:.0f} s {slot.task.name}" for slot in found.critical_path]
    assert found.seconds <= 1.05 * bound, "\n".join(path)


def _before(tasks: Sequence[Task], type_: str) -> Iterator[Task]:
    """Yield the tasks of a type and all that they wait for, directly or not."""
    by_urn = {task.urn: task for task in tasks}
    waiting = {task.urn for task in tasks if task.type == type_}
    seen: set[str] = set()
    while waiting - seen:
        urn = (waiting - seen).pop()
        seen.add(urn)
        waiting |= by_urn[urn].waits_for & by_urn.keys()
    return (by_urn[urn] for urn in seen)


def test_the_picture_of_readme_is_that_of_the_engine(platforms: Platforms) -> None:
    found: Schedule = schedule(tasks_of(platforms("dev").resources()))
    committed = (ROOT / "docs" / "pictures" / "timeline.svg").read_text(encoding="utf-8")
    assert gantt(found, "dev") == committed
    assert "platform-dev-eks-eksCluster" in committed
