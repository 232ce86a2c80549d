"""Argo CD: namespace, network policies and Helm release."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicy

import versions
from components.common.chart import image, release
from components.common.identity import Irsa, PodIdentity, role_annotations
from components.common.on_cluster import OnCluster
from components.common.placement import pod_placement, zone_spread
from components.common.pod_security import restricted_namespace
from components.ingress import traefik
from facts import interfaces, namespaces
from settings import ArgoCd as ArgoCdSettings
from settings import SingleSignOn

NAMESPACE: Final = namespaces.ARGO_CD
IMAGE: Final = "quay.io/argoproj/argocd"
REDIS_IMAGE: Final = "public.ecr.aws/docker/library/redis"
"""The chart names the same registry differently, for which a mirror would need a second rule.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html"""
NAME: Final = interfaces.ARGO_CD_NAME
SERVER: Final = interfaces.ARGO_CD_SERVER
SERVER_PORT: Final = 8080
"""Port of the pod for the web interface, the API and gRPC."""

SIZES: Final = {
    # It keeps every object that it manages in memory: some hundreds of Applications need 2 GiB.
    "controller": ("250m", "2Gi"),
    # It renders charts and clones repositories of any size, several at a time.
    "repoServer": ("100m", "1Gi"),
    "server": ("50m", "256Mi"),
    "applicationSet": ("50m", "256Mi"),
    "redis": ("50m", "256Mi"),
}
"""CPU request, and memory request and limit, of a pod of each part; `charts.values` can change them."""
REPLICATED: Final = {
    "repoServer": "repo-server",
    "server": "server",
    "applicationSet": "applicationset-controller",
}
"""Parts with two replicas: their keys in the chart's values, and their names in the chart.

The controller cannot share its work between pods; Redis is a cache, which is filled again after a restart.
https://argo-cd.readthedocs.io/en/stable/operator-manual/high_availability/"""


