"""The web interfaces of the platform's own: what Traefik sends the requests of their hosts to."""

from typing import Final

from facts import namespaces

ARGO_CD_NAME: Final = "argocd"
"""The prefix of the names of all objects of Argo CD's chart: the one that upstream's manuals and CLI expect."""
ARGO_CD_SERVER: Final = f"{ARGO_CD_NAME}-server"
ARGO_CD_SERVICE: Final = f"{ARGO_CD_SERVER}.{namespaces.ARGO_CD}.svc.cluster.local:80"
"""The ALB terminates TLS, and its target group uses HTTP/1.1, which does not transport native gRPC: the CLI needs
`--grpc-web`.

https://argo-cd.readthedocs.io/en/stable/operator-manual/ingress/#traefik-v30,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-protocol-version"""

KUBERNETES: Final = "https://kubernetes.default.svc"
"""The Kubernetes API of a cluster for its own pods."""
