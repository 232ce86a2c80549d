"""What `pulumi_kubernetes.yaml.v2.ConfigGroup` registers below itself for files with custom resource definitions.

https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/provider/yaml/v2/yaml.go. The provider downloads
the files; here the definition's name follows from the file's, which is `<group>_<plural>.yaml` wherever
controller-gen made it. The rest of a definition is its publisher's, and made up here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from harness.component import Child, ChildFailedError, Expansion, Steps, UnsupportedInputError
from harness.properties import Properties, Reference

TYPE: Final = "kubernetes:yaml/v2:ConfigGroup"

DEFINITION: Final = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


def expand(
    name: str,
    inputs: Properties,
    dependencies: Mapping[str, Collection[str]],
    look_up: Callable[[Reference], Properties],
) -> Steps:
    """Yield the definitions, one a file; see `harness.component.Expand`.

    The output `resources` is left out: nobody reads it, and for it the SDK would import all kinds of API extension.
    Raises UnsupportedInputError for objects that are given otherwise.
    """
    for key in ("objs", "yaml"):
        if inputs.get(key):
            raise UnsupportedInputError(f"{TYPE}: {key} is not known to a rehearsal, only files with definitions are")
    prefix = inputs.get("resourcePrefix", name)
    needs = frozenset[str]().union(*dependencies.values())
    failed: list[ChildFailedError] = []
    for file in inputs.get("files") or []:
        definition = _definition(str(file))
        try:
            yield Child(DEFINITION, f"{prefix}:{definition['metadata']['name']}", definition, depends_on=needs)
        except ChildFailedError as error:
            failed.append(error)  # The provider registers them at once: none waits for another.
    if failed:
        raise failed[0]
    return Expansion({}, {})


def _definition(file: str) -> Properties:
    stem = file.rsplit("/", 1)[-1].removesuffix(".yaml")
    group, separator, plural = stem.partition("_")
    if not separator or "." not in group:
        raise UnsupportedInputError(f"{TYPE}: {file} is not named <group>_<plural>.yaml, as a definition's file is")
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": plural.title(), "plural": plural},
            "scope": "Namespaced",
            "versions": [{"name": "v1alpha1", "served": True, "storage": True}],
        },
    }
