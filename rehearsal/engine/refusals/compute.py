"""Whether something can run a pod."""

from __future__ import annotations

from fnmatch import fnmatchcase

from harness.engine.store import Cloud, Resource
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.routes import way_out


def compute_problem(cluster: str, namespace: str, cloud: Cloud, *, fargate: bool = True) -> str | None:
    """Return why no pod of a namespace can run in a cluster, or None if one can.

    `fargate`: whether the pod may run on Fargate.
    """
    groups = [
        g for g in cloud.of(uses.NODE_GROUP, clusterName=cluster) if g.ready <= cloud.now and _has_nodes(g.outputs)
    ]
    if groups or any(i.get("cluster") == cluster for i in cloud.of(uses.INSTANCE)):
        return None
    control_plane = auto_mode(cluster, cloud)
    if control_plane and control_plane.all("computeConfig.nodePools"):
        lost = [subnet for subnet in control_plane.all("vpcConfig.subnetIds") if not way_out(subnet, cloud)]
        return f"nodes in {lost[0]} have no way out" if lost else None
    profiles = [p for p in cloud.of(uses.FARGATE, clusterName=cluster) if p.ready <= cloud.now]
    matching = [p for p in profiles if any(fnmatchcase(namespace, str(s)) for s in p.all("selectors.namespace"))]
    if matching and fargate:
        return None
    if matching:
        return "there is no node, and the pod is not configured for Fargate"
    return f"there is no ready node and no Fargate profile for the namespace {namespace}"


def network_plugin_problem(cluster: str, cloud: Cloud) -> str | None:
    """Return why nodes that join a cluster do not become ready, or None if they do."""
    control_plane = cloud.one(uses.CLUSTER, "name", cluster)
    if control_plane is None or control_plane.get("bootstrapSelfManagedAddons") is not False:
        return None
    plugins = cloud.of(uses.ADDON, clusterName=cluster, addonName="vpc-cni")
    return None if any(p.ready <= cloud.now for p in plugins) else "the cluster has no vpc-cni: nodes stay not ready"


def auto_mode(cluster: str, cloud: Cloud) -> Resource | None:
    """Return the control plane of a cluster with Auto Mode, None without.

    It launches a node when a pod waits for one; agents and plugins are in its nodes.
    https://docs.aws.amazon.com/eks/latest/userguide/automode.html
    """
    control_plane = cloud.one(uses.CLUSTER, "name", cluster)
    return control_plane if control_plane and control_plane.get("computeConfig.enabled") else None


def _has_nodes(outputs: dict[str, object]) -> bool:
    scaling = outputs.get("scalingConfig")
    return not isinstance(scaling, dict) or int(scaling.get("desiredSize") or scaling.get("minSize") or 0) > 0
