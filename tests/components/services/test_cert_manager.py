"""cert-manager: rights for the records of challenges only, and an issuer for each authority.

The copies of upstream have neither its chart nor its definitions: what the values become no test here sees.
"""

import json
from typing import Any, Final

import pytest

from components.common.on_cluster import OnCluster
from components.common.placement import FARGATE_WEBHOOK_PORT
from components.services.cert_manager import (
    NAME,
    NAMESPACE,
    CertManager,
    cert_manager_values,
    issuer_spec,
)
from facts import iam_documents
from facts.iam_documents.dns import dns01_solver
from harness.plan import Plan
from settings.dns import CertManager as CertManagerSettings
from tests.components.given import (
    FARGATE,
    on_cluster,
    release_of,
    values_of,
)
from tests.components.recording import REGION, assert_shape, document, recorded

ISSUER = "kubernetes:cert-manager.io/v1:ClusterIssuer"
PARTS = {"": ("controller", NAME), "webhook": ("webhook", "webhook"), "cainjector": ("cainjector", "cainjector")}
"""Where the values of each Deployment are, and the role and the name by which the chart labels its pods."""


SECTION: Final[dict[str, Any]] = {
    "issuers": {
        "production": {
            "server": "letsencrypt",
            "email": "team@example.jp",
            "hostedZoneId": "Z0123456789EXAMPLE",
            "domains": ["internal.example.jp"],
        },
        "trial": {
            "server": "letsencrypt-staging",
            "email": "team@example.jp",
            "hostedZoneId": "Z0123456789ANOTHER",
            "domains": ["example.com"],
        },
    }
}


def _settings(**section: Any) -> CertManagerSettings:
    """Return the settings with others under their names in a stack file."""
    return CertManagerSettings.model_validate_json(json.dumps({**SECTION, **section}))


def _plan(cluster: OnCluster | None = None, *, unknown: bool = False, **section: Any) -> Plan:
    settings = _settings(**section)
    return recorded(
        lambda opts: CertManager("certificates", settings, cluster or on_cluster(), opts=opts), unknown=unknown
    )


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return values_of(_plan(), NAME)


def test_it_is_a_component(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, CertManager, "certificates")
    namespace = plan.one(type="kubernetes:core/v1:Namespace").inputs["metadata"]
    assert namespace["name"] == NAMESPACE
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_for_a_zone_of_another_account_it_assumes_the_role_of_the_issuer() -> None:
    role = "arn:aws:iam::444455556666:role/records"
    own, other = SECTION["issuers"].values()
    plan = _plan(issuers={"own": own, "other": {**other, "zoneRole": role}, "again": {**other, "zoneRole": role}})
    policies = {entry.name: document(entry, "policy") for entry in plan.find(type="aws:iam/policy:Policy")}
    assert policies == {
        "certificates-controller-challenges": dns01_solver(REGION, [own["hostedZoneId"]], own["domains"]),
        "certificates-controller-zone-roles": iam_documents.assume_roles([role]),
    }
    solvers = {
        entry.inputs["metadata"]["name"]: entry.inputs["spec"]["acme"]["solvers"][0]["dns01"]["route53"].get("role")
        for entry in plan.find(type=ISSUER)
    }
    assert solvers == {"own": None, "other": role, "again": role}


def test_with_zones_of_another_account_alone_it_may_only_assume_their_roles() -> None:
    (_, issuer) = SECTION["issuers"].values()
    plan = _plan(issuers={"a": {**issuer, "zoneRole": "arn:aws:iam::444455556666:role/records"}})
    (found,) = plan.find(type="aws:iam/policy:Policy")
    assert found.name == "certificates-controller-zone-roles"


def test_its_role_has_the_rights_of_all_issuers() -> None:
    (found,) = _plan().find(type="aws:iam/policy:Policy")
    zones = ["Z0123456789EXAMPLE", "Z0123456789ANOTHER"]
    assert document(found, "policy") == dns01_solver(REGION, zones, ["internal.example.jp", "example.com"])


