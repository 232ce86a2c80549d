"""ExternalDNS: rights for its domains' records only, a mark of the cluster, a pod of its own namespace."""

import json
from collections.abc import Sequence
from typing import Any, Final

import pytest

from components.common.on_cluster import OnCluster
from components.services.external_dns import NAME, NAMESPACE, ExternalDns
from facts.iam_documents.dns import external_dns
from harness.plan import Plan
from settings.dns import ExternalDns as ExternalDnsSettings
from tests import upstream
from tests.components.given import (
    CLUSTER,
    FARGATE,
    NODES,
    on_cluster,
    release_of,
    values_of,
)
from tests.components.recording import REGION, assert_shape, document, recorded
from tests.conformance.charts import unknown_keys

SECTION: Final = {
    "domains": ["example.jp"],
    "hostedZoneIds": ["Z0123456789EXAMPLE", "Z0123456789ANOTHER"],
    "policy": "upsert-only",
    "sources": ["service", "ingress"],
}
HOSTS: Final = ["argocd.example.jp"]
NAMES: Final = ["example.jp", "*.example.jp", "argocd.example.jp"]


def _plan(
    *,
    unknown: bool = False,
    hosts: Sequence[str] = HOSTS,
    names: Sequence[str] = NAMES,
    cluster: OnCluster | None = None,
    **section: Any,
) -> Plan:
    """Record the component. section: settings under the names of a stack file."""
    settings = ExternalDnsSettings.model_validate_json(json.dumps({**SECTION, **section}))
    return recorded(
        lambda opts: ExternalDns(
            "dns", settings, cluster or on_cluster(), platform_hosts=hosts, platform_names=names, opts=opts
        ),
        unknown=unknown,
    )


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return values_of(_plan(), NAME)


def test_it_is_a_component(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, ExternalDns, "dns")
    namespace = plan.one(type="kubernetes:core/v1:Namespace").inputs["metadata"]
    assert namespace["name"] == NAMESPACE
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert release_of(plan, NAME).inputs["skipCrds"] is True


@pytest.mark.parametrize("policy", ["upsert-only", "sync"])
def test_its_rights_are_those_of_its_zones_and_policy(policy: str) -> None:
    (found,) = _plan(policy=policy).find(type="aws:iam/policy:Policy")
    expected = external_dns(REGION, SECTION["hostedZoneIds"], SECTION["domains"], policy, NAMES)
    assert document(found, "policy") == expected


def test_for_zones_of_another_account_it_assumes_their_role_and_may_do_nothing_else() -> None:
    role = "arn:aws:iam::444455556666:role/records"
    plan = _plan(zoneRole=role)
    (found,) = plan.find(type="aws:iam/policy:Policy")
    # With Pod Identity the session has tags, which the second one inherits.
    (statement,) = document(found, "policy")["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["sts:AssumeRole", "sts:TagSession"], [role])
    extra = values_of(plan, NAME)["extraArgs"]
    assert extra == {"zone-id-filter": SECTION["hostedZoneIds"], "aws-assume-role": role}


def test_it_leaves_the_platforms_names_alone(values: dict[str, Any]) -> None:
    # With all below them: nobody has a record below a host of the platform's.
    assert values["excludeDomains"] == ["argocd.example.jp"]
    (keep,) = [
        statement
        for statement in document(_plan().one(type="aws:iam/policy:Policy"), "policy")["Statement"]
        if statement["Effect"] == "Deny"
    ]
    # Route 53 compares names in its normal form, in which an asterisk is an octal code.
    normal = ["example.jp", "\\052.example.jp", "argocd.example.jp"]
    assert keep["Action"] == ["route53:ChangeResourceRecordSets"]
    assert keep["Condition"] == {
        "ForAnyValue:StringEquals": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": normal}
    }
    assert set(keep["Resource"]) == {f"arn:aws:route53:::hostedzone/{zone}" for zone in SECTION["hostedZoneIds"]}


def test_without_names_of_the_platform_nothing_is_refused() -> None:
    plan = _plan(hosts=[], names=[])
    statements = document(plan.one(type="aws:iam/policy:Policy"), "policy")["Statement"]
    assert {statement["Effect"] for statement in statements} == {"Allow"}


def test_it_knows_its_own_records_by_the_clusters_name(values: dict[str, Any]) -> None:
    assert (values["registry"], values["txtOwnerId"]) == ("txt", CLUSTER)
    # With a label for the type the mark of the zone's own name stays in the zone: a-external-dns.example.jp.
    assert values["txtPrefix"].startswith("%{record_type}")
    assert values["txtPrefix"].endswith(".")


def test_it_is_told_what_to_look_at() -> None:
    values = values_of(_plan(policy="sync", sources=["traefik-proxy"], domains=["a.jp", "b.jp"]), NAME)
    assert (values["policy"], values["sources"], values["domainFilters"]) == (
        "sync",
        ["traefik-proxy"],
        ["a.jp", "b.jp"],
    )
    assert values["extraArgs"] == {"zone-id-filter": SECTION["hostedZoneIds"]}
    assert values["provider"] == {"name": "aws"}
    assert values["env"] == [{"name": "AWS_REGION", "value": REGION}]


@pytest.mark.parametrize(("sources", "installed"), [(["service"], False), (["service", "crd"], True)])
def test_the_definition_of_endpoints_is_installed_for_their_source(sources: list[str], *, installed: bool) -> None:
    assert release_of(_plan(sources=sources), NAME).inputs["skipCrds"] is not installed


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
@pytest.mark.parametrize("placement", [NODES, FARGATE], ids=["nodes", "fargate"])
def test_the_chart_knows_every_value(placement: Any) -> None:
    values = values_of(_plan(cluster=on_cluster(placement=placement)), NAME)
    defaults = upstream.default_values(NAME)
    assert unknown_keys(upstream.chart(NAME), values) == []
    assert upstream.schema_problems(upstream.value_schema(NAME), upstream.merged(defaults, values)) == []


@pytest.mark.upstream
def test_one_pod_at_a_time_changes_records() -> None:
    text = upstream.chart(NAME, "templates", "deployment.yaml").read_text()
    assert "replicas: 1\n" in text
    assert upstream.default_values(NAME)["deploymentStrategy"] == {"type": "Recreate"}


@pytest.mark.upstream
@pytest.mark.parametrize("source", ["service", "ingress", "traefik-proxy", "crd"])
def test_the_chart_gives_rights_for_each_source(source: str) -> None:
    assert f'"{source}"' in upstream.chart(NAME, "templates", "clusterrole.yaml").read_text()
