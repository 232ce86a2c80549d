"""The policy pack's entry point: `pulumi preview --policy-pack policy` runs this folder."""

import sys
from pathlib import Path

import pulumi_policy.policy

# The engine runs the folder as a program of its own; its modules are those of the package in the folder above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policy.pack import NAME, policies
from policy.servicer import Servicer, environment

# The class that answers the engine is not an argument of a policy pack.
pulumi_policy.policy._PolicyAnalyzerServicer = Servicer  # type: ignore[misc]

pulumi_policy.PolicyPack(NAME, policies(environment))
