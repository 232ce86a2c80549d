"""Day-2 changes: each is one setting of a stack that is up, with exactly these operations and no other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from harness.engine.store import Event
from rehearsal.engine import cli
from rehearsal.engine.rehearse import Rehearsal
from tests.engine.conftest import PACE, Platforms
from tests.engine.journal import done, is_over_before, label
from tests.plans import EXAMPLES

pytestmark = pytest.mark.engine

A, C, D = (f"ap-northeast-1{zone}" for zone in "acd")

DEPLOYER, DEVELOPERS = (f"arn:aws:iam::111122223333:role/{name}" for name in ("platform-deployer", "developers"))

BEFORE: Final = {"cluster.version": "1.35", "network.zones": [C, D]}
"""What the development stack begins with here, so that there is something to upgrade and to add."""

Operations = list[tuple[str, str]]
"""Operations, each with the kind and the name of its resource, sorted."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """New settings of a stack, by dotted path, and the resources, by kind and name, that they must change.

    components: components of other providers that get other inputs, which a preview calls an update. feared: what a
    preview shows besides, because it cannot know that a value will be the same.
    """

    settings: Mapping[str, Any]
    stack: str = "dev"
    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    feared: tuple[tuple[str, str], ...] = ()

    def previewed(self) -> Operations:
        shown = {
            "create": self.created,
            "update": self.updated + self.components,
            "replace": self.replaced,
            "delete": self.deleted,
        }
        return sorted([*_pairs(shown), *self.feared])

    def performed(self) -> Operations:
        """Return what happens in the cloud, where a replacement is a creation and a deletion."""
        gone = self.replaced + self.deleted
        return sorted(_pairs({"create": self.created + self.replaced, "update": self.updated, "delete": gone}))


def _pairs(names: Mapping[str, tuple[str, ...]]) -> Operations:
    return [(operation, name) for operation, found in names.items() for name in found]


NODES: Final = "NodeGroup operations-nodes"

CHANGES: Final[Mapping[str, Change]] = {
    "Kubernetes one minor up": Change(
        settings={"cluster.version": "1.36"},
        updated=(
            "Cluster eks-eksCluster",
            "Addon node-addons-kube-proxy",
            NODES,
            "Addon addons-coredns",
            "Namespace secrets-namespace",
            "Namespace teams-app-orders",
            "Namespace traefik-namespace",
            "Namespace chart-keda-namespace",
        ),
        components=("Cluster eks",),
    ),
    "one more administrator": Change(
        settings={"access.entries.on-call": {"principal": "arn:aws:iam::111122223333:role/on-call", "role": "admin"}},
        created=(
            "AccessEntry access-on-call-78a98bdf",
            "AccessPolicyAssociation access-on-call-78a98bdf-AmazonEKSClusterAdminPolicy",
        ),
    ),
    # terraform-aws-eks #2968, #3293: EKS has one entry a principal, whatever it is called in the stack file.
    "an access entry by another name": Change(
        settings={
            "access.entries.developers": None,
            "access.entries.app-teams": {
                "principal": DEVELOPERS,
                "role": "edit",
                "namespaces": ["app-*"],
                "groups": ["developers"],
            },
        },
    ),
    "the deployer in a developer's place, and the other way round": Change(
        settings={"access.deployer": DEVELOPERS, "access.entries.developers.principal": DEPLOYER},
        created=(
            "AccessPolicyAssociation access-developers-a54e34ed-AmazonEKSClusterAdminPolicy",
            "AccessPolicyAssociation access-platform-deployer-a9c20a13-AmazonEKSEditPolicy",
        ),
        # The developers' Kubernetes groups.
        updated=("AccessEntry access-developers-a54e34ed", "AccessEntry access-platform-deployer-a9c20a13"),
        deleted=(
            "AccessPolicyAssociation access-developers-a54e34ed-AmazonEKSEditPolicy",
            "AccessPolicyAssociation access-platform-deployer-a9c20a13-AmazonEKSClusterAdminPolicy",
        ),
    ),
    "rights in more namespaces": Change(
        settings={"access.entries.developers.namespaces": ["app-*", "tools"]},
        replaced=("AccessPolicyAssociation access-developers-a54e34ed-AmazonEKSEditPolicy",),
    ),
    # The control plane's zones and a node group's subnets cannot be changed: the one stays where it is, the other is
    # made anew. The single NAT gateway also stays, though the new zone comes before its own in the alphabet.
    "one more zone": Change(
        settings={"network.zones": [C, D, A]},
        created=(
            f"Subnet public-{A}",
            f"Subnet private-{A}",
            f"RouteTable private-{A}",
            f"RouteTableAssociation public-{A}",
            f"RouteTableAssociation private-{A}",
            f"Route private-{A}-nat",
        ),
        updated=("VpcEndpoint s3", "EC2NodeClass nodes-default", "Ingress ingress", "Release traefik-release"),
        replaced=(NODES,),
        components=("Cluster eks",),
    ),
    "other instance types": Change(
        settings={"nodeGroups.operations.instanceTypes": ["m6i.large", "m7i.large"]},
        replaced=(NODES,),
    ),
    "a NAT gateway in each zone": Change(
        settings={"network.nat": "per-zone"},
        created=(f"Eip nat-{D}", f"NatGateway nat-{D}"),
        updated=(f"Route private-{D}-nat",),
    ),
    # The routes move to the new gateway before the old one and its address are deleted.
    "one NAT gateway over all zones": Change(
        settings={"network.nat": "regional"},
        created=(f"Eip nat-regional-{C}", f"Eip nat-regional-{D}", "NatGateway nat"),
        updated=(f"Route private-{C}-nat", f"Route private-{D}-nat"),
        deleted=(f"Eip nat-{C}", f"NatGateway nat-{C}"),
    ),
    "a second node pool": Change(
        settings={"karpenter.nodePools.batch": {"capacityTypes": ["spot"], "categories": ["c"], "minGeneration": 5}},
        created=("NodePool nodes-batch",),
    ),
    "another image of Karpenter's nodes": Change(
        settings={"karpenter.imageVersion": "v1.65.0"},
        updated=("EC2NodeClass nodes-default",),
    ),
    # Nodes wait for the endpoint, and a preview must not take them for replaced on that account.
    "an interface endpoint": Change(
        settings={"network.interfaceEndpoints": ["ecr.api"]},
        created=("SecurityGroup endpoints", "SecurityGroupIngressRule endpoints-vpc", "VpcEndpoint ecr-api"),
    ),
    "one more domain name": Change(
        stack="staging",
        settings={"ingress.domain.alternatives": ["*.staging.example.jp", "*.api.staging.example.jp"]},
        created=("Record ingress-api.staging.example.jp", "Record ingress-wildcard.api.staging.example.jp"),
        updated=("Ingress ingress",),
        replaced=("Certificate ingress-certificate", "CertificateValidation ingress-validation"),
        feared=(
            # ACM proves a name by the same record in every certificate, as it turns out.
            ("replace", "Record ingress-staging.example.jp"),
            # The Ingress keeps its load balancer.
            ("update", "Record ingress-argocd.staging.example.jp"),
            ("update", "Record ingress-staging.example.jp"),
            ("update", "Record ingress-wildcard.staging.example.jp"),
        ),
    ),
    "HTTP to Traefik's pods again": Change(
        stack="staging",
        settings={"ingress.targetProtocol": "HTTP"},
        updated=("Ingress ingress", "Release traefik-release"),
        deleted=("Issuer traefik-target-issuer", "Certificate traefik-target-certificate"),
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What a change did: in the preview, and in the cloud."""

    previewed: Operations
    events: list[Event]


