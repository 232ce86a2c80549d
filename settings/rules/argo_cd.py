"""Rules about Argo CD and what it deploys from Git."""

from collections.abc import Collection, Iterator, Mapping
from itertools import permutations
from typing import Any

from facts import gitops_bridge
from settings.argo_cd import ArgoCd, ClusterMetadata, GitCredential, GitOps, GitOpsSet
from settings.capabilities import CapabilityRole
from settings.cluster import Cluster
from settings.compute import FargateProfile, NodeGroup
from settings.ingress import Ingress
from settings.karpenter import Karpenter
from settings.namespaces import platform_namespaces
from settings.problems import Problem, encrypting, place
from settings.rules.registry import repeated, rule
from settings.teams import Team, TeamNamespace
from settings.words import either


@rule
def _host(argo_cd: ArgoCd | None, ingress: Ingress) -> Iterator[Problem]:
    if not argo_cd:
        return
    if argo_cd.sso and not argo_cd.host:
        yield Problem("argoCd.sso", "set without a host", "expected argoCd.host, to which users return after the login")
    if argo_cd.host and not ingress.domain:
        yield Problem("argoCd.host", argo_cd.host, "expected ingress.domain: it is served by HTTPS alone")
    elif argo_cd.host and not any(domain.covers(argo_cd.host) for domain in ingress.domains):
        names = either(list(dict.fromkeys(name for domain in ingress.domains for name in domain.names)))
        expected = f"expected a name that leads to the ALB: {names} (* stands for one label), or another name in "
        yield Problem("argoCd.host", argo_cd.host, f"{expected}ingress.domain.alternatives")
    elif argo_cd.host and argo_cd.host.startswith("wildcard."):
        yield Problem("argoCd.host", argo_cd.host, "expected another name: in Pulumi, the wildcard has it")


@rule
def _groups(argo_cd: ArgoCd | None) -> Iterator[Problem]:
    if argo_cd and argo_cd.sso:
        yield from repeated("argoCd.sso.admins", argo_cd.sso.admins)
        yield from repeated("argoCd.sso.readers", argo_cd.sso.readers)
    if argo_cd:
        yield from repeated("argoCd.gitKnownHosts", argo_cd.git_known_hosts)


@rule
def _clusters(argo_cd: ArgoCd | None, git_ops: GitOps | None) -> Iterator[Problem]:
    others = argo_cd.clusters if argo_cd else {}
    if argo_cd and others and not argo_cd.hub:
        yield Problem("argoCd.hub", "false", "expected true: Argo CD needs a role for argoCd.clusters")
    if gitops_bridge.THIS_CLUSTER in others:
        path = place("argoCd", "clusters", gitops_bridge.THIS_CLUSTER)
        yield Problem(path, "reserved", "expected another name: Argo CD has this one for its own cluster")
    secrets: dict[str, ClusterMetadata] = {place("argoCd", "clusters", name): it for name, it in others.items()}
    if argo_cd and argo_cd.metadata:
        secrets["argoCd.metadata"] = argo_cd.metadata
    for path, given in secrets.items():
        for key in given.labels.keys() & {*gitops_bridge.LABELS, "argocd.argoproj.io/secret-type"}:
            yield Problem(f"{path}.labels", key, "expected another label: the program sets this one")
        for key in given.annotations.keys() & {*gitops_bridge.ANNOTATIONS}:
            yield Problem(f"{path}.annotations", key, "expected another annotation: the program sets this one")
    has_secrets = argo_cd and (argo_cd.hub or argo_cd.metadata)
    known = {*others, *([gitops_bridge.THIS_CLUSTER] if has_secrets else [])}
    for name, manifests in git_ops.sets.items() if git_ops else ():
        yield from _clusters_of_set(place("gitOps", "sets", name), manifests, known)


def _clusters_of_set(path: str, manifests: GitOpsSet, known: Collection[str]) -> Iterator[Problem]:
    yield from repeated(f"{path}.clusters", manifests.clusters)
    for index, cluster in enumerate(manifests.clusters):
        if cluster not in known:
            expected = "expected a name of argoCd.clusters, or in-cluster, which argoCd.metadata or argoCd.hub requires"
            yield Problem(f"{path}.clusters[{index}]", cluster, expected)
    if manifests.clusters and manifests.namespaces:
        expected = "expected namespacePrefix: the namespaces of other clusters are not known here"
        yield Problem(f"{path}.clusters", "set with namespaces", expected)
    if manifests.cluster_values and not manifests.clusters:
        yield Problem(f"{path}.clusterValues", "true", "expected clusters, of which the values are")


