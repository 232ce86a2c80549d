"""The life of the stacks on the real engine: preview, up, up again, refresh, destroy."""

from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import pytest

from facts.capabilities import CAPABILITIES
from harness.engine.process import Run
from harness.engine.store import Event, Resource
from rehearsal.engine.refusals import uses
from rehearsal.engine.rehearse import Rehearsal, owners
from rehearsal.program import ROOT
from tests.conftest import QUICK_STACKS
from tests.engine.conftest import PACE, Platforms
from tests.engine.journal import is_over_before, label, matching, outlived_by
from tests.plans import EXAMPLES, STACKS, plan_of
from tests.test_urns import recorded_urns, urns

pytestmark = pytest.mark.engine
every_stack = pytest.mark.parametrize("stack", STACKS)

UNPROTECTED: Final = {
    "platform.protect": False,
    "cluster.deletionProtection": False,
    "ingress.deletionProtection": False,
}
"""What docs/operations.md requires before a protected stack is destroyed."""


class Life:
    """One stack from its first preview to its end; each part runs when a test first requests it, in this order."""

    def __init__(self, stack: str, folder: Path, platforms: Platforms) -> None:
        self.stack = stack
        self.folder = folder
        self.made = platforms(stack)
        self.before = [platforms(owner) for owner in owners(stack, EXAMPLES)]

    @cached_property
    def first_preview(self) -> set[str]:
        """URNs of all that the first preview shows."""
        for owner in self.before:
            owner.copy(self.folder / "new")
        new = Rehearsal(self.folder / "new", self.stack, project=EXAMPLES)
        steps = new.preview()
        assert {step["op"] for step in steps} <= {"create", "read"}
        assert new.left() == self.others
        return {step["urn"] for step in steps}

    @property
    def others(self) -> list[Resource]:
        """What is in the cloud before the stack: all of the stack that it refers to."""
        return [resource for owner in self.before for resource in owner.left()]

    @cached_property
    def state(self) -> list[dict[str, Any]]:
        """The resources in the state after `up`."""
        return self.made.resources()

    @cached_property
    def standing(self) -> Rehearsal:
        return self.made.copy(self.folder / "standing")

    @cached_property
    def again(self) -> Run:
        return self.standing.up("--expect-no-changes", check=False)

    @cached_property
    def refreshed(self) -> Run:
        return self.standing.refresh("--expect-no-changes", check=False)

    @cached_property
    def refused(self) -> Run:
        """A `destroy` without further ado; with its preview, without which Pulumi deletes until it meets what stays."""
        return self.standing.pulumi("destroy", "--yes", check=False)

    @cached_property
    def destroyed(self) -> Run:
        if self.stack == "prod":
            self.standing.change(UNPROTECTED)
            self.standing.up()
        return self.standing.destroy(check=False, behaviour=self.standing.paced(PACE))

    @property
    def destruction(self) -> list[Event]:
        """What `destroy` did in the cloud, in order; nothing else is left to delete anything."""
        _ = self.destroyed
        return [event for event in self.standing.own_events() if event.operation == "delete"]


Lives = Callable[[str], Life]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory, platforms: Platforms) -> Lives:
    return cache(lambda stack: Life(stack, tmp_path_factory.mktemp(stack), platforms))


# --- Preview and up -----------------------------------------------------------------------------------------------

NOT_IN_A_FIRST_PREVIEW: Final = r"kubernetes:yaml/v2:ConfigGroup\$"
"""The engine asks a component's provider for its children only once it knows the provider's configuration."""

OF_THE_ENGINE: Final = r"^pulumi:providers:[a-z]+::default"
"""Default providers, which no preview shows: pulumi_eks needs one, and the built-in resources have theirs."""


@every_stack
def test_the_first_preview_shows_all_that_up_creates(stack: str, lives: Lives) -> None:
    life = lives(stack)
    made = {resource["urn"] for resource in life.state}
    hidden = matching(made, NOT_IN_A_FIRST_PREVIEW) | matching(made, OF_THE_ENGINE)

    assert life.first_preview == made - hidden


@every_stack
def test_up_makes_the_recorded_urns(stack: str, lives: Lives) -> None:
    made = {resource["urn"] for resource in lives(stack).state}
    made -= matching(made, OF_THE_ENGINE)
    # The lists keep what a resource was called before too: a new stack has nothing under such a name.
    assert made == urns(plan_of(stack))
    assert made <= recorded_urns(stack)


