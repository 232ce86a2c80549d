"""Where the pods that a stack installs run."""

from collections.abc import Mapping
from typing import Any, Final

from components import namespaces

ALWAYS: Final = (namespaces.SYSTEM, namespaces.TRAEFIK)
OPTIONAL: Final[Mapping[str, str]] = {"observability": namespaces.OBSERVABILITY}
"""Section to the namespace that there is where the section is."""


def platform_namespaces(sections: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the namespaces of the platform's own pods, given the sections of a stack file by their fields' names."""
    return (*ALWAYS, *(namespace for section, namespace in OPTIONAL.items() if sections.get(section)))
