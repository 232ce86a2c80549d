"""The stacks as a whole, as a first preview sees them and as they are: what makes each environment what it is."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
from pydantic.alias_generators import to_camel

from facts.capabilities import CAPABILITIES
from harness.plan import Plan, Registration, show
from harness.properties import has_secret, has_unknown, reveal
from rehearsal.program import ROOT, stacks
from tests.plans import EXAMPLES, STACKS, any_stack, below, of_type, plan_of, project_of, run_program, setting

both_modes = pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
WITHOUT_NODE_GROUPS: Final = ("fargate", "auto")
every_stack = pytest.mark.parametrize("stack", STACKS)


ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"


def _inputs(stack: str, kind: str) -> list[dict[str, Any]]:
    """Return the inputs of the resources whose type token ends so, such as "NodeGroup"."""
    return [reveal(entry.inputs) for entry in of_type(list(_custom(plan_of(stack))), kind)]


def _custom(plan: Plan) -> Iterator[Registration]:
    return (entry for entry in plan if entry.custom and not entry.type.startswith("pulumi:"))


# --- All of them --------------------------------------------------------------------------------------------------


def test_each_stack_file_is_a_stack_of_these_tests() -> None:
    assert set(STACKS) == set(stacks(EXAMPLES))


@any_stack
@both_modes
def test_the_program_runs_and_has_nothing_to_complain_of(stack: str, unknown: bool) -> None:
    plan = plan_of(stack, unknown=unknown)
    # A stack may be told which environment it is checked as.
    assert [message for message in plan.messages if message.severity != "info"] == []
    assert plan.unknown is unknown
    assert plan.exports


@any_stack
def test_two_runs_give_the_same_plan(stack: str) -> None:
    # The SDK registers what waits for the same things in no order of its own.
    again, before = run_program(stack).to_json(), plan_of(stack).to_json()
    for plan in (again, before):
        plan["resources"].sort(key=lambda resource: resource["urn"])
    assert again == before


@any_stack
def test_once_the_cluster_is_there_nothing_is_unknown(stack: str) -> None:
    # Only the stack's own secrets provider knows an encrypted value.
    assert [line for line in plan_of(stack).unknowns() if not line.startswith("config ")] == []


@any_stack
def test_a_first_preview_leaves_only_single_values_unknown(stack: str) -> None:
    # An `apply` around a whole object would hide all of it until the cluster exists.
    for entry in plan_of(stack, unknown=True):
        for name in ("values", "spec", "tags", "labels"):
            assert repr(entry.inputs.get(name)) != "[unknown]", f"{entry.urn}: {name}"


@any_stack
@both_modes
def test_what_keeps_the_kubernetes_provider_the_same_is_known(stack: str, unknown: bool) -> None:
    # pulumi-kubernetes #4019: an unknown identifier replaces the provider and everything under it.
    plan = plan_of(stack, unknown=unknown)
    platform = setting(stack, "platform")
    provider = plan.one(type="pulumi:providers:kubernetes", name=f"{platform['name']}-access-kubernetes")
    assert provider.inputs["clusterIdentifier"] == f"{platform['region']}/{platform['name']}"


@any_stack
@both_modes
def test_every_resource_has_one_of_our_two_providers(stack: str, unknown: bool) -> None:
    plan = plan_of(stack, unknown=unknown)
    ours = {"aws": "aws", "kubernetes": f"{setting(stack, 'platform')['name']}-access-kubernetes"}
    for entry in _custom(plan):
        provider = plan.by_urn.get(entry.options.provider or "")
        assert provider, f"{entry.urn} has a default provider"
        assert provider.name == ours[entry.type.partition(":")[0]], entry.urn


@every_stack
def test_the_stack_lands_in_its_account_and_region_only(stack: str) -> None:
    provider = plan_of(stack).one(type="pulumi:providers:aws")
    accounts = {
        "dev": "111122223333",
        "staging": "111122223333",
        "prod": "444455556666",
        "fargate": "777788889999",
        "private": "888899990000",
        "staging-b": "111122223333",
        "auto": "111122223333",
    }
    assert provider.inputs["region"] == "ap-northeast-1"
    assert provider.inputs["allowedAccountIds"] == f'["{accounts[stack]}"]'
    text = str(show([entry.inputs for entry in plan_of(stack)]))
    named = set(re.findall(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):", text))
    assert named <= {accounts[stack]}


@any_stack
def test_everything_is_tagged(stack: str) -> None:
    project, (_, name) = plan_of(stack).project, project_of(stack)
    tags = plan_of(stack).one(type="pulumi:providers:aws").inputs["defaultTags"]
    for tag in ('"ManagedBy": "pulumi"', f'"Project": "{project}"', f'"Stack": "{name}"'):
        assert tag in tags or tag.replace(": ", ":") in tags
    # What other controllers make, the provider's tags do not reach.
    (controller,) = [entry["values"] for entry in _inputs(stack, "Release") if "clusterName" in entry["values"]]
    assert controller["defaultTags"]["Stack"] == name
    for entry in _inputs(stack, "LaunchTemplate"):
        for specification in entry["tagSpecifications"]:
            assert specification["tags"]["Stack"] == name
    for entry in _inputs(stack, "EC2NodeClass"):
        assert entry["spec"]["tags"]["Stack"] == name


@every_stack
def test_nothing_is_secret_without_a_secret_setting(stack: str) -> None:
    assert [entry.urn for entry in plan_of(stack) if has_secret(entry.inputs) or has_secret(entry.outputs)] == []


@every_stack
def test_nothing_is_of_whatever_version_is_the_newest(stack: str) -> None:
    # AMIs of `latest` change without a pull request, and so do charts and add-ons without a version.
    for entry in plan_of(stack):
        # Admission policies name the label's value and the image's tag that they judge; they deploy nothing.
        if not entry.type.startswith("kubernetes:admissionregistration.k8s.io/"):
            assert not re.search(r"\blatest\b", str(show(entry.inputs))), entry.urn
    for release in _inputs(stack, "Release"):
        assert re.fullmatch(r"v?\d+\.\d+\.\d+", release["version"])
    for addon in _inputs(stack, "Addon"):
        assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", addon["addonVersion"])
    for group in _inputs(stack, "NodeGroup"):
        assert re.fullmatch(r"\d+\.\d+\.\d+-[0-9a-f]{8}", group["releaseVersion"])
        assert group["version"]
    for node_class in _inputs(stack, "EC2NodeClass"):
        (term,) = node_class["spec"]["amiSelectorTerms"]
        assert re.fullmatch(r"[a-z0-9]+@v\S+", term["alias"])


@any_stack
def test_charts_are_releases_that_a_first_preview_survives(stack: str) -> None:
    # `helm.v4.Chart` fails in a preview without a cluster (pulumi-kubernetes #3027).
    types = {entry.type for entry in plan_of(stack)}
    assert {kind for kind in types if "helm" in kind} == {"kubernetes:helm.sh/v3:Release"}


@any_stack
@both_modes
def test_the_cloud_is_asked_only_for_what_it_alone_knows(stack: str, unknown: bool) -> None:
    asked = {invocation.token for invocation in plan_of(stack, unknown=unknown).invocations}
    allowed = {"aws:lb/getHostedZoneId:getHostedZoneId", "aws:ec2/getSubnet:getSubnet", "aws:ec2/getVpc:getVpc"}
    allowed.add("aws:index/getCallerIdentity:getCallerIdentity")
    # Which of a region's zones EKS has control planes in; of some regions the program knows it.
    allowed.add("aws:index/getAvailabilityZones:getAvailabilityZones")
    if any(entry.inputs["vpcEndpointType"] == "Interface" for entry in plan_of(stack).find(type=ENDPOINT)):
        allowed.add("aws:ec2/getVpcEndpointService:getVpcEndpointService")
    if plan_of(stack).find(type="eks-platform:index:Alarms") and plan_of(stack).find(type=INGRESS):
        # What CloudWatch calls a load balancer that the controller made.
        allowed.add("aws:lb/getLoadBalancer:getLoadBalancer")
    if plan_of(stack).find(type="eks-platform:index:NodeGroup"):
        # Whether there are node groups whose size an autoscaler has changed.
        allowed.add("aws:eks/getClusters:getClusters")
    assert asked <= allowed
    assert all(invocation.provider for invocation in plan_of(stack, unknown=unknown).invocations)


@any_stack
def test_objects_in_the_cluster_have_names_of_their_own(stack: str) -> None:
    # Without one Pulumi adds digits, and nobody finds the object by the name that the documentation gives.
    names: Counter[tuple[str, str, str]] = Counter()
    for entry in _custom(plan_of(stack)):
        if entry.type.startswith("kubernetes:"):
            metadata = entry.inputs.get("metadata") or entry.inputs
            assert metadata["name"], entry.urn
            names[entry.type, metadata.get("namespace", ""), metadata["name"]] += 1
    assert max(names.values()) == 1


@every_stack
def test_nobody_but_the_load_balancer_listens_to_the_world(stack: str) -> None:
    for entry in of_type(list(plan_of(stack)), "SecurityGroupIngressRule"):
        if entry.inputs.get("cidrIpv4") == "0.0.0.0/0":
            assert "LoadBalancer$" in entry.urn
            assert entry.inputs["fromPort"] == entry.inputs["toPort"]
            assert entry.inputs["fromPort"] in (80, 443)
    for entry in of_type(list(plan_of(stack)), "Cluster"):
        assert "0.0.0.0/0" not in str(show(entry.inputs))


@any_stack
def test_no_group_of_ours_is_tagged_for_the_cluster(stack: str) -> None:
    # With two groups of this tag on a node the controller does not know which to change (terraform-aws-eks #1810).
    for entry in of_type(list(plan_of(stack)), "SecurityGroup"):
        assert not any(key.startswith("kubernetes.io/cluster/") for key in entry.inputs.get("tags", {})), entry.urn


@every_stack
def test_only_what_cannot_be_made_again_is_protected(stack: str) -> None:
    plan = plan_of(stack)
    kept = {entry.type for entry in plan if entry.options.protect}
    if stack != "prod":
        assert kept == set()
        return
    assert kept == {
        "aws:ec2/vpc:Vpc",
        "aws:kms/key:Key",
        "eks:index:Cluster",
        "aws:eks/cluster:Cluster",
        # The component's own, which goes and comes with it.
        "pulumi:providers:kubernetes",
    }
    ours = plan.one(type="pulumi:providers:kubernetes", name="platform-prod-access-kubernetes")
    assert not ours.options.protect


OPTIONAL: Final[dict[str, dict[str, str | None]]] = {
    "dev": {"keda": "keda-operator"},
    "staging": {"argo-cd": None},
    "prod": {"argo-cd": None},
}
"""Charts that some stacks have, and the service account of theirs that has a role."""


def _chosen(stack: str) -> dict[str, str | None]:
    """Return OPTIONAL's charts of a stack, and those of the controllers whose section its file has."""
    sections = {key.rpartition(":")[2] for key in plan_of(stack).config}
    controllers = {
        it.chart.name: it.service_account if it.role is not None else None
        for it in CAPABILITIES
        if to_camel(it.section) in sections
    }
    return OPTIONAL.get(stack, {}) | controllers