def test_up_waits_until_an_issuer_is_ready() -> None:
    issuers = _plan().find(type=ISSUER)
    assert issuers
    for entry in issuers:
        assert entry.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}


def test_an_issuer_proves_its_domains_in_its_zone_by_the_controllers_role() -> None:
    issuers = {entry.inputs["metadata"]["name"]: entry.inputs["spec"]["acme"] for entry in _plan().find(type=ISSUER)}
    assert set(issuers) == {"production", "trial"}
    assert issuers["production"]["server"] == "https://acme-v02.api.letsencrypt.org/directory"
    assert issuers["trial"]["server"] == "https://acme-staging-v02.api.letsencrypt.org/directory"
    for name, acme in issuers.items():
        assert acme["email"] == "team@example.jp"
        assert acme["privateKeySecretRef"] == {"name": f"{name}-account"}
        (solver,) = acme["solvers"]
        given = SECTION["issuers"][name]
        assert solver["selector"] == {"dnsZones": given["domains"]}
        # No key and no service account in it: the controller's own role.
        assert solver["dns01"] == {"route53": {"region": REGION, "hostedZoneID": given["hostedZoneId"]}}


def test_accounts_of_issuers_are_apart() -> None:
    issuer = _settings().issuers["production"]
    names = [issuer_spec(name, issuer, REGION)["acme"]["privateKeySecretRef"]["name"] for name in ("a", "b")]
    assert len(set(names)) == 2


def test_issuers_go_before_the_controller() -> None:
    plan = _plan()
    for entry in plan.find(type=ISSUER):
        assert release_of(plan, NAME).urn in entry.depends_on


def test_definitions_come_with_the_chart_and_outlive_it(values: dict[str, Any]) -> None:
    assert values["crds"] == {"enabled": True, "keep": True}


@pytest.mark.parametrize("where", PARTS)
def test_each_part_has_a_stand_by_a_budget_a_size_a_spread_and_a_place(where: str, values: dict[str, Any]) -> None:
    part = values[where] if where else values
    role, pods = PARTS[where]
    assert part["replicaCount"] == 2
    assert part["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    assert part["resources"]["limits"]["memory"] == part["resources"]["requests"]["memory"]
    assert part["nodeSelector"] == {"role": "operations"}
    assert part["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    assert part["podAnnotations"] == {"karpenter.sh/do-not-disrupt": "true"}
    zone, _host = part["topologySpreadConstraints"]
    assert zone["labelSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": pods,
        "app.kubernetes.io/instance": NAME,
        "app.kubernetes.io/component": role,
    }


def test_its_check_runs_where_the_platforms_pods_do(values: dict[str, Any]) -> None:
    check = values["startupapicheck"]
    assert check["nodeSelector"] == {"role": "operations"}
    assert check["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    assert check["resources"]["requests"]["cpu"]


def test_its_leases_are_in_its_own_namespace(values: dict[str, Any]) -> None:
    assert values["global"]["leaderElection"] == {"namespace": NAMESPACE}
    assert values["extraEnv"] == [{"name": "AWS_REGION", "value": REGION}]


def test_a_proof_is_looked_for_at_the_name_servers_of_the_settings_alone() -> None:
    """Where the VPC answers for the domain itself, its resolver never sees a proof that is public."""
    servers = ["1.1.1.1:53", "https://1.1.1.1/dns-query"]
    found = cert_manager_values(_settings(recursiveNameServers=servers), on_cluster(), {})
    assert found["dns01RecursiveNameservers"] == "1.1.1.1:53,https://1.1.1.1/dns-query"
    assert found["dns01RecursiveNameserversOnly"] is True
    assert not [key for key in cert_manager_values(_settings(), on_cluster(), {}) if key.startswith("dns01")]


def test_on_fargate_the_webhook_leaves_the_kubelet_its_port() -> None:
    assert (
        cert_manager_values(_settings(), on_cluster(placement=FARGATE), {})["webhook"]["securePort"]
        == FARGATE_WEBHOOK_PORT
    )
    assert "securePort" not in cert_manager_values(_settings(), on_cluster(), {})["webhook"]
