"""What the rules advise the stacks of this repository."""

from typing import Final

ADVICE: Final = {
    # None of them has a domain, and without a certificate there is nothing to redirect to.
    "dev": ["load-balancer-redirect: platform-dev-ingress"],
    "staging-b": ["load-balancer-redirect: platform-staging-b-ingress"],
    "fargate": ["load-balancer-redirect: platform-fargate-ingress"],
}
