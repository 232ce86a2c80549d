"""Finds out what a stack of the platform needs, by its plan.

`python -m bootstrap.plan --stack dev` prints it as JSON. It is a process of its own, because a Pulumi program cannot
run another one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pulumi

from bootstrap.needs import ROOT, Needs
from facts import names
from harness import HarnessError
from harness.plan import Plan
from harness.properties import reveal
from rehearsal.program import read_configuration, run_program

AWS_PROVIDER: Final = "pulumi:providers:aws"
READS_ALL: Final = "read-all"
"""The role in the cluster that `pulumi preview` needs (docs/operations.md)."""


def needs_of(plan: Plan, settings: dict[str, Any]) -> Needs:
    """Return what a plan needs; `settings` are sections of the stack file."""
    platform, access = settings["platform"], settings["access"]
    resources = [entry for entry in plan if entry.custom and not entry.read and entry.type.startswith("aws:")]
    inputs = [reveal(entry.inputs) for entry in resources]
    arns = {arn for entry in resources for arn in [reveal(entry.outputs).get("arn")] if isinstance(arn, str)}
    roles = [given for entry, given in zip(resources, inputs, strict=True) if entry.type == "aws:iam/role:Role"]
    boundaries = {role.get("permissionsBoundary") for role in roles}
    assumed = {entry.urn: role for entry in plan.find(type=AWS_PROVIDER) for role in _assumed(reveal(entry.inputs))}
    records = [given for entry, given in zip(resources, inputs, strict=True) if entry.options.provider not in assumed]
    policies = [document for given in inputs for document in _documents(given.get("policy"))]
    attached = {str(given["policyArn"]) for given in inputs if "policyArn" in given}
    return Needs(
        project=plan.project,
        stack=plan.stack,
        name=platform["name"],
        account=platform["account"],
        region=platform["region"],
        deployer=access["deployer"],
        planners=sorted(e["principal"] for e in access.get("entries", {}).values() if e.get("role") == READS_ALL),
        types=sorted({entry.type for entry in resources}),
        asked=sorted({call.token for call in plan.invocations if call.token.startswith("aws:")}),
        named=sorted({pattern for arn in arns for pattern in _pattern(arn, platform["name"])}),
        zones=sorted({str(given["zoneId"]) for given in records if "zoneId" in given}),
        zone_roles=sorted(set(assumed.values())),
        user_pools=sorted({pool for given in inputs for pool in _user_pools(given.get("defaultActions"))}),
        keys=sorted(set(_keys(inputs)) - arns),
        services=sorted({service for role in roles for service in _trusted(role)}),
        boundary=boundaries.pop() if len(boundaries) == 1 else None,
        documents=policies,
        managed=sorted(arn.rpartition("/")[2] for arn in attached if ":iam::aws:" in arn),
    )


def _assumed(provider: dict[str, Any]) -> Iterator[str]:
    """Yield the role that a provider assumes, if it does. A provider's inputs are JSON texts."""
    for role in json.loads(provider.get("assumeRoles") or "[]"):
        yield role["roleArn"]


def _user_pools(actions: Any) -> Iterator[str]:
    """Yield the user pools of a listener's actions."""
    for action in actions or ():
        if "authenticateCognito" in action:
            yield action["authenticateCognito"]["userPoolArn"]


def _pattern(arn: str, name: str) -> Iterator[str]:
    """Yield the pattern of an ARN with the platform's name, or its short form, in it: all that begins like it."""
    for named in dict.fromkeys((name, names.prefix(name))):
        before, found, after = arn.partition(named)
        if found:
            yield f"{before}{named}{after[0]}*" if after else arn


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        yield json.loads(value)


def _trusted(role: dict[str, Any]) -> Iterator[str]:
    for document in _documents(role["assumeRolePolicy"]):
        for statement in document["Statement"]:
            found = statement["Principal"].get("Service", [])
            yield from [found] if isinstance(found, str) else found


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
    elif isinstance(value, str) and re.fullmatch(r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/[\w-]+", value):
        yield value


def of_stack(stack: str, root: Path = ROOT) -> Needs:
    """Return what a stack needs. Raises RehearsalError where there is none, and what its program raises."""
    configuration = read_configuration(stack, root=root)
    sections = {key: configuration.section(key) for key in ("platform", "access")}
    return needs_of(run_program(stack, root=root), sections)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what a stack needs; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bootstrap.plan", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the platform's stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of the project (default: the top)")
    options = parser.parse_args(arguments)
    try:
        needs = of_stack(options.stack, options.project.resolve())
    except (HarnessError, pulumi.RunError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    json.dump(asdict(needs), sys.stdout, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
