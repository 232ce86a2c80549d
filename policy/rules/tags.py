"""Tags: whose a resource is and what pays for it."""

from collections.abc import Iterator
from typing import Any, Final

from policy.exceptions import UNTAGGABLE
from policy.model import UNKNOWN, Resource, at, is_unknown, items, structure
from policy.rule import Level, rule
from policy.rules.nodes import NODE_CLASS, TEMPLATE

REQUIRED: Final = ("Project", "Stack", "ManagedBy")
"""Tags that the program sets on everything; docs/operations.md finds what an interruption left behind by them."""


def _missing(tags: Any) -> list[str]:
    return [] if is_unknown(tags) else [tag for tag in REQUIRED if at(tags, tag) is None]


@rule(
    "tags",
    "aws:",
    reason="Untagged resources cannot be attributed to a cost center, and are hard to find after a failed `up`.",
    fix="Use the program's AWS provider, which has default tags, or set them",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/provider/#defaulttags_python",
    development=Level.ADVISORY,
)
def tagged(resource: Resource) -> Iterator[str]:
    """A provider's default tags are its own property; they are not among a resource's tags before AWS has them."""
    if resource.type in UNTAGGABLE:
        return
    defaults = at(structure(at(resource.provider, "defaultTags")), "tags")
    own = resource.get("tags")
    if UNKNOWN in (defaults, own) or resource.provider is None:
        return
    missing = [tag for tag in REQUIRED if at(defaults, tag) is None and at(own, tag) is None]
    if missing:
        yield f"it has no tag {', '.join(missing)}"


@rule(
    "node-tags",
    TEMPLATE,
    NODE_CLASS,
    reason="A provider's default tags do not reach instances and their disks, the largest part of the bill.",
    fix="Set the tags in tagSpecifications for instance and volume, in a node class in spec.tags",
    source="https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-tagging",
    development=Level.ADVISORY,
)
def node_tags(resource: Resource) -> Iterator[str]:
    """What launches instances must pass the tags on."""
    if resource.type == NODE_CLASS:
        missing = _missing(resource.get("spec", "tags"))
        if missing:
            yield f"its nodes have no tag {', '.join(missing)}"
        return
    specifications = resource.get("tagSpecifications")
    if is_unknown(specifications):
        return
    for kind in ("instance", "volume"):
        of_kind = [entry for entry in items(specifications) if at(entry, "resourceType") == kind]
        missing = _missing(at(of_kind, 0, "tags"))
        if missing:
            yield f"each {kind} has no tag {', '.join(missing)}"
