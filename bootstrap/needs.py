"""What a stack of the platform needs of the account that it is deployed to."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Needs:
    """What the roles that deploy a stack must be able to do, and who they are.

    deployer: the ARN of `access.deployer`, who runs `pulumi up`. planners: those that read everything in the cluster.
    types, asked: what the plan has of resources and calls of the AWS provider. named: the ARNs of what it creates under
    the platform's name, with a wildcard after it. zones: the hosted zones of its records in this account; zone_roles:
    the roles that it assumes for records in zones of other accounts. user_pools: Cognito's, at which a listener lets
    users log in. keys: KMS keys that exist.
    services: AWS services that get a role of it. boundary: the policy that limits each of its roles; None: some have
    none. documents: the policies of its roles; managed: the names of those of AWS's own.
    """

    project: str
    stack: str
    name: str
    account: str
    region: str
    deployer: str
    planners: list[str]
    types: list[str]
    asked: list[str]
    named: list[str]
    zones: list[str]
    zone_roles: list[str]
    user_pools: list[str]
    keys: list[str]
    services: list[str]
    boundary: str | None
    documents: list[dict[str, Any]]
    managed: list[str]


def ask(stack: str, platform: str) -> Needs:
    """Return what a stack of the project in a folder, seen from ROOT, needs: by a process of its own.

    Raises ValueError with what that process says if it fails.
    """
    command = [sys.executable, "-m", "bootstrap.plan", "--stack", stack, "--project", platform]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        raise ValueError(f"the plan of stack {stack} fails:\n{run.stderr}")
    return Needs(**json.loads(run.stdout))
