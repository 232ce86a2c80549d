"""Writes a minimal stack file with a valid preview: `python -m tools.new_stack STACK`, or `make new STACK=acme-dev`.

Every value can be an option; the tool prompts for the others, and checks each answer. It checks the whole file as the
program does before it writes it, and never overwrites a file.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pulumi
import yaml
from pydantic import TypeAdapter, ValidationError

import versions
from facts.environments import Environment
from facts.partitions import partition_of
from policy.rules.addresses import open_to_the_world
from rehearsal.program import ROOT, read_configuration, stacks
from settings import load
from settings.expected import accepted
from settings.problems import SettingsError
from settings.regions import REGIONS
from settings.rules.cluster import NEVER_PUBLIC
from settings.values import AccountId, DomainName, HostedZoneId, Principal
from settings.words import either

FEWEST_ZONES: Final = 2
"""https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"""

COMPUTE: Final = ("ec2", "fargate", "auto")

ZONES: Final = {"ap-northeast-1": "acd", "us-west-1": "ac"}
"""Letters of the zones that new accounts have, where these are not the first three.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html"""


@dataclass(frozen=True)
class Question:
    """A question about a stack.

    option: its name without the dashes. default: from the answers so far; an answer is required where there is none.
    expected: what the answer must be, in words. valid: whether an answer is that, after the answers so far.
    """

    option: str
    text: str
    default: Callable[[Mapping[str, str]], str | None] | None
    expected: str = ""
    valid: Callable[[str, Mapping[str, str]], bool] = lambda answer, _given: bool(answer)


def _zones_of(region: str) -> str:
    return ",".join(f"{region}{letter}" for letter in ZONES.get(region, "abc"))


def _environment_of(stack: str) -> str:
    """Return the environment that the name of a stack suggests; production is the stricter one."""
    development = {"dev", "development", "test", "sandbox"} & set(stack.split("-"))
    return (Environment.DEVELOPMENT if development else Environment.PRODUCTION).value


def _of(type_: Any) -> dict[str, Any]:
    """Return what a question expects whose answer is a value of one of the settings' types."""
    adapter = TypeAdapter(type_)

    def valid(answer: str, _given: Mapping[str, str]) -> bool:
        try:
            adapter.validate_python(answer)
        except ValidationError:
            return False
        return True

    return {"expected": accepted(type_), "valid": valid}


def _one_of(choices: Collection[str]) -> dict[str, Any]:
    return {"expected": either(list(choices)), "valid": lambda answer, _given: answer in choices}


def _are_zones(answer: str, given: Mapping[str, str]) -> bool:
    zones = [zone.strip() for zone in answer.split(",")]
    ours = all(re.fullmatch(re.escape(given["region"]) + "[a-h]", zone) for zone in zones)
    return ours and len(set(zones)) == len(zones) >= FEWEST_ZONES


def _is_public(answer: str, _given: Mapping[str, str]) -> bool:
    try:
        block = ipaddress.IPv4Network(answer)
    except ValueError:
        return False
    return not open_to_the_world(answer) and not any(block.overlaps(never) for never in NEVER_PUBLIC)


QUESTIONS: Final = (
    Question(
        "environment",
        "Environment, development or production",
        lambda given: _environment_of(given["stack"]),
        **_one_of([each.value for each in Environment]),
    ),
    Question("region", "AWS region", None, "a region such as us-east-1", lambda answer, _given: answer in REGIONS),
    Question("account", "AWS account id, 12 digits", None, **_of(AccountId)),
    Question(
        "deployer",
        "ARN of the IAM role that runs `pulumi up`",
        lambda given: f"arn:{partition_of(given['region'])}:iam::{given['account']}:role/platform-deployer",
        **_of(Principal),
    ),
    Question(
        "zones",
        "Availability zones, separated by commas",
        lambda given: _zones_of(given["region"]),
        "two or more zones of the region, such as us-east-1a,us-east-1b",
        _are_zones,
    ),
    Question(
        "reached-from",
        "Public CIDR block that may reach the Kubernetes API, such as your office's",
        None,
        "a public IPv4 CIDR block such as 198.51.100.0/24",
        _is_public,
    ),
    Question("compute", "Compute: ec2, fargate or auto (EKS Auto Mode)", lambda _: COMPUTE[0], **_one_of(COMPUTE)),
    Question(
        "domain",
        "Domain name (required in production; in development, empty for HTTP without a domain)",
        lambda given: None if given["environment"] == Environment.PRODUCTION else "",
        **_of(DomainName),
    ),
)
ZONE_ID: Final = Question("hosted-zone", "Id of the domain's hosted zone in Route 53", None, **_of(HostedZoneId))


