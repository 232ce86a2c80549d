"""Rules about the control plane, access to it, and add-ons."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Network
from typing import Final

import versions
from facts.access_policies import access_policy
from policy.rules.addresses import open_to_the_world
from settings.cluster import Access, AccessRole, Cluster, EntryType, Support
from settings.network import IpFamily, Network
from settings.principals import SSO_PATH, is_sso_role_without_path, whole_arn_of
from settings.problems import Problem, place
from settings.rules.network import NEVER_IN_A_VPC
from settings.rules.registry import repeated, rule
from settings.words import either


@rule
def _kubernetes_version(cluster: Cluster, today: date) -> Iterator[Problem]:
    deployable = versions.deployable_on(today)
    if cluster.version not in deployable:
        known = either(deployable) if deployable else "EKS offers none of its versions today"
        expected = f"expected a version that this program supports: {known}"
        yield Problem("cluster.version", cluster.version, expected)
    elif cluster.support is Support.STANDARD and versions.support_on(cluster.version, today) == "extended":
        left = versions.KUBERNETES[cluster.version].standard_until
        yield Problem(
            "cluster.support", "standard", f"expected extended: {cluster.version} left standard support on {left}"
        )


@rule
def _cluster_lists(cluster: Cluster) -> Iterator[Problem]:
    yield from repeated("cluster.logs", [log.value for log in cluster.logs])
    yield from repeated("cluster.securityGroups", cluster.security_groups)
    for name, block in cluster.public_access.items():
        if any(block.subnet_of(reserved) for reserved in NEVER_PUBLIC):
            path = place("cluster", "publicAccess", name)
            yield Problem(path, str(block), "expected public addresses: EKS refuses others for its public endpoint")
        elif open_to_the_world(str(block)):
            expected = (
                "expected ranges of known networks: the policy cluster-public-endpoint refuses the whole internet"
            )
            yield Problem(place("cluster", "publicAccess", name), str(block), expected)


@rule
def _private_access(cluster: Cluster, network: Network) -> Iterator[Problem]:
    if not cluster.public_access and not cluster.private_access:
        expected = "expected ranges: without publicAccess, not even this program could reach the API"
        yield Problem("cluster.privateAccess", "empty", expected)
    yield from repeated("cluster.privateAccess", [str(block) for block in cluster.private_access.values()])
    for name, block in cluster.private_access.items():
        path = place("cluster", "privateAccess", name)
        if open_to_the_world(str(block)):
            yield Problem(path, str(block), "expected the ranges of runners, VPNs and peered networks")
        elif block.version == 6 and network.ip_family is not IpFamily.IPV6:
            yield Problem(path, str(block), "expected an IPv4 range: the VPC has no IPv6 addresses")


NEVER_PUBLIC: Final = (
    *NEVER_IN_A_VPC,
    *(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")),
)
"""https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"""


@rule
def _access(access: Access) -> Iterator[Problem]:
    if "deployer" in access.entries:
        yield Problem("access.entries.deployer", "set", "expected another name: the deployer's own entry has this one")
    principals = {"access.deployer": access.deployer} | {
        place("access", "entries", name, "principal"): entry.principal for name, entry in access.entries.items()
    }
    first: dict[str, str] = {}
    for path, principal in principals.items():
        earlier = first.setdefault(principal, path)
        if earlier == "access.deployer" != path:
            expected = "expected no entry for the deployer: access.deployer makes it an administrator already"
            yield Problem(path, principal, expected)
        elif earlier != path:
            yield Problem(path, principal, f"expected one entry for each principal: {earlier} has this one already")
        if is_sso_role_without_path(principal):
            expected = f"expected its whole ARN, with the path {SSO_PATH}: {whole_arn_of(principal.rpartition('/')[2])}"
            yield Problem(path, principal, expected)
        # https://github.com/hashicorp/terraform-provider-aws/issues/36447
        if ":role/aws-service-role/" in principal:
            yield Problem(path, principal, "expected another role: EKS gives service-linked roles no entry")


@rule
def _rights(access: Access) -> Iterator[Problem]:
    for name, entry in access.entries.items():
        path = place("access", "entries", name)
        if entry.type is not EntryType.STANDARD:
            continue
        if not entry.role and not entry.rights and not entry.groups:
            yield Problem(path, "no rights", "expected role, rights or groups")
        if entry.namespaces and not entry.role:
            yield Problem(f"{path}.namespaces", "set without role", "expected role, which they limit")
        yield from repeated(f"{path}.groups", entry.groups)
        for group in entry.groups:
            # https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
            if group.startswith("system:"):
                yield Problem(f"{path}.groups", group, "expected another name: EKS lets nobody into groups of system:")
        given = [(f"{path}.role", entry.role, entry.namespaces)] if entry.role else []
        given += [(f"{path}.rights[{at}].role", it.role, it.namespaces) for at, it in enumerate(entry.rights)]
        policies = Counter(access_policy(role, whole_cluster=not namespaces) for _, role, namespaces in given)
        for where, role, namespaces in given:
            if role is AccessRole.READ_ALL and namespaces:
                yield Problem(where, role, "expected no namespaces, or view: it reads what is in no namespace, too")
            if where != f"{path}.role" and policies[access_policy(role, whole_cluster=not namespaces)] > 1:
                yield Problem(where, role, "expected once: EKS keeps one scope for each policy of a principal")


@rule
def _entries_of_nodes(access: Access, cluster: Cluster) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html."""
    for name, entry in access.entries.items():
        path = place("access", "entries", name)
        if entry.type is EntryType.STANDARD:
            continue
        for key in ("role", "namespaces", "rights", "groups"):
            if getattr(entry, key):
                expected = f"expected none with type {entry.type}: EKS gives nodes their rights by the type"
                yield Problem(f"{path}.{key}", "set", expected)
        if ":role/" not in entry.principal:
            yield Problem(
                f"{path}.principal", entry.principal, f"expected a role with type {entry.type}: nodes have it"
            )
        if entry.type is EntryType.EC2 and not cluster.auto_mode:
            expected = "expected cluster.autoMode, whose nodes it is for; other nodes have ec2-linux or ec2-windows"
            yield Problem(f"{path}.type", entry.type, expected)


