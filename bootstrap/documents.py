"""The policies of the roles that deploy, from what the stacks need: pure functions."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bootstrap.actions import ACTIONS, ASKED, Actions
from bootstrap.needs import Needs
from facts.iam_documents.document import (
    MANAGED_POLICY_LIMIT,
    POLICIES_PER_ROLE,
    Condition,
    PolicyDocument,
    Statement,
    allow,
    document,
    policy_size,
)
from facts.partitions import account_of_arn, partition_of

ISSUER: Final = "token.actions.githubusercontent.com"
"""https://docs.github.com/actions/reference/openid-connect-reference"""

ANY_RESOURCE: Final = frozenset({"eks:CreateCluster", "elasticloadbalancing:SetWebAcl", "kms:CreateKey"})
"""Actions that IAM checks on no resource, of services whose other actions are limited to the platform's own."""

LINKED: Final = {
    "aws:eks/cluster:Cluster": ["eks.amazonaws.com"],
    "aws:eks/nodeGroup:NodeGroup": ["autoscaling.amazonaws.com", "eks-nodegroup.amazonaws.com"],
    "aws:eks/fargateProfile:FargateProfile": ["eks-fargate.amazonaws.com"],
    "aws:lb/loadBalancer:LoadBalancer": ["elasticloadbalancing.amazonaws.com"],
}
"""Services that make a role of their own when the first of a type is created (docs/operations.md)."""

NAMED_SERVICES: Final = ("cloudwatch", "elasticloadbalancing", "events", "logs", "sns", "sqs")
"""Services whose ARNs hold a name, so that an action can be limited to what belongs to the platform."""

ABOUT_POLICIES: Final = frozenset(
    f"iam:{name}"
    for name in (
        "CreatePolicy",
        "CreatePolicyVersion",
        "DeletePolicy",
        "DeletePolicyVersion",
        "TagPolicy",
        "UntagPolicy",
    )
)
GIVES_RIGHTS: Final = frozenset(
    {"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"}
)
"""Actions that IAM allows or refuses by the boundary of the role that they are about.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate"""

MANAGED_SERVICES: Final[dict[str, tuple[str, ...]]] = {
    "AmazonEBSCSIDriverPolicyV2": ("ec2",),
    "AmazonEC2ContainerRegistryPullOnly": ("ecr",),
    "AmazonEKSBlockStoragePolicy": ("ec2",),
    "AmazonEKSClusterPolicy": ("autoscaling", "ec2", "elasticloadbalancing", "kms"),
    "AmazonEKSComputePolicy": ("ec2",),
    "AmazonEKSFargatePodExecutionRolePolicy": ("ecr",),
    "AmazonEKSLoadBalancingPolicy": (
        *("acm", "cognito-idp", "ec2", "elasticloadbalancing", "shield", "waf-regional", "wafv2"),
    ),
    "AmazonEKSNetworkingPolicy": ("ec2",),
    "AmazonEKSWorkerNodeMinimalPolicy": ("eks-auth",),
    "AmazonEKSWorkerNodePolicy": ("ec2", "eks", "eks-auth"),
    "AmazonEKS_CNI_Policy": ("ec2",),
    "AmazonSSMManagedInstanceCore": ("ec2messages", "ssm", "ssmmessages"),
    "CloudWatchAgentServerPolicy": ("cloudwatch", "ec2", "logs", "ssm", "xray"),
}
"""Services that AWS's own policies are about, IAM and STS left out.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html"""


@dataclass(frozen=True)
class Role:
    """A role that GitHub assumes: its ARN, the stacks that it serves, the environments whose jobs may assume it."""

    arn: str
    needs: tuple[Needs, ...]
    environments: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def path(self) -> str:
        """The path before the name in the ARN: "/" unless the company sorts its roles."""
        return "/" + self.arn.partition(":role/")[2].removesuffix(self.name)

    @property
    def account(self) -> str:
        """The account of the role."""
        return account_of_arn(self.arn)

    @property
    def types(self) -> set[str]:
        """The resource types of all plans."""
        return {type_ for needs in self.needs for type_ in needs.types}

    @property
    def regions(self) -> list[str]:
        """The regions of the stacks."""
        return sorted({needs.region for needs in self.needs})

    def named(self, service: str, kind: str = "") -> list[str]:
        """Return the ARNs, with wildcards, of a service, and of one kind where ARNs begin with it."""
        pattern = re.compile(rf"arn:[\w-]+:{service}:[\w-]*:\d*:{kind}")
        return sorted({arn for needs in self.needs for arn in needs.named if pattern.match(arn)})

    def own(self, resource: str, service: str = "iam") -> str:
        """Return the ARN of something global in the account."""
        return f"arn:{partition_of(self.regions[0])}:{service}::{self.account}:{resource}"


