"""What is done to resources, from two plans: replacements, what follows from them, aliases, what is protected."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from review.changes import Operation, at, changes
from review.duration import batches, duration
from review.plans import Recorded, Resource

PLACE: Final = "urn:pulumi:test::p::"

ROLE, GROUP, QUEUE = "aws:iam/role:Role", "aws:eks/nodeGroup:NodeGroup", "aws:sqs/queue:Queue"


def urn(type_: str, name: str) -> str:
    return f"{PLACE}{type_}::{name}"


def one(type_: str, name: str, inputs: Mapping[str, Any] | None = None, **fields: Any) -> Resource:
    return Resource(urn(type_, name), type_, name, None, True, inputs or {}, **fields)


def plan(*resources: Resource) -> Recorded:
    return Recorded("test", resources)


def done(before: Recorded, after: Recorded) -> list[tuple[str, str]]:
    return [(change.operation.value, change.resource.name) for change in changes(before, after)]


def test_creations_updates_replacements_and_deletions() -> None:
    before = plan(one(ROLE, "a", {"name": "x"}), one(QUEUE, "b", {"delaySeconds": 1}), one(QUEUE, "gone"))
    after = plan(one(ROLE, "a", {"name": "y"}), one(QUEUE, "b", {"delaySeconds": 2}), one(QUEUE, "new"))
    assert done(before, after) == [("replace", "a"), ("update", "b"), ("create", "new"), ("delete", "gone")]


def test_what_has_the_id_of_something_replaced_follows() -> None:
    needs = {"nodeRoleArn": frozenset({urn(ROLE, "role")})}
    arn = "arn:aws:iam::111122223333:role/x"
    group = one(GROUP, "nodes", {"nodeRoleArn": arn}, property_dependencies=needs)
    before = plan(one(ROLE, "role", {"path": "/"}, outputs={"arn": arn}), group)
    after = plan(one(ROLE, "role", {"path": "/p/"}, outputs={"arn": arn}), group)
    role, nodes = changes(before, after)
    assert (role.operation, nodes.operation) == (Operation.REPLACE, Operation.REPLACE)
    (why,) = nodes.properties
    assert (why.path, why.replaces, why.because) == ("nodeRoleArn", True, ("Role role",))


def test_a_new_version_of_a_launch_template_updates_its_group_and_keeps_it() -> None:
    """The id stays: only what every update renews is new."""
    template = "aws:ec2/launchTemplate:LaunchTemplate"
    needs = {"launchTemplate": frozenset({urn(template, "t")})}
    inputs = {"launchTemplate": {"id": "lt-0123456789", "version": "1"}}
    group = one(GROUP, "nodes", inputs, property_dependencies=needs)
    outputs = {"latestVersion": 1, "defaultVersion": 1}
    before = plan(one(template, "t", {"ebsOptimized": "false"}, id="lt-0123456789", outputs=outputs), group)
    after = plan(one(template, "t", {"ebsOptimized": "true"}, id="lt-0123456789", outputs=outputs), group)
    assert done(before, after) == [("update", "t"), ("update", "nodes")]


def test_what_the_program_ignores_does_not_change() -> None:
    before, after = ({"scalingConfig": {"desiredSize": size}} for size in (2, 3))
    ignored = {"options": {"ignoreChanges": ["scalingConfig.desiredSize"]}}
    assert done(plan(one(GROUP, "g", before)), plan(one(GROUP, "g", after, **ignored))) == []
    assert done(plan(one(GROUP, "g", before)), plan(one(GROUP, "g", after))) == [("update", "g")]


def test_what_the_program_forces_to_be_replaced_is() -> None:
    before, after = plan(one(QUEUE, "q", {"delaySeconds": 1})), {"delaySeconds": 2}
    forced = one(QUEUE, "q", after, options={"replaceOnChanges": ["delaySeconds"]})
    assert done(before, plan(forced)) == [("replace", "q")]


def test_what_a_replaced_provider_made_is_replaced() -> None:
    provider = "pulumi:providers:kubernetes"
    child = one("kubernetes:core/v1:ServiceAccount", "sa", options={"provider": urn(provider, "k")})
    before = plan(one(provider, "k", {"clusterIdentifier": "a"}), child)
    after = plan(one(provider, "k", {"clusterIdentifier": "b"}), child)
    assert done(before, after) == [("replace", "k"), ("replace", "sa")]


@pytest.mark.parametrize("alias", [{"name": "old"}, urn(QUEUE, "old")])
def test_a_resource_that_is_renamed_with_an_alias_stays(alias: Any) -> None:
    assert done(plan(one(QUEUE, "old")), plan(one(QUEUE, "new", options={"aliases": [alias]}))) == []
    assert done(plan(one(QUEUE, "old")), plan(one(QUEUE, "new"))) == [("create", "new"), ("delete", "old")]


def test_a_child_of_a_renamed_component_stays() -> None:
    def below(name: str, **options: Any) -> Recorded:
        type_ = "p:index:C"
        parent = Resource(urn(type_, name), type_, name, None, False, {}, options=options)
        child = f"{PLACE}{type_}${QUEUE}::{name}-queue"
        return plan(parent, Resource(child, QUEUE, f"{name}-queue", parent.urn, True, {}))

    assert done(below("old"), below("new", aliases=[{"name": "old"}])) == []
    assert done(below("old"), below("new")) == [("create", "new-queue"), ("delete", "old-queue")]


def test_what_is_protected_may_not_go_and_what_is_retained_stays() -> None:
    before = plan(one(QUEUE, "a", options={"protect": True}), one(QUEUE, "b", options={"retainOnDelete": True}))
    kept, protected = changes(before, plan())
    assert (kept.kept, kept.forbidden) == (True, False)
    assert (protected.kept, protected.forbidden) == (False, True)


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b[1].c", 2), ('a["x.y/z"]', 3), ("a.b[7]", None), ("a.missing.c", None), ("a.b[0]", {"c": 1})],
)
def test_a_value_is_found_by_the_engines_path(path: str, value: Any) -> None:
    assert at({"a": {"b": [{"c": 1}, {"c": 2}], "x.y/z": 3}}, path) == value


# --- How long it takes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "update", "steps"),
    [(3, {"maxUnavailablePercentage": 33}, 3), (10, {"maxUnavailablePercentage": 33}, 4), (4, {"maxUnavailable": 2}, 2),
     (3, {}, 3)],
)  # fmt: skip
def test_nodes_are_replaced_in_steps(nodes: int, update: dict[str, int], steps: int) -> None:
    assert batches(one(GROUP, "g", {"scalingConfig": {"desiredSize": nodes}, "updateConfig": update})) == steps


def test_what_goes_goes_after_what_comes_and_before_what_it_needs() -> None:
    needed = one("aws:ec2/natGateway:NatGateway", "nat")
    user = one(GROUP, "nodes", dependencies=frozenset({needed.urn}))
    before, after = plan(needed, user), plan()
    found = duration(before, after, changes(before, after))
    assert [name for name, _ in found.longest] == ["delete NodeGroup nodes", "delete NatGateway nat"]
    assert found.seconds == sum(seconds for _, seconds in found.longest)
