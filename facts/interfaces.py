"""The web interfaces of the platform's own: what Traefik sends the requests of their hosts to."""

from typing import Final

from facts import namespaces

ARGO_CD_NAME: Final = "argocd"
"""The beginning of the names of all that Argo CD's chart makes: the one that upstream's manuals and CLI expect."""
ARGO_CD_SERVER: Final = f"{ARGO_CD_NAME}-server"
ARGO_CD_SERVICE: Final = f"{ARGO_CD_SERVER}.{namespaces.ARGO_CD}.svc.cluster.local:80"
"""TLS ends at the ALB, whose target group is of HTTP/1.1: native gRPC does not come through it, and the CLI takes
`--grpc-web`.

https://argo-cd.readthedocs.io/en/stable/operator-manual/ingress/#traefik-v30,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-protocol-version"""
