"""Where a stack is: account, region, names and tags, and the AWS provider of all its resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.common.running_groups import RunningGroup, running_groups
from facts.names import nested_path
from settings import Stack, require_deployer


@dataclass(frozen=True)
class Where:
    """The account and region of a stack.

    name: the beginning of every resource's name. cluster_name: the platform's name, which is the cluster's; longer than
    the beginning of names where the platform's name is longer than AWS allows there. account_id: the account of the
    stack file, or the caller's. iam_path: the path in IAM of all roles, "/" or one that ends with it. tags: those of
    every AWS resource. running_groups: the node groups that exist before this run, whose sizes an autoscaler may have
    changed. in_aws: options of what is created in AWS.
    """

    name: str
    cluster_name: str
    region: str
    account_id: str
    iam_path: str
    tags: Mapping[str, str]
    running_groups: Mapping[str, RunningGroup]
    in_aws: pulumi.ResourceOptions


def location(settings: Stack) -> Where:
    """Declare the AWS provider, which refuses every account but the stack's.

    Raises SettingsError where the caller is not the deployer of the stack file.
    """
    platform = settings.platform
    tags = {"Project": pulumi.get_project(), "Stack": pulumi.get_stack(), "ManagedBy": "pulumi", **platform.tags}
    provider = aws.Provider(
        "aws",
        region=platform.region,
        default_tags={"tags": tags},
        allowed_account_ids=[platform.account] if platform.account else None,
    )
    iam_path = platform.iam_path or "/"
    if platform.iam_path or platform.permissions_boundary:
        pulumi.runtime.register_resource_transform(_in_iam(iam_path, platform.permissions_boundary))
    caller = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider))
    require_deployer(caller.arn, settings.access.deployer)
    return Where(
        name=platform.prefix,
        cluster_name=platform.name,
        region=platform.region,
        account_id=platform.account or caller.account_id,
        iam_path=iam_path,
        tags=tags,
        running_groups=running_groups(platform.name, provider) if settings.node_groups else {},
        in_aws=pulumi.ResourceOptions(providers=[provider]),
    )


_WITH_PATH: Final = ("aws:iam/role:Role", "aws:iam/policy:Policy", "aws:iam/instanceProfile:InstanceProfile")


def _in_iam(
    path: str, boundary: str | None
) -> Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]:
    """Return the transform that gives a path and a permissions boundary to what a component declares in IAM.

    path: prefix of the paths of roles, policies and instance profiles. boundary: the ARN of the policy that limits
    every role.
    """

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ not in _WITH_PATH:
            return None
        props = {**args.props}
        if path != "/":
            props["path"] = nested_path(path, str(props.get("path") or "/"))
        if boundary and args.type_ == "aws:iam/role:Role":
            props["permissionsBoundary"] = boundary
        return pulumi.ResourceTransformResult(props=props, opts=args.opts)

    return transform
