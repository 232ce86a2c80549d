"""ExternalDNS: records for the host names of Services and Ingresses."""

from typing import Any, Final, TypedDict

import pulumi

import versions
from components.common.chart import ChartSourceArgs, image, release
from components.common.identity import IdentityArgs, role_annotations, workload_identity
from components.common.placement import PlacementArgs, pod_annotations, pod_placement
from components.common.pod_security import restricted_namespace
from facts import iam_documents, namespaces

NAMESPACE: Final = namespaces.EXTERNAL_DNS
NAME: Final = versions.EXTERNAL_DNS.name
IMAGE: Final = "registry.k8s.io/external-dns/external-dns"


class ExternalDnsArgs(TypedDict):
    """What ExternalDNS is made from."""

    cluster_id: str
    """The cluster's name as plain text, by which ExternalDNS marks its records."""
    kubernetes_version: str
    """The minor whose Pod Security Standard holds in the namespace."""
    namespace: pulumi.Input[str]
    """Its namespace, once there are nodes or a Fargate profile for its pod."""
    region: str
    """AWS region, for the SDK; Route 53 has none."""
    identity: IdentityArgs
    """How it gets its role."""
    placement: PlacementArgs
    """Where its pod runs."""
    charts: ChartSourceArgs | None
    """Where charts and images come from; None: its publisher."""
    domains: list[str]
    """Names that it may make records for, and all below them."""
    hosted_zone_ids: list[str]
    """The Route 53 zones of the domains."""
    platform_hosts: list[str]
    """Names that it ignores, and all below them: the hosts of the platform's own interfaces."""
    platform_names: list[str]
    """Names whose records it may not change."""
    policy: str
    """"upsert-only", or "sync", which also deletes."""
    sources: list[str]
    """Kinds of objects that it takes host names from."""


class ExternalDns(pulumi.ComponentResource):
    """The controller that makes records of the host names that Services, Ingresses and IngressRoutes ask for.

    It marks what it makes with the cluster's name, and leaves alone what another cluster or this program has made.
    """

    def __init__(self, name: str, args: ExternalDnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the namespace, the role and the release."""
        super().__init__("eks-platform:index:ExternalDns", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = restricted_namespace(f"{name}-namespace", NAMESPACE, args["kubernetes_version"], child)
        policy = iam_documents.external_dns(
            args["region"], args["hosted_zone_ids"], args["domains"], args["policy"], args["platform_names"]
        )
        identity = workload_identity(
            f"{name}-controller",
            args["identity"],
            {"namespace": NAMESPACE, "name": NAME},
            child,
            documents={"records": pulumi.Output.json_dumps(policy)},
        )
        release(
            f"{name}-release",
            versions.EXTERNAL_DNS,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace, identity]),
            namespace=args["namespace"],
            source=args["charts"],
            # Only of the source `crd`, which is not offered: Helm would never upgrade it.
            skip_crds=True,
            values=external_dns_values(args, role_annotations(identity)),
        )
        self.register_outputs({})


def external_dns_values(args: ExternalDnsArgs, annotations: dict[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Return the chart's values (external-dns chart 1). The chart runs one pod: two would change the same records."""
    return {
        "image": {"repository": image(IMAGE, args["charts"])},
        "provider": {"name": "aws"},
        "policy": args["policy"],
        "sources": args["sources"],
        "domainFilters": args["domains"],
        "excludeDomains": args["platform_hosts"],
        "extraArgs": {"zone-id-filter": args["hosted_zone_ids"]},
        "registry": "txt",
        "txtOwnerId": args["cluster_id"],
        # Beside a CNAME there can be no TXT record of the same name. With the type as a label before the domain, the
        # mark of a zone's own name is in the zone too.
        # https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/#prefixes-and-suffixes
        "txtPrefix": "%{record_type}-external-dns.",
        "logFormat": "json",
        "env": [{"name": "AWS_REGION", "value": args["region"]}],
        "serviceAccount": {"name": NAME, "annotations": annotations},
        "podAnnotations": pod_annotations(args["placement"]),
        "priorityClassName": "system-cluster-critical",
        # It keeps every Pod, Node and Service of the cluster in memory, and ends at 128Mi near 2,400 pods
        # (https://github.com/mitodl/ol-infrastructure/pull/5326).
        "resources": {"requests": {"cpu": "50m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
        **pod_placement(args["placement"]),
    }
