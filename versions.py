"""Every version this program deploys, each with the page that documents it.

Nothing here resolves "latest": an upgrade is a change of this file, reviewed like any other.
How each kind of pin is renewed:

* Kubernetes: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
* add-ons: ``aws eks describe-addon-versions --kubernetes-version 1.36`` (take the one marked as default)
* charts: the publisher's release page next to the pin
* AMIs: the release page next to the pin; a new AMI replaces nodes, so it goes through a pull request too
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

Support = Literal["standard", "extended", "none"]


# --- Kubernetes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SupportWindow:
    """When EKS supports one Kubernetes minor. Each day given is the first one without that support.

    In extended support a cluster costs six times as much an hour; after it, EKS upgrades the control plane by itself.
    """

    offered_since: date
    standard_until: date
    extended_until: date


# https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html#kubernetes-release-calendar
# https://endoflife.date/amazon-eks (both read 2026-08-22)
KUBERNETES: Final[dict[str, SupportWindow]] = {
    "1.36": SupportWindow(date(2026, 6, 2), date(2027, 8, 2), date(2028, 8, 2)),
    "1.35": SupportWindow(date(2026, 1, 28), date(2027, 3, 27), date(2028, 3, 27)),
    "1.34": SupportWindow(date(2025, 10, 2), date(2026, 12, 2), date(2027, 12, 2)),
    "1.33": SupportWindow(date(2025, 5, 29), date(2026, 7, 29), date(2027, 7, 29)),
    "1.32": SupportWindow(date(2025, 1, 23), date(2026, 3, 23), date(2027, 3, 23)),
}

DEFAULT_KUBERNETES: Final = "1.36"


def support_on(minor: str, day: date) -> Support:
    """Tell which support EKS gives a Kubernetes minor (such as ``"1.36"``) on a day.

    Raises KeyError for a minor that is not in ``KUBERNETES``.
    """
    window = KUBERNETES[minor]
    if not window.offered_since <= day < window.extended_until:
        return "none"
    return "standard" if day < window.standard_until else "extended"


def deployable_on(day: date) -> tuple[str, ...]:
    """List the Kubernetes minors, newest first, that EKS supports on a day and that this file pins add-ons for."""
    return tuple(minor for minor in KUBERNETES if minor in ADDONS and support_on(minor, day) != "none")


# --- Managed add-ons ----------------------------------------------------------------------------------------------


# The add-ons that a stack can have, by EKS's names.
ADDON_NAMES: Final = (
    "vpc-cni",
    "kube-proxy",
    "coredns",
    "eks-pod-identity-agent",
    "aws-ebs-csi-driver",
    "metrics-server",
    "snapshot-controller",
    "eks-node-monitoring-agent",
    "amazon-cloudwatch-observability",
)

# EKS's default version of each add-on for the minor in the second half of September 2026. The tables of AWS's own pages
# lag behind the API, so the values are those that `aws eks describe-addon-versions` gave, as recorded in public, e.g.
# https://github.com/Patheya-express/patheya-express-terraform/blob/929b341/environments/production/cluster/main.tf
#   vpc-cni             https://docs.aws.amazon.com/eks/latest/userguide/managing-vpc-cni.html
#   kube-proxy          https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html
#   coredns             https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html
#   pod identity agent  https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
#   ebs csi driver      https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html
#   metrics-server      https://docs.aws.amazon.com/eks/latest/userguide/community-addons.html
#   snapshot controller https://docs.aws.amazon.com/eks/latest/userguide/csi-snapshot-controller.html
#   monitoring agent    https://docs.aws.amazon.com/eks/latest/userguide/node-health-nma.html
#                       https://github.com/aws/eks-node-monitoring-agent/tree/main/charts/eks-node-monitoring-agent
#   observability       https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Observability-EKS-addon.html
# amazon-cloudwatch-observability is a version behind EKS's default: its chart, whose values the add-on takes, is public
# at this one (https://github.com/aws-observability/helm-charts/releases/tag/v6.4.0).
# vpc-cni below 1.22.4 carries a network policy agent that confuses pods of different namespaces (CVE-2026-86831,
# https://github.com/aws/aws-network-policy-agent/pull/576): do not go back.
# 1.33 and 1.32 have no row: they are in extended support, and a platform that starts today should not start there.
ADDONS: Final[dict[str, dict[str, str]]] = {
    "1.36": {
        "vpc-cni": "v1.22.4-eksbuild.3",
        "kube-proxy": "v1.36.0-eksbuild.25",
        "coredns": "v1.14.3-eksbuild.23",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
        "metrics-server": "v0.9.0-eksbuild.11",
        "snapshot-controller": "v8.6.0-eksbuild.8",
        "eks-node-monitoring-agent": "v1.7.2-eksbuild.1",
        "amazon-cloudwatch-observability": "v6.4.0-eksbuild.1",
    },
    "1.35": {
        "vpc-cni": "v1.22.4-eksbuild.3",
        "kube-proxy": "v1.35.3-eksbuild.29",
        "coredns": "v1.13.2-eksbuild.31",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
        "metrics-server": "v0.9.0-eksbuild.11",
        "snapshot-controller": "v8.6.0-eksbuild.8",
        "eks-node-monitoring-agent": "v1.7.2-eksbuild.1",
        "amazon-cloudwatch-observability": "v6.4.0-eksbuild.1",
    },
    "1.34": {
        "vpc-cni": "v1.22.4-eksbuild.3",
        "kube-proxy": "v1.34.6-eksbuild.29",
        "coredns": "v1.12.4-eksbuild.38",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
        "metrics-server": "v0.9.0-eksbuild.11",
        "snapshot-controller": "v8.6.0-eksbuild.8",
        "eks-node-monitoring-agent": "v1.7.2-eksbuild.1",
        "amazon-cloudwatch-observability": "v6.4.0-eksbuild.1",
    },
}


def addon_version(name: str, minor: str) -> str:
    """Return the pinned version of the add-on `name` ("vpc-cni") for a Kubernetes minor.

    Raises KeyError for an add-on or a minor that has no pin.
    """
    return ADDONS[minor][name]


# --- Node images --------------------------------------------------------------------------------------------------

# https://github.com/bottlerocket-os/bottlerocket/releases/tag/v1.66.0 (with Kubernetes 1.34 to 1.37;
# https://github.com/bottlerocket-os/bottlerocket/pull/4946). One release serves every minor.
BOTTLEROCKET_VERSION: Final = "1.66.0"

# A managed node group takes "version-commit" and answers "not valid" to the version alone
# (https://github.com/cloudposse/terraform-aws-eks-node-group/issues/209). The commit is in the name of the release's
# images: bottlerocket-aws-k8s-1.36-x86_64-v1.66.0-1ad6b4a4.
BOTTLEROCKET_RELEASE_VERSION: Final = f"{BOTTLEROCKET_VERSION}-1ad6b4a4"

# https://github.com/awslabs/amazon-eks-ami/releases/tag/v20260930
AL2023_RELEASE_DATE: Final = "20260930"

# Kubelet patch version and release date, for a managed node group; the same page lists them by minor.
AL2023_RELEASE_VERSION: Final[dict[str, str]] = {
    "1.36": f"1.36.4-{AL2023_RELEASE_DATE}",
    "1.35": f"1.35.8-{AL2023_RELEASE_DATE}",
    "1.34": f"1.34.11-{AL2023_RELEASE_DATE}",
}

# Karpenter's aliases: https://karpenter.sh/docs/concepts/nodeclasses/#specamiselectorterms
BOTTLEROCKET_ALIAS: Final = f"bottlerocket@v{BOTTLEROCKET_VERSION}"
AL2023_ALIAS: Final = f"al2023@v{AL2023_RELEASE_DATE}"


# --- Helm charts --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chart:
    """One Helm chart: its name, its repository's URL (``https://`` or ``oci://``), its version and its app's.

    chart_app_version: the version that the chart itself would run, where a later patch does. digest: of that patch's
    image, where it is known.
    """

    name: str
    repository: str
    version: str
    app_version: str
    chart_app_version: str | None = None
    digest: str | None = None

    def at(self, version: str) -> "Chart":
        """Return the same chart at another version, whose application has the same one."""
        return replace(self, version=version, app_version=version, chart_app_version=None, digest=None)

    @property
    def tag(self) -> str | None:
        """The image's tag, and its digest where it is known, where it is not the chart's own; None: the chart's."""
        if not self.chart_app_version:
            return None
        return f"{self.app_version}@{self.digest}" if self.digest else self.app_version

    @property
    def reference(self) -> str:
        """What a Helm release takes as chart: the name, or for an OCI registry the whole URL."""
        return f"{self.repository}/{self.name}" if self.repository.startswith("oci://") else self.name

    @property
    def index(self) -> str | None:
        """The repository whose index Helm reads; None for an OCI registry, which has none."""
        return None if self.repository.startswith("oci://") else self.repository


