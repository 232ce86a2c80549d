"""Logs of Fargate pods: a configuration that Fargate accepts, and a log group that ends."""

import re

import pulumi
import pytest

from components.compute.fargate_logging import LARGEST, FargateLogging, fargate_log_router
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import Observability
from tests.components.given import CLUSTER, where
from tests.components.recording import REGION, Probe, assert_shape, below, carried, needs, probed, recorded

GROUP = f"/aws/eks/{CLUSTER}/fargate"


def _plan(*, unknown: bool = False) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        logging = FargateLogging(
            "logging", Observability(), where(CLUSTER), kubernetes_version="1.36", logs_key=None, opts=opts
        )
        Probe(arn=logging.log_group_arn)

    return recorded(declare, unknown=unknown)


def _configuration(plan: Plan) -> Registration:
    return plan.one(type="kubernetes:core/v1:ConfigMap")


def test_shape(unknown: bool) -> None:
    assert_shape(_plan(unknown=unknown), FargateLogging, "logging")


def test_inventory() -> None:
    plan = _plan()
    assert below(plan, plan.one(type="eks-platform:index:FargateLogging")) == {
        "LogGroup logging-pods",
        "Namespace logging-namespace",
        "ConfigMap logging-configuration",
    }


def test_fargate_finds_it() -> None:
    """By these names and this label alone: https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html."""
    plan = _plan()
    namespace = plan.one(type="kubernetes:core/v1:Namespace").inputs["metadata"]
    assert namespace["name"] == "aws-observability"
    assert namespace["labels"]["aws-observability"] == "enabled"
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    metadata = _configuration(plan).inputs["metadata"]
    assert metadata == {"name": "aws-logging", "namespace": "aws-observability"}
    assert "Namespace logging-namespace" in needs(plan, _configuration(plan))


def test_logs_end_after_some_time() -> None:
    plan = _plan()
    group = plan.one(type="aws:cloudwatch/logGroup:LogGroup")
    assert group.inputs == {"name": GROUP, "retentionInDays": 30}
    assert _configuration(plan).inputs["data"] == fargate_log_router(REGION, GROUP)


def test_the_log_group_outlives_what_writes_to_it(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    arn = plan.one(type="aws:cloudwatch/logGroup:LogGroup").outputs["arn"]
    assert probed(plan, "arn") == (UNKNOWN if unknown else arn)
    assert carried(plan, "arn") == {"LogGroup logging-pods"}
    assert needs(plan, _configuration(plan), "data") == {"LogGroup logging-pods"}


# --- Configuration ------------------------------------------------------------------------------------------------

# Everything that Fargate takes, by the page of the user guide.
FILES = {"filters.conf": "FILTER", "output.conf": "OUTPUT", "parsers.conf": "PARSER"}
FILTERS = {"grep", "parser", "record_modifier", "rewrite_tag", "throttle", "nest", "modify", "kubernetes"}
OUTPUTS = {"es", "firehose", "kinesis_firehose", "cloudwatch", "cloudwatch_logs", "kinesis"}


def _sections(text: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (kind, dict(re.findall(r"^ +(\S+) (.+)$", body, re.MULTILINE)))
        for kind, body in re.findall(r"^\[([A-Z]+)\]\n((?: +.*\n)+)", text, re.MULTILINE)
    ]


@pytest.mark.parametrize(("file", "kind"), FILES.items())
def test_each_file_has_sections_of_one_kind(file: str, kind: str) -> None:
    text = fargate_log_router(REGION, GROUP)[file]
    sections = _sections(text)
    assert sections
    assert {found for found, _ in sections} == {kind}
    assert text.count("\n") == sum(1 + len(settings) for _, settings in sections)


def test_fargate_knows_the_plugins() -> None:
    router = fargate_log_router(REGION, GROUP)
    assert {settings["Name"] for _, settings in _sections(router["filters.conf"])} <= FILTERS
    ((_, output),) = _sections(router["output.conf"])
    assert output["Name"] in OUTPUTS
    assert router["flb_log_cw"] == "false"


def test_the_router_makes_no_log_group_of_its_own() -> None:
    ((_, output),) = _sections(fargate_log_router("eu-west-1", "/a/group")["output.conf"])
    assert output["auto_create_group"] == "false"
    assert (output["region"], output["log_group_name"]) == ("eu-west-1", "/a/group")


def test_a_filter_names_a_parser_that_is_there() -> None:
    router = fargate_log_router(REGION, GROUP)
    parsers = {settings["Name"]: settings for _, settings in _sections(router["parsers.conf"])}
    named = {settings["Parser"] for _, settings in _sections(router["filters.conf"]) if "Parser" in settings}
    assert named == parsers.keys()
    # What containerd writes: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
    pattern = parsers["crio"]["Regex"].replace("(?<", "(?P<")
    found = re.fullmatch(pattern, '2026-11-21T08:15:30.123456789Z stderr F {"level": "info"}')
    assert found
    assert found["log"] == '{"level": "info"}'


def test_it_is_not_longer_than_fargate_allows() -> None:
    longest = fargate_log_router("ap-southeast-1", "/aws/eks/" + "a" * 100 + "/fargate")
    assert sum(len(key) + len(value) for key, value in longest.items()) <= LARGEST
