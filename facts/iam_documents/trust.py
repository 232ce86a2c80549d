"""Who may assume a role: service accounts by IRSA or Pod Identity, and AWS services."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from facts.partitions import partition_of, service_principal

from .document import Condition, PolicyDocument, Statement, document

_NAMESPACE: Final = re.compile(r"[a-z0-9*]([-a-z0-9*]{0,61}[a-z0-9*])?")
_SERVICE_ACCOUNT: Final = re.compile(r"[a-z0-9*]([-.a-z0-9*]{0,251}[a-z0-9*])?")


def _assume(
    sid: str,
    principal: Mapping[str, str],
    actions: Sequence[str] = ("sts:AssumeRole",),
    condition: Condition | None = None,
) -> Statement:
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {kind: [value] for kind, value in principal.items()},
        "Action": list(actions),
    }
    if condition:
        statement["Condition"] = condition
    return statement


def _check(service_accounts: Sequence[tuple[str, str]]) -> None:
    if not service_accounts:
        raise ValueError("a role needs at least one service account that may assume it")
    for namespace, name in service_accounts:
        if not _NAMESPACE.fullmatch(namespace) or not _SERVICE_ACCOUNT.fullmatch(name):
            raise ValueError(f"{namespace}:{name} is not a namespace and the name of a service account")
        if "*" in namespace and "*" in name:
            raise ValueError(f"{namespace}:{name}: a wildcard in both would let almost every pod assume the role")


def trust_irsa(provider_arn: str, issuer_host_path: str, service_accounts: Sequence[tuple[str, str]]) -> PolicyDocument:
    """Let service accounts, each (namespace, name), assume a role with their projected token (IRSA).

    issuer_host_path: the issuer as in IAM's condition keys, host and path without the scheme. A `*` may be part of
    the namespace or of the name of a service account. Subject and audience are always checked: a public library writes
    the conditions as one dict literal with a key twice, loses the subject, and any service account can assume the role.

    Raises ValueError for no service account, for something that is no Kubernetes name, for a wildcard in both parts,
    and for an issuer with a scheme, which would match no token.

    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    """
    _check(service_accounts)
    if "://" in issuer_host_path:
        raise ValueError(f"{issuer_host_path}: expected the issuer's host and path without https://")
    subjects = [f"system:serviceaccount:{namespace}:{name}" for namespace, name in service_accounts]
    # Subject and audience may share an operator: the operators' dicts are filled, never replaced.
    condition: Condition = {"StringEquals": {f"{issuer_host_path}:aud": "sts.amazonaws.com"}}
    operator = "StringLike" if any("*" in subject for subject in subjects) else "StringEquals"
    condition.setdefault(operator, {})[f"{issuer_host_path}:sub"] = subjects
    return document(
        _assume("ServiceAccounts", {"Federated": provider_arn}, ("sts:AssumeRoleWithWebIdentity",), condition)
    )


def trust_pod_identity(cluster_arn: str, service_accounts: Sequence[tuple[str, str]]) -> PolicyDocument:
    """Let service accounts, each (namespace, name), of one cluster assume a role by EKS Pod Identity.

    An association names its service account already; the conditions prevent that those who may create associations, in
    this cluster or another, give the role to something else. They read the session tags that Pod Identity sends,
    so the association must not disable them. One statement a namespace: two lists would allow each namespace each name.

    Raises ValueError for no service account, for something that is no Kubernetes name, and for a wildcard: an
    association has none.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    """
    _check(service_accounts)
    by_namespace: dict[str, list[str]] = {}
    for namespace, name in service_accounts:
        if "*" in namespace + name:
            raise ValueError(f"{namespace}:{name}: Pod Identity has no wildcards")
        by_namespace.setdefault(namespace, []).append(name)
    return document(
        *(
            _assume(
                f"ServiceAccounts{number}",
                {"Service": "pods.eks.amazonaws.com"},
                ("sts:AssumeRole", "sts:TagSession"),
                {
                    "StringEquals": {
                        "aws:RequestTag/eks-cluster-arn": cluster_arn,
                        "aws:RequestTag/kubernetes-namespace": namespace,
                        "aws:RequestTag/kubernetes-service-account": names,
                    }
                },
            )
            for number, (namespace, names) in enumerate(by_namespace.items())
        )
    )


def trust_role(role_arn: str) -> PolicyDocument:
    """Let another role assume a role, and pass on the session tags that Pod Identity gave it.

    The other role may be one of another account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
    """
    return document(_assume("Role", {"AWS": role_arn}, ("sts:AssumeRole", "sts:TagSession")))


def trust_service(service: Literal["ec2", "eks"], region: str, *, tags: bool = False) -> PolicyDocument:
    """Let EC2 (nodes) or EKS (the control plane) assume a role. Neither sends the account or resource it acts for.

    tags: with tags of the session too, which EKS Auto Mode's policies look at.
    https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html
    """
    actions = ("sts:AssumeRole", "sts:TagSession") if tags else ("sts:AssumeRole",)
    return document(_assume("Service", {"Service": service_principal(service, region)}, actions))


def trust_capability(region: str) -> PolicyDocument:
    """Let a capability of a cluster assume a role, with tags of the session.

    https://docs.aws.amazon.com/eks/latest/userguide/capability-role.html
    """
    service = {"Service": service_principal("capabilities.eks", region)}
    return document(_assume("Capability", service, ("sts:AssumeRole", "sts:TagSession")))


def trust_hybrid_nodes(account_id: str, region: str) -> PolicyDocument:
    """Let Systems Manager give a role to the nodes outside of AWS that are registered with it in a region.

    https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html
    """
    condition: Condition = {
        "StringEquals": {"aws:SourceAccount": account_id},
        "ArnEquals": {"aws:SourceArn": f"arn:{partition_of(region)}:ssm:{region}:{account_id}:*"},
    }
    return document(_assume("HybridNodes", {"Service": "ssm.amazonaws.com"}, condition=condition))


def trust_nodes_with_certificates(trust_anchor_arn: str) -> PolicyDocument:
    """Let IAM Roles Anywhere give a role to nodes outside of AWS, by certificates of one trust anchor.

    A session has the common name of the certificate as its name, which is then the name of the node.
    https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html
    """
    service = {"Service": "rolesanywhere.amazonaws.com"}
    anchor: Condition = {"ArnEquals": {"aws:SourceArn": trust_anchor_arn}}
    named: Condition = {**anchor, "StringEquals": {"sts:RoleSessionName": "${aws:PrincipalTag/x509Subject/CN}"}}
    return document(
        _assume("Certificates", service, ("sts:TagSession", "sts:SetSourceIdentity"), anchor),
        _assume("NamedNodes", service, ("sts:AssumeRole",), named),
    )


def trust_fargate(account_id: str, region: str, cluster_name: str) -> PolicyDocument:
    """Let EKS start Fargate pods of one cluster with a pod execution role.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html
    """
    profiles = f"arn:{partition_of(region)}:eks:{region}:{account_id}:fargateprofile/{cluster_name}/*"
    return document(
        _assume(
            "FargatePods",
            {"Service": "eks-fargate-pods.amazonaws.com"},
            condition={"ArnLike": {"aws:SourceArn": profiles}},
        )
    )


def trust_vpc_flow_logs(account_id: str, region: str) -> PolicyDocument:
    """Let VPC flow logs of this account and region assume the role they write with.

    The flow log's own ARN is not known before it exists, and it needs the role to exist: hence the wildcard.
    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    return document(
        _assume(
            "FlowLogs",
            {"Service": "vpc-flow-logs.amazonaws.com"},
            condition={
                "StringEquals": {"aws:SourceAccount": account_id},
                "ArnLike": {"aws:SourceArn": f"arn:{partition_of(region)}:ec2:{region}:{account_id}:vpc-flow-log/*"},
            },
        )
    )


def trust_grafana(account_id: str, region: str) -> PolicyDocument:
    """Let the workspaces of Amazon Managed Grafana of this account and region assume the role they read with.

    A workspace's own ARN is not known before it exists, and it needs the role to exist: hence the wildcard.
    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-manage-permissions.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedgrafana.html
    """
    condition: Condition = {
        "StringEquals": {"aws:SourceAccount": account_id},
        "ArnLike": {"aws:SourceArn": f"arn:{partition_of(region)}:grafana:{region}:{account_id}:/workspaces/*"},
    }
    return document(_assume("Grafana", {"Service": "grafana.amazonaws.com"}, condition=condition))