# https://github.com/kubernetes-sigs/aws-load-balancer-controller/releases/tag/v3.5.0
AWS_LOAD_BALANCER_CONTROLLER: Final = Chart(
    name="aws-load-balancer-controller",
    repository="https://aws.github.io/eks-charts",
    version="3.5.0",
    app_version="v3.5.0",
)

# https://github.com/traefik/traefik-helm-chart/releases/tag/v41.3.0, with the image of a later patch: up to 3.7.12 have
# CVE-2026-85594 and four more (https://github.com/traefik/traefik/releases/tag/v3.7.13). The digest is that of the list
# of all architectures at https://hub.docker.com/_/traefik.
TRAEFIK: Final = Chart(
    name="traefik",
    repository="https://traefik.github.io/charts",
    version="41.3.0",
    app_version="v3.7.13",
    chart_app_version="v3.7.11",
    digest="sha256:24841fe2de7304c149343d877d2923b4c8800a38ba015dea9174c23b20e344a0",
)

# The chart `traefik-crds` was deprecated and removed (https://github.com/traefik/traefik-helm-chart/commit/fd6fca32);
# its last version, 1.18.0, lacks a field of the Middleware of Traefik 3.7.11. The definitions come from the tag of the
# chart itself, so that both move together.
TRAEFIK_CRDS: Final[tuple[str, ...]] = tuple(
    f"https://raw.githubusercontent.com/traefik/traefik-helm-chart/v{TRAEFIK.version}/traefik/crds/traefik.io_{plural}.yaml"
    for plural in (
        "ingressroutes",
        "ingressroutetcps",
        "ingressrouteudps",
        "middlewares",
        "middlewaretcps",
        "serverstransports",
        "serverstransporttcps",
        "tlsoptions",
        "tlsstores",
        "traefikservices",
    )
)