OPTIONAL_ADDONS: Final = {
    "staging": {"amazon-cloudwatch-observability"},
    "prod": {"amazon-cloudwatch-observability", "aws-mountpoint-s3-csi-driver", "snapshot-controller"},
}
OBSERVERS: Final = {
    "staging": {"cloudwatch-agent", "events"},
    "prod": {"cloudwatch-agent", "events"},
    "fargate": {"events"},
}
"""Service accounts of what watches, each with a role."""
APPLICATIONS: Final = {"prod": {"billing", "s3-csi-driver-sa"}}
"""Service accounts of the teams' applications and of added add-ons, each with a role."""


@every_stack
def test_every_stack_has_the_platforms_parts(stack: str) -> None:
    releases = {entry["name"] for entry in _inputs(stack, "Release")}
    karpenter = set() if stack in WITHOUT_NODE_GROUPS else {"karpenter", "karpenter-crd"}
    chosen = _chosen(stack)
    assert releases == {"aws-load-balancer-controller", "traefik"} | karpenter | chosen.keys()
    addons = {entry["addonName"] for entry in _inputs(stack, "Addon")}
    on_nodes = {"vpc-cni", "kube-proxy", "eks-pod-identity-agent", "aws-ebs-csi-driver", "eks-node-monitoring-agent"}
    # Auto Mode's nodes have the rest in them.
    dns = set() if stack == "auto" else {"coredns"}
    expected = {"metrics-server"} | dns | (set() if stack in WITHOUT_NODE_GROUPS else on_nodes)
    assert addons == expected | OPTIONAL_ADDONS.get(stack, set())


