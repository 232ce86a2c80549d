"""What a stack costs in a month: what its plan fixes, a range for what varies, and what only use decides."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import versions
from review.plans import Recorded, Resource
from review.pools import PoolCost, pool_cost
from review.prices import HOURS, SPOT_DISCOUNT, Prices, UnpricedError

BOTTLEROCKET_SYSTEM_DISK: Final = 4
"""GiB of the disk of Bottlerocket's system, which a launch template leaves as the image has it.

https://karpenter.sh/docs/concepts/nodeclasses/#specblockdevicemappings"""

IMAGE_DISK: Final = 20
"""GiB of the only disk of the other images, and of a node group that says nothing.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html (diskSize)"""

GP3_IOPS: Final = 3000
GP3_THROUGHPUT: Final = 125
"""What the price of a gp3 volume includes: https://aws.amazon.com/ebs/pricing/."""

SCHEME: Final = "alb.ingress.kubernetes.io/scheme"
GROUP: Final = "alb.ingress.kubernetes.io/group.name"


@dataclass(frozen=True)
class Line:
    """One priced part of a resource.

    what: the part, in words. service, usage: the price's key, or the family of instances. low, high: US dollars a
    month; equal where the plan fixes the amount.
    """

    resource: Resource
    what: str
    service: str
    low: float
    high: float

    @property
    def fixed(self) -> bool:
        """Whether the plan decides the amount alone."""
        return self.low == self.high


@dataclass(frozen=True)
class Note:
    """A resource whose cost is not in the sums: text says why, or at which prices it is billed."""

    resource: Resource
    text: str


@dataclass(frozen=True)
class Estimate:
    """The cost of a stack.

    published, copied: of its prices. lines: priced parts. by_use: billed by what is done. unpriced: without a price
    here.
    """

    plan: Recorded
    published: str
    lines: tuple[Line, ...]
    by_use: tuple[Note, ...]
    unpriced: tuple[Note, ...]
    copied: bool = False

    @property
    def fixed(self) -> float:
        """US dollars a month that the plan fixes."""
        return sum(line.low for line in self.lines if line.fixed)

    @property
    def low(self) -> float:
        """The least in a month: what is fixed, and the least of what varies."""
        return sum(line.low for line in self.lines)

    @property
    def high(self) -> float:
        """The most in a month: what is fixed, and what varies at its limits."""
        return sum(line.high for line in self.lines)

    def of(self, resource: Resource) -> list[Line]:
        """Return the priced parts of one resource."""
        return [line for line in self.lines if line.resource.urn == resource.urn]


@dataclass(frozen=True)
class _Stack:
    """What the price of a resource may depend on besides itself."""

    plan: Recorded
    prices: Prices
    today: date


Parts = Iterator[Line | Note]

Meter = Callable[[Resource, _Stack], Parts]


def estimate(plan: Recorded, prices: Mapping[str, Prices], today: date) -> Estimate:
    """Return the cost of a stack on a day, on which its Kubernetes version may be in extended support."""
    region = prices.get(plan.region)
    lines: list[Line] = []
    by_use: list[Note] = []
    unpriced: list[Note] = []
    for resource in plan:
        meter = METERS.get(resource.type) if resource.custom and not resource.read else None
        if meter is None:
            continue
        if region is None:
            unpriced.append(Note(resource, f"the table has no prices of {plan.region}: `make prices` adds them"))
            continue
        try:
            for part in meter(resource, _Stack(plan, region, today)):
                (lines if isinstance(part, Line) else by_use).append(part)  # type: ignore[arg-type]
        except UnpricedError as error:
            unpriced.append(Note(resource, str(error)))
    published, copied = (region.published, region.copied) if region else ("", False)
    return Estimate(plan, published, tuple(lines), tuple(by_use), tuple(unpriced), copied)


def _hourly(resource: Resource, stack: _Stack, what: str, key: tuple[str, str], count: float = 1) -> Line:
    """Return the part of something that costs as much in every hour."""
    return _monthly(resource, stack, what, key, count * HOURS)


def _monthly(resource: Resource, stack: _Stack, what: str, key: tuple[str, str], units: float) -> Line:
    cost = units * stack.prices.of(*key)
    return Line(resource, what, key[0], cost, cost)


