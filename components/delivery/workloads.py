"""Workloads that need no value of the stack: the plain YAML below `manifests/`."""

from typing import Final

import pulumi

from components.common.on_cluster import OnCluster
from facts.manifests import Object, group_of, is_namespace, namespace_of, objects, type_token
from settings import Workloads as WorkloadsSettings

ADMISSION: Final = frozenset(
    {
        ("", "LimitRange"),
        ("", "ResourceQuota"),
        ("", "ServiceAccount"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("node.k8s.io", "RuntimeClass"),
        ("scheduling.k8s.io", "PriorityClass"),
    }
)
"""Objects that the API server needs before it admits others: group and kind.

https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
"""


class Workloads(pulumi.ComponentResource):
    """The objects of folders below `manifests/`, as they are in the files.

    Depend on whatever serves them (load balancer controller, Traefik, node pools, added charts): only while that lives
    do their finalizers clear, and do the load balancers go that were made for them.
    """

    def __init__(
        self, name: str, settings: WorkloadsSettings, cluster: OnCluster, *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the namespaces, then what admission needs, then all other objects.

        An object in a namespace waits for what runs the namespace's pods.
        """
        super().__init__("eks-platform:index:Workloads", name, {}, opts)
        items = [item for folder in settings.folders for item in objects(folder)]
        namespaces = {
            item["metadata"]["name"]: _declare(name, item, pulumi.ResourceOptions(parent=self))
            for item in items
            if is_namespace(item)
        }

        def in_namespace(item: Object, *more: pulumi.Resource) -> pulumi.ResourceOptions:
            name_of_namespace = namespace_of(item)
            if not name_of_namespace:
                return pulumi.ResourceOptions(parent=self, depends_on=more)
            own = [namespaces[name_of_namespace]] if name_of_namespace in namespaces else []
            compute = cluster.namespace(name_of_namespace).compute
            return pulumi.ResourceOptions(parent=self, depends_on=[*own, *compute, *more])

        asked = [(namespace_of(item), _declare(name, item, in_namespace(item))) for item in items if _admits(item)]
        for item in items:
            if not is_namespace(item) and not _admits(item):
                before = [made for namespace, made in asked if namespace in (None, namespace_of(item))]
                _declare(name, item, in_namespace(item, *before))
        self.register_outputs({})


def _declare(name: str, item: Object, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Declare an object by its name and not by its file, from which it may move to another.

    With the provider's token of its kind and nothing of the SDK, whose classes for all these kinds take long to import.
    `yaml.v2` would show none of it in the preview of a cluster that does not exist yet.
    """
    path = [name, *([] if is_namespace(item) else [namespace_of(item)]), item["kind"].lower(), item["metadata"]["name"]]
    return pulumi.CustomResource(type_token(item), "-".join(filter(None, path)), item, opts)


def _admits(item: Object) -> bool:
    return (group_of(item), item["kind"]) in ADMISSION