@every_stack
def test_a_role_for_pods_is_for_one_service_account(stack: str) -> None:
    # Without the subject in the trust policy, as a public library writes it, any service account could assume the role.
    plan = plan_of(stack)
    found = set()
    for component in ("Irsa", "PodIdentity"):
        for role in of_type(below(plan, component), "Role"):
            (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
            conditions = {key: value for operator in statement["Condition"].values() for key, value in operator.items()}
            subjects = [value for key, value in conditions.items() if key.endswith((":sub", "-service-account"))]
            assert len(subjects) == 1
            found |= {subject.rpartition(":")[2] for subject in subjects[0]}
    nodes = set() if stack in WITHOUT_NODE_GROUPS else {"aws-node", "ebs-csi-controller-sa", "karpenter"}
    chosen = {account for account in _chosen(stack).values() if account}
    named = OBSERVERS.get(stack, set()) | APPLICATIONS.get(stack, set())
    assert found == {"aws-load-balancer-controller"} | nodes | chosen | named


# --- Each of them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stack", "zones", "gateways"), [("dev", 3, 1), ("staging", 3, 1), ("prod", 3, 3)])
def test_the_way_out_is_as_wide_as_the_environment_asks(stack: str, zones: int, gateways: int) -> None:
    assert len(_inputs(stack, "NatGateway")) == gateways
    subnets = [entry for entry in _inputs(stack, "Subnet") if "-pods-" not in entry["tags"]["Name"]]
    assert len(subnets) == 2 * zones
    to_nat = {entry["natGatewayId"] for entry in _inputs(stack, "Route") if "natGatewayId" in entry}
    assert len(to_nat) == gateways


def test_development_runs_its_operations_on_spot_nodes() -> None:
    (group,) = _inputs("dev", "NodeGroup")
    assert group["capacityType"] == "SPOT"
    assert {"m5.large", "t3.large"} <= set(group["instanceTypes"])
    assert (group["scalingConfig"]["minSize"], group["scalingConfig"]["maxSize"]) == (2, 3)
    assert group["amiType"] == "BOTTLEROCKET_x86_64"
    (pool,) = _inputs("dev", "NodePool")
    assert _requirement(pool, "karpenter.sh/capacity-type") == ["spot", "on-demand"]


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_cluster_autoscaler_has_a_group_in_each_zone(stack: str) -> None:
    """It takes a group of several zones for one zone, and adds no node for a pod that needs another zone."""
    groups = _inputs(stack, "NodeGroup")
    assert [len(group["subnetIds"]) for group in groups] == [1, 1, 1]
    assert len({group["subnetIds"][0] for group in groups}) == 3
    assert {group["launchTemplate"]["id"] for group in groups} == {groups[0]["launchTemplate"]["id"]}


@pytest.mark.parametrize("stack", STACKS)
def test_no_node_expires_in_hours_that_a_budget_closes(stack: str) -> None:
    """Karpenter's expiry ignores disruption budgets."""
    for pool in _inputs(stack, "NodePool"):
        closed = any(budget["nodes"] in ("0", "0%") for budget in pool["spec"]["disruption"]["budgets"])
        assert not closed or pool["spec"]["template"]["spec"]["expireAfter"] == "Never"


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_the_endpoint_is_public_to_named_ranges(stack: str) -> None:
    (cluster,) = _inputs(stack, "Cluster")
    assert cluster["vpcConfig"]["endpointPublicAccess"] is True
    assert cluster["vpcConfig"]["publicAccessCidrs"] == [
        "198.51.100.16/28",
        "203.0.113.0/24",
    ]


def test_staging_is_as_production_in_what_people_see() -> None:
    assert {group["capacityType"] for group in _inputs("staging", "NodeGroup")} == {"ON_DEMAND"}
    assert plan_of("staging").one(type="aws:acm/certificate:Certificate").inputs["domainName"] == "staging.example.jp"
    names = {entry.inputs["name"] for entry in below(plan_of("staging"), "DnsAlias")}
    # Argo CD has a record of its own: next to the wildcard alone, ExternalDNS could make one for somebody else.
    assert names == {"staging.example.jp", "*.staging.example.jp", "argocd.staging.example.jp"}
    # The one stack whose controllers get their roles by Pod Identity.
    assert len(_inputs("staging", "PodIdentityAssociation")) == 8
    assert not plan_of("staging").find(type="eks-platform:index:Irsa")


def test_with_auto_mode_logs_and_metrics_go_to_cloudwatch_too() -> None:
    plan = run_program("auto", config={"observability": {}})
    (agents,) = [entry for entry in plan if entry.inputs.get("addonName") == "amazon-cloudwatch-observability"]
    groups = [entry for entry in plan.find(type="aws:cloudwatch/logGroup:LogGroup") if "insights" in entry.name]
    assert groups
    # An agent makes the group that it misses.
    assert all(plan.waits_for(agents, group) for group in groups)


def test_productions_endpoint_is_private_and_everything_is_logged() -> None:
    (cluster,) = _inputs("prod", "Cluster")
    assert cluster["vpcConfig"]["endpointPublicAccess"] is False
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is True
    assert set(cluster["enabledClusterLogTypes"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    assert cluster["deletionProtection"] is True
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster["encryptionConfig"]
    kept = {entry["name"].removeprefix("/aws/"): entry["retentionInDays"] for entry in _inputs("prod", "LogGroup")}
    assert kept == {
        "eks/platform-prod/cluster": 365,
        "vpc/platform-prod/flow-logs": 365,
        "eks/platform-prod/events": 90,
        **{
            f"containerinsights/platform-prod/{kind}": 90
            for kind in ("application", "host", "dataplane", "performance")
        },
    }


def test_production_has_a_general_pool_and_one_for_batches_on_spot_nodes() -> None:
    pools = {entry["metadata"]["name"]: entry for entry in _inputs("prod", "NodePool")}
    assert set(pools) == {"general", "batch"}
    assert _requirement(pools["general"], "karpenter.sh/capacity-type") == ["on-demand"]
    assert _requirement(pools["batch"], "karpenter.sh/capacity-type") == ["spot"]
    # What does not tolerate an interruption does not land there.
    assert pools["batch"]["spec"]["template"]["spec"]["taints"]


def test_productions_load_balancer_is_the_programs_own() -> None:
    plan = plan_of("prod")
    assert not plan.find(type="kubernetes:networking.k8s.io/v1:Ingress")
    assert len(plan.find(type="kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding")) == 1
    (balancer,) = _inputs("prod", "LoadBalancer")
    assert balancer["enableDeletionProtection"] is True
    assert balancer["accessLogs"]["bucket"]
    assert len(_inputs("prod", "WebAclAssociation")) == 1


def test_fargate_has_no_ec2_at_all() -> None:
    plan = plan_of("fargate")
    absent = {"NodeGroup", "LaunchTemplate", "NodePool", "EC2NodeClass", "Vpc", "NatGateway", "Subnet", "StorageClass"}
    assert not absent & {entry.type.rpartition(":")[2] for entry in plan}
    profiles = _inputs("fargate", "FargateProfile")
    taken = {selector["namespace"] for profile in profiles for selector in profile["selectors"]}
    assert taken == {"kube-system", "traefik", "observability", "app-*"}
    # Fargate refuses subnets that lead straight to the internet.
    assert {tuple(profile["subnetIds"]) for profile in profiles} == {tuple(plan.exports["privateSubnetIds"])}


def test_on_fargate_controllers_have_irsa_and_know_where_they_are() -> None:
    # Without `computeType: Fargate` CoreDNS waits for a node (EKS's guides of Fargate and of CoreDNS on it).
    plan = plan_of("fargate")
    assert not plan.find(type="aws:eks/podIdentityAssociation:PodIdentityAssociation")
    values = next(entry["values"] for entry in _inputs("fargate", "Release") if entry["name"] != "traefik")
    assert values["region"] == "ap-northeast-1"
    assert values["vpcId"] == "vpc-0a1b2c3d4e5f60718"
    assert "eks.amazonaws.com/role-arn" in values["serviceAccount"]["annotations"]
    coredns = next(entry for entry in _inputs("fargate", "Addon") if entry["addonName"] == "coredns")
    assert '"computeType": "Fargate"' in coredns["configurationValues"]


def test_nothing_leads_out_of_the_private_stack() -> None:
    plan = plan_of("private")
    absent = {"InternetGateway", "NatGateway", "Route", "Eip"}
    assert not absent & {entry.type.rpartition(":")[2] for entry in plan}
    assert plan.exports["publicSubnetIds"] == []
    assert not any(entry.get("mapPublicIpOnLaunch") for entry in _inputs("private", "Subnet"))
    (cluster,) = _inputs("private", "Cluster")
    assert (cluster["vpcConfig"]["endpointPublicAccess"], cluster["vpcConfig"]["endpointPrivateAccess"]) == (
        False,
        True,
    )
    (ingress,) = _inputs("private", "Ingress")
    assert ingress["metadata"]["annotations"]["alb.ingress.kubernetes.io/scheme"] == "internal"


def test_controllers_in_the_private_stack_ask_for_nothing_that_they_do_not_reach() -> None:
    values = {entry["name"]: entry["values"] for entry in _inputs("private", "Release")}
    assert values["karpenter"]["settings"]["isolatedVPC"] is True
    assert values["aws-load-balancer-controller"]["enableWafv2"] is False
    # Elsewhere an Ingress may have a web ACL.
    others = {entry["name"]: entry["values"] for entry in _inputs("dev", "Release")}
    assert others["karpenter"]["settings"]["isolatedVPC"] is False
    assert "enableWafv2" not in others["aws-load-balancer-controller"]


def test_everything_in_the_private_stack_comes_from_the_companys_mirrors() -> None:
    registry = "888899990000.dkr.ecr.ap-northeast-1.amazonaws.com/"
    for release in _inputs("private", "Release"):
        assert release["chart"].startswith(f"oci://{registry}charts/")
        assert "repositoryOpts" not in release
    images = [
        image.get("registry", "") + "/" + image["repository"] if "registry" in image else image["repository"]
        for image in _found("image", [entry["values"] for entry in _inputs("private", "Release")])
    ]
    assert len(images) == 3
    for image in images:
        # The publisher's registry, with a dot, follows.
        assert re.match(rf"{registry}mirror/[a-z0-9-]+\.[a-z0-9.-]+/", image), image
    (group,) = plan_of("private").find(type="kubernetes:yaml/v2:ConfigGroup")
    assert {url.partition("/mirror/")[0] for url in group.inputs["files"]} == {"https://files.example.jp"}


def test_a_second_cluster_leaves_the_network_as_it_is() -> None:
    first, second = plan_of("staging"), plan_of("staging-b")
    assert second.exports["vpcId"] == first.exports["vpcId"]
    zones = ["ap-northeast-1a", "ap-northeast-1c"]
    assert second.exports["privateSubnets"] == {zone: first.exports["privateSubnets"][zone] for zone in zones}
    of_network = {"Vpc", "Subnet", "Tag", "Route", "RouteTable", "RouteTableAssociation", "NatGateway", "VpcEndpoint"}
    assert not of_network & {entry.type.rpartition(":")[2] for entry in second}
    (group,) = _inputs("staging-b", "NodeGroup")
    assert group["subnetIds"] == list(second.exports["privateSubnets"].values())
    # Pods have the addresses of the range that the first cluster's pods have.
    cni = next(entry for entry in _inputs("staging-b", "Addon") if entry["addonName"] == "vpc-cni")
    for zone in zones:
        assert first.exports["podSubnets"][zone] in cni["configurationValues"]


def test_with_auto_mode_there_are_no_nodes_of_ours() -> None:
    plan = plan_of("auto")
    absent = {"NodeGroup", "LaunchTemplate", "EC2NodeClass", "FargateProfile", "InstanceProfile", "Queue"}
    assert not absent & {entry.type.rpartition(":")[2] for entry in plan}
    groups = {pool["spec"]["template"]["spec"]["nodeClassRef"]["group"] for pool in _inputs("auto", "NodePool")}
    assert groups == {"eks.amazonaws.com"}
    (cluster,) = _inputs("auto", "Cluster")
    assert cluster["computeConfig"]["nodePools"] == ["general-purpose", "system"]
    for release in _inputs("auto", "Release"):
        assert release["values"]["nodeSelector"] == {"karpenter.sh/nodepool": "system"}
        assert release["values"]["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]


def test_ipv6_goes_all_the_way_to_the_pods() -> None:
    plan = plan_of("auto")
    (cluster,) = _inputs("auto", "Cluster")
    assert cluster["kubernetesNetworkConfig"]["ipFamily"] == "ipv6"
    assert [entry["ipAddressType"] for entry in _inputs("auto", "LoadBalancer")] == ["dualstack"]
    assert [entry["ipAddressType"] for entry in _inputs("auto", "TargetGroup")] == ["ipv6"]
    assert [entry["spec"]["ipAddressType"] for entry in _inputs("auto", "TargetGroupBinding")] == ["ipv6"]
    assert {entry.inputs["type"] for entry in below(plan, "DnsAlias")} == {"A", "AAAA"}
    traefik = next(entry for entry in _inputs("auto", "Release") if entry["name"] == "traefik")
    trusted = traefik["values"]["ports"]["web"]["forwardedHeaders"]["trustedIPs"]
    subnets = [entry for entry in _inputs("auto", "Subnet") if "-public-" in entry["tags"]["Name"]]
    assert set(trusted) == {entry[key] for entry in subnets for key in ("cidrBlock", "ipv6CidrBlock")}


def _release(plan: Plan, name: str) -> dict[str, Any]:
    """Return the values of a stack's Helm release."""
    (found,) = [entry for entry in of_type(list(plan), "Release") if entry.inputs["name"] == name]
    return dict(reveal(found.inputs)["values"])


def test_nobody_has_a_record_or_a_load_balancer_for_a_host_of_the_platform() -> None:
    plan = plan_of("prod")
    records = {entry.inputs["name"] for entry in below(plan, "DnsAlias")}
    # The wildcard alone would let ExternalDNS make the more specific record of somebody else's load balancer.
    assert "argocd.example.jp" in records
    assert _release(plan, "external-dns")["excludeDomains"] == ["argocd.example.jp"]
    policies = [json.loads(entry["policy"]) for entry in _inputs("prod", "Policy") if "KeepRecords" in entry["policy"]]
    (kept,) = [
        set(statement["Condition"]["ForAnyValue:StringEquals"].popitem()[1])
        for policy in policies
        for statement in policy["Statement"]
        if statement["Effect"] == "Deny"
    ]
    assert kept == {name.replace("*", "\\052") for name in records}
    for stack in STACKS:
        params = _release(plan_of(stack), "aws-load-balancer-controller")["ingressClassParams"]["spec"]
        (expression,) = params["namespaceSelector"]["matchExpressions"]
        assert expression["values"] == ["traefik"], stack


@pytest.mark.parametrize(
    ("stack", "change", "address"),
    [
        ("prod", {}, "example.jp"),
        # A wildcard is no address.
        ("prod", {"ingress": {"domain": {"name": "*.example.jp", "alternatives": []}}}, "the load balancer's"),
        ("dev", {"ingress": {"owner": "program"}}, "the load balancer's"),
        # The load balancer is made from an Ingress that waits for Traefik.
        ("dev", {}, None),
    ],
    ids=["domain", "wildcard", "program", "controller"],
)
def test_an_ingress_of_traefiks_class_has_the_address_that_is_known(
    stack: str, change: dict[str, Any], address: str | None
) -> None:
    plan = run_program(stack, config=change) if change else plan_of(stack)
    if address == "the load balancer's":
        balancer = plan.one(type="aws:lb/loadBalancer:LoadBalancer")
        address = balancer.outputs["dnsName"]
    endpoint = _release(plan, "traefik")["providers"]["kubernetesIngress"].get("ingressEndpoint", {})
    assert endpoint.get("hostname") == address


def _found(key: str, value: Any) -> list[Any]:
    """Return the values under a key, at whatever depth."""
    if isinstance(value, dict):
        return [found for name, item in value.items() for found in ([item] if name == key else _found(key, item))]
    return [found for item in value for found in _found(key, item)] if isinstance(value, list) else []


def _requirement(pool: dict[str, Any], key: str) -> list[str]:
    requirements = pool["spec"]["template"]["spec"]["requirements"]
    return next(list(item["values"]) for item in requirements if item["key"] == key)


def test_the_main_program_is_a_diagram_of_layers() -> None:
    """A call for each layer, by keyword, from the settings and the layers below; what it declares is in the layer."""
    text = (ROOT / "__main__.py").read_text()
    assert len(text.splitlines()) <= 60
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    layers = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id.endswith("_layer")]
    rooms = {path.parent.name for path in (ROOT / "components").glob("*/layer.py")}
    assert {node.func.id for node in layers if isinstance(node.func, ast.Name)} == {f"{room}_layer" for room in rooms}
    for node in layers:
        assert [ast.unparse(argument) for argument in node.args] == ["settings"]
        assert {keyword.arg for keyword in node.keywords}
    assert not re.search(r"\baws\.|pulumi", text)
    assert has_unknown([plan_of("dev", unknown=True).exports])


def test_public_nodes_are_in_the_public_subnets() -> None:
    plan = run_program("dev", config={"network": {"nat": "none", "publicNodes": True}})
    public = {entry.id for entry in of_type(list(_custom(plan)), "Subnet")}
    assert len(public) == 3
    (group,) = of_type(list(_custom(plan)), "NodeGroup")
    assert set(group.inputs["subnetIds"]) == public
    spec = plan.one(type="kubernetes:karpenter.k8s.aws/v1:EC2NodeClass").inputs["spec"]
    assert {term["id"] for term in spec["subnetSelectorTerms"]} == public
    assert spec["associatePublicIPAddress"] is True
    # The one way out of these subnets is there before the nodes.
    assert plan.waits_for(group, plan.one(type="aws:ec2/route:Route"))