def _cluster(resource: Resource, stack: _Stack) -> Parts:
    yield _hourly(resource, stack, "control plane", ("AmazonEKS", "AmazonEKS-Hours:perCluster"))
    version = str(resource.inputs.get("version") or "")
    policy = resource.inputs.get("upgradePolicy") or {}
    # EXTENDED is what EKS does where nothing is said: https://docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html
    if policy.get("supportType", "EXTENDED") == "EXTENDED" and version in versions.KUBERNETES:
        surcharge = ("AmazonEKS", "AmazonEKS-Hours:extendedSupport")
        if versions.support_on(version, stack.today) == "extended":
            yield _hourly(resource, stack, f"extended support of Kubernetes {version}", surcharge)
        else:
            until = versions.KUBERNETES[version].standard_until
            each = stack.prices.of(*surcharge) * HOURS
            yield Note(resource, f"extended support of Kubernetes {version}: ${each:,.2f} a month more from {until}")
    if (resource.inputs.get("computeConfig") or {}).get("enabled"):
        text = "nodes of Auto Mode: their instances, and EKS's charge for each, by what pods need"
        yield Note(resource, text)


def _nat_gateway(resource: Resource, stack: _Stack) -> Parts:
    if resource.inputs.get("availabilityMode") == "regional":
        # Billed for each zone that it serves; without addresses it serves those where something runs.
        # https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
        given = len(resource.inputs.get("availabilityZoneAddresses") or ())
        zones = {it.inputs.get("availabilityZone") for it in stack.plan if it.type == "aws:ec2/subnet:Subnet"}
        low, high = (given, given) if given else (1, max(1, len(zones)))
        what = f"NAT gateway of {high} zones" if given else f"NAT gateway of up to {high} zones"
        yield Line(resource, what, "AmazonEC2", low * _nat(stack), high * _nat(stack))
        return
    yield _hourly(resource, stack, "NAT gateway", ("AmazonEC2", "NatGateway-Hours"))
    yield Note(resource, "each GB that passes costs as much as an hour")


def _nat(stack: _Stack) -> float:
    return HOURS * stack.prices.of("AmazonEC2", "NatGateway-Hours")


def _address(resource: Resource, stack: _Stack) -> Parts:
    yield _hourly(resource, stack, "public IPv4 address", ("AmazonVPC", "PublicIPv4:InUseAddress"))


def _load_balancer(resource: Resource, stack: _Stack) -> Parts:
    inputs = resource.inputs
    zones = len(inputs.get("subnets") or inputs.get("subnetMappings") or ())
    yield from _balancer(resource, stack, public=not inputs.get("internal"), zones=zones)


def _ingress(resource: Resource, stack: _Stack) -> Parts:
    """Yield the cost of the load balancer that the controller creates for an Ingress, or for a group of them."""
    annotations = _annotations(resource)
    scheme = annotations.get(SCHEME)
    if scheme is None or _is_of_a_group_before(resource, stack.plan):
        return
    subnets = [it for it in str(annotations.get("alb.ingress.kubernetes.io/subnets", "")).split(",") if it]
    yield from _balancer(resource, stack, public=scheme == "internet-facing", zones=len(subnets))


def _annotations(resource: Resource) -> Mapping[str, Any]:
    return (resource.inputs.get("metadata") or {}).get("annotations") or {}


def _is_of_a_group_before(resource: Resource, plan: Recorded) -> bool:
    """Tell whether an Ingress uses the load balancer of another one that the plan has before it."""
    group = _annotations(resource).get(GROUP)
    if group is None:
        return False
    first = next(it for it in plan if it.type == resource.type and _annotations(it).get(GROUP) == group)
    return first.urn != resource.urn


def _balancer(resource: Resource, stack: _Stack, *, public: bool, zones: int) -> Parts:
    yield _hourly(resource, stack, "load balancer", ("AWSELB", "LoadBalancerUsage"))
    if public:
        key = ("AmazonVPC", "PublicIPv4:InUseAddress")
        yield _hourly(resource, stack, f"{zones} public IPv4 addresses", key, zones)
    yield Note(resource, "capacity units by connections, requests and GB")


def _endpoint(resource: Resource, stack: _Stack) -> Parts:
    # Gateway endpoints are free: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    if resource.inputs.get("vpcEndpointType") == "Interface":
        zones = len(resource.inputs.get("subnetIds") or ())
        key = ("AmazonVPC", "VpcEndpoint-Hours")
        yield _hourly(resource, stack, f"interface endpoint in {zones} zones", key, zones)
        yield Note(resource, "each GB that passes")


