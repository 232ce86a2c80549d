"""AWS's partitions: what is named otherwise in China and in GovCloud.

Which partitions a stack can be in: `settings.regions`. Facts about China are those that eksctl is built with
(https://github.com/eksctl-io/eksctl/blob/main/pkg/apis/eksctl.io/v1alpha5/partitions.go) and AWS's own pages.
"""

from typing import Final

_BEGINNINGS: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}

ARN: Final = "arn:aws(-cn|-us-gov)?"
"""Pattern of the beginning of an ARN in a partition that a stack can be in."""


def partition_of(region: str) -> str:
    """Return the AWS partition that a region is in, the second part of every ARN there ("aws" for ap-northeast-1).

    https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """
    return next((partition for prefix, partition in _BEGINNINGS.items() if region.startswith(prefix)), "aws")


def partition_of_arn(arn: str) -> str:
    """Return the partition of an ARN, its second part."""
    return arn.split(":", 2)[1]


def account_of_arn(arn: str) -> str:
    """Return the account of an ARN, its fifth part."""
    return arn.split(":", 5)[4]


def dns_suffix(region: str) -> str:
    """Return the end of the host names of AWS's services in a region.

    https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html
    """
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def service_principal(service: str, region: str) -> str:
    """Return the principal of a service in IAM: of those that the platform needs, only EC2's has another name in China.

    The audience of service accounts' tokens, sts.amazonaws.com, is the same everywhere.
    """
    return f"{service}.{dns_suffix(region) if service == 'ec2' else 'amazonaws.com'}"


CHINA_ENDPOINTS: Final = {
    "s3": "com.amazonaws",
    "ec2": "cn.com.amazonaws",
    "ecr.api": "cn.com.amazonaws",
    "ecr.dkr": "cn.com.amazonaws",
    "sts": "cn.com.amazonaws",
}
"""Services with an endpoint for VPCs in China whose name is public, and the beginning of that name.

https://github.com/eksctl-io/eksctl/blob/main/pkg/vpc/vpc_endpoint_test.go"""


def endpoint_service(service: str, region: str) -> str:
    """Return the name of a service's endpoint for VPCs. Raises KeyError in China for one whose name is not public."""
    beginning = CHINA_ENDPOINTS[service] if region.startswith("cn-") else "com.amazonaws"
    return f"{beginning}.{region}.{service}"
