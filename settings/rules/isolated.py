"""Rules about a network that nothing leads out of: what would need the internet there, and so can never work."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from facts import manifests
from settings.argo_cd import ArgoCd, GitOps
from settings.dns import CertManager, ExternalDns
from settings.network import Network
from settings.problems import Problem, place
from settings.rules.registry import rule
from settings.workloads import Workloads

FOUND: Final = "needs the internet"

PUBLIC_HOSTS: Final = (
    # Git.
    *("bitbucket.org", "codeberg.org", "dev.azure.com", "github.com", "gitlab.com", "sr.ht", "visualstudio.com"),
    # OpenID Connect.
    *("accounts.google.com", "auth0.com", "login.microsoftonline.com", "okta.com", "onelogin.com", "sts.windows.net"),
)
"""Hosts, and all below them, that are on the internet alone. Any other host may be in the company's own network."""

PUBLIC_REGISTRIES: Final = ("docker.io", "gcr.io", "ghcr.io", "public.ecr.aws", "quay.io", "registry.k8s.io")
"""Registries that have no endpoint in a VPC; that of ECR is for private repositories.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"""


@rule
def _dns_in_isolated_network(
    network: Network, external_dns: ExternalDns | None, cert_manager: CertManager | None
) -> Iterator[Problem]:
    """Route 53 is global, its API is not in the region (https://docs.aws.amazon.com/general/latest/gr/r53.html)."""
    if not network.without_internet:
        return
    if external_dns:
        yield Problem("externalDns", FOUND, "expected none, or network.nat: the VPC's endpoints do not reach Route 53")
    if cert_manager:
        expected = "expected none, or network.nat: the VPC's endpoints reach neither Let's Encrypt nor Route 53"
        yield Problem("certManager", FOUND, expected)


@rule
def _argo_cd_in_isolated_network(network: Network, argo_cd: ArgoCd | None, git_ops: GitOps | None) -> Iterator[Problem]:
    # The managed Argo CD does not run in the VPC.
    if not network.without_internet or not argo_cd:
        return
    urls = (
        {place("gitOps", "sets", key, "repository"): it.repository for key, it in git_ops.sets.items()}
        if git_ops
        else {}
    )
    if argo_cd.sso:
        urls["argoCd.sso.issuer"] = argo_cd.sso.issuer
    for path, url in urls.items():
        host = urlsplit(url).hostname or ""
        if any(host == public or host.endswith(f".{public}") for public in PUBLIC_HOSTS):
            yield Problem(path, url, f"expected a host that the VPC reaches, or network.nat: {host} is on the internet")


@rule
def _images_in_isolated_network(network: Network, workloads: Workloads | None) -> Iterator[Problem]:
    if not network.without_internet or not workloads:
        return
    known = manifests.folders()
    for index, folder in enumerate(workloads.folders):
        for item in manifests.objects(folder) if folder in known else ():
            for image in _images(item):
                if image.split("/")[0] in PUBLIC_REGISTRIES or "/" not in image:
                    expected = "expected images of a registry that the VPC reaches, or network.nat"
                    yield Problem(f"workloads.folders[{index}]", image.partition("@")[0], expected)


def _images(value: Any) -> Iterator[str]:
    """Yield the images of the containers anywhere in an object."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("containers", "initContainers") and isinstance(inner, list):
                yield from (str(it["image"]) for it in inner if isinstance(it, dict) and "image" in it)
            else:
                yield from _images(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _images(inner)
