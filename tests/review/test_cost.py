"""`make cost`: each number is worked out by hand from AWS's pages, in the terms of Terraform's resources.

The method is Infracost's: 730 hours a month, nothing for what depends on use.
https://www.infracost.io/docs/supported_resources/aws/
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import pytest

from harness.plan import Plan
from rehearsal.cloud import KINDS
from review import estimate as command
from review import money
from review.cost import FREE, METERS, Estimate, estimate, is_known
from review.plans import Recorded, Resource, recorded
from review.pools import pool_cost
from review.prices import Prices, UnpricedError, table
from tests.plans import EXAMPLES, plan_of, run_program

TODAY: Final = date(2026, 12, 1)

TOKYO: Final = table()["ap-northeast-1"]


def cost_of(plan: Plan | Recorded, today: date = TODAY) -> Estimate:
    return estimate(plan if isinstance(plan, Recorded) else recorded(plan.to_json()), table(), today)


def made(type_: str, inputs: Mapping[str, Any], *others: Resource, **fields: Any) -> Recorded:
    """Return a plan of one resource of Tokyo, and of those that it takes inputs from."""
    provider = Resource("urn:aws", "pulumi:providers:aws", "aws", None, True, {"region": "ap-northeast-1"})
    return Recorded("test", (provider, *others, Resource("urn:it", type_, "it", None, True, inputs, **fields)))


# An hour in Tokyo times 730, as Terraform's resources would be priced.
AWS_NAT_GATEWAY = 0.062 * 730
AWS_EIP = 0.005 * 730
AWS_EKS_CLUSTER = 0.10 * 730
AWS_KMS_KEY = 1.00
AWS_ALARM = 0.10
AWS_LB = 0.0243 * 730
M6I_LARGE = 0.124 * 730
M6I_XLARGE = 0.248 * 730
GP3 = 0.096

BY_HAND: Final[Mapping[str, float]] = {
    # 3 NAT gateways and their addresses; control plane; 2 keys; 11 alarms; a load balancer with 3 public addresses;
    # 3 m6i.xlarge, each with Bottlerocket's disks of 4 and 50 GiB.
    "Pulumi.prod.yaml": (
        3 * (AWS_NAT_GATEWAY + AWS_EIP)
        + AWS_EKS_CLUSTER
        + 2 * AWS_KMS_KEY
        + 11 * AWS_ALARM
        + AWS_LB
        + 3 * AWS_EIP
        + 3 * (M6I_XLARGE + 54 * GP3)
    ),
    # One NAT gateway and its address; control plane; key; three m6i.xlarge as above; a public load balancer.
    "staging": AWS_NAT_GATEWAY
    + AWS_EIP
    + AWS_EKS_CLUSTER
    + AWS_KMS_KEY
    + 3 * (M6I_XLARGE + 54 * GP3)
    + AWS_LB
    + 3 * AWS_EIP,
    # Ten interface endpoints in two zones, and no way to the internet; two m6i.large; an internal load balancer.
    "private": 10 * 2 * 0.014 * 730 + AWS_EKS_CLUSTER + AWS_KMS_KEY + 2 * (M6I_LARGE + 54 * GP3) + AWS_LB,
}


@pytest.mark.parametrize("stack", BY_HAND)
def test_a_stack_costs_what_its_aws_part_costs_by_hand(stack: str) -> None:
    assert cost_of(plan_of(stack)).fixed == pytest.approx(BY_HAND[stack], rel=0.02)


def test_a_region_without_prices_says_so() -> None:
    plan = run_program(
        "dev", config={"platform": {"region": "eu-west-1"}, "network": {"zones": ["eu-west-1a", "eu-west-1b"]}}
    )
    found = cost_of(plan)
    assert (found.lines, found.fixed, found.published) == ((), 0, "")
    assert {note.text for note in found.unpriced} == {
        "the table has no prices of eu-west-1: `make prices` adds them",
    }
    assert "have no price here: the sums are too low." in "\n".join(money.text(found))


def test_every_type_of_aws_that_the_program_may_use_is_billed_by_a_row_or_free() -> None:
    assert [type_ for type_ in KINDS if type_.startswith("aws:") and not is_known(type_)] == [], (
        "add a row for each to METERS, or a pattern to FREE, in review/cost.py"
    )


def test_a_type_with_a_row_is_not_free_too() -> None:
    assert [type_ for type_ in METERS if any(it.match(type_) for it in FREE)] == []
    assert not is_known("aws:rds/instance:Instance")


# --- Parts --------------------------------------------------------------------------------------------------------


def test_extended_support_is_five_times_the_control_plane_more() -> None:
    cluster = "aws:eks/cluster:Cluster"
    extended = made(cluster, {"version": "1.35"})
    standard = made(cluster, {"version": "1.35", "upgradePolicy": {"supportType": "STANDARD"}})
    assert cost_of(extended, date(2026, 6, 1)).fixed == pytest.approx(73.0)
    (note,) = cost_of(extended, date(2026, 6, 1)).by_use
    assert note.text == "extended support of Kubernetes 1.35: $365.00 a month more from 2027-03-27"
    assert cost_of(extended, date(2027, 4, 1)).fixed == pytest.approx(73.0 + 365.0)
    assert cost_of(standard, date(2027, 4, 1)).fixed == pytest.approx(73.0)
    assert cost_of(standard, date(2026, 6, 1)).by_use == ()


def test_nodes_count_as_they_are_desired_with_the_first_type() -> None:
    group = {
        "instanceTypes": ["m6i.large", "m5.large"],
        "scalingConfig": {"minSize": 1, "desiredSize": 2, "maxSize": 9},
    }
    found = cost_of(made("aws:eks/nodeGroup:NodeGroup", group))
    assert found.fixed == pytest.approx(2 * (M6I_LARGE + 20 * GP3))


def test_spot_costs_at_most_what_the_dearest_type_costs_on_demand() -> None:
    inputs = {"capacityType": "SPOT", "instanceTypes": ["m5a.large", "m6i.large"], "scalingConfig": {"desiredSize": 1}}
    found = cost_of(made("aws:eks/nodeGroup:NodeGroup", inputs))
    (line,) = (it for it in found.lines if not it.fixed)
    assert [line.low, line.high] == pytest.approx([0.112 * 730 / 10, M6I_LARGE])


def test_a_type_without_a_price_is_named_and_its_disks_are_counted() -> None:
    inputs = {"instanceTypes": ["u-3tb1.56xlarge"], "diskSize": 100, "scalingConfig": {"desiredSize": 1}}
    found = cost_of(made("aws:eks/nodeGroup:NodeGroup", inputs))
    assert [note.text for note in found.unpriced] == ["no price of the instance type u-3tb1.56xlarge in ap-northeast-1"]
    assert found.fixed == pytest.approx(100 * GP3)


def test_a_disk_that_is_faster_than_its_price_includes_costs_more() -> None:
    ebs = {"volumeSize": 100, "volumeType": "gp3", "iops": 4000, "throughput": 250}
    template = Resource(
        "urn:template",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "t",
        None,
        True,
        {"blockDeviceMappings": [{"ebs": ebs}]},
    )
    inputs = {"instanceTypes": ["m6i.large"], "launchTemplate": {"id": "lt"}, "scalingConfig": {"desiredSize": 1}}
    needs = {"launchTemplate": frozenset({"urn:template"})}
    found = cost_of(made("aws:eks/nodeGroup:NodeGroup", inputs, template, property_dependencies=needs))
    # 1,000 operations at $0.006 and 125 MiB/s at $0.048 on top.
    assert found.fixed == pytest.approx(M6I_LARGE + 100 * GP3 + 6.0 + 6.0)


def test_nodes_in_public_subnets_pay_for_their_addresses() -> None:
    subnet = Resource("urn:subnet", "aws:ec2/subnet:Subnet", "s", None, True, {"mapPublicIpOnLaunch": True})
    inputs = {"instanceTypes": ["m6i.large"], "subnetIds": ["subnet-1"], "scalingConfig": {"desiredSize": 3}}
    needs = {"subnetIds": frozenset({"urn:subnet"})}
    found = cost_of(made("aws:eks/nodeGroup:NodeGroup", inputs, subnet, property_dependencies=needs))
    assert found.fixed == pytest.approx(3 * (M6I_LARGE + 20 * GP3 + AWS_EIP))


def test_an_endpoint_costs_by_its_zones_and_a_gateway_endpoint_nothing() -> None:
    endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
    interface = made(endpoint, {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]})
    assert cost_of(interface).fixed == pytest.approx(3 * 0.014 * 730)
    assert cost_of(made(endpoint, {"vpcEndpointType": "Gateway"})).lines == ()


def test_a_regional_nat_gateway_costs_by_its_zones() -> None:
    gateway = "aws:ec2/natGateway:NatGateway"
    given = {"availabilityMode": "regional", "availabilityZoneAddresses": [{}, {}]}
    assert cost_of(made(gateway, given)).fixed == pytest.approx(2 * AWS_NAT_GATEWAY)
    subnets = (
        Resource(f"urn:{zone}", "aws:ec2/subnet:Subnet", zone, None, True, {"availabilityZone": zone}) for zone in "acd"
    )
    found = cost_of(made(gateway, {"availabilityMode": "regional"}, *subnets))
    assert [found.fixed, found.low, found.high] == pytest.approx([0, AWS_NAT_GATEWAY, 3 * AWS_NAT_GATEWAY])


def test_an_internal_load_balancer_has_no_public_addresses() -> None:
    inputs = {"internal": True, "subnets": ["a", "b"]}
    assert cost_of(made("aws:lb/loadBalancer:LoadBalancer", inputs)).fixed == pytest.approx(AWS_LB)


def test_an_alarm_costs_by_the_metrics_that_it_looks_at() -> None:
    inputs = {"metricQueries": [{"metric": {}}, {"metric": {}}, {"expression": "a/b"}]}
    assert cost_of(made("aws:cloudwatch/metricAlarm:MetricAlarm", inputs)).fixed == pytest.approx(0.2)


def _pool(*requirements: tuple[str, str, list[str]], **limits: str) -> dict[str, Any]:
    needs = [{"key": key, "operator": operator, "values": values} for key, operator, values in requirements]
    return {"limits": limits, "template": {"spec": {"requirements": needs}}}


CATEGORY, ARCH = "karpenter.k8s.aws/instance-category", "kubernetes.io/arch"
PRICES: Final = Prices("test", "2026-01-01", {}, {"c6a": 0.1, "m6i": 0.12, "r6i": 0.15, "r6g": 0.11})


def test_a_pool_at_its_limits_costs_from_the_cheapest_to_the_dearest_type() -> None:
    found = pool_cost(_pool((CATEGORY, "In", ["c", "m"]), (ARCH, "In", ["amd64"]), cpu="100"), PRICES)
    assert found
    # 100 CPUs are 50 times the size large.
    assert [found.low, found.high] == pytest.approx([50 * 0.1 * 730, 50 * 0.12 * 730])
    assert found.what == "pool up to 100 CPUs"
    assert found.choice.startswith("c6a to m6i, on demand; ")


def test_the_memory_of_a_pool_is_a_limit_too() -> None:
    found = pool_cost(_pool((CATEGORY, "In", ["r"]), (ARCH, "In", ["amd64"]), cpu="100", memory="400Gi"), PRICES)
    assert found
    # 400 GiB are 50 CPUs of category r.
    assert [found.low, found.high] == pytest.approx([25 * 0.15 * 730] * 2)


def test_a_pool_of_spot_instances_may_cost_a_tenth() -> None:
    spot = ("karpenter.sh/capacity-type", "In", ["spot"])
    found = pool_cost(_pool((CATEGORY, "In", ["c"]), spot, cpu="2"), PRICES)
    assert found
    assert [found.low, found.high] == pytest.approx([0.1 * 730 / 10, 0.1 * 730])


@pytest.mark.parametrize(
    ("requirement", "families"),
    [
        (("karpenter.k8s.aws/instance-generation", "Gt", ["6"]), set()),
        (("karpenter.k8s.aws/instance-generation", "Lt", ["7"]), {"c6a", "m6i", "r6i", "r6g"}),
        (("karpenter.k8s.aws/instance-family", "NotIn", ["c6a"]), {"m6i", "r6i", "r6g"}),
        (("node.kubernetes.io/instance-type", "In", ["r6g.large"]), {"r6g"}),
        ((ARCH, "In", ["arm64"]), {"r6g"}),
        (("karpenter.k8s.aws/instance-size", "In", ["48xlarge"]), {"c6a"}),
    ],
)
def test_a_pool_chooses_as_its_requirements_say(requirement: tuple[str, str, list[str]], families: set[str]) -> None:
    for family in PRICES.instances:
        alone = Prices("test", "2026-01-01", {}, {family: 1.0})
        assert (pool_cost(_pool(requirement, cpu="2"), alone) is not None) == (family in families), family


def test_a_pool_without_a_limit_says_so() -> None:
    plan = made("kubernetes:karpenter.sh/v1:NodePool", {"spec": _pool()})
    (note,) = cost_of(plan).by_use
    assert note.text == "the pool has no limit of CPUs, or no type with a price: what it may cost is not known"


@pytest.mark.parametrize(
    ("type_", "hours"), [("m6i.large", 0.124), ("m6i.4xlarge", 0.992), ("t3.medium", 0.0544), ("g6.xlarge", 1.1672)]
)
def test_sizes_cost_in_proportion(type_: str, hours: float) -> None:
    """Compared with the prices of the types themselves: https://aws.amazon.com/ec2/pricing/on-demand/."""
    assert TOKYO.instance(type_) == pytest.approx(hours)


