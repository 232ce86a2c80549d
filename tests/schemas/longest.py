"""Stack files whose names are as long as the settings allow."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from harness.program import merge
from settings import Stack
from tests.settings_files import sections_of

KEYS: Final = (
    "nodeGroups",
    "fargateProfiles",
    "extraCharts",
    "karpenter.nodePools",
    "karpenter.nodeClasses",
    "externalSecrets.stores",
    "certManager.issuers",
    "cluster.publicAccess",
    "cluster.privateAccess",
    "cluster.securityRules",
    "cluster.autoMode.pools",
    "network.nodeSubnets",
    "access.entries",
    "observability.alarms.emails",
    "gitOps.sets",
    "teams",
    "workloadRoles",
    "storage.efs",
)
"""Sections whose keys are names of the user's own, which become part of resources' names."""

RULES: Final[Mapping[str, Any]] = {"metrics": {"fromPort": 9100, "cidr": "10.200.0.0/24"}}

ADDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "dev": {
        "workloadRoles": {
            "orders": {
                "serviceAccounts": [{"namespace": "app-orders", "name": "orders"}],
                "managedPolicies": ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"],
            }
        },
        "cluster": {"securityRules": RULES},
        "network": {"nodeSubnets": {"batch": {"zone": "ap-northeast-1a", "cidr": "10.10.20.0/24"}}},
        # The security groups of both are named after the group and the class.
        "nodeGroups": {"operations": {"securityRules": RULES}},
        "karpenter": {"nodeClasses": {"metrics": {"securityRules": RULES}}},
        "storage": {"efs": {"shared": {}}},
    }
}
"""Sections with such keys that no stack file of the examples has, by the stack that gets them in addition."""

REQUIRED: Final[Mapping[str, Mapping[str, Any]]] = {
    "dev": {
        "addons": {
            "more": {
                "aws-efs-csi-driver": {
                    "version": "v3.4.1-eksbuild.1",
                    "role": {
                        "serviceAccounts": ["efs-csi-controller-sa"],
                        "managedPolicies": ["arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy"],
                    },
                }
            }
        },
    }
}
"""What the added sections require."""

NO_NAMES: Final[Mapping[str, str]] = {
    "observability.grafana.roles": "it is in the stack file alone, next to the ARN of the role",
    "storage.fsx": "it becomes the name of an object of Kubernetes alone, which has 253 characters",
    "access.oidc.groups": "it becomes the name of an object of Kubernetes alone, which has 253 characters",
    "addons.storageClasses": "it becomes the name of an object of Kubernetes alone, which has 253 characters",
    "argoCd.clusters": "it becomes the name of a Secret in Kubernetes alone, which has 253 characters",
    "cluster.autoMode.nodeClasses": "pools name the key; it becomes the name of an object of Kubernetes alone",
    "network.existing.nodeSubnets": "node groups name the key; the subnets have their owner's names",
    "gitCredentials": "other settings name the key; it becomes a Secret's name in Kubernetes alone",
    "observability.alarms.webhooks": "a subscription has no name at AWS",
    **{
        f"{nodes}.extraDisks": "a disk has no name; the key tells entries apart"
        for nodes in ("karpenter", "karpenter.nodeClasses", "nodeGroups")
    },
    **{
        f"{nodes}.securityRules": "a rule has no name at AWS, and its description has 255 characters"
        for nodes in ("karpenter", "karpenter.nodeClasses", "nodeGroups")
    },
}
"""Sections with such keys that are left as they are, and why."""


def longest(stack: str) -> dict[str, Any]:
    """Return what to override in a stack file so that every name is as long as it may be."""
    sections = named_sections(stack)
    changes: dict[str, Any] = {"platform": {"name": _stretched("platform", longest_name("platform.name"))}}
    for path in KEYS:
        given = _at(sections, path)
        if given:
            size = longest_name(path)
            renamed = {_stretched(key, size): copy.deepcopy(value) for key, value in given.items()}
            replaced = _at(sections_of(stack), path) or {}
            _put(changes, path, {**dict.fromkeys(replaced), **renamed})
    return merge(REQUIRED.get(stack, {}), changes)


def named_sections(stack: str) -> dict[str, Any]:
    """Return the sections of a stack file and those that are added to it."""
    return merge(sections_of(stack), ADDED.get(stack, {}))


def longest_name(path: str) -> int:
    """Return how many characters a name of the user's own may have: a field's value, or a mapping's keys."""
    sizes = [it.max_length for it in _constraints(path) if it.max_length]
    return min(sizes)


def _constraints(path: str) -> Iterator[StringConstraints]:
    field = next(found for name, found in fields() if name == path)
    # The `max_length` of a mapping itself is a number of entries.
    of_keys = get_args(get_args(field.annotation)[0]) if get_origin(field.annotation) is dict else None
    for it in field.metadata if of_keys is None else of_keys:
        if isinstance(it, StringConstraints) or getattr(it, "max_length", None):
            yield it


def fields(model: type[BaseModel] = Stack, path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield the fields of a model and of the models below it, by the path that a stack file has them at."""
    for field in model.model_fields.values():
        below = f"{path}.{field.alias}" if path else str(field.alias)
        yield below, field
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from fields(inner, below)


def named_keys() -> set[str]:
    """Return the mappings whose keys are labels of the user's own: lower-case letters, digits and hyphens."""
    return {
        path
        for path, field in fields()
        if get_origin(field.annotation) is dict
        for it in get_args(get_args(field.annotation)[0])
        if isinstance(it, StringConstraints) and it.pattern == LABEL
    }


LABEL: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


def _stretched(name: str, size: int) -> str:
    return name + "x" * (size - len(name))


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = (document or {}).get(part)
    return document


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *way, last = path.split(".")
    for part in way:
        document = document.setdefault(part, {})
    document[last] = value