def deployers(stacks: Iterable[Needs]) -> list[Role]:
    """Return the roles that run `pulumi up`, one for each principal that stack files name as `access.deployer`."""
    return _roles([(needs.deployer, needs, needs.stack) for needs in stacks])


def planners(stacks: Iterable[Needs]) -> list[Role]:
    """Return the roles that run `pulumi preview`: those that stack files let read everything in the cluster."""
    return _roles([(arn, needs, f"{needs.stack}-plan") for needs in stacks for arn in needs.planners])


def _roles(users: Sequence[tuple[str, Needs, str]]) -> list[Role]:
    found = {}
    for arn in dict.fromkeys(arn for arn, _, _ in users):
        mine = [(needs, environment) for other, needs, environment in users if other == arn]
        found[arn] = Role(arn, tuple(needs for needs, _ in mine), tuple(environment for _, environment in mine))
    return list(found.values())


def trust(provider: str, repository: str, environments: Collection[str]) -> PolicyDocument:
    """Let jobs of environments of one repository assume a role by GitHub's token.

    repository: as the token's subject has it. A job without one of these environments has another subject.
    https://docs.github.com/actions/reference/openid-connect-reference
    """
    subjects = [f"repo:{repository}:environment:{environment}" for environment in environments]
    return document(
        {
            "Sid": "Jobs",
            "Effect": "Allow",
            "Principal": {"Federated": [provider]},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subjects}},
        }
    )


def actions(role: Role) -> set[str]:
    """Return the actions for all resources and calls of the plans; of services that the plans have."""
    types = [ACTIONS[type_] for type_ in role.types]
    asked = {action for needs in role.needs for token in needs.asked for action in ASKED[token].split()}
    services = {_service(action) for action in asked} | {_main_service(it) for it in types}
    services |= {"kms"} if any(needs.keys for needs in role.needs) else set()
    return {action for action in asked.union(*(it.all for it in types)) if _service(action) in services}


def reads(role: Role) -> set[str]:
    """Return the actions that a preview needs."""
    asked = {action for needs in role.needs for token in needs.asked for action in ASKED[token].split()}
    services = {_main_service(ACTIONS[type_]) for type_ in role.types} | {_service(action) for action in asked}
    return {a for a in asked.union(*(ACTIONS[type_].reads for type_ in role.types)) if _service(a) in services}


def _main_service(it: Actions) -> str:
    return _service((it.create or it.read).split()[0])


def _service(action: str) -> str:
    return action.partition(":")[0]


def plan_policies(role: Role) -> list[PolicyDocument]:
    """Return the policies of a role that may only look.

    The provider assumes the roles of zones of other accounts when it starts, for a preview too.
    """
    return _packed([allow("Read", sorted(reads(role))), *_zone_roles(role)])


def deploy_policies(role: Role, kept: Sequence[str]) -> list[PolicyDocument]:
    """Return the policies of a role that creates, changes and deletes what the plans have.

    kept: ARNs of what it must not touch: its own role, the policies and the key of the bootstrap.
    Raises ValueError where IAM would take no more.
    """
    every = actions(role)
    looks = {action for action in every if re.search(r":(Describe|Get|List)", action)}
    writes = every - looks
    statements = [allow("Read", sorted(looks))]
    for service in sorted({_service(action) for action in writes}):
        mine = sorted(action for action in writes if _service(action) == service)
        statements += _SPECIAL.get(service, _regional)(role, service, mine)
    statements += [*_zone_roles(role), *_user_pools(role), _deny(kept)]
    return _packed(statements)


def _regional(role: Role, service: str, mine: Sequence[str]) -> Iterator[Statement]:
    """Yield the actions of a service whose ARNs say nothing of whom a resource belongs to: in the stacks' regions."""
    resources = role.named(service) if service in NAMED_SERVICES else []
    on_named = [action for action in mine if resources and action not in ANY_RESOURCE]
    others = [action for action in mine if action not in on_named]
    if on_named:
        yield allow(f"Write{_word(service)}", on_named, resources)
    if others:
        yield allow(f"WriteAny{_word(service)}", others, ["*"], _in_regions(role))


def _in_regions(role: Role) -> Condition:
    return {"StringEquals": {"aws:RequestedRegion": role.regions}}


def _eks(role: Role, _service: str, mine: Sequence[str]) -> Iterator[Statement]:
    clusters = role.named("eks", "cluster/")
    everything = [re.sub(":cluster/", ":*/", arn) + suffix for arn in clusters for suffix in ("", "/*")]
    yield allow("CreateEks", [action for action in mine if action in ANY_RESOURCE], ["*"], _in_regions(role))
    yield allow("WriteEks", [action for action in mine if action not in ANY_RESOURCE], everything)


