"""What the rules advise the stacks of this repository."""

from typing import Final

ADVICE: Final = {
    # Neither has a domain, and without a certificate there is nothing to redirect to.
    "dev": ["load-balancer-redirect: platform-dev-ingress"],
    "fargate": ["load-balancer-redirect: platform-fargate-ingress"],
}
