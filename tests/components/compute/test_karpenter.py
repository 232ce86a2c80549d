"""Karpenter: its role in parts, its nodes' role and profile, the queue and its events, two releases in order."""

from typing import Any, Final

import pulumi
import pytest

from components.common.on_cluster import OnCluster
from components.compute.karpenter import NAMESPACE, Karpenter
from facts import iam_documents
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import Charts
from settings import Karpenter as KarpenterSettings
from tests import upstream
from tests.components.given import (
    CLUSTER,
    FARGATE,
    MIRROR,
    PUBLISHERS,
    REGISTRY,
    granted,
    identity,
    on_cluster,
    release_of,
    section,
    values_of,
    waiting_for_compute,
)
from tests.components.recording import (
    ACCOUNT,
    REGION,
    Probe,
    assert_shape,
    carried,
    document,
    labels,
    needs,
    recorded,
    waits_for,
)
from tests.conformance.charts import unknown_keys

EVENTS = {
    "scheduled-change": "AWS Health Event",
    "spot-interruption": "EC2 Spot Instance Interruption Warning",
    "rebalance": "EC2 Instance Rebalance Recommendation",
    # EC2's exact name of the event: a public blueprint has "C2" instead, and its rule never fires.
    "instance-state-change": "EC2 Instance State-change Notification",
    "reservation-interruption": "EC2 Capacity Reservation Instance Interruption Warning",
}


ENDPOINT: Final = "https://example.eks.amazonaws.com"


def _plan(cluster: OnCluster | None = None, *, unknown: bool = False, **changes: Any) -> Plan:
    """Record Karpenter. changes: settings by the names of their fields."""
    settings = section(KarpenterSettings, {"node_pools": {"general": {}}}, **changes)

    def declare(opts: pulumi.ResourceOptions) -> None:
        karpenter = Karpenter("karpenter", settings, cluster or on_cluster(), opts=opts)
        Probe(
            profile=karpenter.instance_profile_name,
            node_role=karpenter.node_role_arn,
            queue=karpenter.queue_name,
        )

    return recorded(declare, unknown=unknown)


def _node_role(plan: Plan) -> Registration:
    return plan.one(type="aws:iam/role:Role", name="karpenter-node")


def test_its_outputs_are_what_node_classes_and_people_need(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, Karpenter, "karpenter")
    probe = plan.one(name="probe").inputs
    if not unknown:
        assert probe["node_role"] == _node_role(plan).outputs["arn"]
        assert probe["profile"] == plan.one(type="aws:iam/instanceProfile:InstanceProfile").outputs["name"]
    assert probe["queue"] == CLUSTER


# --- Controller's role --------------------------------------------------------------------------------------------


def test_its_policy_is_in_parts() -> None:
    # A managed policy has at most 6,144 characters (IAM's quotas), and all statements together have more.
    plan = _plan()
    parts = {
        entry.name.removeprefix("karpenter-controller-"): entry for entry in plan.find(type="aws:iam/policy:Policy")
    }
    assert set(parts) == set(iam_documents.KARPENTER_CONTROLLER_POLICIES)
    assert len(parts) == 6
    role, queue = _node_role(plan).outputs["arn"], plan.one(type="aws:sqs/queue:Queue").outputs["arn"]
    wanted = iam_documents.karpenter_controller(ACCOUNT, REGION, CLUSTER, role, queue)
    assert {part: document(entry, "policy") for part, entry in parts.items()} == wanted
    assert max(len(entry.inputs["policy"]) for entry in parts.values()) <= iam_documents.MANAGED_POLICY_LIMIT


def test_it_may_list_instance_profiles() -> None:
    # Without this right the finalizer of a node class is never removed (karpenter #9185).
    text = "".join(str(entry.inputs["policy"]) for entry in _plan().find(type="aws:iam/policy:Policy"))
    assert "iam:ListInstanceProfiles" in text


def test_each_part_is_attached() -> None:
    plan = _plan()
    attached = {
        entry.name
        for entry in plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if needs(plan, entry, "role") == {"Role karpenter-controller"}
    }
    assert attached == {f"karpenter-controller-{part}" for part in iam_documents.KARPENTER_CONTROLLER_POLICIES}


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_its_service_account_has_the_role(kind: str) -> None:
    plan = _plan(on_cluster(identity=identity(kind)))
    role = plan.one(type="aws:iam/role:Role", name="karpenter-controller")
    trust, annotations = granted(kind, NAMESPACE, "karpenter", role)
    assert document(role, "assumeRolePolicy") == trust
    account = values_of(plan, "karpenter")["serviceAccount"]
    assert account == {"name": "karpenter", "annotations": annotations}


# --- Nodes --------------------------------------------------------------------------------------------------------


