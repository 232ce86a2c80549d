"""The dependency graph of the stacks: who waits for whom on `up`, and who outlives whom on `destroy`.

The time of an `up` is its longest chain, so an edge too many is an error like one too few.
"""

import json
import re
from functools import cache
from typing import Final

import jsonschema_rs
import pytest

from facts.capabilities import CAPABILITIES
from harness.plan import Plan, Registration
from harness.properties import reveal
from rehearsal.pods import pods_without_compute
from rehearsal.program import ROOT
from tests.plans import STACKS, any_stack, plan_of, run_program, setting

RIGHTS: Final = "(Role|RolePolicyAttachment|PodIdentityAssociation)"

# --- The graph ----------------------------------------------------------------------------------------------------

# Of each controller with a section of its own.
CONTROLLERS: Final = {
    step: pattern
    for it in CAPABILITIES
    for step, pattern in (
        (f"{it.chart.name}'s namespace", f"Namespace {it.suffix}-namespace" if it.has_namespace else ""),
        (f"{it.chart.name}'s policy", f"Policy {it.suffix}{it.role}-.*" if it.role is not None else ""),
        (f"{it.chart.name}'s rights", f"{RIGHTS} {it.suffix}{it.role}.*" if it.role is not None else ""),
        (it.chart.name, f"Release {it.suffix}-release"),
    )
    if pattern
}