@every_stack
def test_up_makes_everything_once_and_takes_nothing_away(stack: str, lives: Lives) -> None:
    life = lives(stack)
    ended = [event for event in life.made.own_events() if event.phase == "end"]
    in_cloud = {entry["urn"] for entry in life.state if entry["custom"] and not entry["type"].startswith("pulumi:")}

    assert {event.operation for event in ended} == {"create"}
    assert sorted(event.urn for event in ended) == sorted(in_cloud)
    assert {resource.urn for resource in life.made.left() if resource.urn and resource not in life.others} == in_cloud


@every_stack
def test_up_again_and_refresh_change_nothing(stack: str, lives: Lives) -> None:
    life = lives(stack)
    before = life.made.events(), life.made.cloud()

    assert life.again.code == 0, life.again.text
    assert life.refreshed.code == 0, life.refreshed.text
    assert (life.standing.events(), life.standing.cloud()) == before


# --- Destroy ------------------------------------------------------------------------------------------------------


def test_a_protected_stack_cannot_be_destroyed(lives: Lives) -> None:
    life = lives("prod")
    before = life.standing.events(), life.standing.cloud()

    assert life.refused.code == 1
    assert "because it is protected" in life.refused.text
    assert (life.standing.events(), life.standing.cloud()) == before


def test_what_nobody_can_bring_back_is_protected(lives: Lives) -> None:
    protected = {label(resource["urn"]) for resource in lives("prod").state if resource.get("protect")}
    assert protected >= {"Vpc vpc", "Key secrets", "Cluster eks-eksCluster"}


def test_the_documented_way_to_destroy_a_protected_stack_is_the_one_that_works() -> None:
    chapter = (ROOT / "docs" / "operations.md").read_text().split("## Delete a stack")[1].split("\n## ")[0]
    for setting in UNPROTECTED:
        assert f"`{setting}`" in chapter


@every_stack
def test_destroy_leaves_nothing(stack: str, lives: Lives) -> None:
    life = lives(stack)
    assert life.destroyed.code == 0, life.destroyed.text
    assert not [event for event in life.destruction if event.phase == "failed"]
    assert life.standing.left_behind() == life.others
    assert life.standing.resources() == []


SERVING: Final = "|".join(it.component for it in CAPABILITIES if it.serves)
OUTLIVES: Final = {
    "the load balancer controller and its role outlive what it serves": (
        r":LoadBalancerController\$",
        r":(Ingress|TargetGroupBinding)::",
    ),
    "Traefik outlives the way to it": (r":Release::traefik-release", r":(Ingress|TargetGroupBinding)::"),
    "the load balancer outlives its DNS names": (r":(Ingress|TargetGroupBinding|LoadBalancer)::", r":DnsAlias\$"),
    "Karpenter and all it has outlive node pools and classes": (r":Karpenter\$", r":NodePools\$"),
    "node classes outlive node pools": (r":EC2NodeClass::", r":NodePool::"),
    "the operator of secrets outlives its stores": (r":Release::secrets-release", r":ClusterSecretStore::"),
    "cert-manager outlives its issuers": (r":Release::certificates-release", r":ClusterIssuer::"),
    **{
        f"{it.chart.name}'s role outlives it": (
            rf":{it.component}\$.*aws:.*::{it.suffix}{it.role}",
            rf":Release::{it.suffix}-release",
        )
        for it in CAPABILITIES
        if it.role is not None
    },
    "Karpenter's queue and rules outlive it": (
        r":(Queue|QueuePolicy|EventRule|EventTarget)::karpenter-",
        r":Release::karpenter-release",
    ),
    "Karpenter's role outlives it": (r":Karpenter\$.*::karpenter-controller", r":Release::karpenter-release"),
    "Karpenter's definitions outlive it": (r":Release::karpenter-crd", r":Release::karpenter-release"),
    "the load balancer controller's role outlives it": (r":LoadBalancerController\$.*aws:", r":Release::lbc-release"),
    "Argo CD and what clears up after workloads outlive what it deploys": (
        rf":(ArgoCd|LoadBalancerController|ClusterAddons|NodePools|{SERVING})\$"
        r"|:Release::traefik-release",
        r":ApplicationSet::",
    ),
    "what clears up after workloads outlives them and added charts": (
        rf":(LoadBalancerController|ClusterAddons|NodePools|{SERVING})\$"
        r"|:Release::traefik-release",
        r":(ExtraChart|Workloads)\$kubernetes:",
    ),
    "the deployer's rights outlive all that is in the cluster": (
        r":Access(Entry|PolicyAssociation)::access-platform-deployer-",
        r"\$kubernetes:[^$]*$",
    ),
    "the way to the internet outlives nodes": (
        r":(InternetGateway|Eip|NatGateway|Route|RouteTableAssociation|VpcEndpoint)::",
        r":(NodeGroup|NodePool)::",
    ),
    "add-ons that nodes need outlive nodes": (r":NodeAddons\$", r":(NodeGroup|NodePool)::"),
    "compute outlives what runs on it": (
        r":NodeGroup::|:FargateProfile::fargate-platform",
        r":Release::(lbc|traefik|karpenter-release|argo-cd)|:NodePool::|:Addon::addons-",
    ),
    "the nodes' role outlives nodes": (r":RolePolicyAttachment::operations-node-", r":NodeGroup::"),
    "the Fargate pods' role outlives profiles": (r":RolePolicyAttachment::fargate-pods", r":FargateProfile::"),
    "the agents' log groups outlive nodes, and the add-on goes before them": (
        r":LogGroup::insights-",
        r":(NodeGroup|NodePool)::|:Addon::insights-",
    ),
    "Fargate's log configuration and log group outlive what it logs": (
        r":ConfigMap::fargate-logging-|:LogGroup::fargate-logging-",
        r":Release::(lbc|traefik)|:Addon::addons-|:Deployment::events-",
    ),
    "the copier of events goes before its role, its rights and its log group": (
        r":LogGroup::events-|:RolePolicyAttachment::events-|:ClusterRoleBinding::events-",
        r":Deployment::events-",
    ),
    "the kinds of snapshots outlive their class": (r":Addon::addons-snapshot-controller", r":VolumeSnapshotClass::"),
    "the control plane's policy and log group outlive it": (
        r":(RolePolicy|RolePolicyAttachment|LogGroup)::(control-plane|secrets)$",
        r"aws:eks/cluster:Cluster::",
    ),
}
"""What has to be gone (the second) before the deletion of what it needs (the first) may begin: docs/architecture.md."""