def test_nodes_have_a_role_that_ec2_may_assume_and_no_more_than_nodes_need() -> None:
    plan = _plan()
    assert document(_node_role(plan), "assumeRolePolicy") == iam_documents.trust_service("ec2", "ap-northeast-1")
    attached = {
        entry.inputs["policyArn"]
        for entry in plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if needs(plan, entry, "role") == {"Role karpenter-node"}
    }
    assert attached == {
        iam_documents.managed_policy_arn(policy, "ap-northeast-1") for policy in iam_documents.NODE_POLICIES
    }
    profile = plan.one(type="aws:iam/instanceProfile:InstanceProfile")
    assert needs(plan, profile, "role") == {"Role karpenter-node"}


def test_nodes_may_join_the_cluster() -> None:
    plan = _plan()
    entry = plan.one(type="aws:eks/accessEntry:AccessEntry")
    assert (entry.inputs["type"], entry.inputs["clusterName"]) == ("EC2_LINUX", CLUSTER)
    assert entry.inputs["principalArn"] == _node_role(plan).outputs["arn"]


def test_the_profile_counts_only_once_its_nodes_may_join(unknown: bool) -> None:
    # Nodes can be drained only while they have their rights (karpenter #9185): what launches nodes is created after
    # these rights and deleted before them.
    carries = carried(_plan(unknown=unknown), "profile")
    assert carries == {
        "InstanceProfile karpenter-node",
        "AccessEntry karpenter-node",
        *(f"RolePolicyAttachment karpenter-node-{policy}" for policy in iam_documents.NODE_POLICIES),
    }


# --- Interruptions ------------------------------------------------------------------------------------------------


def test_the_queue_is_encrypted_and_forgets() -> None:
    queue = _plan().one(type="aws:sqs/queue:Queue").inputs
    assert queue["name"] == CLUSTER
    assert queue["sqsManagedSseEnabled"] is True
    assert queue["messageRetentionSeconds"] == 300


def test_five_rules_send_their_events_to_the_queue() -> None:
    plan = _plan()
    queue = plan.one(type="aws:sqs/queue:Queue").outputs["arn"]
    rules = {
        entry.name.removeprefix("karpenter-"): entry for entry in plan.find(type="aws:cloudwatch/eventRule:EventRule")
    }
    assert {name: document(entry, "eventPattern")["detail-type"] for name, entry in rules.items()} == {
        name: [kind] for name, kind in EVENTS.items()
    }
    targets = plan.find(type="aws:cloudwatch/eventTarget:EventTarget")
    assert {entry.inputs["rule"]: entry.inputs["arn"] for entry in targets} == {
        entry.outputs["name"]: queue for entry in rules.values()
    }
    for entry in rules.values():
        source = "aws.health" if "Health" in entry.inputs["eventPattern"] else "aws.ec2"
        assert document(entry, "eventPattern")["source"] == [source]


