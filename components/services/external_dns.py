"""ExternalDNS: records for the host names of Services and Ingresses."""

from collections.abc import Sequence
from typing import Any, Final

import pulumi

import versions
from components.common.chart import image, release
from components.common.identity import ServiceAccountName, role_annotations, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import pod_annotations, pod_placement
from components.common.pod_security import restricted_namespace
from facts import iam_documents
from facts.capabilities import EXTERNAL_DNS
from facts.iam_documents.dns import external_dns
from settings.dns import ExternalDns as ExternalDnsSettings
from settings.dns import RecordSource

NAMESPACE: Final = EXTERNAL_DNS.namespace
NAME: Final = versions.EXTERNAL_DNS.name
(IMAGE,) = EXTERNAL_DNS.images


class ExternalDns(pulumi.ComponentResource):
    """The controller that creates DNS records for the host names of Services, Ingresses and IngressRoutes.

    It marks what it makes with the cluster's name, and leaves alone what another cluster or this program has made.
    """

    def __init__(
        self,
        name: str,
        settings: ExternalDnsSettings,
        cluster: OnCluster,
        *,
        platform_hosts: Sequence[str],
        platform_names: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the namespace, the role and the release.

        platform_hosts: names that it ignores, and all below them: the hosts of the platform's own interfaces.
        platform_names: names whose records it may not change.
        """
        super().__init__("eks-platform:index:ExternalDns", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = restricted_namespace(f"{name}-namespace", NAMESPACE, cluster.kubernetes_version, child)
        # What the assumed role may do is written in its own account.
        documents = (
            {"zone-role": iam_documents.assume_role(settings.zone_role)}
            if settings.zone_role
            else {
                "records": external_dns(
                    cluster.region, settings.hosted_zone_ids, settings.domains, settings.policy, platform_names
                )
            }
        )
        identity = workload_identity(
            f"{name}-controller",
            cluster.identity,
            ServiceAccountName(NAMESPACE, NAME),
            child,
            documents={key: pulumi.Output.json_dumps(policy) for key, policy in documents.items()},
        )
        release(
            f"{name}-release",
            versions.EXTERNAL_DNS,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace, identity]),
            namespace=cluster.namespace(NAMESPACE),
            charts=cluster.charts,
            # The chart's only definition is that of the source `crd`.
            skip_crds=RecordSource.ENDPOINT not in settings.sources,
            values=external_dns_values(settings, cluster, platform_hosts, role_annotations(identity)),
        )
        self.register_outputs({})


def external_dns_values(
    settings: ExternalDnsSettings,
    cluster: OnCluster,
    platform_hosts: Sequence[str],
    annotations: dict[str, pulumi.Output[str]],
) -> dict[str, Any]:
    """Return the chart's values (external-dns chart 1). The chart runs one pod: two would change the same records."""
    return {
        "image": {"repository": image(IMAGE, cluster.charts)},
        "provider": {"name": "aws"},
        "policy": settings.policy,
        "sources": settings.sources,
        "domainFilters": settings.domains,
        "excludeDomains": platform_hosts,
        "extraArgs": {
            "zone-id-filter": settings.hosted_zone_ids,
            # https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/
            **({"aws-assume-role": settings.zone_role} if settings.zone_role else {}),
        },
        "registry": "txt",
        "txtOwnerId": cluster.cluster_id,
        # A CNAME and a TXT record cannot have the same name. With the type as a label before the domain, the
        # mark of a zone's own name is in the zone too.
        # https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/#prefixes-and-suffixes
        "txtPrefix": "%{record_type}-external-dns.",
        "logFormat": "json",
        "env": [{"name": "AWS_REGION", "value": cluster.region}, *cluster.variables],
        "serviceAccount": {"name": NAME, "annotations": annotations},
        "podAnnotations": pod_annotations(cluster.placement),
        "priorityClassName": "system-cluster-critical",
        # It keeps every Pod, Node and Service of the cluster in memory, and ends at 128Mi near 2,400 pods
        # (https://github.com/mitodl/ol-infrastructure/pull/5326).
        "resources": {"requests": {"cpu": "50m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
        **pod_placement(cluster.placement),
    }
