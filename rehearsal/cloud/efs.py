"""EFS: a file system, its mount targets, and whether AWS Backup backs it up."""

from __future__ import annotations

from typing import Final

from harness.kind import Context, Kind, Properties
from rehearsal.cloud.aws import arn, aws_kind, ec2_id, in_partition


def _host(inputs: Properties, context: Context) -> str:
    return in_partition("{fileSystemId}.efs.{region}.{dns_suffix}")(inputs, context)


def _zone(inputs: Properties, context: Context) -> str:
    subnet = context.world.find("aws:ec2/subnet:Subnet", "id", inputs["subnetId"])
    return str(subnet["availabilityZone"]) if subnet else f"{context.region}a"


KINDS: Final[dict[str, Kind]] = {
    "aws:efs/fileSystem:FileSystem": aws_kind(
        ec2_id("fs"),
        {
            "arn": arn("elasticfilesystem", "file-system/{id}"),
            "availabilityZoneId": "",
            "creationToken": "terraform-{id}",
            "dnsName": in_partition("{id}.efs.{region}.{dns_suffix}"),
            "name": lambda inputs, _context: (inputs.get("tags") or {}).get("Name", ""),
            "numberOfMountTargets": 0,
            "ownerId": "{account}",
            "sizeInBytes": [{"value": 6144, "valueInIa": 0, "valueInStandard": 6144}],
        },
        defaults={"encrypted": False, "performanceMode": "generalPurpose", "throughputMode": "bursting"},
        replaces=("availabilityZoneName", "creationToken", "encrypted", "kmsKeyId", "performanceMode"),
        seconds=(6.0, 2.0, 6.0),
    ),
    "aws:efs/mountTarget:MountTarget": aws_kind(
        ec2_id("fsmt"),
        {
            "availabilityZoneId": "apne1-az4",
            "availabilityZoneName": _zone,
            "dnsName": _host,
            "fileSystemArn": arn("elasticfilesystem", "file-system/{fileSystemId}"),
            "mountTargetDnsName": lambda inputs, context: f"{_zone(inputs, context)}.{_host(inputs, context)}",
            "networkInterfaceId": ec2_id("eni"),
            "ownerId": "{account}",
        },
        defaults={"ipAddressType": "IPV4_ONLY"},
        replaces=("fileSystemId", "ipAddress", "ipAddressType", "ipv6Address", "subnetId"),
        tagged=False,
        seconds=(90.0, 2.0, 90.0),
    ),
    "aws:efs/backupPolicy:BackupPolicy": aws_kind("{fileSystemId}", replaces=("fileSystemId",), tagged=False),
}