@pytest.mark.parametrize("type_", ["m6i.metal", "z9.large", "g6.2xlarge"])
def test_a_type_without_a_price_is_not_guessed(type_: str) -> None:
    with pytest.raises(UnpricedError, match=f"no price of the instance type {type_}"):
        TOKYO.instance(type_)


# --- Output -------------------------------------------------------------------------------------------------------


def test_the_text_is_for_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--stack", "private", "--project", str(EXAMPLES)]) == 0
    text = capsys.readouterr().out
    assert text.startswith(
        "Cost of private in ap-northeast-1, in US dollars a month, by copies of AWS's price list of 2026-09-23 that "
        "were not compared with it (`make prices` replaces them)\n"
    )
    assert "\nNodeGroup platform-private-operations: $191.41\n" in text
    assert "\nFixed by the plan: $487.55 a month (730 hours).\n" in text
    assert "\nWhat varies, at its limits: $1,957.33 to $3,335.81 a month more.\n" in text


def test_json_has_every_part_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--stack", "private", "--project", str(EXAMPLES), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["fixed"], found["currency"], found["published"], found["copied"]) == (
        487.55,
        "USD",
        "2026-09-23",
        True,
    )
    (part,) = (it for it in found["resources"] if it["part"] == "control plane")
    assert part == {
        "urn": part["urn"],
        "component": "Cluster platform-private",
        "part": "control plane",
        "low": 73.0,
        "high": 73.0,
        "source": "https://aws.amazon.com/eks/pricing/",
    }
    assert sum(it["low"] for it in found["resources"]) == pytest.approx(found["low"], abs=0.2)


def test_markdown_folds_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--stack", "private", "--project", str(EXAMPLES), "--format", "markdown"]) == 0
    text = capsys.readouterr().out
    assert "<details><summary>Cluster platform-private: $74.00</summary>" in text
    assert text.count("<details>") == text.count("</details>")
    assert "| `Cluster platform-private-eks-eksCluster` | control plane | $73.00 |" in text