def _node_group(resource: Resource, stack: _Stack) -> Parts:
    inputs = resource.inputs
    nodes = int((inputs.get("scalingConfig") or {}).get("desiredSize") or 0)
    # EKS's default: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html (instanceTypes)
    types = [
        str(type_) for type_ in inputs.get("instanceTypes") or _types_of_template(resource, stack) or ["t3.medium"]
    ]
    capacity = inputs.get("capacityType", "ON_DEMAND")
    yield from _disks_of(resource, stack, nodes)
    if _has_public_nodes(resource, stack):
        key = ("AmazonVPC", "PublicIPv4:InUseAddress")
        yield _hourly(resource, stack, f"{nodes} public IPv4 addresses of nodes", key, nodes)
    if capacity == "CAPACITY_BLOCK":
        yield Note(resource, "a capacity block is paid when it is reserved")
    elif capacity == "SPOT":
        hours = _known(types, stack.prices)
        low, high = nodes * HOURS * min(hours) * (1 - SPOT_DISCOUNT), nodes * HOURS * max(hours)
        yield Line(resource, f"{nodes} spot instances, at most at the price on demand", "AmazonEC2", low, high)
    else:
        # On demand, EKS takes the first type that has capacity.
        # https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html#managed-node-group-capacity-types
        cost = nodes * HOURS * stack.prices.instance(types[0])
        yield Line(resource, f"{nodes} x {types[0]}", "AmazonEC2", cost, cost)


def _known(types: list[str], prices: Prices) -> list[float]:
    """Return the prices of those types that have one; raises UnpricedError where none has."""
    found = [hour for hour in map(_hour_of(prices), types) if hour is not None]
    return found or [prices.instance(type_) for type_ in types]


def _hour_of(prices: Prices) -> Callable[[str], float | None]:
    def hour(type_: str) -> float | None:
        try:
            return prices.instance(type_)
        except UnpricedError:
            return None

    return hour


def _template(resource: Resource, stack: _Stack) -> Resource | None:
    found = stack.plan.inputs_from(resource, "launchTemplate")
    return next((it for it in found if it.type == "aws:ec2/launchTemplate:LaunchTemplate"), None)


def _types_of_template(resource: Resource, stack: _Stack) -> list[Any]:
    template = _template(resource, stack)
    type_ = template.inputs.get("instanceType") if template else None
    return [type_] if type_ else []


def _has_public_nodes(resource: Resource, stack: _Stack) -> bool:
    subnets = [it for it in stack.plan.inputs_from(resource, "subnetIds") if it.type == "aws:ec2/subnet:Subnet"]
    return bool(subnets) and all(it.inputs.get("mapPublicIpOnLaunch") for it in subnets)


def _disks_of(resource: Resource, stack: _Stack, nodes: int) -> Parts:
    template = _template(resource, stack)
    mappings = (template.inputs.get("blockDeviceMappings") if template else None) or []
    bottlerocket = str(resource.inputs.get("amiType", "")).startswith("BOTTLEROCKET")
    system = BOTTLEROCKET_SYSTEM_DISK if bottlerocket else IMAGE_DISK
    disks = [it.get("ebs") or {} for it in mappings] or [{"volumeSize": resource.inputs.get("diskSize") or system}]
    for disk in disks:
        yield from _volume(resource, stack, {"volumeSize": system, **disk}, nodes)


def _volume(resource: Resource, stack: _Stack, disk: Mapping[str, Any], count: int) -> Parts:
    size, type_ = float(disk["volumeSize"]), disk.get("volumeType") or "gp3"
    key = ("AmazonEC2", f"EBS:VolumeUsage.{type_}")
    yield _monthly(resource, stack, f"{count} disks of {size:.0f} GiB {type_}", key, count * size)
    if type_ != "gp3":
        return
    iops = max(0.0, float(disk.get("iops") or 0) - GP3_IOPS)
    throughput = max(0.0, float(disk.get("throughput") or 0) - GP3_THROUGHPUT)
    if iops:
        yield _monthly(resource, stack, "more operations of disks", ("AmazonEC2", "EBS:VolumeP-IOPS.gp3"), count * iops)
    if throughput:
        # The price is for a GiB a second, the setting in MiB.
        key = ("AmazonEC2", "EBS:VolumeP-Throughput.gp3")
        yield _monthly(resource, stack, "more throughput of disks", key, count * throughput / 1024)


def _key(resource: Resource, stack: _Stack) -> Parts:
    yield _monthly(resource, stack, "encryption key", ("awskms", "KMS-Keys"), 1)


