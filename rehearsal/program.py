"""Runs this project's program for a stack, on the model of AWS, EKS and Kubernetes in `rehearsal.cloud`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from harness import program
from harness.plan import Plan
from harness.program import Configuration
from rehearsal.cloud import MODEL

ROOT: Final = Path(__file__).resolve().parent.parent
PROTECTIONS: Final = ("platform.protect", "cluster.deletionProtection", "ingress.deletionProtection")
"""Settings that keep a stack from being destroyed (docs/operations.md)."""


def run_program(
    stack: str,
    *,
    unknown: bool = False,
    config: Mapping[str, Any] | None = None,
    root: Path = ROOT,
    deployed: Plan | None = None,
    caller: str | None = None,
) -> Plan:
    """Run the program of the project in `root` for a stack, and return what it asked for; see `harness.program`.

    caller: the IAM principal that runs Pulumi; the deployer in the stack file unless another is given.
    """
    return program.run_program(
        stack,
        root=root,
        model=MODEL,
        unknown=unknown,
        config=config,
        deployed=deployed,
        caller_of=lambda configuration: caller or _deployer(configuration),
    )


def stacks(root: Path = ROOT) -> list[str]:
    """Return the names of the stacks that the project in `root` has files for."""
    return program.stacks(root)


def read_configuration(stack: str, overrides: Mapping[str, Any] | None = None, root: Path = ROOT) -> Configuration:
    """Return the configuration of a stack as the engine hands it over; see `harness.program`."""
    return program.read_configuration(stack, overrides, root=root)


def _deployer(configuration: Configuration) -> str | None:
    """Return the principal that a stack's configuration names as deployer; None where it names none."""
    deployer = configuration.section("access").get("deployer")
    return deployer if isinstance(deployer, str) and deployer.count(":") == 5 else None
