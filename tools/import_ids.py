"""Which resources of a stack's plan may exist already, and the file by which `pulumi import` takes them over.

`make import-ids STACK=dev` lists what can be imported with its id, or with the command that looks it up, and what
cannot, with the reason. With names (`ARGS='Vpc::platform-dev-vpc=vpc-0123 LogGroup::platform-dev-logs'`) it writes the
file; an id that follows from the plan, or from the ids that are given, may be left out. docs/take-over-a-cluster.md
tells the rest.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.kind import Autoname
from harness.plan import STACK, Plan, Registration
from harness.properties import reveal
from rehearsal.cloud import KINDS
from rehearsal.program import ROOT, run_program
from tools.identities import IDENTITIES, import_id, lookup

_OF_A_CLUSTER: Final = "it belongs to a cluster, and the new cluster is another one"
_OF_A_BALANCER: Final = "it belongs to the load balancer of the old cluster, which serves until the new one does"

NEVER: Final[dict[str, str]] = {
    "aws:eks/": _OF_A_CLUSTER,
    "aws:iam/openIdConnectProvider:": _OF_A_CLUSTER,
    "aws:ec2/launchTemplate:": _OF_A_CLUSTER,
    "aws:lb/": _OF_A_BALANCER,
    "aws:wafv2/": _OF_A_BALANCER,
    "aws:acm/certificateValidation:": "it stands for no resource in AWS, but for the wait for a certificate",
    "aws:ec2/defaultSecurityGroup:": "the provider takes the VPC's own without an import",
    "aws:ec2/tag:": "a tag that is there already is no error",
}
"""What must not be imported, by the beginning of the type."""

RECORD: Final = "aws:route53/record:Record"

NAMED_BY_PULUMI: Final = "the program gives it no name: Pulumi would replace an imported one, for a name of its own"
OF_ANOTHER: Final = "it belongs to what must not be imported"
PROOF: Final = "it proves a certificate to ACM, which names the record when it knows the certificate"


@dataclass(frozen=True)
class Candidate:
    """A resource of the plan that AWS may have already.

    label: the class and logical name, such as "Vpc::platform-dev-vpc", which arguments name it by; with the class of
    what is above it before them where two would have the same. id: for `pulumi import`, None where it is not known.
    reason: why not to import it. lookup: a command that finds what AWS assigned, "" for none.
    """

    label: str
    entry: Registration
    id: str | None
    reason: str | None = None
    lookup: str = ""


def _labels(entries: Sequence[Registration]) -> dict[str, str]:
    """Return the label of each resource by its URN."""
    short = {entry.urn: f"{entry.type.rpartition(':')[2]}::{entry.name}" for entry in entries}
    times = Counter(short.values())
    above = {entry.urn: str(entry.parent).split("::")[2].rpartition(":")[2] for entry in entries}
    return {urn: f"{above[urn]}/{label}" if times[label] > 1 else label for urn, label in short.items()}


def _reason_against(entry: Registration) -> str | None:
    for beginning, reason in NEVER.items():
        if entry.type.startswith(beginning):
            return reason
    if entry.type == RECORD and str(entry.parent).split("::")[2].endswith(":Certificate"):
        return PROOF
    names = [path for path, value in KINDS[entry.type].defaults.items() if isinstance(value, Autoname)]
    return NAMED_BY_PULUMI if any(entry.inputs.get(name) is None for name in names) else None


def candidates(plan: Plan, given: Mapping[str, str], account: str, region: str) -> list[Candidate]:
    """Return the AWS resources of a plan, with ids as far as they follow from the plan and from the ids in `given`.

    plan: with all values known, made-up ids among them. given: ids by label.
    """
    entries = [it for it in plan if it.custom and not it.read and it.type.startswith("aws:")]
    labels = _labels(entries)
    reasons = {it.urn: _reason_against(it) for it in entries}
    barred = {str(it.id) for it in entries if reasons[it.urn]}
    real = {str(it.id): given[labels[it.urn]] for it in entries if labels[it.urn] in given}
    made_up = {str(it.id) for it in entries if import_id(it.type, reveal(it.inputs), account, region) is None}
    made_up -= real.keys()
    found = []
    for entry in entries:
        inputs = {name: _known(value, real, made_up) for name, value in reveal(entry.inputs).items()}
        id_ = given.get(labels[entry.urn]) or import_id(entry.type, inputs, account, region)
        of_another = OF_ANOTHER if barred.intersection(map(str, reveal(entry.inputs).values())) else None
        command = lookup(entry.type, inputs, account, region)
        found.append(Candidate(labels[entry.urn], entry, id_, reasons[entry.urn] or of_another, command))
    return found


def _known(value: Any, real: Mapping[str, str], made_up: Collection[str]) -> Any:
    """Return an input with the id that exists in the place of the one that was made up; None where nobody knows it."""
    if not isinstance(value, str):
        return value
    return real.get(value, None if any(it in value for it in made_up) else value)


def import_file(plan: Plan, chosen: Sequence[Candidate]) -> dict[str, Any]:
    """Return what `pulumi import --file` takes: the resources, the components above them, and their providers.

    https://www.pulumi.com/docs/iac/cli/commands/pulumi_import/
    """
    above: dict[str, Registration] = {}
    for candidate in chosen:
        for entry in (*_parents(plan, candidate.entry), *_provider(plan, candidate.entry)):
            above.setdefault(entry.urn, entry)
    keys = {urn: f"above-{number}" for number, urn in enumerate(above)}
    rows = [_row(it, keys, keys[it.urn]) for it in above.values()]
    return {
        "resources": [
            *rows,
            *(_row(it.entry, keys, f"resource-{n}") | {"id": it.id} for n, it in enumerate(chosen)),
        ]
    }


def _parents(plan: Plan, entry: Registration) -> Iterator[Registration]:
    while entry.parent and (parent := plan.by_urn.get(entry.parent)) and parent.type != STACK:
        yield parent
        entry = parent


def _provider(plan: Plan, entry: Registration) -> Iterator[Registration]:
    if entry.options.provider:
        yield plan.by_urn[entry.options.provider]


def _row(entry: Registration, keys: Mapping[str, str], key: str) -> dict[str, Any]:
    row: dict[str, Any] = {"type": entry.type, "name": key, "logicalName": entry.name}
    if entry.parent is not None and entry.parent in keys:
        row["parent"] = keys[entry.parent]
    if not entry.custom:
        return {**row, "component": True, **({"remote": True} if entry.remote else {})}
    if entry.options.version:
        row["version"] = entry.options.version
    if entry.type.startswith("pulumi:providers:"):
        return {**row, "inputs": reveal(entry.inputs)}
    return {**row, "provider": keys[entry.options.provider]} if entry.options.provider else row


def main(arguments: Sequence[str] | None = None) -> int:
    """List what can be imported, or write the file; return 1 for a name that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m tools.import_ids", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--out", type=Path, default=Path("import.json"), help="file to write (default: import.json)")
    parser.add_argument("existing", nargs="*", metavar="NAME[=ID]", help="what exists, as the list names it")
    options = parser.parse_args(arguments)
    plan = run_program(options.stack, root=options.project.resolve())
    platform = json.loads(plan.config[f"{plan.project}:platform"])
    account, region = str(platform.get("account") or "ACCOUNT"), str(platform["region"])
    given = dict(text.split("=", 1) for text in options.existing if "=" in text)
    found = candidates(plan, given, account, region)
    if not options.existing:
        print("\n".join(_listing(found)))
        return 0
    wanted = [text.partition("=")[0] for text in options.existing]
    problems = [*_problems(wanted, {it.label: it for it in found})]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    chosen = [it for it in found if it.label in wanted]
    options.out.write_text(json.dumps(import_file(plan, chosen), indent=2) + "\n")
    print(f"{options.out} has {len(chosen)} resources. Next, with a new and empty stack:")
    print(f"  pulumi import --stack {options.stack} --file {options.out} --generate-code=false --protect=false")
    print(f"  pulumi preview --stack {options.stack} --diff     # nothing may be replaced")
    return 0


def _problems(wanted: Sequence[str], known: Mapping[str, Candidate]) -> Iterator[str]:
    for name in wanted:
        candidate = known.get(name)
        if candidate is None:
            yield f"{name}: no resource of the plan; the list without arguments has their names"
        elif candidate.reason:
            yield f"{name}: must not be imported: {candidate.reason}"
        elif candidate.id is None:
            yield f"{name}: its id is assigned by AWS, or follows from one that is; expected {name}=ID"


def _listing(found: Sequence[Candidate]) -> Iterator[str]:
    yield "Can be imported, if it exists:"
    for it in found:
        if it.reason is None:
            form = IDENTITIES[it.entry.type].form
            missing = f"=ID, such as {form}" if form else "(its id follows from those of what it joins)"
            yield f"  {it.label} {it.id or missing}"
            if it.id is None and form:
                yield f"      {it.lookup}"
    yield "\nMust not be imported:"
    for reason in dict.fromkeys(it.reason for it in found if it.reason):
        yield f"  {reason}:"
        yield "    " + ", ".join(it.label for it in found if it.reason == reason)


if __name__ == "__main__":
    sys.exit(main())
