"""What `make judges` hands to checkov, and what it makes of the answer, recorded from checkov 3.3.30."""

import json
from typing import Any, Final

import pytest

from tests.plans import STACKS, plan_of
from tools.judges.material import terraform_plan, terraform_type
from tools.judges.verdict import BASELINE, Accepted, Finding, JudgeError, findings, read_baseline, verdict

FOUND: Final = Finding("CKV_AWS_91", "aws/auto aws_lb.platform-auto", "Ensure the ELBv2 has access logging enabled")


def _report(errors: int = 0) -> str:
    failed = {
        "check_id": "CKV_AWS_91",
        "check_name": FOUND.title,
        "file_path": "/aws/auto.json",
        "resource": "aws_lb.platform-auto",
    }
    report = {
        "check_type": "terraform_plan",
        "results": {"failed_checks": [failed]},
        "summary": {"passed": 1, "failed": 1, "skipped": 0, "parsing_errors": errors},
    }
    return json.dumps([report, {**report, "check_type": "kubernetes", "results": {"failed_checks": []}}])


def test_findings_are_read_from_checkovs_report() -> None:
    assert findings(_report()) == [FOUND]
    with pytest.raises(JudgeError, match="1 files could not be read"):
        findings(_report(errors=1))


def test_a_finding_that_is_not_accepted_fails() -> None:
    assert verdict([FOUND], [], charts=True) == [f"not accepted: {FOUND}"]
    other = Accepted("CKV_AWS_91", ("aws/prod *",), "")
    assert len(verdict([FOUND], [other], charts=True)) == 2
    assert verdict([FOUND], [Accepted("CKV_AWS_91", ("aws/auto aws_lb.*",), "")], charts=True) == []


def test_an_entry_that_accepts_nothing_fails_but_for_charts_that_are_not_judged() -> None:
    entries = [Accepted("CKV_K8S_1", ("charts/traefik/*",), "")]
    assert verdict([], entries, charts=False) == []
    (line,) = verdict([], entries, charts=True)
    assert line.startswith("accepted but not found: CKV_K8S_1 charts/traefik/*")


def test_every_entry_of_the_baseline_has_a_reason_and_stands_once() -> None:
    entries = read_baseline(BASELINE.read_text())
    assert entries
    assert all(len(entry.reason.split()) > 7 for entry in entries)
    places = [(entry.check, where) for entry in entries for where in entry.where]
    assert len(places) == len(set(places))


def _resource(stack: str, type_: str) -> dict[str, Any]:
    resources = terraform_plan(plan_of(stack))["planned_values"]["root_module"]["resources"]
    return next(it["values"] for it in resources if it["type"] == type_)


def test_the_plan_is_one_of_terraform() -> None:
    cluster = _resource("prod", "aws_eks_cluster")
    assert cluster["vpc_config"][0]["endpoint_private_access"] is True
    assert cluster["encryption_config"][0]["provider"][0]["key_arn"].startswith("aws_kms_key.")
    assert isinstance(cluster["tags"], dict)
    assert _resource("prod", "aws_subnet")["vpc_id"] == "aws_vpc.platform-prod-vpc.id"


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_of_aws_is_judged_under_an_address_of_its_own(stack: str) -> None:
    plan = plan_of(stack)
    expected = [entry for entry in plan if entry.custom and not entry.read and entry.type.startswith("aws:")]
    addresses = [it["address"] for it in terraform_plan(plan)["planned_values"]["root_module"]["resources"]]
    assert len(addresses) == len(set(addresses)) == len(expected) > 40


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "aws_vpc_endpoint"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:lb/targetGroup:TargetGroup", "aws_lb_target_group"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws_iam_role_policy_attachment"),
        ("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", "aws_vpc_ipv4_cidr_block_association"),
    ],
)
def test_types_have_terraforms_names(type_: str, name: str) -> None:
    assert terraform_type(type_) == name
