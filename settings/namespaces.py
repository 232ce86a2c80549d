"""Where the pods that a stack installs run."""

from collections.abc import Mapping
from typing import Any, Final

from facts import namespaces
from facts.capabilities import CAPABILITIES
from settings.extra_charts import namespaces_of

ALWAYS: Final = (namespaces.SYSTEM, namespaces.TRAEFIK)
OPTIONAL: Final[Mapping[str, str]] = {
    "argo_cd": namespaces.ARGO_CD,
    **{it.section: it.namespace for it in CAPABILITIES if it.has_namespace},
    "observability": namespaces.OBSERVABILITY,
}
"""Section to the namespace that there is where the section is."""


def own_namespaces(sections: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the namespaces of what this program itself installs, given the sections by their fields' names."""
    return (*ALWAYS, *(namespace for section, namespace in OPTIONAL.items() if sections.get(section)))


def platform_namespaces(sections: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the namespaces of the platform's own pods and of the charts and add-ons added to it, each once."""
    added = sections["addons"].more.values() if sections.get("addons") else ()
    charts = namespaces_of(sections.get("extra_charts"))
    return tuple(dict.fromkeys((*own_namespaces(sections), *charts, *(addon.namespace for addon in added))))
