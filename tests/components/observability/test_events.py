"""Kubernetes' warnings in CloudWatch: what is copied, by whom, and with which rights."""

import re
from typing import Any, Final

import pulumi
import pytest

import versions
from components.common.on_cluster import OnCluster
from components.observability.events import Events, fluent_bit
from facts import iam_documents, namespaces
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import Observability
from tests.components.given import CLUSTER, FARGATE, MIRROR, NODES, granted, identity, on_cluster, waiting_for_compute
from tests.components.recording import Probe, assert_shape, below, document, needs, recorded, waits_for

GROUP = f"/aws/eks/{CLUSTER}/events"


SETTINGS: Final = Observability()


def _plan(cluster: OnCluster | None = None, *, unknown: bool = False) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        events = Events("events", SETTINGS, cluster or on_cluster(), opts=opts)
        Probe(log_group_name=events.log_group_name)

    return recorded(declare, unknown=unknown)


def _deployment(plan: Plan) -> Registration:
    return plan.one(type="kubernetes:apps/v1:Deployment")


def _pod(plan: Plan) -> dict[str, Any]:
    return dict(_deployment(plan).inputs["spec"]["template"]["spec"])


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_shape(kind: str, unknown: bool) -> None:
    assert_shape(_plan(on_cluster(identity=identity(kind)), unknown=unknown), Events, "events")


def test_inventory() -> None:
    plan = _plan()
    assert below(plan, plan.one(type="eks-platform:index:Events")) == {
        "LogGroup events-log",
        "Irsa events-writer",
        "Role events-writer",
        "Policy events-writer-log",
        "RolePolicyAttachment events-writer-log",
        "Namespace events-namespace",
        "ServiceAccount events-account",
        "ClusterRole events-reader",
        "ClusterRoleBinding events-reader",
        "ConfigMap events-configuration",
        "Deployment events-deployment",
    }


# --- Rights -------------------------------------------------------------------------------------------------------


def test_it_reads_events_and_nothing_else() -> None:
    plan = _plan()
    (rule,) = plan.one(type="kubernetes:rbac.authorization.k8s.io/v1:ClusterRole").inputs["rules"]
    assert rule == {"apiGroups": [""], "resources": ["events"], "verbs": ["get", "list", "watch"]}
    binding = plan.one(type="kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding").inputs
    account = plan.one(type="kubernetes:core/v1:ServiceAccount").inputs["metadata"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    ]
    role = plan.one(type="kubernetes:rbac.authorization.k8s.io/v1:ClusterRole").inputs["metadata"]["name"]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_it_writes_to_its_log_group_and_to_no_other(kind: str) -> None:
    plan = _plan(on_cluster(identity=identity(kind)))
    group = plan.one(type="aws:cloudwatch/logGroup:LogGroup")
    assert group.inputs == {"name": GROUP, "retentionInDays": 30}
    policy = plan.one(type="aws:iam/policy:Policy")
    assert document(policy, "policy") == iam_documents.log_group_writer(group.outputs["arn"])
    role = plan.one(type="aws:iam/role:Role")
    trust, annotations = granted(kind, namespaces.OBSERVABILITY, "events", role)
    assert plan.one(type="kubernetes:core/v1:ServiceAccount").inputs["metadata"]["annotations"] == annotations
    assert document(role, "assumeRolePolicy") == trust


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_its_rights_and_its_log_group_are_there_before_it_and_after_it(kind: str, unknown: bool) -> None:
    plan = _plan(on_cluster(identity=identity(kind)), unknown=unknown)
    needed = {"RolePolicyAttachment events-writer-log", "ClusterRoleBinding events-reader", "LogGroup events-log"}
    if kind == "pod-identity":
        needed.add("PodIdentityAssociation events-writer-observability-events")
    assert needed <= waits_for(plan, _deployment(plan))


def test_nothing_but_its_pod_waits_for_nodes() -> None:
    waiting = waiting_for_compute(lambda cluster, opts: Events("events", SETTINGS, cluster, opts=opts))
    assert waiting == {"Deployment events-deployment"}


# --- Pod ----------------------------------------------------------------------------------------------------------


