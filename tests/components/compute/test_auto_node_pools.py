"""AutoNodePools: nodes that may join, launched where the stack's are, and pools that Auto Mode understands."""

from typing import Any, Final

import pulumi
import pytest

from components.compute.auto_node_pools import AutoNetwork, AutoNodePools, auto_pool_spec
from facts.proxy import Proxy
from harness.plan import Plan
from settings import AutoMode, AutoPool
from tests.components.recording import REGION, assert_shape, recorded

NODE_CLASS: Final = "kubernetes:eks.amazonaws.com/v1:NodeClass"
NODE_POOL: Final = "kubernetes:karpenter.sh/v1:NodePool"
SETTINGS: Final = AutoMode.model_validate_json(
    """{
        "nodePools": [],
        "nodeClasses": {"own": {"diskGib": 160}, "other": {"subnets": ["subnet-0123456789abcdef0"]}},
        "pools": {"batch": {"nodeClass": "own"}, "web": {"nodeClass": "other"}}
    }"""
)


def _plan(*, unknown: bool = False, proxy: Proxy | None = None) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        network = AutoNetwork(region=REGION, subnet_ids=["subnet-a", "subnet-c"], security_group_id="sg-1", proxy=proxy)
        AutoNodePools("auto", SETTINGS, cluster_name="platform-test", network=network, opts=opts)

    return recorded(declare, unknown=unknown)


@pytest.mark.parametrize("unknown", [False, True])
def test_it_has_the_shape_of_a_component(unknown: bool) -> None:
    assert_shape(_plan(unknown=unknown), AutoNodePools, "auto")


def test_nodes_may_join_before_a_class_launches_them() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html#auto-node-access-entry"""
    plan = _plan()
    role = plan.one(type="aws:iam/role:Role")
    entry = plan.one(type="aws:eks/accessEntry:AccessEntry")
    assert (entry.inputs["type"], entry.inputs["principalArn"]) == ("EC2", role.outputs["arn"])
    policy = plan.one(type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert policy.inputs["policyArn"].endswith("cluster-access-policy/AmazonEKSAutoNodePolicy")
    attached = plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    for node_class in plan.find(type=NODE_CLASS):
        assert all(plan.waits_for(node_class, needed) for needed in (entry, policy, *attached))
        assert node_class.inputs["spec"]["role"] == role.outputs["name"]


def test_a_class_has_the_networks_subnets_unless_it_names_others() -> None:
    found = {entry.inputs["metadata"]["name"]: entry.inputs["spec"] for entry in _plan().find(type=NODE_CLASS)}
    assert found["own"]["subnetSelectorTerms"] == [{"id": "subnet-a"}, {"id": "subnet-c"}]
    assert found["other"]["subnetSelectorTerms"] == [{"id": "subnet-0123456789abcdef0"}]
    assert found["own"]["ephemeralStorage"] == {"size": "160Gi", "iops": 3000, "throughput": 125}
    assert {str(spec["securityGroupSelectorTerms"]) for spec in found.values()} == {"[{'id': 'sg-1'}]"}


def test_nodes_use_the_proxy() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html"""
    proxy = Proxy("http://proxy.example.com:3128", ("localhost", "10.0.0.0/16"))
    expected = {"httpsProxy": "http://proxy.example.com:3128", "noProxy": ["localhost", "10.0.0.0/16"]}
    for entry in _plan(proxy=proxy).find(type=NODE_CLASS):
        assert entry.inputs["spec"]["advancedNetworking"] == expected
    assert not any("advancedNetworking" in entry.inputs["spec"] for entry in _plan().find(type=NODE_CLASS))


def test_a_pool_is_deleted_before_its_class() -> None:
    plan = _plan()
    classes = {entry.inputs["metadata"]["name"]: entry for entry in plan.find(type=NODE_CLASS)}
    for pool in plan.find(type=NODE_POOL):
        reference = pool.inputs["spec"]["template"]["spec"]["nodeClassRef"]
        assert (reference["group"], reference["kind"]) == ("eks.amazonaws.com", "NodeClass")
        assert plan.waits_for(pool, classes[reference["name"]])


def _requirements(**settings: Any) -> dict[str, Any]:
    spec = auto_pool_spec(AutoPool.model_validate({"nodeClass": "own", **settings}, strict=False))
    found = spec["template"]["spec"]["requirements"]
    return {it["key"]: (it["operator"], it["values"]) for it in found}


def test_requirements_have_the_labels_of_auto_mode() -> None:
    """Those of Karpenter (`karpenter.k8s.aws/...`) and `kubernetes.io/os` are not supported.

    https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html
    """
    found = _requirements(categories=["c"], families=["c7g"], minGeneration=6, zones=["ap-northeast-1a"])
    assert found == {
        "karpenter.sh/capacity-type": ("In", ["on-demand"]),
        "kubernetes.io/arch": ("In", ["amd64"]),
        "eks.amazonaws.com/instance-category": ("In", ["c"]),
        "eks.amazonaws.com/instance-family": ("In", ["c7g"]),
        "eks.amazonaws.com/instance-generation": ("Gt", ["5"]),
        "topology.kubernetes.io/zone": ("In", ["ap-northeast-1a"]),
    }