Outcomes = Callable[[str], Outcome]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, platforms: Platforms) -> Outcomes:
    """What makes one change of CHANGES to a stack that is up, once."""

    @cache
    def development() -> Rehearsal:
        rehearsal = Rehearsal(tmp_path_factory.mktemp("dev"), "dev", project=EXAMPLES)
        rehearsal.change(BEFORE)
        rehearsal.up()
        return rehearsal

    @cache
    def outcome(name: str) -> Outcome:
        change = CHANGES[name]
        base = development() if change.stack == "dev" else platforms(change.stack)
        rehearsal = base.copy(tmp_path_factory.mktemp("changed") / change.stack)
        rehearsal.change(change.settings)
        previewed = sorted((operation, label(urn)) for urn, operation in rehearsal.changes().items())
        before = len(rehearsal.events())
        rehearsal.up(behaviour=rehearsal.paced(PACE))
        return Outcome(previewed, rehearsal.events()[before:])

    return outcome


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_setting_changes_this_and_nothing_else(name: str, outcomes: Outcomes) -> None:
    outcome = outcomes(name)
    assert outcome.previewed == CHANGES[name].previewed()
    assert sorted(done(outcome.events)) == CHANGES[name].performed()
    assert not [event for event in outcome.events if event.phase == "failed"]


def test_an_upgrade_goes_from_the_control_plane_over_the_add_ons_to_the_nodes(outcomes: Outcomes) -> None:
    order = ("eks/cluster:Cluster::", ":Addon::node-addons-kube-proxy", ":NodeGroup::", ":Addon::addons-coredns")
    events = outcomes("Kubernetes one minor up").events
    for first, second in pairwise(order):
        assert is_over_before(("update", first), ("update", second), events), f"{first} before {second}"


@pytest.mark.parametrize("name", ["one more zone", "other instance types"])
def test_new_nodes_are_there_before_the_old_ones_go(name: str, outcomes: Outcomes) -> None:
    nodes = ":NodeGroup::"
    assert is_over_before(("create", nodes), ("delete", nodes), outcomes(name).events)


