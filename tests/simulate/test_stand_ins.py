"""The stand-ins of a simulation, one by one: what they say of nodes, pods, access and what is left."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import pytest

from harness.engine import environment
from harness.engine.environment import Environment
from harness.engine.store import Resource, Store
from rehearsal.capacity import allocatable
from rehearsal.engine.refusals import uses
from rehearsal.simulation import aws_command, control_plane, kubelets, nodes
from rehearsal.simulation.api_server import Answer, ApiServer, wait_until
from rehearsal.simulation.aws_provider import Endpoint, kind_of
from rehearsal.simulation.leftovers import unexplained

CLUSTER: Final = {
    "name": "x",
    "accessConfig": {"bootstrapClusterCreatorAdminPermissions": False},
    "vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]},
}
ADMINISTRATOR: Final = "arn:aws:iam::111122223333:role/deployer"


# --- Nodes --------------------------------------------------------------------------------------------------------


def _group(**changes: Any) -> Resource:
    outputs = {
        "nodeGroupName": "operations",
        "amiType": "BOTTLEROCKET_x86_64",
        "capacityType": "ON_DEMAND",
        "instanceTypes": ["m6i.large"],
        "subnetIds": ["subnet-a", "subnet-c"],
        "labels": {"role": "operations"},
        "taints": [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}],
        "scalingConfig": {"minSize": 3, "maxSize": 4, "desiredSize": 3},
        **changes,
    }
    return Resource(uses.NODE_GROUP, "x:operations", outputs, outputs)


def _store(folder: Path, *resources: Resource) -> Store:
    store = Store(folder)
    subnets = [("subnet-a", "ap-northeast-1a"), ("subnet-c", "ap-northeast-1c")]
    with store.change() as cloud:
        for id_, zone in subnets:
            cloud.add(Resource(uses.SUBNET, id_, {}, {"availabilityZone": zone}))
        for resource in resources:
            cloud.add(resource)
    return store


def test_a_node_is_what_its_group_says(tmp_path: Path) -> None:
    with _store(tmp_path).look() as cloud:
        made = nodes.node(_group(), 1, cloud)
    labels = made["metadata"]["labels"]
    assert (
        labels.items()
        >= {
            "role": "operations",
            "topology.kubernetes.io/zone": "ap-northeast-1c",
            "topology.kubernetes.io/region": "ap-northeast-1",
            "kubernetes.io/arch": "amd64",
            "node.kubernetes.io/instance-type": "m6i.large",
            "eks.amazonaws.com/nodegroup": "operations",
        }.items()
    )
    assert made["spec"]["taints"] == [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}]
    room = allocatable(2, 8192)
    assert made["status"]["allocatable"] == {"cpu": f"{room.cpu}m", "memory": f"{room.memory}Mi", "pods": "110"}


def test_a_launch_template_may_name_the_instance_type_and_the_image_the_architecture(tmp_path: Path) -> None:
    template = Resource(uses.TEMPLATE, "lt-1", {}, {"instanceType": "m5.xlarge"})
    group = _group(amiType="AL2023_ARM_64_STANDARD", instanceTypes=None, launchTemplate={"id": "lt-1"})
    with _store(tmp_path, template).look() as cloud:
        labels = nodes.node(group, 0, cloud)["metadata"]["labels"]
    assert labels["node.kubernetes.io/instance-type"] == "m5.xlarge"
    assert labels["kubernetes.io/arch"] == "arm64"


# --- Pods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "found"),
    [
        ({"configMap": {"name": "a"}}, [("configmaps", "a")]),
        ({"configMap": {"name": "a", "optional": True}}, []),
        ({"secret": {"secretName": "a"}}, [("secrets", "a")]),
        ({"persistentVolumeClaim": {"claimName": "a"}}, [("persistentvolumeclaims", "a")]),
        ({"projected": {"sources": [{"secret": {"name": "a"}}, {"serviceAccountToken": {}}]}}, [("secrets", "a")]),
        ({"emptyDir": {}}, []),
    ],
)
def test_a_pod_needs_what_its_volumes_name(volume: Mapping[str, Any], found: list[tuple[str, str]]) -> None:
    assert list(kubelets.needs({"spec": {"volumes": [volume], "containers": []}})) == found


@pytest.mark.parametrize(
    ("container", "found"),
    [
        ({"envFrom": [{"configMapRef": {"name": "a"}}]}, [("configmaps", "a")]),
        ({"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "a", "key": "x"}}}]}, [("secrets", "a")]),
        ({"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "a", "key": "x", "optional": True}}}]}, []),
        ({"env": [{"name": "X", "value": "1"}, {"name": "Y", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]}, []),
    ],
)
def test_a_pod_needs_what_the_environment_of_any_container_names(
    container: Mapping[str, Any], found: list[tuple[str, str]]
) -> None:
    assert list(kubelets.needs({"spec": {"containers": [container]}})) == found
    assert list(kubelets.needs({"spec": {"initContainers": [container], "containers": []}})) == found


# --- The endpoint and access to it --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What programs are told of a cluster that one administrator may use."""
    entry = {"clusterName": "x", "principalArn": ADMINISTRATOR}
    policy = {**entry, "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"}
    _store(
        tmp_path,
        Resource(uses.CLUSTER, "x", {}, CLUSTER),
        Resource(uses.ENTRY, "x:entry", {}, entry),
        Resource(uses.ENTRY_POLICY, "x:policy", {}, policy),
    )
    Endpoint("https://127.0.0.1:1", "certificate", "its token").write(tmp_path)
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path))
    return tmp_path