# What makes up each step: type and name, without the platform's, as regular expressions. Every resource is in one step.
STEPS: Final = {
    "vpc": "Vpc vpc",
    "shared network": "StackReference owner",
    "default group": "DefaultSecurityGroup default",
    "subnet tags": "Tag subnet-.*",
    "public subnets": "Subnet public-.*",
    "private subnets": "Subnet private-.*",
    "pod subnets": "(VpcIpv4CidrBlockAssociation|Subnet) pods.*",
    "public route table": "RouteTable public",
    "private route tables": "RouteTable private-.*",
    "way to the internet": "(InternetGateway internet|Route public-(internet|ipv6)|RouteTableAssociation public-.*)",
    "nat": "(Eip|NatGateway) nat-.*",
    "ways out": "(Route private-.*-(nat|ipv6)|EgressOnlyInternetGateway .*|RouteTableAssociation (private|pods)-.*)",
    "gateway endpoint": "VpcEndpoint s3",
    "interface endpoints": "(VpcEndpoint (?!s3).*|SecurityGroup endpoints|SecurityGroupIngressRule endpoints-.*)",
    "flow logs": "(LogGroup|Role|RolePolicy|FlowLog) flow-logs",
    "control plane's role": "Role control-plane",
    "control plane's policies and logs": "((RolePolicyAttachment|LogGroup) control-plane.*|RolePolicy secrets)",
    "auto mode's node role": "(Role|RolePolicyAttachment) auto-node(?!s-).*",
    "own auto mode nodes' role": "Role auto-nodes-node",
    "own auto mode nodes' rights": "RolePolicyAttachment auto-nodes-node.*",
    "own auto mode nodes' access": "Access(Entry|PolicyAssociation) auto-nodes-node",
    "own auto mode classes": "NodeClass auto-nodes-class-.*",
    "own auto mode pools": "NodePool auto-nodes-.*",
    "secrets key": "Key secrets",
    "secrets key's name": "Alias secrets",
    "control plane": "(Cluster eks-eksCluster|kubernetes eks-eks-k8s)",
    "private access": "SecurityGroup private-access",
    "ways to the private endpoint": "SecurityGroupIngressRule private-access-.*",
    "oidc": "OpenIdConnectProvider oidc",
    "deployer's rights": "Access(Entry|PolicyAssociation) access-platform-deployer-.*",
    "others' rights": "Access(Entry|PolicyAssociation) access-(?!platform-deployer-).*",
    "kubernetes": "kubernetes access-kubernetes",
    "cni's rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) node-addons-vpc-cni.*",
    "vpc-cni": "Addon node-addons-vpc-cni",
    "kube-proxy": "Addon node-addons-kube-proxy",
    "pod identity agent": "Addon node-addons-eks-pod-identity-agent",
    "node role": "(Role|RolePolicyAttachment) operations-node.*",
    "launch template": "LaunchTemplate operations-nodes",
    "nodes": "NodeGroup operations-(nodes|[a-h])",
    "fargate logs": "LogGroup fargate-logging-pods",
    "fargate logging": "(Namespace|ConfigMap) fargate-logging-.*",
    "fargate role": "(Role|RolePolicyAttachment) fargate-pods|RolePolicy fargate-logs",
    "fargate": "FargateProfile fargate-platform",
    "fargate for teams": "FargateProfile fargate-(?!platform).*",
    "monitoring agent": "Addon addons-eks-node-monitoring-agent",
    "coredns": "Addon addons-coredns",
    "metrics-server": "Addon addons-metrics-server",
    "ebs driver's rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) addons-ebs-csi.*",
    "ebs driver": "Addon addons-aws-ebs-csi-driver",
    "gp3": "StorageClass addons-gp3",
    "snapshots": "Addon addons-snapshot-controller",
    "snapshot class": "VolumeSnapshotClass addons-snapshots",
    "added add-on's policy": "Policy addon-.*",
    "added add-on's rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) addon-.*",
    "added add-on": "Addon addon-.*",
    "admission": "ValidatingAdmissionPolicy(Binding)? admission-.*",
    "controller's policy": "Policy lbc-controller",
    "controller's rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) lbc.*",
    "controller": "Release lbc-release",
    "traefik's definitions": "CustomResourceDefinition traefik-(crds|gateway-api):.*",
    "traefik's namespace": "Namespace traefik-namespace",
    "traefik's certificate": "(Issuer|Certificate) traefik-target-.*",
    "traefik": "Release traefik-release",
    "karpenter's node role": "Role karpenter-node",
    "karpenter's node profile": "(InstanceProfile|RolePolicyAttachment) karpenter-node.*",
    "karpenter's node access": "AccessEntry karpenter-node",
    "queue": "Queue karpenter-interruption",
    "event rules": "EventRule karpenter-.*",
    "events": "(EventTarget|QueuePolicy) karpenter-.*",
    "karpenter's policies": "Policy karpenter-controller-.*",
    "karpenter's rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) karpenter-controller.*",
    "karpenter's definitions": "Release karpenter-crd",
    "karpenter": "Release karpenter-release",
    "node class": "EC2NodeClass nodes-default",
    "node pools": "NodePool nodes-.*",
    "added chart's namespace": "Namespace chart-.*",
    "added chart's policy": "Policy chart-.*",
    "added chart's rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) chart-.*",
    "added chart": "Release chart-.*",
    "workloads' namespaces": "Namespace workloads-.*",
    "workloads": "(?!Namespace).* workloads-.*",
    "applications' policies": "Policy role-.*",
    "applications' rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) role-.*",
    "applications' accounts": "ServiceAccount role-.*",
    "teams' roles": "ClusterRole teams-.*",
    "teams' namespaces": "Namespace teams-.*",
    **CONTROLLERS,
    "in teams' namespaces": "(RoleBinding|LimitRange|ResourceQuota|NetworkPolicy) teams-.*",
    "issuers": "ClusterIssuer certificates-.*",
    "rights to secrets": "(Role|RolePolicy) secrets-(hello|shop)",
    "store of secrets": "ClusterSecretStore secrets-(hello|shop)",
    "rights to parameters": "(Role|RolePolicy) secrets-orders",
    "store of parameters": "ClusterSecretStore secrets-orders",
    "certificate": "(Certificate ingress-certificate|Record ingress-.*|CertificateValidation ingress-validation)",
    "alb's group": "SecurityGroup ",
    "who may connect": "SecurityGroupIngressRule .*-(80|443)",
    "alb": "LoadBalancer ",
    "web acl": "WebAclAssociation waf",
    "target group": "TargetGroup web",
    "redirect": "Listener http",
    "listener": "Listener https",
    "way to the pods": "SecurityGroup(In|E)gressRule (in|out)-.*",
    "binding": "TargetGroupBinding traefik-binding",
    "ingress": "Ingress ingress",
    "dns": "Record ingress-.*",
    "argo cd's namespace": "Namespace argo-cd-namespace",
    "argo cd's policies": "NetworkPolicy argo-cd-.*",
    "argo cd": "Release argo-cd-release",
    "projects": "AppProject gitops-.*",
    "application sets": "ApplicationSet gitops-.*",
    "insights' logs": "LogGroup insights-.*",
    "insights' rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) insights-agents.*",
    "insights": "Addon insights-amazon-cloudwatch-observability",
    "warnings' log": "LogGroup events-log",
    "warnings' policy": "Policy events-writer-log",
    "warnings' rights": "(Role|RolePolicyAttachment|PodIdentityAssociation) events-writer.*",
    "warnings' place": "(Namespace|ConfigMap|ClusterRole|ClusterRoleBinding) events-.*",
    "warnings": "(ServiceAccount|Deployment) events-.*",
    "alarms' key": "Key alarms-topic",
    "alarms' key's name": "Alias alarms-topic",
    "topic": "Topic alarms-topic",
    "topic's policy": "TopicPolicy alarms-topic",
    "subscriptions": "TopicSubscription alarms-.*",
    "counted warnings": "LogMetricFilter alarms-.*",
    "alb's alarms": "MetricAlarm alarms-(load-balancer-errors|target-errors|unhealthy-targets)",
    "queue's alarm": "MetricAlarm alarms-interruption-age",
    "nat's alarms": "MetricAlarm alarms-nat-port-errors-.*",
    "cluster's alarms": "MetricAlarm alarms-(failed-nodes|unschedulable-pods|container-restarts|provisioning-failures)",
}

