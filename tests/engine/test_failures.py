"""Every resource fails once, when created, changed and deleted; `pulumi up` and `destroy` get there all the same."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from harness.engine.environment import Environment
from harness.engine.operations import INJECTED
from harness.engine.process import FailedError, Run
from harness.engine.store import Event, Resource
from harness.plan import Registration
from rehearsal.engine.rehearse import Rehearsal
from tests.engine.comparison import astray, differences
from tests.engine.conftest import Platforms, Program
from tests.engine.test_stack_lives import UNPROTECTED
from tests.plans import EXAMPLES, STACKS, below, plan_of

pytestmark = pytest.mark.engine

IN_TURN: Final = ("prod", "staging", "fargate", "auto", "dev")
"""The stacks in which things fail: in each what is of a type that those before it do not have.

There is a round for each thing that fails in the longest chain of the stack. The largest comes first, because its chain
is shorter than all of theirs together.
"""
THOROUGH: Final = frozenset({"prod", "staging", "dev"})
"""Those that are left to `make test-all`: prod takes more rounds than all others, and few types are dev's alone."""


def _in_turn(*stacks: str) -> pytest.MarkDecorator:
    marks = {stack: [pytest.mark.thorough] if stack in THOROUGH else [] for stack in stacks}
    return pytest.mark.parametrize("stack", [pytest.param(stack, marks=marks[stack]) for stack in stacks])


in_turn = _in_turn(*IN_TURN)

CHANGES: Final[Mapping[str, Any]] = {
    "platform.tags.CostCenter": "other",
    "cluster.logs": ["audit", "api"],
    "cluster.logRetentionDays": 30,
    "ingress.allowed": ["203.0.113.0/24"],
    "traefik.maxReplicas": 20,
    "operationsPods.tolerations": [{"key": "CriticalAddonsOnly"}, {"key": "platform.example.jp/more"}],
    "admission.mode": "warn",
}
CHANGES_WITH_NODES: Final[Mapping[str, Any]] = {
    **CHANGES,
    "network.nat": "per-zone",
    "karpenter.nodePools.general.cpuLimit": "60",
    "externalSecrets.stores.hello.namespaces": ["app-hello", "more"],
    "teamNamespaces.app-orders.editors": ["developers", "more"],
    "teamNamespaces.app-orders.quota.pods": 60,
    "teamNamespaces.app-orders.defaults": {"cpu": "20m", "memory": "32Mi"},
}
"""What changes a resource of every type that settings can change in place, on a stack without nodes and on others."""

CHANGES_OF: Final = {"dev": CHANGES_WITH_NODES, "fargate": CHANGES}
"""The stacks in which every change fails."""

OF_PULUMI: Final = "pulumi:"
"""Providers and references to other stacks are not in the cloud."""

NEVER_CHANGED: Final = {
    "aws:cloudwatch/eventTarget:EventTarget": "a rule's id and a queue's",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "a pattern of fixed words",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "two ids",
    "aws:ec2/tag:Tag": "a key and a value, both fixed",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "has no update",
    "aws:iam/rolePolicy:RolePolicy": "a policy with nothing in it but ids",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "has no update",
    "aws:kms/alias:Alias": "a name and a key's id",
    "aws:sns/topicPolicy:TopicPolicy": "a policy with nothing in it but ids",
    "aws:sns/topicSubscription:TopicSubscription": "a topic's id and an address, and another one replaces it",
    "aws:sqs/queuePolicy:QueuePolicy": "a policy with nothing in it but ids",
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": "Traefik's, of the version that is pinned",
    "kubernetes:core/v1:ConfigMap": "has no update: other data replace it",
    "kubernetes:core/v1:Namespace": "a name",
    "kubernetes:core/v1:ServiceAccount": "a name and a role's id",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": "peers that are fixed",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": "rights that are fixed",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": "two names",
    "kubernetes:storage.k8s.io/v1:StorageClass": "has no update but for its metadata",
}
"""The types that no setting changes in place, and why."""


def _types(entries: Iterable[Registration]) -> set[str]:
    return {entry.type for entry in entries if entry.custom and not entry.type.startswith(OF_PULUMI)}


def _changeable_types(stack: str) -> set[str]:
    """Return the types of what settings make: a workload is as it stands in `manifests/`."""
    plan = plan_of(stack)
    workloads = {entry.urn for entry in below(plan, "Workloads")}
    return _types(entry for entry in plan if entry.urn not in workloads) - NEVER_CHANGED.keys()


def _failing_types(stack: str) -> set[str]:
    before = IN_TURN[: IN_TURN.index(stack)]
    return _types(plan_of(stack)).difference(*(_types(plan_of(other)) for other in before))


def _of(types: Collection[str], resources: Iterable[Event | Resource]) -> set[str]:
    return {resource.urn for resource in resources if resource.urn and resource.type in types}


