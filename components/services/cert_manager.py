"""cert-manager: certificates inside the cluster, by ACME with proofs in Route 53."""

from collections.abc import Sequence
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.helm.v3 import Release

import versions
from components.common.chart import image, release
from components.common.identity import ServiceAccountName, role_annotations, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import FARGATE_WEBHOOK_PORT, pod_annotations, pod_placement, zone_spread
from components.common.pod_security import restricted_namespace
from components.common.ready import WAIT_UNTIL_READY
from facts import iam_documents
from facts.capabilities import CERT_MANAGER
from facts.iam_documents.dns import dns01_solver
from settings.dns import AcmeServer, Issuer
from settings.dns import CertManager as CertManagerSettings

NAMESPACE: Final = CERT_MANAGER.namespace
NAME: Final = versions.CERT_MANAGER.name
IMAGES: Final = "quay.io/jetstack/cert-manager-"
"""The beginning of its images' names, with the part's name after it."""

ACME_SERVERS: Final = {
    AcmeServer.LETSENCRYPT: "https://acme-v02.api.letsencrypt.org/directory",
    AcmeServer.LETSENCRYPT_STAGING: "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""https://letsencrypt.org/docs/acme-protocol-updates/, https://letsencrypt.org/docs/staging-environment/"""


class CertManager(pulumi.ComponentResource):
    """The controller that keeps certificates in Kubernetes secrets valid, and a ClusterIssuer for each authority.

    For TLS that ends inside the cluster. The ALB's own certificate is ACM's.
    """

    release: Release
    """The controller and its webhook, which answers once the release is done."""

    def __init__(
        self,
        name: str,
        settings: CertManagerSettings,
        cluster: OnCluster,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the namespace, the role, the release and the issuers."""
        super().__init__("eks-platform:index:CertManager", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = restricted_namespace(f"{name}-namespace", NAMESPACE, cluster.kubernetes_version, child)
        issuers = settings.issuers
        identity = workload_identity(
            f"{name}-controller",
            cluster.identity,
            ServiceAccountName(NAMESPACE, NAME),
            child,
            documents={
                key: pulumi.Output.json_dumps(policy) for key, policy in _rights(settings, cluster.region).items()
            },
        )
        self.release = release(
            f"{name}-release",
            versions.CERT_MANAGER,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace, identity]),
            namespace=cluster.namespace(NAMESPACE),
            charts=cluster.charts,
            values=cert_manager_values(settings, cluster, role_annotations(identity)),
        )
        for key, issuer in issuers.items():
            CustomResource(
                f"{name}-{key}",
                api_version="cert-manager.io/v1",
                kind="ClusterIssuer",
                metadata={"name": key, "annotations": WAIT_UNTIL_READY},
                spec=issuer_spec(key, issuer, cluster.region),
                # The webhook validates issuers that are created or changed.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.release]),
            )
        self.register_outputs({})


def _rights(settings: CertManagerSettings, region: str) -> dict[str, iam_documents.PolicyDocument]:
    """Return the policies of the controller's role: for zones of its own account, and for roles in other accounts."""
    own = [issuer for issuer in settings.issuers.values() if not issuer.zone_role]
    roles = sorted({issuer.zone_role for issuer in settings.issuers.values() if issuer.zone_role})
    zones = [issuer.hosted_zone_id for issuer in own]
    domains = [domain for issuer in own for domain in issuer.domains]
    challenges = {"challenges": dns01_solver(region, zones, domains)} if own else {}
    return challenges | ({"zone-roles": iam_documents.assume_roles(roles)} if roles else {})


def cert_manager_values(
    settings: CertManagerSettings, cluster: OnCluster, annotations: dict[str, pulumi.Output[str]]
) -> dict[str, Any]:
    """Return the chart's values (cert-manager chart 1.21)."""
    placement = cluster.placement

    def of(part: str) -> dict[str, str]:
        return {"repository": image(f"{IMAGES}{part}", cluster.charts)}

    def component(role: str, pods: str, memory: str) -> dict[str, Any]:
        labels = {
            "app.kubernetes.io/name": pods,
            "app.kubernetes.io/instance": NAME,
            "app.kubernetes.io/component": role,
        }
        return {
            "image": of(role),
            "replicaCount": 2,
            "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
            "resources": {"requests": {"cpu": "50m", "memory": memory}, "limits": {"memory": memory}},
            "topologySpreadConstraints": zone_spread(labels, fargate=placement.fargate),
            "podAnnotations": pod_annotations(placement),
            **pod_placement(placement),
        }

    port = {"securePort": FARGATE_WEBHOOK_PORT} if placement.fargate else {}
    check = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}
    return {
        **component("controller", NAME, "256Mi"),
        # Among the chart's templates, so that upgrades reach them; kept when the release is deleted, because every
        # certificate would go with them.
        "crds": {"enabled": True, "keep": True},
        # Its own, and not kube-system, where it would need rights of its own.
        "global": {"leaderElection": {"namespace": NAMESPACE}, "priorityClassName": "system-cluster-critical"},
        "serviceAccount": {"name": NAME, "annotations": annotations},
        "extraEnv": [{"name": "AWS_REGION", "value": cluster.region}, *cluster.variables],
        **_recursion(settings.recursive_name_servers),
        "webhook": {**component("webhook", "webhook", "128Mi"), **port},
        # It keeps every Secret of the cluster in memory.
        "cainjector": component("cainjector", "cainjector", "512Mi"),
        "acmesolver": {"image": of("acmesolver")},
        # The release is over when the webhook answers.
        "startupapicheck": {"image": of("startupapicheck"), "resources": check, **pod_placement(placement)},
    }


def _recursion(name_servers: Sequence[str]) -> dict[str, Any]:
    """Return the values by which a proof is looked for at these name servers alone.

    https://cert-manager.io/docs/configuration/acme/dns01/#setting-nameservers-for-dns01-self-check
    """
    if not name_servers:
        return {}
    return {"dns01RecursiveNameservers": ",".join(name_servers), "dns01RecursiveNameserversOnly": True}


def issuer_spec(name: str, issuer: Issuer, region: str) -> dict[str, Any]:
    """Return the spec of a ClusterIssuer (https://cert-manager.io/docs/configuration/acme/dns01/route53/).

    Without credentials in it the controller uses those of its own role, which cluster issuers may: for the records, or
    to assume the role of the zone's account.
    """
    route53 = {"region": region, "hostedZoneID": issuer.hosted_zone_id}
    if issuer.zone_role:
        route53["role"] = issuer.zone_role
    return {
        "acme": {
            "server": ACME_SERVERS[issuer.server],
            "email": issuer.email,
            "privateKeySecretRef": {"name": f"{name}-account"},
            "solvers": [
                {
                    "selector": {"dnsZones": issuer.domains},
                    "dns01": {"route53": route53},
                }
            ],
        }
    }