# What Amazon Managed Grafana has: https://www.pulumi.com/registry/packages/aws/api-docs/grafana/workspace/
GRAFANA_VERSIONS: Final = ("13.2", "12.4", "10.4", "9.4")
GRAFANA_VERSION: Final = GRAFANA_VERSIONS[0]

# The version of the Gateway API that Traefik 3.7 supports:
# https://doc.traefik.io/traefik/v3.7/reference/install-configuration/providers/kubernetes/kubernetes-gateway/
GATEWAY_API_VERSION: Final = "1.5.1"

# Of its standard channel the kinds that Traefik serves; chart 41 has none of them any more
# (https://github.com/traefik/traefik-helm-chart/commit/ab7dbb15).
GATEWAY_API_CRDS: Final[tuple[str, ...]] = tuple(
    f"https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/v{GATEWAY_API_VERSION}/config/crd/standard/gateway.networking.k8s.io_{plural}.yaml"
    for plural in (
        "gatewayclasses",
        "gateways",
        "httproutes",
        "grpcroutes",
        "tlsroutes",
        "referencegrants",
        "backendtlspolicies",
    )
)

# https://github.com/aws/karpenter-provider-aws/releases/tag/v1.14.1
KARPENTER: Final = Chart(
    name="karpenter",
    repository="oci://public.ecr.aws/karpenter",
    version="1.14.1",
    app_version="1.14.1",
)

# A CRD in a chart's crds/ folder is never upgraded by Helm; this chart, always at the controller's version, does it.
# https://karpenter.sh/docs/upgrading/upgrade-guide/#crd-upgrades
KARPENTER_CRD: Final = Chart(
    name="karpenter-crd",
    repository=KARPENTER.repository,
    version=KARPENTER.version,
    app_version=KARPENTER.app_version,
)