def _iam(role: Role, _service: str, mine: Sequence[str]) -> Iterator[Statement]:
    roles, policies = role.named("iam", "role/"), role.named("iam", "policy/")
    rest = set(mine)

    def take(found: Collection[str]) -> list[str]:
        taken = sorted(rest.intersection(found))
        rest.difference_update(taken)
        return taken

    passed = sorted({"eks.amazonaws.com"}.union(*(needs.services for needs in role.needs)))
    linked = sorted({name for type_ in role.types for name in LINKED.get(type_, ())})
    issuers = [role.own(f"oidc-provider/oidc.eks.{region}.amazonaws.com/id/*") for region in role.regions]
    found = [
        allow("PassRoles", take({"iam:PassRole"}), roles, {"StringEquals": {"iam:PassedToService": passed}}),
        allow(
            "CreateLinkedRoles",
            take({"iam:CreateServiceLinkedRole"}),
            [role.own("role/aws-service-role/*")],
            {"StringEquals": {"iam:AWSServiceName": linked}},
        ),
        allow(
            "WriteProfiles",
            take({it for it in mine if "InstanceProfile" in it}),
            role.named("iam", "instance-profile/"),
        ),
        allow("WriteIssuers", take({it for it in mine if "OpenIDConnectProvider" in it}), issuers),
        allow("WritePolicies", take(ABOUT_POLICIES), policies),
        allow(
            "AttachPolicies", take({"iam:AttachRolePolicy"}), roles, {**_attachable(role, policies), **_bounded(role)}
        ),
        allow("GiveRights", take(GIVES_RIGHTS), roles, _bounded(role)),
        allow("WriteRoles", take(mine), roles),
    ]
    yield from (statement for statement in found if statement["Action"])


def _attachable(role: Role, policies: Sequence[str]) -> Condition:
    """Return which policies a role of the platform may get: its own, and those of AWS's that the plans name."""
    managed = sorted({name for needs in role.needs for name in needs.managed})
    partition = partition_of(role.regions[0])
    return {"ArnLike": {"iam:PolicyARN": [*policies, *(f"arn:{partition}:iam::aws:policy/{name}" for name in managed)]}}


def boundary_of(role: Role) -> str | None:
    """Return the ARN of the policy that limits all roles of all stacks; None where some have none."""
    found = {needs.boundary for needs in role.needs}
    return found.pop() if len(found) == 1 else None


def _bounded(role: Role) -> Condition:
    boundary = boundary_of(role)
    return {"StringEquals": {"iam:PermissionsBoundary": boundary}} if boundary else {}


def _kms(role: Role, _service: str, mine: Sequence[str]) -> Iterator[Statement]:
    """Yield the rights on keys: a new one gets the stack's tags, and what has them may be changed."""
    stacks = sorted({needs.stack for needs in role.needs})
    partition = partition_of(role.regions[0])
    keys = [f"arn:{partition}:kms:{region}:{role.account}:key/*" for region in role.regions]
    given = sorted({key for needs in role.needs for key in needs.keys})
    own = [action for action in mine if action not in ANY_RESOURCE]
    if any(action in ANY_RESOURCE for action in mine):
        yield allow("CreateKeys", [action for action in mine if action in ANY_RESOURCE], ["*"], _in_regions(role))
        # In the request that creates a key, the key has no tags yet.
        tagged: Condition = {
            "StringEquals": {"aws:RequestTag/Stack": stacks},
            "StringEqualsIfExists": {"aws:ResourceTag/Stack": stacks},
        }
        yield allow("TagKeys", ["kms:TagResource"], keys, tagged)
        yield allow("WriteKeys", own, keys, {"StringEquals": {"aws:ResourceTag/Stack": stacks}})
        yield allow("WriteAliases", [action for action in own if action.endswith("Alias")], role.named("kms", "alias/"))
    if given:
        yield allow("UseGivenKeys", ["kms:CreateGrant", "kms:DescribeKey"], given)


def _route53(role: Role, _service: str, mine: Sequence[str]) -> Iterator[Statement]:
    partition = partition_of(role.regions[0])
    zones = [f"arn:{partition}:route53:::hostedzone/{zone}" for needs in role.needs for zone in needs.zones]
    yield allow("WriteRecords", mine, sorted(set(zones)))


def _zone_roles(role: Role) -> Iterator[Statement]:
    """Yield the right to assume the roles of hosted zones of other accounts, if the stacks have such."""
    if roles := sorted({arn for needs in role.needs for arn in needs.zone_roles}):
        yield allow("AssumeZoneRoles", ["sts:AssumeRole"], roles)


def _user_pools(role: Role) -> Iterator[Statement]:
    """Yield the right that a listener with a login at Cognito requires of its creator.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    """
    if pools := sorted({arn for needs in role.needs for arn in needs.user_pools}):
        yield allow("UseUserPools", ["cognito-idp:DescribeUserPoolClient"], pools)