@rule
def _sets(argo_cd: ArgoCd | None, git_ops: GitOps | None, cluster: Cluster) -> Iterator[Problem]:
    if not git_ops:
        return
    managed = cluster.capabilities.argo_cd
    if not argo_cd and not managed:
        yield Problem("gitOps", "set without argoCd", "expected argoCd or cluster.capabilities.argoCd: it deploys them")
    if managed and managed.role is not CapabilityRole.ADMIN:
        # The policies of AWS for less know neither namespaces nor custom resources.
        # https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
        found = managed.role.value if managed.role else "missing"
        yield Problem("cluster.capabilities.argoCd.role", found, "expected admin: Argo CD deploys what gitOps names")
    for name, manifests in git_ops.sets.items():
        path = place("gitOps", "sets", name)
        if name == "default":
            yield Problem(path, "reserved", "expected another name: Argo CD's own project has this one")
        yield from repeated(f"{path}.kinds", manifests.kinds)
        yield from repeated(f"{path}.clusterKinds", manifests.cluster_kinds)


@rule
def _where_sets_deploy(git_ops: GitOps | None, team_namespaces: dict[str, TeamNamespace]) -> Iterator[Problem]:
    for name, manifests in git_ops.sets.items() if git_ops else ():
        path = place("gitOps", "sets", name)
        if (manifests.namespace_prefix is None) == (not manifests.namespaces):
            found = "both" if manifests.namespaces else "neither"
            yield Problem(path, f"{found} of namespacePrefix and namespaces", "expected one of them")
        yield from repeated(f"{path}.namespaces", manifests.namespaces)
        for index, namespace in enumerate(manifests.namespaces):
            if namespace not in team_namespaces:
                where = f"{path}.namespaces[{index}]"
                yield Problem(where, namespace, "expected a namespace of teamNamespaces: the set creates none")
        if manifests.namespaces and "pod_security" in manifests.model_fields_set:
            expected = "expected it in teamNamespaces: the set creates no namespace"
            yield Problem(f"{path}.podSecurity", manifests.pod_security, expected)


@rule
def _namespaces_of_sets(git_ops: GitOps | None, sections: Mapping[str, Any]) -> Iterator[Problem]:
    """A set that reached the namespaces of the platform, or of another set, could do what those may."""
    sets = git_ops.sets if git_ops else {}
    for name, manifests in sets.items():
        path, prefix = place("gitOps", "sets", name, "namespacePrefix"), manifests.namespace_prefix or ""
        # https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#working-with-namespaces
        if prefix and (
            prefix.startswith("kube-") or any(own.startswith(prefix) for own in platform_namespaces(sections))
        ):
            yield Problem(path, prefix, "expected another beginning: namespaces of Kubernetes or the platform have it")
    for (name, manifests), (other, others) in permutations(sets.items(), 2):
        own, path = manifests.namespace_prefix, place("gitOps", "sets", name)
        if own and others.namespace_prefix and own.startswith(others.namespace_prefix):
            expected = f"expected another beginning than that of {other}, {others.namespace_prefix}"
            yield Problem(f"{path}.namespacePrefix", own, expected)
        for namespace in dict.fromkeys(manifests.namespaces):
            if others.namespace_prefix and namespace.startswith(others.namespace_prefix):
                expected = f"expected a namespace without the prefix of {place('gitOps', 'sets', other)}"
                yield Problem(f"{path}.namespaces", namespace, f"{expected}, {others.namespace_prefix}")
            if namespace in others.namespaces:
                yield Problem(f"{path}.namespaces", namespace, f"expected it in one set: {other} has it too")


@rule
def _profiles_for_sets(
    git_ops: GitOps | None,
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    fargate_profiles: dict[str, FargateProfile],
) -> Iterator[Problem]:
    if node_groups or karpenter or not fargate_profiles or not git_ops:
        return
    for prefix in filter(None, (manifests.namespace_prefix for manifests in git_ops.sets.values())):
        if not any(profile.takes_all(f"{prefix}a") for profile in fargate_profiles.values()):
            yield Problem("fargateProfiles", f"none takes {prefix}*", "expected one: there are no nodes for its pods")


@rule
def _credentials(
    git_credentials: dict[str, GitCredential],
    git_ops: GitOps | None,
    teams: dict[str, Team],  # invalid ones would add their repositories
    secret: Collection[str],
) -> Iterator[Problem]:
    repositories = [manifests.repository for manifests in git_ops.sets.values()] if git_ops else []
    for name, login in git_credentials.items():
        path = place("gitCredentials", name)
        by_key = login.url.startswith("ssh://")
        expected = "sshPrivateKey alone" if by_key else "username and password alone, or githubApp alone"
        given = [key for key in ("username", "password", "ssh_private_key", "github_app") if getattr(login, key)]
        accepted = (["ssh_private_key"],) if by_key else (["username", "password"], ["github_app"])
        if given not in accepted:
            yield Problem(path, "not the login that its URL requires", f"expected {expected}")
        elif "gitCredentials" not in secret:
            field = {"ssh_private_key": "sshPrivateKey", "github_app": "githubApp.privateKey"}.get(given[0], "password")
            place_of = f"{path}.{field}"
            yield Problem(place_of, "in the clear", f"expected an encrypted value: {encrypting(place_of)}")
        if not any(repository.startswith(login.url) for repository in repositories):
            yield Problem(f"{path}.url", login.url, "expected the beginning of a repository in gitOps")