# https://github.com/argoproj/argo-helm/releases/tag/argo-cd-10.1.1, with the image of a later patch of the same minor,
# whose definitions are the same: 3.4.4 has CVE-2026-113708 and CVE-2026-113709, by which anyone who can write to a Git
# repository runs commands in the repo-server (fixed in 3.4.10), and CVE-2026-77459.
# https://github.com/argoproj/argo-cd/releases/tag/v3.4.13,
# https://github.com/argoproj/argo-cd/security/advisories/GHSA-9v9p-x54c-58gc
ARGO_CD: Final = Chart(
    name="argo-cd",
    repository="https://argoproj.github.io/argo-helm",
    version="10.1.1",
    app_version="v3.4.13",
    chart_app_version="v3.4.4",
)

# The oldest Karpenter that works with a Kubernetes minor: https://karpenter.sh/docs/upgrading/compatibility/
KARPENTER_MINIMUM: Final[dict[str, str]] = {
    "1.36": "1.13.0",
    "1.35": "1.9.0",
    "1.34": "1.6.0",
    "1.33": "1.5.0",
    "1.32": "1.2.0",
}

# https://github.com/external-secrets/external-secrets/releases/tag/helm-chart-2.9.0
EXTERNAL_SECRETS: Final = Chart(
    name="external-secrets",
    repository="https://charts.external-secrets.io",
    version="2.9.0",
    app_version="v2.9.0",
)

# https://github.com/kubernetes/autoscaler/releases/tag/cluster-autoscaler-chart-9.59.0
CLUSTER_AUTOSCALER: Final = Chart(
    name="cluster-autoscaler",
    repository="https://kubernetes.github.io/autoscaler",
    version="9.59.0",
    app_version="1.35.0",
)

# It imitates the scheduler, so its minor is the cluster's; the chart has one image for all.
# https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler#releases, and each version's own page, such as
# https://github.com/kubernetes/autoscaler/releases/tag/cluster-autoscaler-1.36.1
CLUSTER_AUTOSCALER_IMAGE: Final[dict[str, str]] = {
    "1.36": "v1.36.1",
    "1.35": "v1.35.2",
    "1.34": "v1.34.5",
}

# https://github.com/kubernetes-sigs/external-dns/releases/tag/external-dns-helm-chart-1.21.1
EXTERNAL_DNS: Final = Chart(
    name="external-dns",
    repository="https://kubernetes-sigs.github.io/external-dns",
    version="1.21.1",
    app_version="0.21.0",
)

# https://github.com/cert-manager/cert-manager/releases/tag/v1.21.3, for Kubernetes 1.33 to 1.36
# (https://cert-manager.io/docs/releases/); its chart's version has a v, and its publisher's registry is
# https://cert-manager.io/docs/installation/helm/
CERT_MANAGER: Final = Chart(
    name="cert-manager",
    repository="oci://quay.io/jetstack/charts",
    version="v1.21.3",
    app_version="v1.21.3",
)

# https://github.com/kubernetes-sigs/descheduler/releases/tag/descheduler-helm-chart-0.36.0, of
# https://github.com/kubernetes-sigs/descheduler/commit/5ac927845; it is tested on Kubernetes 1.36
# (https://github.com/kubernetes-sigs/descheduler#compatibility-matrix).
DESCHEDULER: Final = Chart(
    name="descheduler",
    repository="https://kubernetes-sigs.github.io/descheduler",
    version="0.36.0",
    app_version="0.36.0",
)


# --- Images -------------------------------------------------------------------------------------------------------

# Fluent Bit 5.0.9 for amd64 and arm64, as AWS builds it; the digest is that of the list of both.
# https://gallery.ecr.aws/aws-observability/aws-for-fluent-bit, https://github.com/aws/aws-for-fluent-bit/releases
FLUENT_BIT_IMAGE: Final = (
    "public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.15"
    "@sha256:88e1b56cedb230486afeca6eeb26c5f6bd59c48879d0054d1674d5a58838c607"
)


# --- TLS ----------------------------------------------------------------------------------------------------------

# A listener made by the API without a policy gets that of 2016. This one is AWS's recommendation and the console's
# default: TLS 1.3 and 1.2, forward secrecy, hybrid post-quantum key exchange where the client can.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
ALB_TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
