"""The version of the contract between a stack and the stacks that read its outputs."""

from typing import Final

CONTRACT_VERSION: Final = 1
"""It grows when an output is renamed, removed or changes its meaning; a new output does not change it."""