def test_one_pod_and_never_two() -> None:
    """Two would write each warning twice, and alarms would count double."""
    spec = _deployment(_plan()).inputs["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]


def test_the_namespace_takes_only_pods_like_this_one() -> None:
    plan = _plan()
    namespace = plan.one(type="kubernetes:core/v1:Namespace").inputs["metadata"]
    assert namespace["name"] == "observability"
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pod = _pod(plan)
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert container["resources"]["limits"].keys() == {"memory"}


def test_the_image_is_pinned_by_its_digest() -> None:
    (container,) = _pod(_plan())["containers"]
    assert container["image"] == versions.FLUENT_BIT_IMAGE
    assert re.fullmatch(r"public\.ecr\.aws/\S+:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", container["image"])


def test_the_image_comes_from_the_companys_registry_where_there_is_one() -> None:
    (container,) = _pod(_plan(on_cluster(charts=MIRROR)))["containers"]
    assert container["image"] == f"{MIRROR.images}/{versions.FLUENT_BIT_IMAGE}"


@pytest.mark.parametrize(
    ("placement", "selector", "tolerations"),
    [
        (NODES, {"role": "operations"}, [{"key": "CriticalAddonsOnly", "operator": "Exists"}]),
        (FARGATE, {}, []),
    ],
    ids=["nodes", "fargate"],
)
def test_it_runs_where_the_platforms_pods_do(placement: Any, selector: Any, tolerations: Any) -> None:
    pod = _pod(_plan(on_cluster(placement=placement)))
    assert (pod["nodeSelector"], pod["tolerations"]) == (selector, tolerations)


def test_it_reads_the_configuration_that_is_mounted() -> None:
    plan = _plan()
    pod = _pod(plan)
    (container,) = pod["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    configuration = plan.one(type="kubernetes:core/v1:ConfigMap").inputs
    (file,) = configuration["data"]
    assert container["command"][-1] == f"--config={mounts['configuration']}/{file}"
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["configuration"]["configMap"] == {"name": configuration["metadata"]["name"]}


def test_another_configuration_is_another_pod() -> None:
    def annotation(**changes: str) -> str:
        metadata = _deployment(_plan(on_cluster(**changes))).inputs["spec"]["template"]["metadata"]
        return str(metadata["annotations"]["checksum/configuration"])

    assert annotation() == annotation()
    assert annotation() != annotation(region="eu-west-1")


def test_a_first_preview_knows_all_but_the_role() -> None:
    plan = _plan(unknown=True)
    account = plan.one(type="kubernetes:core/v1:ServiceAccount").inputs
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] is UNKNOWN
    assert UNKNOWN not in plan.one(type="kubernetes:core/v1:ConfigMap").inputs["data"].values()


# --- Configuration ------------------------------------------------------------------------------------------------


def test_warnings_alone_are_copied() -> None:
    text = fluent_bit("eu-west-1", GROUP)
    sections = re.findall(r"^\[([A-Z]+)\]\n((?:    .*\n)+)", text, re.MULTILINE)
    assert [kind for kind, _ in sections] == ["SERVICE", "INPUT", "FILTER", "FILTER", "OUTPUT"]
    settings = [dict(re.findall(r"^ +(\w+) (.+)$", body, re.MULTILINE)) for _, body in sections]
    _, read, warnings, _, write = settings
    assert read["Name"] == "kubernetes_events"
    # By a database what happens again would be an old event, and alarms would count it once.
    assert "DB" not in read
    assert (warnings["Name"], warnings["Regex"]) == ("grep", "type ^Warning$")
    assert write["Name"] == "cloudwatch_logs"
    assert (write["region"], write["log_group_name"]) == ("eu-west-1", GROUP)
    assert write["auto_create_group"] == "Off"
    assert {part["Match"] for part in settings if "Match" in part} == {read["Tag"]}


def test_the_log_group_is_what_alarms_count_in() -> None:
    plan = _plan()
    assert plan.one(name="probe").inputs["log_group_name"] == GROUP
    assert needs(plan, plan.one(name="probe"), "log_group_name") == {"LogGroup events-log"}