# What workloads need, and what takes down what they had.
WORKLOAD_CONTROLLERS: Final = [
    "traefik",
    "controller",
    "node pools",
    "own auto mode pools",
    "coredns",
    "metrics-server",
    "monitoring agent",
    "ebs driver",
    "gp3",
    "snapshot class",
    "added add-on",
    "store of secrets",
    "store of parameters",
    *(it.chart.name for it in CAPABILITIES if it.serves),
    "issuers",
    "admission",
]

# What each step waits for; what it waits for through these is left out. Steps that a stack does not have do not count.
WAITS: Final = {
    "default group": ["vpc"],
    "public subnets": ["vpc"],
    "private subnets": ["vpc"],
    "pod subnets": ["vpc"],
    "public route table": ["vpc"],
    "private route tables": ["vpc"],
    "way to the internet": ["public subnets", "public route table"],
    "nat": ["way to the internet"],
    "ways out": ["nat", "private subnets", "private route tables", "pod subnets"],
    "gateway endpoint": ["public route table", "private route tables"],
    "interface endpoints": ["private subnets"],
    "flow logs": ["vpc"],
    # The control plane: no route, no NAT gateway, no endpoint, except with Auto Mode.
    "secrets key's name": ["secrets key"],
    "control plane's policies and logs": ["control plane's role", "secrets key"],
    "private access": ["vpc", "shared network"],
    "ways to the private endpoint": ["private access"],
    "control plane": [
        "control plane's policies and logs",
        "private access",
        "private subnets",
        "shared network",
        "auto mode's node role",
    ],
    "oidc": ["control plane"],
    "deployer's rights": ["control plane"],
    "others' rights": ["control plane"],
    "kubernetes": ["deployer's rights", "ways to the private endpoint"],
    "admission": ["kubernetes"],
    # Nodes.
    "cni's rights": ["identity"],
    "vpc-cni": ["cni's rights", "control plane", "pod subnets"],
    "kube-proxy": ["control plane"],
    "pod identity agent": ["control plane"],
    "launch template": [],
    "nodes": [
        "vpc-cni",
        "kube-proxy",
        "pod identity agent",
        "node role",
        "launch template",
        "insights' logs",
        "ways out",
        "gateway endpoint",
        "interface endpoints",
    ],
    "fargate role": ["fargate logs"],
    "fargate logging": ["fargate logs", "kubernetes"],
    "fargate": ["control plane", "fargate role"],
    # EKS makes one profile at a time: those of teams come when the platform's pods have theirs.
    "fargate for teams": ["fargate"],
    # Add-ons that need a place to run.
    "monitoring agent": ["nodes"],
    "coredns": ["nodes", "fargate", "fargate logging"],
    "metrics-server": ["nodes", "fargate", "fargate logging"],
    "ebs driver's rights": ["identity"],
    "snapshots": ["nodes"],
    "ebs driver": ["nodes", "ebs driver's rights", "snapshots"],
    "gp3": ["ebs driver", "kubernetes"],
    "snapshot class": ["snapshots", "kubernetes"],
    "added add-on's rights": ["added add-on's policy", "identity"],
    "added add-on": ["added add-on's rights", "nodes"],
    # The load balancer controller: not for CoreDNS, not for Traefik.
    "controller's policy": ["vpc", "shared network"],
    "controller's rights": ["controller's policy", "identity"],
    "controller": ["controller's rights", "kubernetes", "nodes", "fargate", "fargate logging"],
    # Traefik: not for the controller.
    "traefik's definitions": ["kubernetes"],
    "traefik's namespace": ["traefik's definitions"],
    "traefik's certificate": ["traefik's namespace", "cert-manager"],
    "traefik": [
        *("traefik's namespace", "traefik's certificate", "public subnets"),
        *("nodes", "fargate", "fargate logging"),
    ],
    # Karpenter.
    "karpenter's node profile": ["karpenter's node role"],
    "karpenter's node access": ["karpenter's node role", "control plane"],
    "events": ["queue", "event rules"],
    "karpenter's policies": ["karpenter's node role", "queue"],
    "karpenter's rights": ["karpenter's policies", "identity"],
    "karpenter's definitions": ["kubernetes"],
    "karpenter": ["karpenter's rights", "karpenter's definitions", "events", "nodes"],
    "node class": ["karpenter", "karpenter's node profile", "karpenter's node access", "ways out"],
    "node pools": ["node class"],
    # Auto Mode's pools of the stack's own.
    "own auto mode nodes' rights": ["own auto mode nodes' role"],
    "own auto mode nodes' access": ["own auto mode nodes' role", "control plane"],
    "own auto mode classes": ["own auto mode nodes' access", "own auto mode nodes' rights", "kubernetes"],
    "own auto mode pools": ["own auto mode classes"],
    # Controllers with a section of their own: their pods wait for what runs them, and for their rights.
    **{
        step: waits
        for it in CAPABILITIES
        for step, waits in (
            (f"{it.chart.name}'s namespace", ["kubernetes"]),
            (f"{it.chart.name}'s rights", [f"{it.chart.name}'s policy", "identity"]),
            (
                it.chart.name,
                [
                    *(f"{it.chart.name}'s {part}" for part in ("namespace", "rights")),
                    *("kubernetes", "nodes", "fargate", "fargate logging"),
                ],
            ),
        )
        if step in CONTROLLERS
    },
    "issuers": ["cert-manager"],
    "rights to secrets": ["external-secrets's rights"],
    "store of secrets": ["external-secrets", "rights to secrets"],
    "rights to parameters": ["external-secrets's rights"],
    "store of parameters": ["external-secrets", "rights to parameters"],
    # Ingress.
    "alb's group": ["vpc"],
    "who may connect": ["alb's group"],
    "alb": ["alb's group", "way to the internet"],
    "web acl": ["alb"],
    "target group": ["vpc"],
    "redirect": ["alb"],
    "listener": ["alb", "target group", "certificate"],
    "way to the pods": ["alb's group", "control plane"],
    "binding": ["listener", "controller", "traefik"],
    "ingress": ["certificate", "way to the internet", "controller", "traefik"],
    "dns": ["binding", "ingress", "alb"],
    # Charts of teams: after everything that they may use, and their roles next to it.
    "added chart's rights": ["added chart's policy", "identity"],
    "added chart's namespace": WORKLOAD_CONTROLLERS,
    "added chart": ["added chart's namespace", "added chart's rights"],
    # Workloads: after all that serves them.
    "workloads' namespaces": [*WORKLOAD_CONTROLLERS, "added chart"],
    "workloads": ["workloads' namespaces", "fargate for teams"],
    # Namespaces of teams take along what is in them.
    "teams' roles": [*WORKLOAD_CONTROLLERS, "added chart"],
    "teams' namespaces": [*WORKLOAD_CONTROLLERS, "added chart"],
    "in teams' namespaces": ["teams' namespaces"],
    # Roles of applications: not for the cluster's namespaces, in which only their service accounts are.
    "applications' rights": ["applications' policies", "identity"],
    "applications' accounts": ["applications' rights", "teams' roles", "in teams' namespaces"],
    # Argo CD: not for Traefik and not for the ALB.
    "argo cd's namespace": ["kubernetes"],
    "argo cd's policies": ["argo cd's namespace"],
    "argo cd": ["argo cd's namespace", "nodes", "fargate", "fargate logging"],
    # What it deploys: for all that clears up after workloads, not for the ALB.
    "projects": ["argo cd", "argo cd's policies", *WORKLOAD_CONTROLLERS, "applications' accounts"],
    "application sets": ["projects"],
    # Logs, metrics, events: the log groups before everything that writes to them.
    "insights' rights": ["identity"],
    "insights": ["nodes", "insights' rights"],
    "warnings' policy": ["warnings' log"],
    "warnings' rights": ["warnings' policy", "identity"],
    "warnings' place": ["warnings' log", "kubernetes"],
    "warnings": ["warnings' place", "warnings' rights", "nodes", "fargate", "fargate logging"],
    # Alarms: only for what they watch.
    "alarms' key's name": ["alarms' key"],
    "topic": ["alarms' key"],
    "topic's policy": ["topic"],
    "subscriptions": ["topic"],
    "counted warnings": ["warnings' log"],
    "alb's alarms": ["topic's policy", "alb", "ingress"],
    "queue's alarm": ["topic's policy", "queue"],
    "nat's alarms": ["topic's policy", "nat"],
    "cluster's alarms": ["topic's policy"],
}