@pytest.fixture(scope="module")
def lived(pytestconfig: pytest.Config) -> tuple[str, ...]:
    """The stacks whose lives are run: all of them, or those that a pull request needs."""
    return QUICK_STACKS if pytestconfig.getoption("--quick") else STACKS


@pytest.mark.parametrize(("longer", "shorter"), OUTLIVES.values(), ids=OUTLIVES)
def test_on_destroy(longer: str, shorter: str, lives: Lives, lived: tuple[str, ...]) -> None:
    having = []
    for stack in lived:
        life = lives(stack)
        urns = {event.urn for event in life.made.own_events()}
        last, first = matching(urns, longer), matching(urns, shorter)
        if last and first:
            having.append(stack)
            keeps = outlived_by(life.state)
            assert not {label(urn): label(other) for urn in first for other in last - keeps(urn)}, stack
            assert is_over_before(("delete", shorter), ("delete", longer), life.destruction), stack
    if lived != STACKS and not having:
        pytest.skip("only stacks that `make test-all` brings up have both")
    assert having


@pytest.mark.thorough
def test_auto_modes_nodes_keep_their_way_out_until_they_end_with_the_control_plane(lives: Lives) -> None:
    life = lives("auto")
    way_out = r":(InternetGateway|EgressOnlyInternetGateway|Eip|NatGateway|Route|RouteTableAssociation|VpcEndpoint)::"
    (control_plane,) = matching({resource["urn"] for resource in life.state}, r"aws:eks/cluster:Cluster::")
    parts = matching({resource["urn"] for resource in life.state}, way_out)

    assert parts
    assert parts <= outlived_by(life.state)(control_plane)
    assert is_over_before(("delete", r"aws:eks/cluster:Cluster::"), ("delete", way_out), life.destruction)


@every_stack
def test_names_can_be_resolved_until_the_controllers_are_gone(stack: str, lives: Lives) -> None:
    life = lives(stack)
    own = [resource for resource in life.made.cloud() if resource not in life.others]
    addons = [addon for addon in own if addon.type == uses.ADDON and addon.get("addonName") == "coredns"]
    if stack == "auto":
        # Auto Mode's nodes resolve names themselves.
        assert addons == []
        return
    (dns,) = addons
    # The add-on may go first: EKS then leaves its pods, and they end with the nodes.
    assert dns.inputs["preserve"] is True
    controllers, compute = (
        r":Release::(lbc|traefik|karpenter-release|argo-cd)",
        r":NodeGroup::|:FargateProfile::fargate-platform",
    )
    assert is_over_before(("delete", controllers), ("delete", compute), lives(stack).destruction)
