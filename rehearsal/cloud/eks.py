"""EKS: control plane, access, add-ons, node groups, Fargate profiles, pod identities."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from facts.partitions import dns_suffix
from harness.kind import CREATED_AT, Context, Kind, Properties, autoname, get, uuid
from rehearsal.cloud.aws import arn, aws_kind, ec2_id

DEFAULT_VERSION: Final = "1.36"
"""What EKS takes where no version is asked for (https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html)."""


def _endpoint(_inputs: Properties, context: Context) -> str:
    return f"https://{context.digest('endpoint', 32).upper()}.gr7.{context.region}.eks.{dns_suffix(context.region)}"


def _identities(_inputs: Properties, context: Context) -> list[Properties]:
    issuer = (
        f"https://oidc.eks.{context.region}.{dns_suffix(context.region)}/id/{context.digest('endpoint', 32).upper()}"
    )
    return [{"oidcs": [{"issuer": issuer}]}]


def _certificate(_inputs: Properties, context: Context) -> str:
    text = f"-----BEGIN CERTIFICATE-----\n{context.digest('ca', 64)}\n-----END CERTIFICATE-----\n"
    return base64.b64encode(text.encode()).decode()


def _vpc(inputs: Properties, context: Context) -> str:
    subnets = get(inputs, "vpcConfig.subnetIds") or [""]
    subnet = context.world.find("aws:ec2/subnet:Subnet", "id", subnets[0]) or {}
    return str(subnet.get("vpcId") or f"vpc-{context.digest('vpc', 17)}")


def _service_cidr(inputs: Properties, context: Context) -> str | None:
    """Return the range asked for, else what EKS picked at creation. An IPv6 cluster has none."""
    if get(inputs, "kubernetesNetworkConfig.ipFamily") == "ipv6":
        return None
    path = "kubernetesNetworkConfig.serviceIpv4Cidr"
    return str(get(inputs, path) or get(context.previous, path) or "172.20.0.0/16")


def _service_cidr6(inputs: Properties, context: Context) -> str | None:
    """Return a range of unique local addresses, which EKS gives to an IPv6 cluster.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigResponse.html
    """
    if get(inputs, "kubernetesNetworkConfig.ipFamily") != "ipv6":
        return None
    return f"fd{context.digest('services', 2)}:{context.digest('services', 6)[2:]}::/108"


def _version(inputs: Properties, context: Context) -> str:
    """Return the version asked for, else the control plane's at creation, which a node group then keeps."""
    cluster = context.world.find("aws:eks/cluster:Cluster", "name", inputs["clusterName"]) or {}
    return str(inputs.get("version") or get(context.previous, "version") or cluster.get("version") or DEFAULT_VERSION)


def _release(inputs: Properties, context: Context) -> str:
    """Return a release of the AMI; a launch template with an image of its own has none that EKS knows."""
    return str(inputs.get("releaseVersion") or f"{_version(inputs, context)}.0-20260801")


def _groups(inputs: Properties, context: Context) -> list[Properties]:
    name = f"eks-{inputs['nodeGroupName']}-{uuid()(inputs, context)}"
    return [{"autoscalingGroups": [{"name": name}], "remoteAccessSecurityGroupId": ""}]


def _instance_types(inputs: Properties, _context: Context) -> list[str] | None:
    """Return the type EKS takes; a launch template may name it instead."""
    return None if inputs.get("launchTemplate") else ["t3.medium"]


def _disk(inputs: Properties, _context: Context) -> int | None:
    return None if inputs.get("launchTemplate") else 20


def _entry_arn(inputs: Properties, context: Context) -> str:
    principal = str(inputs["principalArn"]).rsplit(":", 1)[-1].replace("role/", f"role/{context.account}/")
    entry = f"access-entry/{inputs['clusterName']}/{principal}/{uuid()(inputs, context)}"
    return arn("eks", entry)(inputs, context)


def _identity_provider_path(inputs: Properties) -> str:
    return f"{inputs['clusterName']}/oidc/{get(inputs, 'oidc.identityProviderConfigName')}"


def _child_arn(resource: str, name: str) -> Callable[[Properties, Context], str]:
    def make(inputs: Properties, context: Context) -> str:
        path = f"{resource}/{inputs['clusterName']}/{inputs[name]}/{uuid()(inputs, context)}"
        return arn("eks", path)(inputs, context)

    return make


def _addon_seconds(inputs: Properties) -> float:
    return 35.0 if inputs.get("addonName") in ("vpc-cni", "coredns") else 40.0


_DATED: Final = {"createdAt": CREATED_AT, "modifiedAt": CREATED_AT}