IDENTITY: Final = {
    "dev": "oidc",
    "staging": "control plane",
    "prod": "oidc",
    "fargate": "oidc",
    "private": "control plane",
    "staging-b": "control plane",
    "auto": "control plane",
}
"""What the rights of a service account wait for: IRSA's trust names the OIDC provider, Pod Identity's the cluster."""


def _label(entry: Registration, platform: str) -> str:
    name = entry.name.removeprefix(platform).removeprefix("-")
    return f"{entry.type.rpartition(':')[2]} {name}"


def _component(plan: Plan, entry: Registration) -> str:
    return plan.by_urn[entry.parent or ""].type.rpartition(":")[2]


@cache
def _steps(stack: str) -> dict[str, list[Registration]]:
    """Return the resources of each step that the stack has; each resource is in exactly one."""
    plan, steps = plan_of(stack), dict[str, list[Registration]]()
    for entry in plan:
        if not entry.custom or entry.type == "pulumi:providers:aws":
            continue
        label = _label(entry, f"platform-{stack}")
        fits = [step for step, pattern in STEPS.items() if re.fullmatch(pattern, label)]
        if len(fits) == 2:  # a record of the certificate and one of the host have one name
            fits = ["dns" if _component(plan, entry) == "DnsAlias" else "certificate"]
        assert len(fits) == 1, f"{label} is in the steps {fits}: where in the graph is it?"
        steps.setdefault(fits[0], []).append(entry)
    return steps


