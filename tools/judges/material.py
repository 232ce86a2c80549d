"""What is judged: the AWS side of each stack as a Terraform plan, and its Kubernetes objects as files.

`python -m tools.judges.material FOLDER` writes both. What Helm makes of the charts is among the objects where there are
copies of the charts (`make upstream`) and a Helm; the last line says whether.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from harness.plan import Plan, Registration
from harness.properties import reveal
from tests.conformance import bundles
from tests.conformance.helm import NO_COPY
from tests.plans import STACKS, plan_of
from tools.upstream import cache

UNPREFIXED: Final = frozenset({"ec2", "lb"})
"""Modules of Pulumi's AWS provider whose resources Terraform names without the module."""

NAMES: Final = {"aws:ec2/tag:Tag": "aws_ec2_tag", "aws:lb/loadBalancer:LoadBalancer": "aws_lb"}
"""Terraform's names that follow from no rule: https://registry.terraform.io/providers/hashicorp/aws/latest/docs."""

MAPS: Final = frozenset({"tags", "tagsAll", "labels", "dimensions", "parameters", "thumbprintLists"})
"""Properties that are a map of texts, and not a block."""

SINGULAR: Final = frozenset({"defaultActions", "taints", "rules", "actions", "conditions", "ingresses", "egresses"})
"""Blocks that Pulumi names in the plural and Terraform in the singular."""


def terraform_type(type_: str) -> str:
    """Return Terraform's name of a type token such as aws:ec2/vpc:Vpc."""
    _, module, name = type_.split(":")
    module = module.partition("/")[0]
    words = _snake(name)
    prefix = "lb_" if module == "lb" else "" if module in UNPREFIXED else f"{module}_"
    return NAMES.get(type_, f"aws_{prefix}{words}")


def terraform_plan(plan: Plan) -> dict[str, Any]:
    """Return the AWS resources of a plan as `terraform show -json` would.

    An id or an ARN of another resource is replaced by a reference to it, from which checkov knows what belongs to
    what. https://developer.hashicorp.com/terraform/internals/json-format
    """
    entries = [entry for entry in plan if entry.custom and not entry.read and entry.type.startswith("aws:")]
    addresses = _addresses(entries)
    references = {
        value: f"{addresses[entry.urn]}.{attribute}"
        for entry in entries
        for attribute, value in (("id", entry.id), ("arn", reveal(entry.outputs).get("arn")))
        if isinstance(value, str) and len(value) > 8
    }
    resources = [_resource(entry, addresses[entry.urn], references) for entry in entries]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [],
        "configuration": {"root_module": {}},
    }


def _addresses(entries: list[Registration]) -> dict[str, str]:
    """Return the address of each resource by its URN: what has one name under two parents is numbered."""
    found: dict[str, str] = {}
    times: Counter[str] = Counter()
    for entry in entries:
        address = f"{terraform_type(entry.type)}.{_identifier(entry.name)}"
        times[address] += 1
        found[entry.urn] = address if times[address] == 1 else f"{address}-{times[address]}"
    return found


def _resource(entry: Registration, address: str, references: Mapping[str, str]) -> dict[str, Any]:
    type_, _, name = address.partition(".")
    values = _block({**reveal(entry.inputs)}, references)
    return {"address": address, "mode": "managed", "type": type_, "name": name, "values": values}


def _block(block: Mapping[str, Any], references: Mapping[str, str]) -> dict[str, Any]:
    return {_attribute(key): _value(key, value, references) for key, value in block.items()}


def _attribute(key: str) -> str:
    return _snake(
        key.removesuffix("es")
        if key in ("ingresses", "egresses")
        else key.removesuffix("s")
        if key in SINGULAR
        else key
    )


def _value(key: str, value: Any, references: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        # A block that there can be one of is a list of one.
        return dict(value) if key in MAPS else [_block(value, references)]
    if isinstance(value, list):
        return [_block(item, references) if isinstance(item, Mapping) else references.get(item, item) for item in value]
    return references.get(value, value) if isinstance(value, str) else value


def _identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _objects(name: str, *, charts: bool) -> Iterator[tuple[str, Any]]:
    """Yield the folder and the objects of everything that a bundle installs, apart by who makes it."""
    yield "objects", bundles.own_objects(name)
    if charts:
        for release, made in bundles.bundle(name).rendered.items():
            # The baseline is about the charts that every folder of copies has.
            if release not in NO_COPY:
                yield f"charts/{release}", made


def write(folder: Path, *, charts: bool) -> None:
    """Write the material of every stack, and of every folder of manifests, below a folder."""
    for name in bundles.NAMES:
        for part, items in _objects(name, charts=charts):
            _file(folder / part / f"{name.replace('/', '-')}.yaml").write_text(yaml.safe_dump_all(items))
    for stack in STACKS:
        _file(folder / "aws" / f"{stack}.json").write_text(json.dumps(terraform_plan(plan_of(stack))))


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    has_copies = cache.is_complete()
    write(Path(sys.argv[1]), charts=has_copies)
    print("with charts" if has_copies else "without charts")
