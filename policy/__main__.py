"""The policy pack's entry point: `pulumi preview --policy-pack policy` runs this folder."""

import sys
from pathlib import Path

from pulumi_policy import PolicyPack

# The engine runs the folder as a program of its own; its modules are those of the package in the folder above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policy.pack import NAME, policies

PolicyPack(NAME, policies())