@cache
def _expected(stack: str) -> dict[str, set[str]]:
    """Return all that each step of the stack waits for, by WAITS."""

    def direct(step: str) -> list[str]:
        names = WAITS.get(step, [])
        if "auto mode's node role" in _steps(stack):
            # EKS launches a node once a pod waits for one, and its nodes end with the control plane.
            names = [*names, *(["control plane"] if "nodes" in names else [])]
            names = [*names, *(["ways out", "gateway endpoint"] if step == "control plane" else [])]
        return [IDENTITY[stack] if name == "identity" else name for name in names]

    def closure(step: str) -> set[str]:
        near = [name for name in direct(step) if name in _steps(stack)]
        return {*near, *(far for name in near for far in closure(name))}

    return {step: closure(step) for step in _steps(stack)}


@pytest.mark.parametrize("stack", STACKS)
def test_each_step_waits_for_what_it_needs_and_for_nothing_else(stack: str) -> None:
    steps, plan = _steps(stack), plan_of(stack)
    expected = _expected(stack)
    for step, entries in steps.items():
        waits = frozenset[str]().union(*(plan.closure(entry) for entry in entries))
        found = {other: {entry.urn for entry in steps[other]} & waits for other in steps if other != step}
        assert {other for other, urns in found.items() if urns} == expected[step], f"what {step} waits for"
        for other in expected[step]:
            # A step is over when all of it is there.
            missing = {entry.urn for entry in steps[other]} - found[other]
            assert not missing, f"{step} does not wait for all of {other}"


def test_every_step_is_in_some_stack() -> None:
    assert {step for stack in STACKS for step in _steps(stack)} == set(STEPS)
    assert set(WAITS) <= set(STEPS)


@any_stack
def test_a_first_preview_has_the_same_graph(stack: str) -> None:
    # What a resource waits for must not hang on a value that only an existing cluster gives.
    known, unknown = plan_of(stack), plan_of(stack, unknown=True)
    for entry in known:
        assert unknown.closure(unknown.by_urn[entry.urn]) == known.closure(entry), entry.urn


def test_the_platforms_pods_wait_for_their_own_fargate_profile_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # The engine hands over a stack file's keys in alphabetical order: the teams' profile before the platform's.
    monkeypatch.setattr("harness.program._text", _sorted_text)
    plan = run_program("fargate")
    profiles = {entry.name: entry for entry in plan.find(type="aws:eks/fargateProfile:FargateProfile")}
    own, teams = (profiles[f"platform-fargate-fargate-{key}"] for key in ("platform", "apps"))
    assert plan.waits_for(teams, own)
    for entry in plan.find(type="kubernetes:helm.sh/v3:Release"):
        assert plan.waits_for(entry, own)
        assert not plan.waits_for(entry, teams)


