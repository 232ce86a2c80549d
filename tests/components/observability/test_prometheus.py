"""Prometheus: a workspace of the stack's own or an existing one, and what the collector reads."""

import json
from typing import Any, Final

import pulumi
import pytest

from components.observability.prometheus import Prometheus
from harness.plan import Plan
from settings import Prometheus as PrometheusSettings
from tests.components.given import CLUSTER, identity, on_cluster, section
from tests.components.recording import ACCOUNT, REGION, assert_shape, below, recorded, remembered

KEY: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
WORKSPACE: Final = f"arn:aws:aps:{REGION}:{ACCOUNT}:workspace/ws-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SUBNETS: Final = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]


@remembered
def _plan(*, unknown: bool = False, **settings: Any) -> Plan:
    given = section(PrometheusSettings, settings)

    def declare(opts: pulumi.ResourceOptions) -> None:
        Prometheus("prometheus", given, on_cluster(), subnet_ids=SUBNETS, security_group_id="sg-1", opts=opts)

    return recorded(declare, unknown=unknown)


def _configuration(**settings: Any) -> dict[str, Any]:
    text = _plan(**settings).one(type="aws:amp/scraper:Scraper").inputs["scrapeConfiguration"]
    found: dict[str, Any] = json.loads(text)
    return found


def test_shape(unknown: bool) -> None:
    assert_shape(_plan(unknown=unknown), Prometheus, "prometheus")


def test_the_collector_writes_to_a_workspace_of_the_stacks_own() -> None:
    plan = _plan(key=KEY)
    assert below(plan, plan.one(type="eks-platform:index:Prometheus")) == {
        "Workspace prometheus-workspace",
        "Scraper prometheus-collector",
    }
    workspace, collector = (plan.one(type=f"aws:amp/{kind}") for kind in ("workspace:Workspace", "scraper:Scraper"))
    assert workspace.inputs == {"alias": CLUSTER, "kmsKeyArn": KEY}
    assert collector.inputs["destination"] == {"amp": {"workspaceArn": workspace.outputs["arn"]}}
    assert collector.inputs["source"] == {
        "eks": {"clusterArn": identity().cluster_arn, "subnetIds": SUBNETS, "securityGroupIds": ["sg-1"]}
    }


def test_the_workspace_may_be_one_of_several_clusters() -> None:
    plan = _plan(workspace=WORKSPACE)
    assert plan.find(type="aws:amp/workspace:Workspace") == []
    assert plan.one(type="aws:amp/scraper:Scraper").inputs["destination"] == {"amp": {"workspaceArn": WORKSPACE}}


@pytest.mark.parametrize(("settings", "interval"), [({}, "60s"), ({"interval_seconds": 15}, "15s")])
def test_every_metric_has_the_name_of_its_cluster(settings: dict[str, int], interval: str) -> None:
    common = _configuration(**settings)["global"]
    assert common == {"scrape_interval": interval, "external_labels": {"cluster": CLUSTER}}


def test_the_collector_reads_the_api_server_the_kubelets_and_pods_that_ask_for_it() -> None:
    jobs = {job["job_name"]: job for job in _configuration()["scrape_configs"]}
    roles = {name: job["kubernetes_sd_configs"][0]["role"] for name, job in jobs.items()}
    assert roles == {"apiserver": "endpoints", "kubelet": "node", "cadvisor": "node", "pods": "pod"}
    paths = {name: jobs[name]["relabel_configs"][-1]["replacement"] for name in ("kubelet", "cadvisor")}
    assert paths == {
        "kubelet": "/api/v1/nodes/$1/proxy/metrics",
        "cadvisor": "/api/v1/nodes/$1/proxy/metrics/cadvisor",
    }
    assert jobs["pods"]["relabel_configs"][0] == {
        "source_labels": ["__meta_kubernetes_pod_annotation_prometheus_io_scrape"],
        "action": "keep",
        "regex": "true",
    }
