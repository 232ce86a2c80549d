"""The schema of the Kubernetes provider of a rehearsal, for programs that ask for one: those in YAML.

A stand-in: it knows the built-in kinds, and of an object that it has metadata, a spec and the like. What is in them is
checked by the real provider and by API servers. Its form: https://www.pulumi.com/docs/iac/using-pulumi/pulumi-packages/schema/
"""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

from facts import kinds

ANYTHING: Final = {"$ref": "pulumi.json#/Any"}
PARTS: Final = ("metadata", "spec", "data", "stringData", "type", "rules", "roleRef", "subjects")
"""What objects have at the top."""

CONFIGURATION: Final = {
    "kubeconfig": {"type": "string"},
    "clusterIdentifier": {"type": "string"},
    "context": {"type": "string"},
    "enableServerSideApply": {"type": "boolean"},
}


def schema() -> dict[str, Any]:
    """Return the schema."""
    return {
        "name": "kubernetes",
        "version": version("pulumi_kubernetes"),
        "config": {},
        "provider": {"inputProperties": CONFIGURATION},
        "resources": dict(_resources()),
    }


def _resources() -> Iterator[tuple[str, dict[str, Any]]]:
    for group in sorted(kinds.BUILT_IN_GROUPS):
        for served in kinds.versions(group):
            api_version = f"{group}/{served}".lstrip("/")
            for kind in sorted(kinds.built_in(group)):
                named = {
                    "apiVersion": {"type": "string", "const": api_version},
                    "kind": {"type": "string", "const": kind},
                }
                parts = {**named, **dict.fromkeys(PARTS, ANYTHING)}
                yield f"kubernetes:{group or 'core'}/{served}:{kind}", {"inputProperties": parts, "properties": parts}
