"""Workloads that need no value of the stack: the plain YAML below `manifests/`."""

from typing import TypedDict

import pulumi

from .manifests import Object, namespace_of, objects


class WorkloadsArgs(TypedDict):
    """Which workloads."""

    folders: list[str]
    """Folders below `manifests/`, each with a kustomization that lists files."""


class Workloads(pulumi.ComponentResource):
    """The objects of folders below `manifests/`, as they stand there.

    Depend on whatever serves them (load balancer controller, Traefik, node pools, added charts): only while that lives
    do their finalizers clear, and do the load balancers go that were made for them.
    """

    def __init__(self, name: str, args: WorkloadsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the namespaces, and all other objects after them."""
        super().__init__("eks-platform:index:Workloads", name, {}, opts)
        items = [item for folder in args["folders"] for item in objects(folder)]
        namespaces = {
            namespace_of(item): _declare(name, item, pulumi.ResourceOptions(parent=self))
            for item in items
            if item["kind"] == "Namespace"
        }
        for item in items:
            if item["kind"] != "Namespace":
                _declare(name, item, pulumi.ResourceOptions(parent=self, depends_on=namespaces.get(namespace_of(item))))
        self.register_outputs({})


def _declare(name: str, item: Object, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Declare an object by its name and not by its file, from which it may move to another.

    With the provider's token of its kind and nothing of the SDK, whose classes for all these kinds take long to import.
    `yaml.v2` would show none of it in the preview of a cluster that does not exist yet.
    """
    path = [name, namespace_of(item), item["kind"].lower(), item["metadata"]["name"]]
    if item["kind"] == "Namespace":
        del path[1]
    return pulumi.CustomResource(type_token(item), "-".join(path), item, opts)


def type_token(item: Object) -> str:
    """Return the Pulumi type of an object: `kubernetes:<group>/<version>:<Kind>`, and "core" for the group without."""
    version = item["apiVersion"] if "/" in item["apiVersion"] else f"core/{item['apiVersion']}"
    return f"kubernetes:{version}:{item['kind']}"