def _alarm(resource: Resource, stack: _Stack) -> Parts:
    # Each metric that an alarm looks at counts: https://aws.amazon.com/cloudwatch/pricing/.
    metrics = sum(1 for it in resource.inputs.get("metricQueries") or () if "metric" in it) or 1
    what = "alarm" if metrics == 1 else f"alarm of {metrics} metrics"
    yield _monthly(resource, stack, what, ("AmazonCloudWatch", "CW:AlarmMonitorUsage"), metrics)


def _log_group(resource: Resource, stack: _Stack) -> Parts:
    ingested = stack.prices.of("AmazonCloudWatch", "DataProcessing-Bytes")
    kept = stack.prices.of("AmazonCloudWatch", "TimedStorage-ByteHrs")
    days = resource.inputs.get("retentionInDays")
    period = f"{days} days" if days else "ever"
    yield Note(
        resource, f"${ingested:g} for each GB of logs, and ${kept:g} for each compressed GB a month, for {period}"
    )


def _pool(resource: Resource, stack: _Stack) -> Parts:
    found: PoolCost | None = pool_cost(resource.inputs.get("spec") or {}, stack.prices)
    if found is None:
        yield Note(resource, "the pool has no limit of CPUs, or no type with a price: what it may cost is not known")
        return
    yield Line(resource, f"{found.what}: {found.choice}", "AmazonEC2", found.low, found.high)


def _by_use(text: str) -> Meter:
    def meter(resource: Resource, stack: _Stack) -> Parts:
        yield Note(resource, text)

    return meter


METERS: Final[Mapping[str, Meter]] = {
    "aws:eks/cluster:Cluster": _cluster,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:ec2/natGateway:NatGateway": _nat_gateway,
    "aws:ec2/eip:Eip": _address,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "kubernetes:networking.k8s.io/v1:Ingress": _ingress,
    "aws:kms/key:Key": _key,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "kubernetes:karpenter.sh/v1:NodePool": _pool,
    "aws:eks/fargateProfile:FargateProfile": _by_use("CPUs and memory of each pod that it runs"),
    "aws:eks/capability:Capability": _by_use("an hourly charge of EKS, and each resource that it manages"),
    "aws:amp/scraper:Scraper": _by_use("an hourly charge of the collector, and the samples that it takes"),
    "aws:sqs/queue:Queue": _by_use("messages"),
    "aws:sns/topic:Topic": _by_use("notifications"),
    "aws:s3/bucket:Bucket": _by_use("what it stores, and requests"),
    "aws:efs/fileSystem:FileSystem": _by_use("what it stores, reads and writes"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": _by_use("its size and its throughput"),
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": _by_use("its size and its throughput"),
    "aws:fsx/ontapFileSystem:OntapFileSystem": _by_use("its size and its throughput"),
    "aws:backup/vault:Vault": _by_use("what it stores"),
    "aws:amp/workspace:Workspace": _by_use("samples that it takes, stores and answers from"),
    "aws:grafana/workspace:Workspace": _by_use("people who use it in a month"),
    "aws:route53/record:Record": _by_use("queries of resolvers"),
}
"""How each type is billed. A type that is neither here nor in FREE fails a test."""

FREE: Final = (
    re.compile(r"aws:iam/|aws:rolesanywhere/|aws:acm/certificate"),
    re.compile(
        r"aws:vpc/securityGroup|aws:cloudwatch/event|aws:cloudwatch/logMetricFilter|aws:sns/topic[A-Z]|aws:sqs/queuePolicy"
    ),
    re.compile(r"aws:ec2/(?!natGateway|eip|vpcEndpoint:|instance)"),
    re.compile(r"aws:eks/(access|addon|podIdentity|identityProvider)|aws:lb/(listener|targetGroup)|aws:kms/alias"),
    re.compile(
        r"aws:efs/(mountTarget|backupPolicy|accessPoint|fileSystemPolicy)|aws:backup/(plan|selection|vault[A-Z])"
    ),
    re.compile(
        r"aws:amp/(?!workspace:|scraper:)|aws:grafana/(?!workspace:)|aws:batch/|aws:vpclattice/|aws:fsx/.*(Vol|Mach|Snap)"
    ),
    re.compile(r"aws:wafv2/webAclAssociation|aws:s3/bucket[A-Z]|aws:ssm/|aws:resourceshare"),
)
"""Types of AWS without a charge of their own; what they lead to is billed elsewhere, or by use."""


def is_known(type_: str) -> bool:
    """Tell whether the tables say how a type of AWS is billed."""
    return type_ in METERS or any(pattern.match(type_) for pattern in FREE)


def rounded(amount: float) -> float:
    """Return US dollars to the cent."""
    return math.floor(amount * 100 + 0.5) / 100