def test_argo_cd_waits_for_the_fargate_profile_of_its_namespace() -> None:
    profiles = {
        "platform": {"selectors": [{"namespace": "kube-system"}, {"namespace": "traefik"}]},
        "zz": {"selectors": [{"namespace": "argo*"}]},
    }
    alone = {"observability": None, "workloads": None}
    plan = run_program("fargate", config={**alone, "argoCd": {}, "fargateProfiles": profiles})
    own = plan.one(name="platform-fargate-fargate-zz")
    waiting = {entry.name for entry in plan.find(type="kubernetes:helm.sh/v3:Release") if plan.waits_for(entry, own)}
    assert waiting == {"platform-fargate-argo-cd-release"}


def test_karpenter_runs_on_fargate_and_other_pods_wait_for_its_nodes() -> None:
    config = {"karpenter": {"nodePools": {"general": {"categories": ["m"]}}}, "workloads": {"folders": ["nginx"]}}
    plan = run_program("fargate", config=config)
    (profile,) = plan.find(type="aws:eks/fargateProfile:FargateProfile", name="platform-fargate-fargate-platform")
    (pool,) = plan.find(type="kubernetes:karpenter.sh/v1:NodePool")
    controller = plan.one(name="platform-fargate-karpenter-release")
    assert plan.waits_for(controller, profile)
    # Deleted in reverse: the nodes drain while Karpenter, their network and their log groups still exist.
    before_nodes = [
        controller,
        *plan.find(type="aws:eks/addon:Addon", name="platform-fargate-node-addons-vpc-cni"),
        *plan.find(type="aws:eks/addon:Addon", name="platform-fargate-node-addons-kube-proxy"),
        *plan.find(type="aws:cloudwatch/logGroup:LogGroup", name="platform-fargate-insights-application"),
    ]
    assert len(before_nodes) == 4
    assert all(plan.waits_for(pool, entry) for entry in before_nodes)
    waiting = {entry.name for entry in plan if entry.custom and plan.waits_for(entry, pool)}
    assert "platform-fargate-insights-amazon-cloudwatch-observability" in waiting
    assert any("workloads" in name and "-deployment-" in name for name in waiting)
    platforms = {"coredns", "metrics-server", "aws-ebs-csi-driver"}
    assert not waiting & {f"platform-fargate-addons-{addon}" for addon in platforms}
    assert not waiting & {"platform-fargate-lbc-release", "platform-fargate-traefik-release"}


@pytest.mark.parametrize("network", [{}, {"nat": "none", "publicNodes": True}], ids=["private", "public"])
def test_mount_targets_are_in_the_subnets_of_nodes_and_wait_for_their_ways_out(network: dict[str, object]) -> None:
    role = {
        "serviceAccounts": ["efs-csi-controller-sa"],
        "managedPolicies": ["arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy"],
    }
    driver = {"aws-efs-csi-driver": {"version": "v3.4.1-eksbuild.1", "role": role}}
    config: dict[str, object] = {"addons": {"more": driver}, "storage": {"efs": {"shared": {}}}, "network": network}
    plan = run_program("dev", config=config)
    (nodes,) = plan.find(type="aws:eks/nodeGroup:NodeGroup")
    kinds = ("ec2/route:Route", "ec2/routeTableAssociation:RouteTableAssociation", "ec2/vpcEndpoint:VpcEndpoint")
    ways = [entry for kind in kinds for entry in plan.find(type=f"aws:{kind}") if plan.waits_for(nodes, entry)]
    assert {entry.type.removeprefix("aws:") for entry in ways} == set(kinds)
    targets = plan.find(type="aws:efs/mountTarget:MountTarget")
    assert {target.inputs["subnetId"] for target in targets} == set(nodes.inputs["subnetIds"])
    assert all(plan.waits_for(target, way) for target in targets for way in ways)