def test_only_those_rules_may_send() -> None:
    plan = _plan()
    queue = plan.one(type="aws:sqs/queue:Queue")
    rules = [entry.outputs["arn"] for entry in plan.find(type="aws:cloudwatch/eventRule:EventRule")]
    policy = plan.one(type="aws:sqs/queuePolicy:QueuePolicy")
    assert policy.inputs["queueUrl"] == queue.outputs["url"]
    statements = document(policy, "policy")["Statement"]
    allowed = next(item for item in statements if item["Effect"] == "Allow")
    assert set(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == set(rules)
    assert any(item["Effect"] == "Deny" for item in statements)


# --- Releases -----------------------------------------------------------------------------------------------------


def test_its_definitions_are_a_chart_of_their_own_at_the_same_version() -> None:
    # Helm never upgrades what is in a chart's crds/ (Karpenter's upgrade guide).
    plan = _plan(version="1.13.9")
    definitions, controller = (release_of(plan, name) for name in ("karpenter-crd", "karpenter"))
    assert definitions.inputs["version"] == controller.inputs["version"] == "1.13.9"
    assert controller.inputs["skipCrds"] is True
    # Where the API server gives its requests precedence.
    assert definitions.inputs["namespace"] == controller.inputs["namespace"] == NAMESPACE == "kube-system"
    assert definitions.urn in controller.depends_on


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_the_controller_waits_for_its_rights_its_queue_and_its_events(kind: str) -> None:
    plan = _plan(on_cluster(identity=identity(kind)))
    needed = {
        "Queue karpenter-interruption",
        "QueuePolicy karpenter-interruption",
        "Release karpenter-crd",
        *(f"EventTarget karpenter-{event}" for event in EVENTS),
        *(f"RolePolicyAttachment karpenter-controller-{part}" for part in iam_documents.KARPENTER_CONTROLLER_POLICIES),
    }
    if kind == "pod-identity":
        needed.add(f"PodIdentityAssociation karpenter-controller-{NAMESPACE}-karpenter")
    assert needed <= waits_for(plan, release_of(plan, "karpenter"))


def test_nothing_but_the_controller_waits_for_nodes() -> None:
    settings = section(KarpenterSettings, {"node_pools": {"general": {}}})
    waiting = waiting_for_compute(lambda cluster, opts: Karpenter("karpenter", settings, cluster, opts=opts))
    assert waiting == {"Release karpenter-release"}


def test_the_controller_knows_its_cluster_region_and_queue() -> None:
    values = values_of(_plan(), "karpenter")
    assert values["settings"] == {
        "isolatedVPC": False,
        "clusterName": CLUSTER,
        "clusterEndpoint": ENDPOINT,
        "interruptionQueue": CLUSTER,
        "featureGates": {"nodeRepair": False},
    }
    # Without it the controller asks the instance metadata, which a hop limit of 1 keeps from pods (EKS best practices).
    assert values["controller"]["env"] == [{"name": "AWS_REGION", "value": REGION}]


def test_unhealthy_nodes_are_replaced_where_a_stack_says_so() -> None:
    """Karpenter calls it alpha, and has it off."""
    assert values_of(_plan(node_repair=True), "karpenter")["settings"]["featureGates"] == {"nodeRepair": True}


def test_the_controller_does_not_need_the_dns_of_nodes_that_it_is_to_launch() -> None:
    assert values_of(_plan(), "karpenter")["dnsPolicy"] == "Default"


def test_it_has_a_stand_by_and_a_bounded_size() -> None:
    values = values_of(_plan(), "karpenter")
    assert values["replicas"] == 2
    resources = values["controller"]["resources"]
    assert resources["limits"]["memory"] == resources["requests"]["memory"]


def test_it_runs_where_the_platforms_pods_do() -> None:
    values = values_of(_plan(), "karpenter")
    assert values["nodeSelector"] == {"role": "operations"}
    assert values["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    # The chart's own keep it off the nodes that it manages itself, and its replicas on different ones.
    assert not values.keys() & {"affinity", "topologySpreadConstraints"}


def test_on_fargate_its_replicas_need_not_be_in_different_zones() -> None:
    # Fargate chooses the subnet of each pod, and the chart's spread would leave a replica pending.
    (spread,) = values_of(_plan(on_cluster(placement=FARGATE)), "karpenter")["topologySpreadConstraints"]
    assert spread == {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}


def test_both_charts_come_from_the_companys_registry_where_there_is_one() -> None:
    plan = _plan(on_cluster(charts=REGISTRY))
    for name in ("karpenter-crd", "karpenter"):
        inputs = release_of(plan, name).inputs
        assert inputs["chart"] == f"{REGISTRY.registry}/{name}"
        assert "hunter2" not in repr(inputs)


@pytest.mark.parametrize(
    ("charts", "repository"),
    [
        (PUBLISHERS, "public.ecr.aws/karpenter/controller"),
        (MIRROR, f"{MIRROR.images}/public.ecr.aws/karpenter/controller"),
    ],
    ids=["the publisher's", "the company's own"],
)
def test_its_image_comes_from_the_companys_registry_where_there_is_one(charts: Charts, repository: str) -> None:
    assert values_of(_plan(on_cluster(charts=charts)), "karpenter")["controller"]["image"] == {"repository": repository}


@pytest.mark.parametrize("isolated", [True, False])
def test_where_nothing_leads_out_it_asks_neither_for_prices_nor_iam(isolated: bool) -> None:
    # karpenter #8609: neither has an endpoint in a VPC, and each reconciliation would fail.
    values = values_of(_plan(on_cluster(isolated=isolated)), "karpenter")
    assert values["settings"]["isolatedVPC"] is isolated


def test_a_first_preview_knows_all_values_but_the_role() -> None:
    # A value that is unknown in a preview must not hide the values around it.
    values = release_of(_plan(unknown=True), "karpenter").inputs["values"]
    assert values["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"] is UNKNOWN
    assert values["settings"]["clusterName"] == CLUSTER
    assert values["replicas"] == 2


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
def test_the_charts_know_every_value() -> None:
    plan = _plan()
    for name in ("karpenter", "karpenter-crd"):
        assert unknown_keys(upstream.chart(name), values_of(plan, name)) == []


@pytest.mark.upstream
def test_one_replica_is_enough_for_a_release_on_a_single_node() -> None:
    # Helm counts a Deployment as ready when all but `maxUnavailable` are; the chart puts no two on a node.
    defaults = upstream.default_values("karpenter")
    assert defaults["strategy"]["rollingUpdate"]["maxUnavailable"] == 1
    assert defaults["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert values_of(_plan(), "karpenter")["replicas"] - 1 == 1


@pytest.mark.upstream
def test_events_are_upstreams() -> None:
    template = upstream.facts("iam", "karpenter-cloudformation.yaml").read_text()
    for kind in EVENTS.values():
        assert f"- {kind}\n" in template, kind
    assert template.count("AWS::Events::Rule") == len(EVENTS)


@pytest.mark.upstream
def test_definitions_are_templates_in_their_chart() -> None:
    crds = {file.name for file in upstream.chart("karpenter", "crds").iterdir()}
    assert crds <= {file.name for file in upstream.chart("karpenter-crd", "templates").iterdir()}


def test_the_node_role_goes_last() -> None:
    plan = _plan()
    outlived = labels(plan, (entry.urn for entry in plan if _node_role(plan).urn in plan.closure(entry)))
    assert {"InstanceProfile karpenter-node", "AccessEntry karpenter-node"} <= outlived
