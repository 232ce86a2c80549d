"""Rules about Argo CD and what it deploys from Git."""

from collections.abc import Collection, Iterator, Mapping
from itertools import permutations
from typing import Any

from settings.argo_cd import ArgoCd, GitCredential, GitOps
from settings.compute import FargateProfile, NodeGroup
from settings.ingress import Ingress
from settings.namespaces import platform_namespaces
from settings.problems import Problem, encrypting, place
from settings.rules.fargate import takes_all
from settings.rules.registry import repeated, rule
from settings.words import either


@rule
def _host(argo_cd: ArgoCd | None, ingress: Ingress) -> Iterator[Problem]:
    if not argo_cd:
        return
    if argo_cd.sso and not argo_cd.host:
        yield Problem("argoCd.sso", "set without a host", "expected argoCd.host, where users come back to")
    if argo_cd.host and not ingress.domain:
        yield Problem("argoCd.host", argo_cd.host, "expected ingress.domain: it is served by HTTPS alone")
    elif argo_cd.host and ingress.domain and not _covered(argo_cd.host, ingress.domain.names):
        names = either(ingress.domain.names)
        yield Problem("argoCd.host", argo_cd.host, f"expected a name that leads to the ALB: {names}")
    elif argo_cd.host and argo_cd.host.startswith("wildcard."):
        yield Problem("argoCd.host", argo_cd.host, "expected another name: in Pulumi, the wildcard has it")


def _covered(host: str, names: Collection[str]) -> bool:
    """Tell whether a certificate of these names holds for a host: a wildcard stands for one label."""
    return host in names or f"*.{host.partition('.')[2]}" in names


@rule
def _groups(argo_cd: ArgoCd | None) -> Iterator[Problem]:
    if argo_cd and argo_cd.sso:
        yield from repeated("argoCd.sso.admins", argo_cd.sso.admins)
        yield from repeated("argoCd.sso.readers", argo_cd.sso.readers)


@rule
def _sets(argo_cd: ArgoCd | None, git_ops: GitOps | None) -> Iterator[Problem]:
    if not git_ops:
        return
    if not argo_cd:
        yield Problem("gitOps", "set without argoCd", "expected argoCd: it deploys them")
    for name, manifests in git_ops.sets.items():
        path = place("gitOps", "sets", name)
        if name == "default":
            yield Problem(path, "reserved", "expected another name: Argo CD's own project has this one")
        yield from repeated(f"{path}.kinds", manifests.kinds)
        yield from repeated(f"{path}.clusterKinds", manifests.cluster_kinds)


@rule
def _namespaces_of_sets(git_ops: GitOps | None, sections: Mapping[str, Any]) -> Iterator[Problem]:
    """A set that reached the namespaces of the platform, or of another set, could do what those may."""
    sets = git_ops.sets if git_ops else {}
    for name, manifests in sets.items():
        path, prefix = place("gitOps", "sets", name, "namespacePrefix"), manifests.namespace_prefix
        # https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#working-with-namespaces
        if prefix.startswith("kube-") or any(own.startswith(prefix) for own in platform_namespaces(sections)):
            yield Problem(path, prefix, "expected another beginning: namespaces of Kubernetes or the platform have it")
    for (name, manifests), (other, others) in permutations(sets.items(), 2):
        if manifests.namespace_prefix.startswith(others.namespace_prefix):
            path, found = place("gitOps", "sets", name, "namespacePrefix"), manifests.namespace_prefix
            yield Problem(path, found, f"expected another beginning than that of {other}, {others.namespace_prefix}")


@rule
def _profiles_for_sets(
    git_ops: GitOps | None, node_groups: dict[str, NodeGroup], fargate_profiles: dict[str, FargateProfile]
) -> Iterator[Problem]:
    if node_groups or not fargate_profiles or not git_ops:
        return
    for manifests in git_ops.sets.values():
        if not any(takes_all(profile, f"{manifests.namespace_prefix}a") for profile in fargate_profiles.values()):
            found = f"none takes {manifests.namespace_prefix}*"
            yield Problem("fargateProfiles", found, "expected one: there are no nodes for its pods")


@rule
def _credentials(
    git_credentials: dict[str, GitCredential], git_ops: GitOps | None, secret: Collection[str]
) -> Iterator[Problem]:
    repositories = [manifests.repository for manifests in git_ops.sets.values()] if git_ops else []
    for name, login in git_credentials.items():
        path = place("gitCredentials", name)
        by_key = login.url.startswith("ssh://")
        expected = "sshPrivateKey alone" if by_key else "username and password alone"
        given = (login.username is not None, login.password is not None, login.ssh_private_key is not None)
        if given != (not by_key, not by_key, by_key):
            yield Problem(path, "another login than its URL asks for", f"expected {expected}")
        elif "gitCredentials" not in secret:
            field = "sshPrivateKey" if by_key else "password"
            place_of = f"{path}.{field}"
            yield Problem(place_of, "in the clear", f"expected an encrypted value: {encrypting(place_of)}")
        if not any(repository.startswith(login.url) for repository in repositories):
            yield Problem(f"{path}.url", login.url, "expected the beginning of a repository in gitOps")