def test_without_compute_of_its_own_a_stack_has_what_requires_no_pods() -> None:
    taken = dict.fromkeys(("fargateProfiles", "workloads", "observability"))
    config: dict[str, object] = {**taken, "cluster": {"controlPlaneOnly": True}, "teamNamespaces": {"web": {}}}
    plan = run_program("fargate", config=config)
    assert pods_without_compute(plan) == []
    kinds = {entry.type.rpartition(":")[2] for entry in plan}
    absent = {"Release", "Deployment", "DaemonSet", "Ingress", "NodeGroup", "FargateProfile", "TargetGroupBinding"}
    assert not absent & kinds
    assert {"ValidatingAdmissionPolicy", "Namespace", "AccessEntry"} <= kinds
    addons = {reveal(entry.inputs)["addonName"] for entry in plan.find(type="aws:eks/addon:Addon")}
    # The others are not healthy until a node runs their pods, and EKS waits 20 minutes for that.
    assert addons == {"vpc-cni", "kube-proxy", "eks-pod-identity-agent"}
    assert plan.exports["versions"].keys() == addons
    assert not plan.exports.keys() & {"ingressDnsName", "ingressZoneId", "ingressClass"}
    jsonschema_rs.validate(json.loads((ROOT / "outputs.schema.json").read_text()), plan.exports)


def _sorted_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


# --- Next to the control plane ------------------------------------------------------------------------------------

# Control planes take ten minutes; only these types of AWS resources may begin after one.
AFTER_THE_CONTROL_PLANE: Final = {
    "AccessEntry",
    "AccessPolicyAssociation",
    "Addon",
    "FargateProfile",
    "MetricAlarm",
    "NodeGroup",
    "OpenIdConnectProvider",
    "PodIdentityAssociation",
    "Record",
    "SecurityGroupEgressRule",
    "SecurityGroupIngressRule",
}


@pytest.mark.parametrize("stack", STACKS)
def test_only_what_needs_the_control_plane_waits_for_it(stack: str) -> None:
    plan = plan_of(stack)
    control_plane = plan.one(type="aws:eks/cluster:Cluster")
    waiting = [
        entry
        for entry in plan
        if entry.custom and entry.type.startswith("aws:") and plan.waits_for(entry, control_plane)
    ]
    # The trust of IRSA's roles names the cluster's issuer, and that of the secret stores' roles names such a role.
    irsa = [entry for entry in waiting if _component(plan, entry) in ("Irsa", "ExternalSecrets")]
    assert {entry.type.rpartition(":")[2] for entry in irsa} <= {"Role", "RolePolicy", "RolePolicyAttachment"}
    others = {entry.type.rpartition(":")[2] for entry in waiting if entry not in irsa}
    assert others <= AFTER_THE_CONTROL_PLANE
    assert (IDENTITY[stack] == "oidc") == bool(irsa)


# --- Destroy ------------------------------------------------------------------------------------------------------