@rule
def _argo_cd_hub(access: Access) -> Iterator[Problem]:
    if access.argo_cd_hub and ":role/" not in access.argo_cd_hub:
        expected = "expected a role: the output argoCdRoleArn of the other cluster's stack"
        yield Problem("access.argoCdHub", access.argo_cd_hub, expected)


@rule
def _oidc(access: Access) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html."""
    oidc = access.oidc
    if oidc is None:
        return
    for key, prefix in (("usernamePrefix", oidc.username_prefix), ("groupsPrefix", oidc.groups_prefix)):
        for reserved, owner in ((SYSTEM, "Kubernetes'"), (EKS, "EKS's")):
            if reserved.startswith(prefix) or prefix.startswith(reserved):
                yield Problem(f"access.oidc.{key}", prefix, f"expected another prefix: {reserved} is {owner} own")
    if oidc.username_prefix == "-" and oidc.username_claim not in ("email", "sub"):
        # A claim that users may edit, such as preferred_username, could hold the name of a controller of Kubernetes.
        expected = f"expected a prefix, or usernameClaim email or sub: users may be able to edit {oidc.username_claim}"
        yield Problem("access.oidc.usernamePrefix", oidc.username_prefix, expected)
    for name, granted in oidc.groups.items():
        same = [other for other, it in oidc.groups.items() if it == granted]
        if same[0] != name:
            first = place("access", "oidc", "groups", same[0])
            yield Problem(place("access", "oidc", "groups", name), granted.group, f"expected once: {first} is the same")


SYSTEM: Final = "system:"
"""The beginning of the names of Kubernetes' own users and groups, such as system:masters."""
EKS: Final = "eks:"
"""The beginning of the names of EKS's own users and groups, such as eks:addon-manager.

https://docs.aws.amazon.com/eks/latest/userguide/default-roles-users.html"""
