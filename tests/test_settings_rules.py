"""The rules between settings: each is broken by a bad stack file, and what each of them allows."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from ipaddress import IPv4Network
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

import versions
from facts import address_plan
from settings import Accelerator, Architecture, Network, Stack
from settings.instance_types import NEWEST_GENERATION, family
from settings.problems import Problem, SettingsError
from settings.rules import network, registry
from tests.settings_files import TODAY, bad_files, changed, parts, put, read, sections_of, take


def problems(sections: dict[str, Any], today: date = TODAY) -> list[str]:
    """Return the paths of what is refused."""
    try:
        read(sections, today=today)
    except SettingsError as error:
        return [problem.path for problem in error.problems]
    return []


def dev(**changes: Any) -> dict[str, Any]:
    """Return the development stack, without its options, with some values, by path with __ for dots."""
    sections = sections_of("dev")
    take(sections, ["externalSecrets"])
    for path, value in changes.items():
        put(sections, parts(path.replace("__", ".")), value)
    return sections


# --- All rules ----------------------------------------------------------------------------------------------------


def test_each_rule_is_broken_by_a_bad_stack_file(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: set[str] = set()

    def watched(rule: registry.Rule) -> registry.Rule:
        def ask(**sections: Any) -> Iterator[Problem]:
            found = list(rule(**sections))
            broken.update([rule.__name__] if found else [])
            return iter(found)

        ask.__signature__ = registry.signature(rule)  # type: ignore[attr-defined]
        return ask

    names = {rule.__name__ for rule in registry.RULES}
    monkeypatch.setattr(registry, "RULES", [watched(rule) for rule in registry.RULES])
    for case in bad_files():
        problems(changed(case))
    assert names == broken


def test_a_rule_is_asked_only_when_its_sections_are_valid() -> None:
    sections = dev(platform__region="us-east-1")
    assert "network.zones[0]" in problems(sections)
    put(sections, ["network", "nat"], "double")
    assert problems(sections) == ["network.nat"]


# --- Network ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cidr", "allowed"),
    [("10.10.0.0/16", True), ("10.10.0.0/20", True), ("10.10.0.0/21", False), ("10.0.0.0/15", False)],
)
def test_a_vpc_is_as_large_as_aws_allows_and_has_room_for_the_prefixes_of_pods(cidr: str, *, allowed: bool) -> None:
    assert problems(dev(network__cidr=cidr)) == ([] if allowed else ["network.cidr"])
    public = dev(network__cidr=cidr, network__publicNodes=True, network__nat="none")
    assert problems(public) == ([] if allowed else ["network.cidr"])


@pytest.mark.parametrize("key", ["podCidr", "ipFamily"])
def test_a_vpc_whose_pods_have_addresses_elsewhere_has_room_for_an_alb(key: str) -> None:
    elsewhere = {"podCidr": "100.64.0.0/16", "ipFamily": "ipv6"}[key]
    sections = dev(network__cidr="10.10.0.0/21")
    put(sections, ["network", key], elsewhere)
    assert problems(sections) == []
    put(sections, ["network", "cidr"], "10.10.0.0/22")
    assert problems(sections) == ["network.cidr"]
    put(sections, ["ingress", "scheme"], "internal")
    assert problems(sections) == []


def test_auto_mode_takes_single_addresses_where_a_subnet_has_no_prefix_left() -> None:
    sections = sections_of("auto")
    put(sections, ["network", "cidr"], "10.50.0.0/21")
    put(sections, ["network", "ipFamily"], "ipv4")
    put(sections, ["ingress", "allowed"], ["0.0.0.0/0"])
    assert problems(sections) == []


def test_the_reference_has_the_limits_of_the_rules() -> None:
    described = Network.model_fields["cidr"].description or ""
    limits = [
        address_plan.LONGEST_VPC_PREFIX_FOR_PODS,
        address_plan.LONGEST_VPC_PREFIX_FOR_ALB,
        address_plan.LONGEST_VPC_PREFIX,
    ]
    assert limits == [20, 21, 22]
    assert re.findall(r"/(\d+)", described) == ["16", *map(str, limits)]
    assert address_plan.zone_blocks(IPv4Network(f"10.0.0.0/{limits[0]}"), "a").private.prefixlen == 24
    assert address_plan.zone_blocks(IPv4Network(f"10.0.0.0/{limits[1]}"), "a").public.prefixlen == 27
    assert re.findall(r"/(\d+)", Network.model_fields["pod_cidr"].description or "")[1] == str(
        address_plan.LONGEST_POD_PREFIX
    )


@pytest.mark.parametrize(
    ("vpc", "pods", "allowed"),
    [
        ("10.10.0.0/16", "100.64.0.0/16", True),
        ("10.10.0.0/16", "100.127.0.0/16", True),
        ("10.10.0.0/16", "10.11.0.0/16", True),
        ("10.10.0.0/16", "172.16.0.0/16", False),
        ("10.10.0.0/16", "198.19.0.0/16", False),
        ("192.168.0.0/16", "100.64.0.0/16", True),
        ("192.168.0.0/17", "192.168.128.0/17", True),
        ("192.168.0.0/16", "10.0.0.0/16", False),
        ("100.64.0.0/16", "100.65.0.0/16", True),
        ("100.64.0.0/16", "10.0.0.0/16", False),
        ("10.10.0.0/16", "10.10.0.0/16", False),
    ],
)
def test_a_range_for_pods_is_one_that_aws_adds(vpc: str, pods: str, *, allowed: bool) -> None:
    assert problems(dev(network__cidr=vpc, network__podCidr=pods)) == ([] if allowed else ["network.podCidr"])


def test_without_nat_the_endpoints_are_the_way_out() -> None:
    needed = ["ec2", "ecr.api", "ecr.dkr", "eks", "elasticloadbalancing", "sts", "sqs", "ssm"]
    mirrored = {"images": "registry.example.jp/mirror"}
    sections = dev(network__nat="none", network__interfaceEndpoints=needed, charts=mirrored)
    take(sections, ["workloads"])
    assert problems(sections) == []
    for absent in needed:
        rest = [service for service in needed if service != absent]
        put(sections, ["network", "interfaceEndpoints"], rest)
        assert problems(sections) == ["network.interfaceEndpoints"]


def test_without_karpenter_its_endpoints_are_not_needed() -> None:
    needed = ["ec2", "ecr.api", "ecr.dkr", "eks", "elasticloadbalancing", "sts"]
    sections = dev(network__nat="none", network__interfaceEndpoints=needed, charts={"images": "registry.example.jp"})
    take(sections, ["karpenter"])
    take(sections, ["workloads"])
    assert problems(sections) == []


def test_the_table_of_endpoints_names_sections() -> None:
    # A misspelt one would ask for nothing.
    assert set(network.ENDPOINTS_OF) <= set(Stack.model_fields)


def test_public_nodes_need_no_nat_and_no_endpoints() -> None:
    assert problems(dev(network__nat="none", network__publicNodes=True)) == []


def test_zones_may_be_counted() -> None:
    sections = dev(network__zoneCount=2)
    take(sections, ["network", "zones"])
    assert problems(sections) == []


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_any_range_is_judged(address: Any, length: int) -> None:
    block = str(IPv4Network((int(address), length), strict=False))
    assert set(problems(dev(network__cidr=block, network__podCidr="100.64.0.0/16"))) <= {
        "network.cidr",
        "network.podCidr",
    }
    assert set(problems(dev(network__podCidr=block))) <= {"network.podCidr"}


# --- Cluster ------------------------------------------------------------------------------------------------------


def test_each_minor_with_pins_may_be_chosen_as_long_as_eks_offers_it() -> None:
    for minor in versions.ADDONS:
        window = versions.KUBERNETES[minor]
        eve = timedelta(days=1)
        sections = dev(cluster__version=minor)
        assert problems(sections, window.offered_since - eve) == ["cluster.version"]
        assert problems(sections, window.offered_since) == []
        assert problems(sections, window.standard_until - eve) == []
        assert problems(sections, window.standard_until) == ["cluster.support"]
        put(sections, ["cluster", "support"], "extended")
        assert problems(sections, window.standard_until) == []
        assert problems(sections, window.extended_until - eve) == []
        assert problems(sections, window.extended_until) == ["cluster.version"]


@pytest.mark.parametrize(
    ("block", "allowed"),
    [
        ("203.0.113.0/24", True),
        ("0.0.0.0/0", False),
        ("8.8.8.8/32", True),
        ("10.0.0.0/8", False),
        ("172.31.0.0/16", False),
        ("192.168.0.1/32", False),
        ("100.64.0.0/24", False),
        ("169.254.169.254/32", False),
    ],
)
def test_the_public_endpoint_takes_public_addresses(block: str, *, allowed: bool) -> None:
    found = problems(dev(cluster__publicAccess={"office": block}))
    assert found == ([] if allowed else ["cluster.publicAccess.office"])


# --- Compute ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "allowed"),
    [
        ("team", True),
        ("example.jp/team", True),
        ("node.kubernetes.io/pool", True),
        ("storage.node.kubernetes.io/pool", True),
        ("kubelet.kubernetes.io/pool", True),
        ("kubernetes.io/team", False),
        ("k8s.io/team", False),
        ("node-role.kubernetes.io/worker", False),
        ("topology.kubernetes.io/zone", False),
        ("eks.amazonaws.com/nodegroup", False),
        ("fakekubernetes.io/team", True),
    ],
)
def test_a_node_has_no_label_that_its_kubelet_refuses(label: str, *, allowed: bool) -> None:
    sections = dev()
    sections["nodeGroups"]["operations"]["labels"][label] = "a"
    assert (problems(sections) == []) is allowed


@pytest.mark.parametrize(
    ("selector", "allowed"),
    [
        ({}, True),
        ({"platform.example.jp/role": "operations"}, True),
        ({"platform.example.jp/role": "operations", "kubernetes.io/arch": "amd64"}, True),
        ({"topology.kubernetes.io/zone": "ap-northeast-1a", "eks.amazonaws.com/nodegroup": "x"}, True),
        ({"platform.example.jp/role": "apps"}, False),
        ({"role": "operations"}, False),
        ({"kubernetes.io/arch": "arm64"}, False),
    ],
)
def test_operations_pods_select_nodes_that_are_there(selector: dict[str, str], *, allowed: bool) -> None:
    found = problems(dev(operationsPods__nodeSelector=selector))
    assert found == ([] if allowed else ["operationsPods.nodeSelector"])


@pytest.mark.parametrize(
    ("tolerations", "taints", "allowed"),
    [
        ([], [], True),
        ([], [{"key": "a", "effect": "PreferNoSchedule"}], True),
        ([], [{"key": "a"}], False),
        ([{"key": "a"}], [{"key": "a"}], True),
        ([{"key": "a"}], [{"key": "a", "value": "b", "effect": "NoExecute"}], True),
        ([{"key": "a", "value": "b"}], [{"key": "a", "value": "b"}], True),
        ([{"key": "a", "value": "c"}], [{"key": "a", "value": "b"}], False),
        ([{"key": "a", "effect": "NoSchedule"}], [{"key": "a", "effect": "NoExecute"}], False),
        ([{"key": "a"}], [{"key": "a"}, {"key": "b"}], False),
    ],
)
def test_operations_pods_tolerate_the_taints_of_some_nodes(tolerations: Any, taints: Any, *, allowed: bool) -> None:
    sections = dev(operationsPods__tolerations=tolerations, nodeGroups__operations__taints=taints)
    assert problems(sections) == ([] if allowed else ["operationsPods.tolerations"])


def test_one_node_group_for_operations_pods_is_enough() -> None:
    other = {"instanceTypes": ["m5.large"], "min": 0, "taints": [{"key": "batch"}]}
    assert problems(dev(nodeGroups__batch=other)) == []


def test_a_spot_node_group_may_have_one_instance_type() -> None:
    assert problems(dev(nodeGroups__operations__instanceTypes=["m5.large"])) == []


def test_any_name_of_a_node_group_that_a_component_has_too_is_free() -> None:
    for name in ("nodes", "addons", "access", "lbc", "fargate", "traefik", "ingress", "karpenter", "node-addons"):
        assert problems(dev(**{f"nodeGroups__{name}": {"instanceTypes": ["m5.large"]}})) == []


@pytest.mark.parametrize(
    ("namespace", "taken"),
    [("kube-system", True), ("kube-*", True), ("*", True), ("kube-syste?", True), ("kube", False)],
)
def test_a_fargate_profile_takes_the_namespaces_that_its_pattern_matches(namespace: str, *, taken: bool) -> None:
    sections = sections_of("fargate")
    put(sections, ["fargateProfiles", "platform", "selectors", 0, "namespace"], namespace)
    assert problems(sections) == ([] if taken else ["fargateProfiles"])


def test_nodes_and_fargate_may_share_a_cluster() -> None:
    profile = {"selectors": [{"namespace": "batch-*"}, {"namespace": "kube-system", "labels": {"fargate": "yes"}}]}
    assert problems(dev(fargateProfiles={"batch": profile})) == []


# --- Instances ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "category", "generation", "architecture"),
    [
        ("m5", "m", 5, "amd64"),
        ("m6i", "m", 6, "amd64"),
        ("m7i-flex", "m", 7, "amd64"),
        ("c7a", "c", 7, "amd64"),
        ("g4dn", "g", 4, "amd64"),
        ("g5", "g", 5, "amd64"),
        ("p4d", "p", 4, "amd64"),
        ("u7i-12tb", "u", 7, "amd64"),
        ("x2idn", "x", 2, "amd64"),
        ("trn1", "trn", 1, "amd64"),
        ("a1", "a", 1, "arm64"),
        ("m7g", "m", 7, "arm64"),
        ("c6gn", "c", 6, "arm64"),
        ("r8gd", "r", 8, "arm64"),
        ("t4g", "t", 4, "arm64"),
        ("g5g", "g", 5, "arm64"),
        ("im4gn", "im", 4, "arm64"),
        ("is4gen", "is", 4, "arm64"),
        ("x2gd", "x", 2, "arm64"),
        ("hpc7g", "hpc", 7, "arm64"),
        ("p6-b200", "p", 6, "amd64"),
        ("p6e-gb200", "p", 6, "arm64"),
    ],
)
def test_the_name_of_an_instance_family_tells_its_processor(
    name: str, category: str, generation: int, architecture: str
) -> None:
    known = family(name)
    assert known is not None
    assert known[:3] == (category, generation, Architecture(architecture))


@pytest.mark.parametrize("name", ["u-6tb1", "mac2-m2", "m", ""])
def test_a_name_that_tells_nothing_is_judged_by_nobody(name: str) -> None:
    assert family(name) is None


@pytest.mark.parametrize(
    ("name", "accelerator"),
    [
        *[(name, "nvidia") for name in ("g4dn", "g5", "g5g", "g6e", "gr6", "p4d", "p5en", "p6-b200", "p6e-gb200")],
        *[(name, "neuron") for name in ("inf1", "inf2", "trn1", "trn1n", "trn2")],
        *[(name, "other") for name in ("g4ad", "dl1", "dl2q", "f2", "vt1")],
        *[(name, "none") for name in ("m7g", "c6gn", "r8gb", "t3", "im4gn", "hpc7g", "x2gd")],
    ],
)
def test_the_name_of_an_instance_family_tells_its_accelerator(name: str, accelerator: str) -> None:
    known = family(name)
    assert known is not None
    assert known.accelerator is Accelerator(accelerator)


def _families_of_ec2() -> set[str]:
    types: Any = botocore.session.get_session().get_service_model("ec2").shape_for("InstanceType")
    return {name.partition(".")[0] for name in types.enum}


def test_the_newest_generations_are_those_of_ec2s_api_model() -> None:
    """A category that is not in the table is judged by nobody; one that is must not be refused wrongly."""
    newest: dict[str, dict[Architecture, int]] = {}
    for name in _families_of_ec2():
        if known := family(name):
            generations = newest.setdefault(known.category, {})
            generations[known.architecture] = max(generations.get(known.architecture, 0), known.generation)
    assert {category: newest[category] for category in NEWEST_GENERATION} == NEWEST_GENERATION


def test_a_pool_of_both_architectures_takes_every_family() -> None:
    pool = {"families": ["m7g", "m7i"], "architectures": ["amd64", "arm64"]}
    assert problems(dev(karpenter__nodePools__general=pool)) == []


# --- Budgets' schedules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["0 0 * * mon-fri", "*/15 9-17 * * 1-5", "0 0 1,15 jan-mar ?", "@daily", "59 23 31 12 6", "0 0/2 * * sun,sat"],
)
def test_a_cron_line_that_karpenter_takes_is_taken(line: str) -> None:
    budget = {"nodes": "1", "schedule": line, "duration": "1h30m"}
    assert problems(dev(karpenter__nodePools__general__budgets=[budget])) == []


@pytest.mark.parametrize(
    "line",
    ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 7",
     "* * * * Monday", "@reboot", "0 9 * * mon-fri\n", "0  9 * * *", "CRON_TZ=Asia/Tokyo 0 9 * * *"],
)  # fmt: skip
def test_a_cron_line_that_karpenter_cannot_read_is_refused(line: str) -> None:
    budget = {"nodes": "0", "schedule": line, "duration": "9h"}
    found = problems(dev(karpenter__nodePools__general__budgets=[budget]))
    assert found == ["karpenter.nodePools.general.budgets[0].schedule"]


# --- Ingress ------------------------------------------------------------------------------------------------------


def test_host_names_that_differ_by_a_dot_or_a_hyphen_may_stand_together() -> None:
    sections = sections_of("staging")
    put(sections, ["ingress", "domain", "alternatives"], ["a-b.example.jp", "a.b.example.jp", "*.staging.example.jp"])
    assert problems(sections) == []


def test_a_long_first_name_may_have_a_certificate_of_its_own() -> None:
    arn = "arn:aws:acm:ap-northeast-1:111122223333:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    sections = sections_of("staging")
    sections["ingress"]["domain"] |= {"name": f"{'a' * 60}.staging.example.jp"}
    assert problems(sections) == ["ingress.domain.name"]
    sections["ingress"]["certificate"] = arn
    assert problems(sections) == []


def test_replicas_that_stay_the_same_need_no_metrics() -> None:
    sections = dev(addons={"metricsServer": False}, traefik={"minReplicas": 3, "maxReplicas": 3})
    take(sections, ["workloads"])
    assert problems(sections) == []


# --- Workloads ----------------------------------------------------------------------------------------------------


def test_a_workload_runs_on_nodes_that_take_any_pod() -> None:
    tainted = {"instanceTypes": ["m5.large"], "taints": [{"key": "batch"}]}
    sections = dev(nodeGroups__batch=tainted, workloads={"folders": ["hello"]})
    take(sections, ["karpenter"])
    assert problems(sections) == ["workloads.folders[0]"]
    sections["nodeGroups"]["batch"]["taints"][0]["effect"] = "PreferNoSchedule"
    assert problems(sections) == []


def test_a_workload_may_run_on_fargate_beside_nodes_but_not_behind_ports_of_nodes() -> None:
    profile = {"apps": {"selectors": [{"namespace": "app-nginx"}]}}
    folders, ingress = ["nginx", "nginx/nlb", "nginx/alb-ip"], {"dedicated": {"namespaces": ["app-nginx"]}}
    assert problems(dev(fargateProfiles=profile, workloads={"folders": folders}, ingress=ingress)) == []
    found = problems(dev(fargateProfiles=profile, workloads={"folders": ["nginx", "nginx/node-port"]}))
    assert found == ["workloads.folders[1]"]
    folders = ["nginx", "nginx/node-port", "nginx/alb-instance"]
    assert problems(dev(workloads={"folders": folders}, ingress=ingress)) == []


def test_a_workload_has_a_load_balancer_of_its_own_where_its_namespace_may() -> None:
    workloads = {"folders": ["nginx", "nginx/alb-ip"]}
    assert problems(dev(workloads=workloads)) == ["workloads.folders[1]"]
    elsewhere = {"dedicated": {"namespaces": ["app-shop"]}}
    assert problems(dev(workloads=workloads, ingress=elsewhere)) == ["workloads.folders[1]"]
    assert problems(dev(workloads=workloads, ingress={"dedicated": {"namespaces": ["app-nginx"]}})) == []
