"""In virtual time everything starts as early as its dependencies allow: what depends on too little is refused."""

import re
from typing import Any, Final

import pytest

from harness.engine.replay import replay
from rehearsal.cloud import MODEL
from rehearsal.engine.rules import RULES
from tests.engine.conftest import Platforms
from tests.engine.journal import matching
from tests.plans import STACKS

pytestmark = pytest.mark.engine

Entry = dict[str, Any]


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_depends_on_too_little(stack: str, platforms: Platforms) -> None:
    assert platforms(stack).missing_edges() == []


CUT: Final = {
    "a chart": (r":Release::lbc-release", "there is no ready node"),
    "a chart in its own namespace": (r":Release::traefik-release", "there is no ready node|definitions"),
    "nodes": (r":NodeGroup::operations-nodes", "the cluster has no vpc-cni"),
}
"""A resource of dev, and what the cloud says when it depends on its parent, provider and namespace alone."""


@pytest.mark.parametrize(("pattern", "reason"), CUT.values(), ids=CUT)
def test_edges_that_are_cut_are_seen(pattern: str, reason: str, platforms: Platforms) -> None:
    rehearsal = platforms("dev")
    entries = rehearsal.resources()
    (changed,) = matching({entry["urn"] for entry in entries}, pattern)
    kept = r":(Namespace|Cluster|Role|LaunchTemplate|Subnet|AccessEntry)::"

    def cut(entry: Entry) -> Entry:
        needs = {name: matching(urns or [], kept) for name, urns in entry["propertyDependencies"].items()}
        return {**entry, "dependencies": matching(entry["dependencies"], kept), "propertyDependencies": needs}

    resources = [cut(entry) if entry["urn"] == changed else entry for entry in entries]

    refusals = replay(resources, rehearsal.cloud(), MODEL, RULES)

    assert [refusal.urn for refusal in refusals if re.search(reason, refusal.reason)] == [changed]
