"""Fargate profiles: pods that run without nodes."""

import json
from fnmatch import fnmatchcase
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import eks, iam

from components.common.dependency import after
from facts import iam_documents


class FargateSelectorArgs(TypedDict):
    """Which pods a profile takes."""

    namespace: str
    """Their namespace (`*` and `?` match)."""
    labels: dict[str, str]
    """Labels that they must have."""


class FargateProfileArgs(TypedDict):
    """One profile."""

    selectors: list[FargateSelectorArgs]
    """A pod is taken when any of them fits."""


class FargateArgs(TypedDict):
    """The cluster's Fargate profiles."""

    cluster_name: pulumi.Input[str]
    """The cluster, once it is there."""
    cluster_id: str
    """The same name as plain text, for the role's trust."""
    region: str
    """AWS region of the cluster."""
    account_id: str
    """The account that the cluster is in."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets: Fargate pods get no public address."""
    profiles: dict[str, FargateProfileArgs]
    """Profiles by name."""
    log_group_arn: NotRequired[pulumi.Input[str]]
    """Where Fargate writes the pods' logs; absent: nowhere."""


class Fargate(pulumi.ComponentResource):
    """Fargate profiles and the role by which Fargate pulls images and writes logs for their pods."""

    pod_execution_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: FargateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the role and the profiles."""
        super().__init__("eks-platform:index:Fargate", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-pods",
            assume_role_policy=json.dumps(
                iam_documents.trust_fargate(args["account_id"], args["region"], args["cluster_id"])
            ),
            opts=child,
        )
        attachment = iam.RolePolicyAttachment(
            f"{name}-pods",
            role=role.name,
            policy_arn=iam_documents.managed_policy_arn(iam_documents.FARGATE_POD_POLICY),
            opts=child,
        )
        rights: list[pulumi.CustomResource] = [attachment]
        if "log_group_arn" in args:
            rights.append(
                iam.RolePolicy(
                    f"{name}-logs",
                    role=role.id,
                    policy=pulumi.Output.json_dumps(
                        pulumi.Output.from_input(args["log_group_arn"]).apply(iam_documents.log_group_writer)
                    ),
                    opts=child,
                )
            )
        self.pod_execution_role_arn = after(rights, role.arn)
        # A profile cannot be changed, and under a fixed name the old one goes first: its pods end, and those that
        # replace them wait for nodes (terraform-aws-eks #3374). With Pulumi's own names the new one comes first.
        self._profiles: dict[str, eks.FargateProfile] = {}
        for key, profile in args["profiles"].items():
            self._profiles[key] = eks.FargateProfile(
                f"{name}-{key}",
                cluster_name=args["cluster_name"],
                pod_execution_role_arn=self.pod_execution_role_arn,
                subnet_ids=args["subnet_ids"],
                selectors=[
                    {"namespace": selector["namespace"], "labels": selector["labels"]}
                    for selector in profile["selectors"]
                ],
                # EKS makes and deletes one profile of a cluster at a time: in the order given, so that what waits for
                # the first does not wait for the others. https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._profiles.values())[-1:]),
            )
        self._selectors = {key: profile["selectors"] for key, profile in args["profiles"].items()}
        self.register_outputs({"pod_execution_role_arn": self.pod_execution_role_arn})

    def profiles_for(self, namespace: str) -> list[eks.FargateProfile]:
        """Return the profiles that take pods of a namespace."""
        return [
            self._profiles[key]
            for key, selectors in self._selectors.items()
            if any(fnmatchcase(namespace, selector["namespace"]) for selector in selectors)
        ]
