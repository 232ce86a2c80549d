"""What all resources of the AWS provider have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from facts.partitions import dns_suffix, partition_of
from harness import sdk
from harness.kind import Context, Kind, Place, Properties, Seconds, Value, evaluate
from rehearsal.cloud.kubernetes import region_of_server, server_of

DEFAULT_REGION: Final = "ap-northeast-1"


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


def arn(service: str, resource: str) -> Callable[[Properties, Context], str]:
    """Return the maker of a regional ARN; `resource` is a template ("vpc/{id}")."""
    return in_partition(f"arn:{{partition}}:{service}:{{region}}:{{account}}:{resource}")


def global_arn(service: str, resource: str) -> Callable[[Properties, Context], str]:
    """Return the maker of an ARN without a region, as IAM's."""
    return in_partition(f"arn:{{partition}}:{service}::{{account}}:{resource}")


def in_partition(template: str) -> Callable[[Properties, Context], str]:
    """Return the maker of a text from a template in which `{partition}` and `{dns_suffix}` are those of the region."""

    def make(inputs: Properties, context: Context) -> str:
        known = {"partition": partition_of(context.region), "dns_suffix": dns_suffix(context.region)}
        return str(evaluate(template, {**inputs, **known}, context))

    return make


def ec2_id(prefix: str) -> Callable[[Properties, Context], str]:
    """Return the maker of an id in EC2's long form: a prefix and 17 hexadecimal digits."""
    return lambda _inputs, context: f"{prefix}-{context.digest(prefix, 17)}"


def upper_token(prefix: str, length: int) -> Callable[[Properties, Context], str]:
    """Return the maker of an id of capital letters and digits after a prefix, as IAM's unique ids ("AROA...")."""
    return lambda _inputs, context: prefix + context.digest(prefix, length).upper()


def region_of(config: Mapping[str, str]) -> str:
    """Return the region that a stack's configuration gives the default provider."""
    return config.get("aws:region", DEFAULT_REGION)


def place_of(provider: str, inputs: Properties, place: Place) -> Place:
    """Return where a provider works: `place` but for what the inputs of an AWS or Kubernetes provider say.

    The host names of load balancers, which controllers write into objects, have the region of the cluster.
    """
    if provider == "pulumi:providers:kubernetes":
        return replace(place, region=region_of_server(server_of(inputs.get("kubeconfig"))) or place.region)
    if provider != "pulumi:providers:aws":
        return place
    given = sdk.decode_provider_inputs(provider, inputs)
    accounts, region, tags = given.get("allowedAccountIds"), given.get("region"), given.get("defaultTags")
    return replace(
        place,
        account=accounts[0] if isinstance(accounts, list) and accounts else place.account,
        region=region if isinstance(region, str) else place.region,
        default_tags=(tags.get("tags") or {}) if isinstance(tags, Mapping) else {},
    )
