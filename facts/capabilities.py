"""The optional controllers of the platform: each a Helm chart that a stack has where the stack file has its section.

One entry for each. What needs a list of them reads it here: namespaces, charts, what a stack file may not change in a
chart's values, the fake cloud's service accounts, the audit, and the tests that are the same for every controller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import versions
from facts import namespaces


@dataclass(frozen=True, kw_only=True)
class Capability:
    """A controller that is installed where its section is.

    section: the field of the stack's settings. component: the class that declares it. suffix: its component's name
    after the platform's. chart: its pin. namespace: where its pods run; unless that is the system's, the component
    declares it, restricted. images: the repositories of all its containers. role: what the name of its IAM role has
    after the component's; None: it calls no AWS API. serves: whether what teams deploy may use it, so that they are
    created after it and deleted before it. own_values: paths in the chart's values that are the program's alone.
    go_module: what the chart runs, as OSV names it. least: the least that the section needs, as a stack file says it.
    needs_nodes: whether a stack without EC2 nodes cannot have it. endpoints: the AWS services that it calls in addition
    to those that every stack calls, by the names of `network.interfaceEndpoints`.
    """

    section: str
    component: str
    suffix: str
    chart: versions.Chart
    namespace: str
    images: tuple[str, ...]
    role: str | None
    serves: bool
    own_values: tuple[tuple[str, ...], ...]
    go_module: str
    least: Mapping[str, Any] = field(default_factory=dict)
    needs_nodes: bool = False
    endpoints: frozenset[str] = frozenset()

    @property
    def service_account(self) -> str:
        """The service account of its controller: the release's name, which is the chart's."""
        return self.chart.name

    @property
    def has_namespace(self) -> bool:
        """Whether its namespace is its own."""
        return self.namespace != namespaces.SYSTEM

    def named(self, platform: str) -> str:
        """Return the name of its component in a platform."""
        return f"{platform}-{self.suffix}"


EXTERNAL_SECRETS: Final = Capability(
    section="external_secrets",
    component="ExternalSecrets",
    suffix="secrets",
    chart=versions.EXTERNAL_SECRETS,
    namespace="external-secrets",
    images=("ghcr.io/external-secrets/external-secrets",),
    role="-operator",
    serves=True,
    own_values=(
        ("serviceAccount",),
        ("crds",),
        ("installCRDs",),
        ("processSecretStore",),
        ("rbac", "serviceAccountTokenCreate"),
    ),
    go_module="github.com/external-secrets/external-secrets",
    least={"stores": {"one": {"service": "secrets-manager", "path": "dev/", "namespaces": ["app-*"]}}},
)
EXTERNAL_DNS: Final = Capability(
    section="external_dns",
    component="ExternalDns",
    suffix="dns",
    chart=versions.EXTERNAL_DNS,
    namespace="external-dns",
    images=("registry.k8s.io/external-dns/external-dns",),
    role="-controller",
    serves=True,
    own_values=(
        ("serviceAccount",),
        ("provider",),
        ("policy",),
        ("sources",),
        ("domainFilters",),
        ("excludeDomains",),
        ("registry",),
        ("txtOwnerId",),
        ("txtPrefix",),
        ("extraArgs", "zone-id-filter"),
    ),
    go_module="sigs.k8s.io/external-dns",
    least={"domains": ["example.jp"], "hostedZoneIds": ["Z0123456789EXAMPLE"]},
)
CERT_MANAGER: Final = Capability(
    section="cert_manager",
    component="CertManager",
    suffix="certificates",
    chart=versions.CERT_MANAGER,
    namespace="cert-manager",
    images=tuple(
        f"quay.io/jetstack/cert-manager-{part}"
        for part in ("controller", "webhook", "cainjector", "acmesolver", "startupapicheck")
    ),
    role="-controller",
    serves=True,
    own_values=(("serviceAccount",), ("crds",), ("installCRDs",), ("global", "leaderElection")),
    go_module="github.com/cert-manager/cert-manager",
    least={
        "issuers": {"one": {"email": "a@example.jp", "hostedZoneId": "Z0123456789EXAMPLE", "domains": ["example.jp"]}}
    },
)
CLUSTER_AUTOSCALER: Final = Capability(
    section="cluster_autoscaler",
    component="ClusterAutoscaler",
    suffix="autoscaler",
    chart=versions.CLUSTER_AUTOSCALER,
    namespace=namespaces.SYSTEM,
    images=("registry.k8s.io/autoscaling/cluster-autoscaler",),
    role="",
    serves=False,
    own_values=(("rbac", "serviceAccount"), ("autoDiscovery",), ("awsRegion",), ("cloudProvider",)),
    go_module="k8s.io/autoscaler/cluster-autoscaler",
    needs_nodes=True,
    endpoints=frozenset({"autoscaling"}),
)

DESCHEDULER: Final = Capability(
    section="descheduler",
    component="Descheduler",
    suffix="descheduler",
    chart=versions.DESCHEDULER,
    namespace="descheduler",
    images=("registry.k8s.io/descheduler/descheduler",),
    role=None,
    serves=False,
    own_values=(("serviceAccount",), ("kind",), ("replicas",), ("deschedulingInterval",), ("deschedulerPolicy",)),
    go_module="sigs.k8s.io/descheduler",
    needs_nodes=True,
)

CAPABILITIES: Final = (CERT_MANAGER, CLUSTER_AUTOSCALER, DESCHEDULER, EXTERNAL_DNS, EXTERNAL_SECRETS)
"""All of them. A new one is declared by its component, from an entry here: CONTRIBUTING.md lists the files."""