class AnswerError(Exception):
    """An answer from which no stack file can be written."""


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write the stack file into the project in `root`; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.new_stack", description=__doc__)
    parser.add_argument("stack", help="name of the stack, and of its cluster")
    for question in (*QUESTIONS, ZONE_ID):
        parser.add_argument(f"--{question.option}", help=question.text)
    options = parser.parse_args(arguments)
    path = root / f"Pulumi.{options.stack}.yaml"
    try:
        if path.exists():
            raise AnswerError(f"{path.name} exists: name a new stack: make new STACK=acme-dev")
        text = stack_file(options.stack, answers(vars(options)), root)
    except (AnswerError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    except EOFError:
        print("\nno answer: nothing was written", file=sys.stderr)
        return 1
    path.write_text(text, encoding="utf-8")
    print(f"Wrote {path.name}. Check it (its VPC's range was chosen for you), then: make preview STACK={options.stack}")
    return 0


def answers(given: Mapping[str, str | None]) -> dict[str, str]:
    """Return an answer to each question: the option, what is typed in the terminal, or the default.

    given: the options, and the name of the stack.
    """
    found: dict[str, str] = {"stack": str(given["stack"])}
    if not sys.stdin.isatty() and (missing := _missing(given)):
        raise AnswerError("\n".join(f"--{question.option} is missing: {question.text}" for question in missing))
    for question in QUESTIONS:
        found[question.option] = _answer(question, given, found)
    if found["domain"]:
        found[ZONE_ID.option] = _answer(ZONE_ID, given, found)
    if found["compute"] not in COMPUTE:
        raise AnswerError(f"compute: {found['compute']}: expected {', '.join(COMPUTE)}")
    if found["environment"] == Environment.PRODUCTION and not found["domain"]:
        raise AnswerError("domain: empty: the policies of production require HTTPS, and so a domain")
    return found


def _missing(given: Mapping[str, str | None]) -> list[Question]:
    """Return the questions that have neither an option nor a default."""
    return [it for it in QUESTIONS if it.default is None and given.get(it.option.replace("-", "_")) is None]


def _answer(question: Question, given: Mapping[str, str | None], found: Mapping[str, str]) -> str:
    option = given.get(question.option.replace("-", "_"))
    if option is not None:
        return option
    default = question.default(found) if question.default else None
    if not sys.stdin.isatty():
        if default is None:
            raise AnswerError(f"--{question.option} is missing: {question.text}")
        return default
    while True:
        answer = input(f"{question.text}{f' [{default}]' if default else ''}: ").strip()
        if not answer and default is not None:
            return default
        if question.valid(answer, found):
            return answer
        print(f"  {answer or 'nothing'}: expected {question.expected or 'an answer'}", file=sys.stderr)


def stack_file(stack: str, answers: Mapping[str, str], root: Path) -> str:
    """Return the text of a stack file; raises SettingsError with every reason why the program would refuse it."""
    project = str(yaml.safe_load((root / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])
    sections = {f"{project}:{key}": value for key, value in _sections(stack, answers, root).items()}
    # Problems name the project's sections as they do in a run.
    pulumi.runtime.settings.SETTINGS.project = project
    load({key: json.dumps(value) for key, value in sections.items()})
    config = {"pulumi:disable-default-providers": ["aws", "kubernetes"], **sections}
    head = "# yaml-language-server: $schema=./settings.schema.json\n"
    return head + yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=120)


def _operations_nodes(zones: int) -> dict[str, Any]:
    """Return the smallest group whose nodes have room for the platform at its most, and while it is replaced.

    `tests/conformance/test_sizes.py` computes it.
    """
    return {"instanceTypes": ["m6i.large"], "min": 3} if zones > 2 else {"instanceTypes": ["m6i.xlarge"], "min": 2}


def _sections(stack: str, given: Mapping[str, str], root: Path) -> dict[str, Any]:
    production = given["environment"] == Environment.PRODUCTION
    sections: dict[str, Any] = {
        "platform": {
            "name": stack,
            "region": given["region"],
            "environment": given["environment"],
            "account": given["account"],
            **({"protect": True} if production else {}),
        },
        "network": {
            "cidr": _free_range(root),
            "zones": [zone.strip() for zone in given["zones"].split(",")],
            **({"nat": "per-zone", "flowLogs": {"retentionDays": 365}} if production else {}),
        },
        # Named, so that a release with another default does not upgrade the cluster.
        "cluster": {
            "version": versions.DEFAULT_KUBERNETES,
            "publicAccess": {"office": given["reached-from"]},
            **({"deletionProtection": True} if production else {}),
            **({"autoMode": {"nodePools": ["general-purpose", "system"]}} if given["compute"] == "auto" else {}),
        },
        "access": {"deployer": given["deployer"]},
    }
    if given["compute"] == "ec2":
        sections["nodeGroups"] = {"operations": _operations_nodes(len(sections["network"]["zones"]))}
    elif given["compute"] == "fargate":
        selectors = [{"namespace": namespace} for namespace in ("kube-system", "traefik")]
        sections["fargateProfiles"] = {"platform": {"selectors": selectors}}
        sections["addons"] = {"ebsCsi": False}
    else:
        # Auto Mode's own identity is Pod Identity.
        sections["cluster"]["identity"] = "pod-identity"
    if given["domain"]:
        sections["ingress"] = {
            "domain": {"name": given["domain"], "hostedZoneId": given[ZONE_ID.option]},
            **({"deletionProtection": True} if production else {}),
        }
    return sections


def _free_range(root: Path) -> str:
    """Return a range for a VPC that no stack at the top has."""
    taken = []
    for name in stacks(root):
        configuration = read_configuration(name, root=root)
        network = configuration.section("network")
        if "cidr" in network:
            taken.append(ipaddress.ip_network(network["cidr"], strict=False))
    ranges = (ipaddress.ip_network(f"10.{number}.0.0/16") for number in range(10, 250, 10))
    return str(next(found for found in ranges if not any(found.overlaps(other) for other in taken)))


class _Dumper(yaml.SafeDumper):
    """Writes lists in one line where they hold plain values, and quotes text of digits."""


def _list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    of_strings = all(isinstance(item, str) for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=of_strings)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if value.isdigit() else None)


_Dumper.add_representer(list, _list)
_Dumper.add_representer(str, _text)

if __name__ == "__main__":
    raise SystemExit(main())
