"""The namespaces of the platform's own pods."""

from typing import Final

SYSTEM: Final = "kube-system"
"""Of what EKS runs, and of the controllers that the API server's flow schemas give precedence there."""
TRAEFIK: Final = "traefik"
ARGO_CD: Final = "argocd"
OBSERVABILITY: Final = "observability"
CLOUDWATCH: Final = "amazon-cloudwatch"
"""Of the pods of the EKS add-on amazon-cloudwatch-observability, which creates it."""
