"""Workloads from `manifests/`: each object as its file has it, after its namespace."""

import pulumi
import pytest
from pulumi_aws import cloudwatch

from components.delivery.workloads import Workloads
from facts import manifests
from facts.manifests import type_token
from harness.plan import Plan
from harness.properties import reveal
from rehearsal.cloud import MODEL
from settings import Workloads as WorkloadsSettings
from tests.components.given import on_cluster, waiting_for_compute
from tests.components.recording import assert_shape, needs, recorded, waits_for


def _plan(*folders: str, unknown: bool = False) -> Plan:
    return recorded(
        lambda opts: Workloads("apps", WorkloadsSettings(folders=list(folders)), on_cluster(), opts=opts),
        unknown=unknown,
    )


def test_every_object_is_declared_as_it_stands_in_its_file(unknown: bool) -> None:
    plan = _plan("nginx", "nginx/nlb", unknown=unknown)
    component = assert_shape(plan, Workloads, "apps")
    expected = [*manifests.objects("nginx"), *manifests.objects("nginx/nlb")]
    found = [reveal(entry.inputs) for entry in plan.children(component)]
    assert len(found) == len(expected)
    assert all(item in found for item in expected)


def test_their_types_are_the_ones_of_the_sdk() -> None:
    plan = _plan(*manifests.folders())
    for entry in plan.children(plan.one(name="apps")):
        assert MODEL.input_problems(entry.type, entry.inputs) == {}, entry.name
    assert type_token({"apiVersion": "v1", "kind": "Service"}) == "kubernetes:core/v1:Service"
    assert type_token({"apiVersion": "apps/v1", "kind": "Deployment"}) == "kubernetes:apps/v1:Deployment"


def test_what_is_in_a_namespace_waits_for_it(unknown: bool) -> None:
    plan = _plan("nginx", "game-2048", unknown=unknown)
    for entry in plan.children(plan.one(name="apps")):
        namespace = entry.inputs["metadata"].get("namespace")
        assert needs(plan, entry) == ({f"Namespace apps-namespace-{namespace}"} if namespace else set()), entry.name


def test_names_stay_when_an_object_moves_to_another_file() -> None:
    names = {entry.name for entry in _plan("nginx").children(_plan("nginx").one(name="apps"))}
    assert {"apps-namespace-app-nginx", "apps-app-nginx-deployment-nginx", "apps-app-nginx-service-nginx"} <= names


def test_all_of_it_waits_for_what_serves_it() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        server = cloudwatch.LogGroup("server", opts=opts)
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[server]))
        Workloads("apps", WorkloadsSettings(folders=["nginx"]), on_cluster(), opts=after)

    plan = recorded(declare)
    for entry in plan.children(plan.one(name="apps")):
        assert "LogGroup server" in waits_for(plan, entry)


def test_what_is_in_a_namespace_waits_for_what_runs_its_pods() -> None:
    settings = WorkloadsSettings(folders=["nginx"])
    waiting = waiting_for_compute(lambda cluster, opts: Workloads("apps", settings, cluster, opts=opts))
    assert "Deployment apps-app-nginx-deployment-nginx" in waiting
    assert "Namespace apps-namespace-app-nginx" not in waiting


def test_a_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        manifests.objects("apache")
