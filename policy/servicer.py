"""What answers the engine for the policy pack, and takes from it which environment the stack is."""

from typing import Any, Final

import pulumi_policy.policy

from facts.environments import Environment
from policy.environments import environment_in

_TOLD: Final = [Environment.PRODUCTION]
"""The environment that the engine last told of; one process of the pack serves one run on one stack."""


def environment() -> Environment:
    """Return which environment the stack is that the engine runs; production until it says so."""
    return _TOLD[-1]


class Servicer(pulumi_policy.policy._PolicyAnalyzerServicer):
    """The SDK's own, which of a stack that it is told of keeps the tags alone, and not the configuration.

    The engine calls `ConfigureStack` once before it checks anything.
    https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/plugin/analyzer_plugin.go#L225
    """

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: N802  # the service's name
        """Remember the environment in the stack's configuration."""
        _TOLD[:] = [environment_in(request.config, request.project)]
        return super().ConfigureStack(request, context)
