"""Writes the smallest stack file that previews: `python -m tools.new_stack STACK`, or `make new STACK=acme-dev`.

Every value may be given as an option; what is not given is asked for. The file is checked as the program checks it
before it is written, and a file that exists is not overwritten.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pulumi
import yaml

from facts.environments import Environment
from rehearsal.program import ROOT, read_configuration, stacks
from settings import load
from settings.problems import SettingsError

COMPUTE: Final = ("ec2", "fargate", "auto")

ZONES: Final = {"ap-northeast-1": "acd", "us-west-1": "ac"}
"""Letters of the zones that new accounts have, where these are not the first three.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html"""


@dataclass(frozen=True)
class Question:
    """What is asked for. option: without the dashes. default: from the answers so far; None: there is none."""

    option: str
    text: str
    default: Callable[[Mapping[str, str]], str | None]


def _zones_of(region: str) -> str:
    return ",".join(f"{region}{letter}" for letter in ZONES.get(region, "abc"))


QUESTIONS: Final = (
    Question("environment", "development or production", lambda _: Environment.PRODUCTION.value),
    Question("region", "AWS region", lambda _: None),
    Question("account", "AWS account, 12 digits", lambda _: None),
    Question(
        "deployer",
        "ARN of the IAM role that runs `pulumi up`",
        lambda given: f"arn:aws:iam::{given['account']}:role/platform-deployer",
    ),
    Question("zones", "availability zones, separated by commas", lambda given: _zones_of(given["region"])),
    Question("reached-from", "public range that reaches the Kubernetes API, such as your office's", lambda _: None),
    Question("compute", "ec2, fargate or auto (EKS Auto Mode)", lambda _: COMPUTE[0]),
    Question("domain", "domain name; empty: none, and HTTP only", lambda _: ""),
)
ZONE_ID: Final = Question("hosted-zone", "id of the domain's hosted zone in Route 53", lambda _: None)


class AnswerError(Exception):
    """An answer that no stack file can be made of."""


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
            raise AnswerError(f"{path.name} exists")
        text = stack_file(options.stack, answers(vars(options)), root)
    except (AnswerError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    path.write_text(text, encoding="utf-8")
    print(f"{path.name} is written. Next: make preview STACK={options.stack}")
    return 0


def answers(given: Mapping[str, str | None]) -> dict[str, str]:
    """Return an answer to each question: the option, what the terminal answers, or the default."""
    found: dict[str, str] = {}
    for question in QUESTIONS:
        found[question.option] = _answer(question, given, found)
    if found["domain"]:
        found[ZONE_ID.option] = _answer(ZONE_ID, given, found)
    if found["compute"] not in COMPUTE:
        raise AnswerError(f"compute: {found['compute']}: expected {', '.join(COMPUTE)}")
    if found["environment"] == Environment.PRODUCTION and not found["domain"]:
        raise AnswerError("domain: empty: the policies of production require HTTPS, and so a domain")
    return found


def _answer(question: Question, given: Mapping[str, str | None], found: Mapping[str, str]) -> str:
    option = given.get(question.option.replace("-", "_"))
    if option is not None:
        return option
    default = question.default(found)
    if not sys.stdin.isatty():
        if default is None:
            raise AnswerError(f"--{question.option} is missing: {question.text}")
        return default
    while True:
        answer = input(f"{question.text}{f' [{default}]' if default else ''}: ").strip()
        if answer or default is not None:
            return answer or str(default)


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
        "cluster": {
            "publicAccess": {"office": given["reached-from"]},
            **({"deletionProtection": True} if production else {}),
            **({"autoMode": {"nodePools": ["general-purpose", "system"]}} if given["compute"] == "auto" else {}),
        },
        "access": {"deployer": given["deployer"]},
    }
    if given["compute"] == "ec2":
        sections["nodeGroups"] = {"operations": {"instanceTypes": ["m6i.large"], "min": 2}}
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
        network = json.loads(configuration.values.get(f"{configuration.project}:network", "{}"))
        if "cidr" in network:
            taken.append(ipaddress.ip_network(network["cidr"], strict=False))
    ranges = (ipaddress.ip_network(f"10.{number}.0.0/16") for number in range(10, 250, 10))
    return str(next(found for found in ranges if not any(found.overlaps(other) for other in taken)))


class _Dumper(yaml.SafeDumper):
    """Writes lists in one line where they hold plain values, and quotes text of digits."""


def _list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    plain = all(isinstance(item, str) for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=plain)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if value.isdigit() else None)


_Dumper.add_representer(list, _list)
_Dumper.add_representer(str, _text)

if __name__ == "__main__":
    raise SystemExit(main())