# The engine deletes in reverse: what another resource waits for outlives it.
OUTLIVES: Final = [
    # Nodes are drained and finalizers removed only while Karpenter, its role and its nodes' rights exist
    # (karpenter #9185).
    ("karpenter", "node pools"),
    ("karpenter's rights", "node pools"),
    ("karpenter's policies", "node class"),
    ("karpenter's definitions", "node pools"),
    ("karpenter's node access", "node pools"),
    ("karpenter's node profile", "node class"),
    ("karpenter's node role", "node class"),
    ("events", "node pools"),
    ("node class", "node pools"),
    # If the controller or its role is deleted before an Ingress, the ALB stays (terraform-aws-eks #285).
    ("controller", "ingress"),
    ("controller's rights", "ingress"),
    ("controller's policy", "ingress"),
    ("controller", "binding"),
    ("controller's rights", "binding"),
    ("traefik", "ingress"),
    ("traefik", "binding"),
    ("ingress", "dns"),
    ("binding", "dns"),
    ("alb", "dns"),
    ("listener", "binding"),
    # What nobody here knows goes before what it may use: load balancers, routes, nodes.
    ("controller", "added chart"),
    ("traefik", "added chart"),
    ("node pools", "added chart"),
    ("added chart's rights", "added chart"),
    # Finalizers of what charts define, and load balancers of Ingresses and Services.
    ("controller's rights", "workloads"),
    ("controller", "workloads"),
    ("traefik's definitions", "workloads"),
    ("added chart", "workloads"),
    ("node pools", "workloads"),
    ("fargate for teams", "workloads"),
    # Issuers are cert-manager's own kind.
    ("cert-manager", "issuers"),
    *((f"{it.chart.name}'s rights", it.chart.name) for it in CAPABILITIES if it.role is not None),
    # The operator's webhook is asked when a store goes: its chart's validatingwebhook.yaml.
    ("external-secrets", "store of secrets"),
    ("external-secrets", "store of parameters"),
    ("rights to secrets", "store of secrets"),
    ("rights to parameters", "store of parameters"),
    # The deployer's rights are deleted after everything in the cluster (terraform-aws-eks #3005).
    ("deployer's rights", "ingress"),
    ("deployer's rights", "node pools"),
    ("deployer's rights", "traefik's definitions"),
    ("deployer's rights", "gp3"),
    # CoreDNS's add-on waits 20 minutes for a node and then fails (its own timeout).
    ("nodes", "coredns"),
    ("fargate", "coredns"),
    # A node without a CNI is never ready (terraform-aws-eks #3446).
    ("vpc-cni", "nodes"),
    ("kube-proxy", "nodes"),
    ("cni's rights", "nodes"),
    # Helm never upgrades a chart's crds/, so a controller's kinds are a step of their own: created before it, deleted
    # after it.
    ("karpenter's definitions", "karpenter"),
    ("traefik's definitions", "traefik"),
    # Routes and NAT gateways exist until the last node is drained (appmod-blueprints #582).
    ("ways out", "nodes"),
    ("nat", "nodes"),
    ("way to the internet", "nodes"),
    ("ways out", "node pools"),
    ("nat", "node pools"),
    ("ways out", "controller"),
    ("interface endpoints", "nodes"),
    # The control plane needs its role to delete its network interfaces. pulumi_eks passes no `depends_on` on to it.
    ("control plane's policies and logs", "control plane"),
    ("control plane's role", "control plane"),
    # Without it the runner no longer reaches the API, and nothing in the cluster can be deleted.
    ("private access", "control plane"),
    ("ways to the private endpoint", "traefik"),
    ("ways to the private endpoint", "argo cd"),
    # Finalizers of Applications are removed only while Argo CD runs (argo-cd's manual, App Deletion), and what they
    # created in AWS is deleted only while the controllers of load balancers, nodes and volumes run.
    ("argo cd", "application sets"),
    ("controller", "application sets"),
    ("controller's rights", "application sets"),
    ("traefik's definitions", "application sets"),
    ("traefik", "application sets"),
    ("karpenter", "application sets"),
    ("node pools", "application sets"),
    ("ebs driver", "application sets"),
    ("gp3", "application sets"),
    # What teams deploy is never there without the policies.
    ("admission", "workloads"),
    ("admission", "teams' namespaces"),
    ("controller", "teams' namespaces"),
    ("traefik", "teams' namespaces"),
    ("ebs driver", "teams' namespaces"),
    ("admission", "added chart"),
    ("admission", "application sets"),
    # An agent makes the log group that it misses: the groups outlive the nodes, on which agents run to the end.
    ("insights' logs", "insights"),
    ("insights' logs", "nodes"),
    ("insights' logs", "node pools"),
    ("insights' rights", "insights"),
    ("nodes", "insights"),
    ("warnings' log", "warnings"),
    ("warnings' rights", "warnings"),
    # Fargate logs a pod by the configuration that it found when it started it.
    ("fargate logging", "coredns"),
    ("fargate logging", "controller"),
    ("fargate logging", "traefik"),
    ("fargate logs", "fargate"),
    # A definition takes its objects with it; the driver has a snapshotter only where the definitions are.
    ("snapshots", "snapshot class"),
    ("snapshots", "ebs driver"),
    # IAM refuses to delete a role that is in an instance profile.
    ("karpenter's node role", "karpenter's node profile"),
]


@pytest.mark.parametrize(("longer", "shorter"), OUTLIVES, ids=[f"{a} outlives {b}" for a, b in OUTLIVES])
def test_what_others_need_goes_after_them(longer: str, shorter: str) -> None:
    having = [stack for stack in STACKS if {longer, shorter} <= _steps(stack).keys()]
    assert having
    for stack in having:
        plan = plan_of(stack)
        for last in _steps(stack)[longer]:
            assert all(plan.waits_for(first, last) for first in _steps(stack)[shorter]), f"{stack}: {last.name}"


@any_stack
def test_everything_in_the_cluster_goes_before_the_rights_to_change_it(stack: str) -> None:
    # Without the deployer's rights nothing in the cluster can be deleted any more (terraform-aws-eks #3005).
    plan = plan_of(stack)
    deployer = setting(stack, "access")["deployer"]
    associations = plan.find(type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    (rights,) = [entry for entry in associations if entry.inputs["principalArn"] == deployer]
    inside = [entry for entry in plan if entry.custom and entry.type.startswith("kubernetes:")]
    assert len(inside) > 10
    for entry in inside:
        assert plan.waits_for(entry, rights), entry.urn


@any_stack
def test_the_graph_has_no_circle(stack: str) -> None:
    plan = plan_of(stack)
    for entry in plan:
        assert entry.urn not in plan.closure(entry), entry.urn