def test_a_cluster_leads_to_the_api_server(folder: Path) -> None:
    outputs = kind_of(uses.CLUSTER).outputs
    assert outputs["endpoint"] == "https://127.0.0.1:1"
    assert outputs["certificateAuthority"] == {"data": "Y2VydGlmaWNhdGU="}
    assert "endpoint" not in kind_of(uses.NODE_GROUP).outputs


@pytest.mark.parametrize(
    ("deployer", "token"), [(ADMINISTRATOR, "its token"), ("arn:aws:iam::111122223333:role/other", "nobody")]
)
def test_a_token_lets_in_whom_an_access_entry_lets_in(
    folder: Path, deployer: str, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Environment(deployer=deployer).write(folder)
    arguments = ["eks", "get-token", "--cluster-name", "x", "--region", "ap-northeast-1", "--output", "json"]
    assert aws_command.main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["status"] == {"token": token}


# --- What is left -------------------------------------------------------------------------------------------------


def test_what_stays_on_purpose_is_not_left() -> None:
    stays = "CustomResourceDefinition targetgroupbindings.elbv2.k8s.aws"
    found = [
        stays,
        "Secret kube-system/sh.helm.release.v1.karpenter.v1",
        "CustomResourceDefinition nodepools.karpenter.sh",
    ]
    assert unexplained(found) == sorted(found[1:])


# --- The control plane --------------------------------------------------------------------------------------------


class _Listed:
    """An API server that lists objects, by the plural of their kind, as (namespace, name)."""

    def __init__(self, **objects: list[tuple[str, str]]) -> None:
        self.objects = objects

    def request(self, _method: str, path: str) -> Answer:
        found = self.objects.get(path.rpartition("/")[2], [])
        return Answer({"items": [{"metadata": {"namespace": it[0], "name": it[1]}} for it in found]}, ())


def test_a_control_plane_is_complete_when_each_namespace_has_what_controllers_put_there() -> None:
    namespaces = [("", "other"), *(("", name) for name in control_plane.NAMESPACES)]
    accounts = [(name, "default") for _, name in namespaces]
    certificates = [(name, "kube-root-ca.crt") for _, name in namespaces]
    there = {"namespaces": namespaces, "serviceaccounts": accounts, "configmaps": certificates}
    assert control_plane.awaited(cast(ApiServer, _Listed(**there))) == set()
    less = {**there, "configmaps": certificates[1:]}
    assert control_plane.awaited(cast(ApiServer, _Listed(**less))) == {"configmaps/kube-root-ca.crt in other"}
    early = {name: found[:1] for name, found in there.items()}
    assert "serviceaccounts/default in kube-system" in control_plane.awaited(cast(ApiServer, _Listed(**early)))


def test_a_wait_in_vain_says_what_it_saw_last() -> None:
    with pytest.raises(TimeoutError, match="left: a node"):
        wait_until(lambda: False, lambda: "left: a node", seconds=0)
