"""The namespaces of the platform's own pods."""

from typing import Final

SYSTEM: Final = "kube-system"
"""Of what EKS runs, and of the controllers that the API server's flow schemas give precedence there."""
TRAEFIK: Final = "traefik"
OBSERVABILITY: Final = "observability"