_SPECIAL: Final = {"eks": _eks, "iam": _iam, "kms": _kms, "route53": _route53}


def _deny(kept: Sequence[str]) -> Statement:
    verbs = ("Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove", "SetDefault", "Tag", "Untag", "Update")
    return {
        "Sid": "KeepWhatDeploys",
        "Effect": "Deny",
        "Action": [*(f"iam:{verb}*" for verb in verbs), "iam:PassRole"],
        "Resource": sorted(kept),
    }


def _word(service: str) -> str:
    return re.sub(r"\W", "", service).capitalize()


def _packed(statements: Iterable[Statement]) -> list[PolicyDocument]:
    """Return policies with all statements, none longer than IAM takes.

    Raises ValueError for a statement that fits into none, and for more policies than a role may have.
    """
    found: list[list[Statement]] = [[]]
    for statement in statements:
        if policy_size(document(statement)) > MANAGED_POLICY_LIMIT:
            raise ValueError(f"the statement {statement['Sid']} is longer than a policy may be: {MANAGED_POLICY_LIMIT}")
        if policy_size(document(*found[-1], statement)) > MANAGED_POLICY_LIMIT:
            found.append([])
        found[-1].append(statement)
    if len(found) > POLICIES_PER_ROLE:
        raise ValueError(f"the rights fill {len(found)} policies, a role has at most {POLICIES_PER_ROLE}")
    return [document(*policy) for policy in found]


def boundary_policy(role: Role) -> PolicyDocument:
    """Return the most that any role of the stacks may do: the services that their policies are about, and no IAM.

    Raises ValueError for a policy of AWS's that is not in MANAGED_SERVICES.
    """
    patterns = {action for needs in role.needs for action in _allowed(needs)}
    managed = {name for needs in role.needs for name in needs.managed}
    if unknown := managed - MANAGED_SERVICES.keys():
        raise ValueError(f"which services are these policies about? {sorted(unknown)}: bootstrap/documents.py")
    services = {_service(action) for action in patterns}.union(*(MANAGED_SERVICES[name] for name in managed))
    roles = role.named("iam", "role/")
    elsewhere = sorted({arn for needs in role.needs for arn in _roles_elsewhere(needs)})
    profiles = sorted(action for action in patterns if action.startswith("iam:") and "InstanceProfile" in action)
    found = [
        allow("Services", [f"{service}:*" for service in sorted(services - {"iam", "sts"})]),
        allow("ReadIam", ["iam:Get*", "iam:List*"]),
        allow("UseRoles", ["iam:PassRole", "sts:AssumeRole", "sts:TagSession"], roles),
        *([allow("UseRolesOfOthers", ["sts:AssumeRole", "sts:TagSession"], elsewhere)] if elsewhere else []),
        allow("CreateLinkedRoles", ["iam:CreateServiceLinkedRole"], [role.own("role/aws-service-role/*")]),
        allow(
            "Profiles", [it for it in profiles if not re.search(":(Get|List)", it)], [role.own("instance-profile/*")]
        ),
    ]
    return document(*(statement for statement in found if statement["Action"]))


def _roles_elsewhere(needs: Needs) -> Iterator[str]:
    """Yield the roles of other accounts that the stack's policies let its roles assume."""
    for policy in needs.documents:
        for statement in policy["Statement"]:
            if "Principal" not in statement and "sts:AssumeRole" in statement["Action"]:
                yield from (arn for arn in statement["Resource"] if account_of_arn(arn) != needs.account)


def _allowed(needs: Needs) -> Iterator[str]:
    for policy in needs.documents:
        for statement in policy["Statement"]:
            if statement["Effect"] == "Allow" and "Principal" not in statement:
                yield from [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


def state_policy(role: Role, bucket: str, key: str, *, writes: bool) -> PolicyDocument:
    """Return the rights on the state: to read every stack's, for stack references, and to write that of the role's own.

    bucket, key: ARNs. https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3
    """
    reads_state = [
        allow("List", ["s3:ListBucket"], [bucket]),
        allow("Read", ["s3:GetObject"], [f"{bucket}/.pulumi/*"]),
    ]
    if not writes:
        return document(*reads_state, allow("Decrypt", ["kms:Decrypt", "kms:DescribeKey"], [key]))
    # The state, its backup and its attributes; history, backups and locks in folders of the stack.
    own = [f"{bucket}/.pulumi/*/{needs.project}/{needs.stack}{end}" for needs in role.needs for end in (".*", "/*")]
    return document(
        *reads_state,
        allow("Write", ["s3:DeleteObject", "s3:PutObject"], own),
        allow("Encrypt", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"], [key]),
    )