KINDS: Final[dict[str, Kind]] = {
    "aws:eks/cluster:Cluster": aws_kind(
        "{name}",
        {
            "arn": arn("eks", "cluster/{name}"),
            "endpoint": _endpoint,
            "certificateAuthority": lambda inputs, context: {"data": _certificate(inputs, context)},
            "identities": _identities,
            "platformVersion": "eks.1",
            "status": "ACTIVE",
            "createdAt": CREATED_AT,
            "vpcConfig.clusterSecurityGroupId": ec2_id("sg"),
            "vpcConfig.vpcId": _vpc,
            "kubernetesNetworkConfig.serviceIpv4Cidr": _service_cidr,
            "kubernetesNetworkConfig.serviceIpv6Cidr": _service_cidr6,
        },
        defaults={
            "name": autoname,
            "version": DEFAULT_VERSION,
            "accessConfig.authenticationMode": "CONFIG_MAP",
            "accessConfig.bootstrapClusterCreatorAdminPermissions": True,
            "bootstrapSelfManagedAddons": True,
            "deletionProtection": False,
            "kubernetesNetworkConfig.ipFamily": "ipv4",
            "upgradePolicy.supportType": "EXTENDED",
            "vpcConfig.endpointPrivateAccess": False,
            "vpcConfig.endpointPublicAccess": True,
        },
        replaces=(
            "name",
            "roleArn",
            "bootstrapSelfManagedAddons",
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
            "kubernetesNetworkConfig.ipFamily",
            "kubernetesNetworkConfig.serviceIpv4Cidr",
            "outpostConfig",
        ),
        seconds=(570.0, 2.0, 150.0),
    ),
    "aws:eks/accessEntry:AccessEntry": aws_kind(
        "{clusterName}:{principalArn}",
        {
            "accessEntryArn": _entry_arn,
            "userName": lambda inputs, _context: inputs.get("userName") or inputs["principalArn"],
            **_DATED,
        },
        defaults={"type": "STANDARD"},
        replaces=("clusterName", "principalArn", "type"),
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": aws_kind(
        "{clusterName}#{principalArn}#{policyArn}",
        {"associatedAt": CREATED_AT, "modifiedAt": CREATED_AT},
        replaces=("clusterName", "principalArn", "policyArn", "accessScope"),
        tagged=False,
    ),
    "aws:eks/addon:Addon": aws_kind(
        "{clusterName}:{addonName}",
        {"arn": _child_arn("addon", "addonName"), **_DATED},
        replaces=("clusterName", "addonName", "namespaceConfig"),
        seconds=(_addon_seconds, 2.0, 15.0),
    ),
    "aws:eks/nodeGroup:NodeGroup": aws_kind(
        "{clusterName}:{nodeGroupName}",
        {
            "arn": _child_arn("nodegroup", "nodeGroupName"),
            "resources": _groups,
            "status": "ACTIVE",
            "version": _version,
            "releaseVersion": _release,
        },
        defaults={
            "nodeGroupName": autoname,
            "amiType": "AL2023_x86_64_STANDARD",
            "capacityType": "ON_DEMAND",
            "diskSize": _disk,
            "instanceTypes": _instance_types,
        },
        replaces=(
            "clusterName",
            "nodeGroupName",
            "nodeGroupNamePrefix",
            "nodeRoleArn",
            "subnetIds",
            "amiType",
            "capacityType",
            "diskSize",
            "instanceTypes",
            "remoteAccess",
            "launchTemplate.id",
            "launchTemplate.name",
        ),
        # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/node_group.go (Update)
        unsent=("scalingConfig",),
        seconds=(120.0, 2.0, 240.0),
    ),
    "aws:eks/fargateProfile:FargateProfile": aws_kind(
        "{clusterName}:{fargateProfileName}",
        {"arn": _child_arn("fargateprofile", "fargateProfileName"), "status": "ACTIVE"},
        defaults={"fargateProfileName": autoname},
        replaces=("clusterName", "fargateProfileName", "podExecutionRoleArn", "selectors", "subnetIds"),
        seconds=(120.0, 2.0, 120.0),
    ),
    "aws:eks/identityProviderConfig:IdentityProviderConfig": aws_kind(
        lambda inputs, _context: f"{inputs['clusterName']}:{get(inputs, 'oidc.identityProviderConfigName')}",
        {
            "arn": lambda inputs, context: arn(
                "eks", f"identityproviderconfig/{_identity_provider_path(inputs)}/{uuid()(inputs, context)}"
            )(inputs, context),
            "identityProviderConfigName": lambda inputs, _context: get(inputs, "oidc.identityProviderConfigName"),
            "status": "ACTIVE",
        },
        replaces=("clusterName", "oidc"),
        seconds=(900.0, 2.0, 900.0),
    ),
    "aws:eks/capability:Capability": aws_kind(
        "{clusterName},{capabilityName}",
        {"arn": _child_arn("capability", "capabilityName"), "version": "v1"},
        replaces=(
            "clusterName",
            "capabilityName",
            "type",
            "configuration.argoCd.awsIdc",
            "configuration.argoCd.namespace",
        ),
        seconds=(180.0, 30.0, 180.0),
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": aws_kind(
        ec2_id("a"),
        {
            "associationId": "{id}",
            "associationArn": arn("eks", "podidentityassociation/{clusterName}/{id}"),
        },
        defaults={"disableSessionTags": False},
        replaces=("clusterName", "namespace", "serviceAccount"),
    ),
}
