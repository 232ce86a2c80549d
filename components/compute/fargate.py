"""Fargate profiles: pods that run without nodes."""

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import pulumi
from pulumi_aws import eks, iam

from components.common.dependency import after
from components.common.where import Where
from facts import iam_documents
from settings import FargateProfile


class Fargate(pulumi.ComponentResource):
    """Fargate profiles and the role by which Fargate pulls images and writes logs for their pods."""

    pod_execution_role_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        profiles: Mapping[str, FargateProfile],
        where: Where,
        *,
        cluster_name: pulumi.Input[str],
        subnet_ids: pulumi.Input[Sequence[str]],
        log_group_arn: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role and the profiles, in the order in which they are created.

        cluster_name: the cluster, once it exists. subnet_ids: private subnets, because Fargate pods get no public
        address. log_group_arn: where Fargate writes the pods' logs; None: nowhere.
        """
        super().__init__("eks-platform:index:Fargate", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-pods",
            assume_role_policy=json.dumps(
                iam_documents.trust_fargate(where.account_id, where.region, where.cluster_name)
            ),
            opts=child,
        )
        attachment = iam.RolePolicyAttachment(
            f"{name}-pods",
            role=role.name,
            policy_arn=iam_documents.managed_policy_arn(iam_documents.FARGATE_POD_POLICY, where.region),
            opts=child,
        )
        rights: list[pulumi.CustomResource] = [attachment]
        if log_group_arn is not None:
            rights.append(
                iam.RolePolicy(
                    f"{name}-logs",
                    role=role.id,
                    policy=pulumi.Output.json_dumps(
                        pulumi.Output.from_input(log_group_arn).apply(iam_documents.log_group_writer)
                    ),
                    opts=child,
                )
            )
        self.pod_execution_role_arn = after(rights, role.arn)
        # A profile cannot be changed, and with a fixed name the old one is deleted first: its pods are deleted, and
        # their replacements wait for nodes (terraform-aws-eks #3374). With Pulumi's names the new one is created first.
        self._profiles: dict[str, eks.FargateProfile] = {}
        for key, profile in profiles.items():
            self._profiles[key] = eks.FargateProfile(
                f"{name}-{key}",
                cluster_name=cluster_name,
                pod_execution_role_arn=self.pod_execution_role_arn,
                subnet_ids=subnet_ids,
                selectors=[
                    {"namespace": selector.namespace, "labels": selector.labels} for selector in profile.selectors
                ],
                # EKS makes and deletes one profile of a cluster at a time: in the order given, so that what waits for
                # the first does not wait for the others. https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._profiles.values())[-1:]),
            )
        self._selectors = {key: profile.selectors for key, profile in profiles.items()}
        self.register_outputs({"pod_execution_role_arn": self.pod_execution_role_arn})

    def profiles_for(self, namespace: str) -> list[eks.FargateProfile]:
        """Return the profiles that run pods of a namespace."""
        return [
            self._profiles[key]
            for key, selectors in self._selectors.items()
            if any(fnmatchcase(namespace, selector.namespace) for selector in selectors)
        ]
