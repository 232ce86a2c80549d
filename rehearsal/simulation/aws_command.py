"""The `aws` of a simulation: `aws eks get-token`, which the program's kubeconfig runs, and nothing else."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Final

from harness.engine import environment
from harness.engine.store import Store
from rehearsal.engine.refusals.api_server import access_problem
from rehearsal.simulation.aws_provider import endpoint

API: Final = "client.authentication.k8s.io/v1beta1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the token of the principal that runs Pulumi; it lets in only whom the cluster's access entries let in.

    As on AWS, the command itself succeeds for anybody: the API server then answers Unauthorized.
    """
    parser = argparse.ArgumentParser(prog="aws", description=__doc__)
    parser.add_argument("service", choices=["eks"])
    parser.add_argument("command", choices=["get-token"])
    parser.add_argument("--cluster-name", required=True)
    for name in ("region", "output"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args(arguments)
    folder = environment.folder()
    with Store(folder).look() as cloud:
        problem = access_problem(options.cluster_name, environment.read(folder).deployer, cloud)
    if problem:
        print(problem, file=sys.stderr)
    token = "nobody" if problem else endpoint(folder).token
    print(json.dumps({"kind": "ExecCredential", "apiVersion": API, "spec": {}, "status": {"token": token}}))
    return 0
