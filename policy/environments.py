"""Which environment a stack is: what its settings say, and production where they say nothing."""

import json
from collections.abc import Mapping
from typing import Final

from facts.environments import Environment

SETTING: Final = "platform.environment"


def environment_in(config: Mapping[str, str], project: str) -> Environment:
    """Return which environment a stack's configuration says the stack is.

    config: the values of the stack by full key, objects as JSON text, as Pulumi hands them to programs and to policy
    packs. project: the project's name. Returns production unless `platform.environment` is exactly "development", so
    that a new stack, a misspelt value or a project without this setting is checked strictly.
    """
    section, _, key = SETTING.partition(".")
    try:
        platform = json.loads(config.get(f"{project}:{section}", "{}"))
    except ValueError:
        return Environment.PRODUCTION
    found = platform.get(key) if isinstance(platform, Mapping) else None
    return Environment.DEVELOPMENT if found == Environment.DEVELOPMENT.value else Environment.PRODUCTION