class ArgoCd(pulumi.ComponentResource):
    """The controller that applies the contents of Git repositories to the cluster.

    What it deploys must depend on this component: an Application can be deleted only while the controller runs.
    """

    def __init__(
        self,
        name: str,
        settings: ArgoCdSettings,
        cluster: OnCluster,
        *,
        ingress_addresses: bool,
        identity: Irsa | PodIdentity | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the namespace, the network policies and the release.

        ingress_addresses: whether Ingresses of Traefik's class get an address, by which Argo CD sees that they are
        healthy. identity: the role of the parts that use other clusters; None: there are no others.
        """
        super().__init__("eks-platform:index:ArgoCd", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = restricted_namespace(f"{name}-namespace", NAMESPACE, cluster.kubernetes_version, child)
        inside = namespace.metadata["name"]
        # The chart's own policy for the server allows every connection, and policies are additive.
        NetworkPolicy(
            f"{name}-nobody",
            metadata={"name": "nobody", "namespace": inside},
            spec={"pod_selector": {}, "policy_types": ["Ingress"]},
            opts=child,
        )
        if settings.host:
            NetworkPolicy(
                f"{name}-{traefik.NAMESPACE}",
                metadata={"name": f"{SERVER}-from-{traefik.NAMESPACE}", "namespace": inside},
                spec={
                    "pod_selector": {"match_labels": labels("server")},
                    "policy_types": ["Ingress"],
                    "ingress": [
                        {
                            "from_": [
                                {
                                    "namespace_selector": {
                                        "match_labels": {"kubernetes.io/metadata.name": traefik.NAMESPACE}
                                    },
                                    "pod_selector": {"match_labels": traefik.LABELS},
                                }
                            ],
                            "ports": [{"port": SERVER_PORT, "protocol": "TCP"}],
                        }
                    ],
                },
                opts=child,
            )
        release(
            f"{name}-release",
            versions.ARGO_CD,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace, *([identity] if identity else [])]),
            namespace=cluster.namespace(NAMESPACE),
            charts=cluster.charts,
            values=argo_cd_values(settings, cluster, ingress_addresses=ingress_addresses, identity=identity),
        )
        self.register_outputs({})


def labels(part: str) -> dict[str, str]:
    """Return the labels by which the chart selects the pods of a part, such as "server"."""
    return {"app.kubernetes.io/name": f"{NAME}-{part}", "app.kubernetes.io/instance": versions.ARGO_CD.name}


def argo_cd_values(
    settings: ArgoCdSettings,
    cluster: OnCluster,
    *,
    ingress_addresses: bool,
    identity: Irsa | PodIdentity | None = None,
) -> dict[str, Any]:
    """Return the chart's values (argo-cd chart 10)."""
    small = _resources("10m", "128Mi")
    parts: dict[str, dict[str, Any]] = {part: {"resources": _resources(*size)} for part, size in SIZES.items()}
    for part, name in REPLICATED.items():
        parts[part] |= {
            "replicas": 2,
            "pdb": {"enabled": True, "maxUnavailable": 1},
            "topologySpreadConstraints": zone_spread(labels(name), fargate=cluster.placement.fargate),
        }
    for part in ("controller", "repoServer", "redis"):
        parts[part]["networkPolicy"] = {"create": True}
    for part in ("applicationSet", "redis"):
        parts[part] |= {"readinessProbe": {"enabled": True}, "livenessProbe": {"enabled": True}}
    if identity:
        for part in ("controller", "server"):
            parts[part]["serviceAccount"] = {"annotations": role_annotations(identity)}
    parts["repoServer"]["copyutil"] = {"resources": small}
    parts["redis"] |= {
        "image": {"repository": image(REDIS_IMAGE, cluster.charts)},
        "serviceAccount": {"create": True},
        "automountServiceAccountToken": False,
    }
    return {
        "fullnameOverride": NAME,
        # Helm upgrades them with the chart, and keeps them when the release is deleted: their deletion would delete
        # every Application that was created by hand, whose finalizers would wait for the deleted controller.
        "crds": {"install": True, "keep": True},
        "global": {
            "image": {"repository": image(IMAGE, cluster.charts), "tag": versions.ARGO_CD.tag},
            # Without a host, users connect by a port-forward.
            "domain": settings.host or "localhost",
            "logging": {"format": "json"},
            "priorityClassName": "system-cluster-critical",
            # The policies of the parts are enabled one by one: the server's would allow every connection.
            "networkPolicy": {"create": False},
            **({"env": cluster.variables} if cluster.proxy else {}),
            **pod_placement(cluster.placement),
        },
        "configs": {
            "params": {"server.insecure": True},
            **_git_servers(settings),
            **_access(settings.sso, {} if ingress_addresses else HEALTH_OF_INGRESSES),
        },
        # Argo CD uses the OpenID Connect provider directly.
        "dex": {"enabled": False},
        "notifications": {"enabled": False},
        "redisSecretInit": {"resources": small},
        **parts,
    }


def _git_servers(settings: ArgoCdSettings) -> dict[str, Any]:
    """Return the values by which Argo CD trusts Git servers of the company, in addition to those that it knows.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repositories
    """
    hosts = {"ssh": {"extraHosts": "".join(f"{line}\n" for line in settings.git_known_hosts)}}
    certificates = {"tls": {"certificates": {**settings.git_certificates}}}
    return {**(hosts if settings.git_known_hosts else {}), **(certificates if settings.git_certificates else {})}


INGRESS_HEALTH: Final = f"""\
if obj.spec.ingressClassName == "{traefik.INGRESS_CLASS}" then
  return {{status = "Healthy", message = "Traefik serves it and gives it no address"}}
end
if obj.status ~= nil and obj.status.loadBalancer ~= nil and obj.status.loadBalancer.ingress ~= nil then
  return {{status = "Healthy"}}
end
return {{status = "Progressing", message = "Waiting for an address"}}
"""
"""Argo CD's own rule, that an Ingress without an address is not ready yet, only for other classes (argo-cd #14607)."""


HEALTH_OF_INGRESSES: Final = {"resource.customizations.health.networking.k8s.io_Ingress": INGRESS_HEALTH}
"""https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#custom-health-checks"""


def _access(sso: SingleSignOn | None, health: Mapping[str, str]) -> dict[str, Any]:
    """Return the values for logins and permissions. health: further keys of the same ConfigMap.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/user-management/,
    https://argo-cd.readthedocs.io/en/stable/operator-manual/rbac/
    """
    if not sso:
        return {"cm": {"admin.enabled": True, **health}}
    provider = {
        "name": "SSO",
        "issuer": sso.issuer,
        "clientID": sso.client_id,
        "enablePKCEAuthentication": True,
        "requestedScopes": ["openid", "profile", "email", "groups"],
    }
    granted = [
        *(f"g, {group}, role:admin" for group in sso.admins),
        *(f"g, {group}, role:readonly" for group in sso.readers),
    ]
    return {
        # JSON is YAML.
        "cm": {"admin.enabled": False, "oidc.config": json.dumps(provider), **health},
        "rbac": {"policy.csv": "\n".join(granted)},
    }


def _resources(cpu: str, memory: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}
