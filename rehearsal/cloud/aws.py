"""What all resources of the AWS provider have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.cloud.kind import Context, Kind, Properties, Seconds, Value


def tags_all(inputs: Properties, context: Context) -> Any:
    """Return the provider's default tags with the resource's own over them; tags unknown as a whole stay so."""
    tags = inputs.get("tags")
    if tags is not None and not isinstance(tags, Mapping):
        return tags
    return {**context.default_tags, **(tags or {})}


def aws_kind(  # noqa: PLR0913  # one line a fact about a type
    identifier: Value,
    outputs: Mapping[str, Value] | None = None,
    *,
    defaults: Mapping[str, Value] | None = None,
    replaces: tuple[str, ...] = (),
    unsent: tuple[str, ...] = (),
    renews: tuple[str, ...] = (),
    tagged: bool = True,
    regional: bool = True,
    seconds: tuple[Seconds, Seconds, Seconds] = (2.0, 2.0, 2.0),
) -> Kind:
    """Return the `Kind` of an AWS resource.

    `tagged` adds `tagsAll`, `regional` the region (whose change replaces, since provider version 6); `seconds` are
    those of create, update and delete. The other arguments are those of `Kind`.

    Which inputs replace is what the Terraform provider's schema marks ForceNew
    (https://github.com/hashicorp/terraform-provider-aws, internal/service); the Pulumi provider takes it from there.
    """
    derived: dict[str, Value] = {}
    if regional:
        derived["region"] = "{region}"
    if tagged:
        derived["tagsAll"] = tags_all
    create, update, delete = seconds
    return Kind(
        identifier,
        outputs=outputs or {},
        defaults=defaults or {},
        derived=derived,
        replaces=frozenset((*replaces, "region") if regional else replaces),
        unsent=frozenset(unsent),
        renews=frozenset(renews),
        create_seconds=create,
        update_seconds=update,
        delete_seconds=delete,
    )