CONTINUE: Final = "--continue-on-error"
"""Not for changes: see `test_a_stack_changes_though_every_update_fails_once`."""


AT_ONCE: Final = ("--parallel", "64")
"""As many operations at once as there may be: all that fail at the same time fail in one round."""


def _converge(rehearsal: Rehearsal, behaviour: Environment, run: Callable[..., Run], *flags: str) -> set[str]:
    """Repeat `run` with what fails in it until it succeeds, and return the URNs of what failed.

    A round in which nothing fails for the first time would come again and again, and is an error: there are at most as
    many rounds as resources.
    """
    failed = set[str]()
    while (ended := run(*flags, check=False, behaviour=behaviour)).code:
        now = {event.urn for event in rehearsal.events() if event.phase == "failed"}
        assert now > failed, ended.text
        failed = now
    assert [event for event in rehearsal.events() if event.phase == "failed" and event.detail != INJECTED] == []
    return failed


def test_every_type_fails_in_some_stack() -> None:
    failing = set[str]().union(*map(_failing_types, IN_TURN))
    assert failing == _types(entry for stack in STACKS for entry in plan_of(stack))


@in_turn
def test_a_stack_comes_up_though_every_creation_fails_once(stack: str, platforms: Platforms, tmp_path: Path) -> None:
    types, clean, rehearsal = _failing_types(stack), platforms(stack), Rehearsal(tmp_path, stack, project=EXAMPLES)

    failed = _converge(rehearsal, rehearsal.failing_once("create", types=types), rehearsal.up, CONTINUE)

    assert failed == _of(types, clean.left())
    assert differences(rehearsal, clean) == []
    assert astray(rehearsal) == []


@_in_turn(*CHANGES_OF)
def test_a_stack_changes_though_every_update_fails_once(stack: str, platforms: Platforms, tmp_path: Path) -> None:
    """Without --continue-on-error, after which the engine deletes what the program did not register (seen in 3.259).

    What depends on a resource whose update failed is not registered, and whether the engine then deletes it depends on
    which of the two it learns of first: on a busy machine add-ons and releases were deleted and created anew, where
    this test expects updates.
    """
    rehearsal = platforms(stack).copy(tmp_path / "failing")
    rehearsal.change(CHANGES_OF[stack])

    failed = _converge(rehearsal, rehearsal.failing_once("update"), rehearsal.up, *AT_ONCE)

    updated = [event for event in rehearsal.events() if (event.operation, event.phase) == ("update", "end")]
    assert failed == {event.urn for event in updated}
    assert {event.type for event in updated} == _changeable_types(stack)
    assert astray(rehearsal) == []
    assert rehearsal.changes() == {}


@in_turn
def test_a_stack_goes_though_every_deletion_fails_once(stack: str, platforms: Platforms, tmp_path: Path) -> None:
    types, rehearsal = _failing_types(stack), platforms(stack).copy(tmp_path / "failing")
    if stack == "prod":
        rehearsal.change(UNPROTECTED)
        rehearsal.up()
    there = rehearsal.left_behind()
    # To go on, the engine walks every path from what could not be deleted, and never marks where it has been: from a
    # workload or a set of Argo CD, which wait for whole components, there are millions (markAsDependency in
    # https://github.com/pulumi/pulumi/blob/master/pkg/resource/graph/dependency_graph.go).
    flags = AT_ONCE if stack in ("dev", "prod") else [CONTINUE]

    failed = _converge(rehearsal, rehearsal.failing_once("delete", types=types), rehearsal.destroy, *flags)

    assert failed == _of(types, there)
    assert rehearsal.left_behind() == []
    assert rehearsal.resources() == []


LOST = {
    # What has no name of its own is made a second time.
    "vpc": ('aws.ec2.Vpc("it", cidr_block="10.0.0.0/16", opts=in_aws)', None),
    "role": ('aws.iam.Role("it", name="chosen", assume_role_policy="{}", opts=in_aws)', "EntityAlreadyExists"),
}


@pytest.mark.parametrize(("body", "refusal"), LOST.values(), ids=LOST)
def test_a_creation_whose_answer_is_lost_needs_a_person(program: Program, body: str, refusal: str | None) -> None:
    rehearsal = program(body)
    held = rehearsal.hold("it", "create", made=True)
    with rehearsal.start("up", "--yes", "--skip-preview", behaviour=held) as process:
        process.wait_until_held(held)
        process.kill()
    rehearsal.pulumi("cancel", "--yes")
    recovered = rehearsal.copy(rehearsal.folder.with_name("recovered"))

    rehearsal.refresh()
    if refusal is None:
        rehearsal.up()
        assert [line.split(":")[0] for line in astray(rehearsal)] == ["forgotten", "doubled"]
    else:
        with pytest.raises(FailedError, match=refusal):
            rehearsal.up()

    recovered.recover()
    recovered.up()
    assert astray(recovered) == []
