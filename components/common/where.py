"""Where a stack is: account, region, names and tags, and the AWS provider of all its resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.common.running_groups import RunningGroup, running_groups
from settings import Stack, require_deployer


@dataclass(frozen=True)
class Where:
    """The account and region of a stack.

    name: the beginning of every resource's name. cluster_name: the platform's name, which is the cluster's; longer than
    the beginning of names where the platform's name is longer than AWS allows there. account_id: the account of the
    stack file, or the caller's. tags: those of every AWS resource. running_groups: the node groups that exist before
    this run, whose sizes an autoscaler may have changed. in_aws: options of what is created in AWS.
    """

    name: str
    cluster_name: str
    region: str
    account_id: str
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
    if platform.permissions_boundary:
        pulumi.runtime.register_resource_transform(_bounded(platform.permissions_boundary))
    caller = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider))
    require_deployer(caller.arn, settings.access.deployer)
    return Where(
        name=platform.prefix,
        cluster_name=platform.name,
        region=platform.region,
        account_id=platform.account or caller.account_id,
        tags=tags,
        running_groups=running_groups(platform.name, provider) if settings.node_groups else {},
        in_aws=pulumi.ResourceOptions(providers=[provider]),
    )


def _bounded(
    boundary: str,
) -> Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]:
    """Return the transform that gives a permissions boundary to every role, whichever component declares it."""

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:iam/role:Role":
            return None
        return pulumi.ResourceTransformResult(props={**args.props, "permissionsBoundary": boundary}, opts=args.opts)

    return transform