def test_the_new_certificate_is_in_use_before_the_old_one_goes(outcomes: Outcomes) -> None:
    events = outcomes("one more domain name").events
    issued, used, gone = ("create", ":CertificateValidation::"), ("update", ":Ingress::"), ("delete", ":Certificate::")
    assert is_over_before(issued, used, events)
    assert is_over_before(used, gone, events)


KEY: Final = "arn:aws:kms:ap-northeast-1:111122223333:key/11111111-2222-4333-8444-555555555555"

IMMUTABLE: Final[Mapping[str, Mapping[str, Any]]] = {
    "platform.name": {"platform.name": "another"},
    "platform.region": {
        "platform.region": "ap-southeast-1",
        "network.zones": ["ap-southeast-1a", "ap-southeast-1b"],
    },
    "platform.account": {
        "platform.account": "222233334444",
        "access.deployer": "arn:aws:iam::222233334444:role/platform-deployer",
    },
    "network.ipFamily": {"network.ipFamily": "ipv6"},
    "network.cidr": {"network.cidr": "10.40.0.0/16"},
    # The route would go under running nodes, and then neither their subnet nor the control plane's.
    "network.zones": {"network.zones": [A, C]},
    # The role would lose the key that EKS goes on using, and the key would be deleted.
    "cluster.secretsKey": {"cluster.secretsKey": KEY},
    "cluster.identity": {"cluster.identity": "pod-identity"},
}
"""Setting to a change that no running cluster survives."""


@pytest.mark.parametrize("path", IMMUTABLE)
def test_an_immutable_setting_is_refused_before_anything_changes(
    path: str, tmp_path: Path, platforms: Platforms
) -> None:
    rehearsal = platforms("dev").copy(tmp_path / "dev")
    events, state = rehearsal.events(), _known(rehearsal)
    rehearsal.change(IMMUTABLE[path])

    # Twice: a refusal must not make the stack forget what it has running.
    for command in ("preview", "up --yes --skip-preview", "up --yes --skip-preview"):
        run = rehearsal.pulumi(*command.split(), check=False)
        assert run.code != 0
        assert f"eks-platform:{path}: " in run.text
        assert "1 error; nothing was changed" in run.text
    assert rehearsal.events() == events
    assert _known(rehearsal) == state


def test_a_zone_that_was_added_later_can_be_taken_out_when_no_node_may_be_there(
    tmp_path: Path, pulumi: cli.Cli
) -> None:
    """docs/operations.md, "Remove a zone"; terraform-aws-vpc #995."""
    rehearsal = Rehearsal(tmp_path, "dev", project=EXAMPLES)
    rehearsal.change({"network.zones": [C, D]})
    rehearsal.up()
    rehearsal.change({"network.zones": [A, C, D]})
    rehearsal.up()
    before = rehearsal.events()

    rehearsal.change({"network.zones": [C, D]})
    run = rehearsal.up(check=False)
    assert run.code != 0
    assert f"network.zones: without {A}: expected it kept while nodes of karpenter.nodePools.general" in run.text
    assert rehearsal.events() == before

    rehearsal.change(
        {
            "network.zones": [A, C, D],
            "nodeGroups.operations.zones": [C, D],
            "karpenter.nodePools.general.zones": [C, D],
        }
    )
    rehearsal.up()
    rehearsal.change({"network.zones": [C, D]})
    rehearsal.up(behaviour=rehearsal.paced(PACE))

    gone = done(rehearsal.events()[len(before) :])
    assert {("delete", f"Subnet private-{A}"), ("delete", f"Route private-{A}-nat")} <= {*gone}
    assert not [event for event in rehearsal.events() if event.phase == "failed"]


def _known(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    """Return what the stack's state knows, without when it was looked at and from which line of which folder."""
    passing = {"modified", "sourcePosition", "stackTrace"}
    return [{key: value for key, value in it.items() if key not in passing} for it in rehearsal.resources()]


def test_somebody_else_than_the_deployer_is_refused_before_anything_is_made(tmp_path: Path, pulumi: cli.Cli) -> None:
    """terraform-aws-eks #3020: the first object would be Unauthorized, when the cluster has been there for minutes."""
    rehearsal = Rehearsal(tmp_path, "dev", project=EXAMPLES)
    someone = replace(rehearsal.environment, deployer="arn:aws:iam::111122223333:user/on-call/taro")

    run = rehearsal.up(check=False, behaviour=someone)

    assert run.code != 0
    assert "eks-platform:access.deployer: " in run.text
    assert "user/on-call/taro" in run.text
    assert rehearsal.events() == []

    shown = rehearsal.pulumi("preview", behaviour=someone)
    assert "`pulumi up` would be refused" in shown.text
