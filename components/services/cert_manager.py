"""cert-manager: certificates inside the cluster, by ACME with proofs in Route 53."""

from typing import Any, Final, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

import versions
from components.common.chart import image, release
from components.common.identity import ClusterIdentity, ServiceAccountName, role_annotations, workload_identity
from components.common.placement import FARGATE_WEBHOOK_PORT, Placement, pod_annotations, pod_placement, zone_spread
from components.common.pod_namespace import PodNamespace
from components.common.pod_security import restricted_namespace
from components.common.ready import WAIT_UNTIL_READY
from facts import iam_documents, namespaces
from settings import Charts

NAMESPACE: Final = namespaces.CERT_MANAGER
NAME: Final = versions.CERT_MANAGER.name
IMAGES: Final = "quay.io/jetstack/cert-manager-"
"""The beginning of its images' names, with the part's name after it."""

ACME_SERVERS: Final = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""https://letsencrypt.org/docs/acme-protocol-updates/, https://letsencrypt.org/docs/staging-environment/"""


class IssuerArgs(TypedDict):
    """An authority that certificates for some domains are asked of."""

    server: str
    """"letsencrypt" or "letsencrypt-staging"."""
    email: str
    """Whom the authority writes to."""
    hosted_zone_id: str
    """The Route 53 zone of the domains."""
    domains: list[str]
    """Names that it may certify, and all below them."""


class CertManagerArgs(TypedDict):
    """What cert-manager and its issuers are made from."""

    kubernetes_version: str
    """The minor whose Pod Security Standard holds in the namespace."""
    namespace: PodNamespace
    """Its namespace, once there are nodes or a Fargate profile for its pods."""
    region: str
    """AWS region, for the SDK; Route 53 has none."""
    identity: ClusterIdentity
    """How the controller gets its role."""
    placement: Placement
    """Where its pods run."""
    charts: Charts
    """Where charts and images come from; None: its publisher."""
    issuers: dict[str, IssuerArgs]
    """Issuers by name."""
    recursive_name_servers: list[str]
    """Whom it asks whether a proof has appeared; empty: the cluster's resolver, then the zone's own name servers."""


class CertManager(pulumi.ComponentResource):
    """The controller that keeps certificates in Kubernetes secrets valid, and a ClusterIssuer for each authority.

    For TLS that ends inside the cluster. The ALB's own certificate is ACM's.
    """

    def __init__(self, name: str, args: CertManagerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the namespace, the role, the release and the issuers."""
        super().__init__("eks-platform:index:CertManager", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = restricted_namespace(f"{name}-namespace", NAMESPACE, args["kubernetes_version"], child)
        issuers = args["issuers"]
        policy = iam_documents.dns01_solver(
            args["region"],
            [issuer["hosted_zone_id"] for issuer in issuers.values()],
            [domain for issuer in issuers.values() for domain in issuer["domains"]],
        )
        identity = workload_identity(
            f"{name}-controller",
            args["identity"],
            ServiceAccountName(NAMESPACE, NAME),
            child,
            documents={"challenges": pulumi.Output.json_dumps(policy)},
        )
        controller = release(
            f"{name}-release",
            versions.CERT_MANAGER,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace, identity]),
            namespace=args["namespace"],
            charts=args["charts"],
            values=cert_manager_values(args, role_annotations(identity)),
        )
        for issuer, settings in issuers.items():
            CustomResource(
                f"{name}-{issuer}",
                api_version="cert-manager.io/v1",
                kind="ClusterIssuer",
                metadata={"name": issuer, "annotations": WAIT_UNTIL_READY},
                spec=issuer_spec(issuer, settings, args["region"]),
                # The webhook is asked when an issuer comes or changes.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[controller]),
            )
        self.register_outputs({})


def cert_manager_values(args: CertManagerArgs, annotations: dict[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Return the chart's values (cert-manager chart 1.21)."""
    placement = args["placement"]

    def of(part: str) -> dict[str, str]:
        return {"repository": image(f"{IMAGES}{part}", args["charts"])}

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
        # Among the chart's templates, so that upgrades reach them; kept when the release goes, because every
        # certificate would go with them.
        "crds": {"enabled": True, "keep": True},
        # Its own, and not kube-system, where it would need rights of its own.
        "global": {"leaderElection": {"namespace": NAMESPACE}, "priorityClassName": "system-cluster-critical"},
        "serviceAccount": {"name": NAME, "annotations": annotations},
        "extraEnv": [{"name": "AWS_REGION", "value": args["region"]}],
        **_recursion(args["recursive_name_servers"]),
        "webhook": {**component("webhook", "webhook", "128Mi"), **port},
        # It keeps every Secret of the cluster in memory.
        "cainjector": component("cainjector", "cainjector", "512Mi"),
        "acmesolver": {"image": of("acmesolver")},
        # The release is over when the webhook answers.
        "startupapicheck": {"image": of("startupapicheck"), "resources": check, **pod_placement(placement)},
    }


def _recursion(name_servers: list[str]) -> dict[str, Any]:
    """Return the values by which a proof is looked for at these name servers alone.

    https://cert-manager.io/docs/configuration/acme/dns01/#setting-nameservers-for-dns01-self-check
    """
    if not name_servers:
        return {}
    return {"dns01RecursiveNameservers": ",".join(name_servers), "dns01RecursiveNameserversOnly": True}


def issuer_spec(name: str, args: IssuerArgs, region: str) -> dict[str, Any]:
    """Return the spec of a ClusterIssuer (https://cert-manager.io/docs/configuration/acme/dns01/route53/).

    Without credentials in it the controller uses those of its own role, which cluster issuers may.
    """
    return {
        "acme": {
            "server": ACME_SERVERS[args["server"]],
            "email": args["email"],
            "privateKeySecretRef": {"name": f"{name}-account"},
            "solvers": [
                {
                    "selector": {"dnsZones": args["domains"]},
                    "dns01": {"route53": {"region": region, "hostedZoneID": args["hosted_zone_id"]}},
                }
            ],
        }
    }
