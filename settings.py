"""The settings of a stack: what `Pulumi.<stack>.yaml` may hold, as typed models.

Each section is one configuration key of the project (`eks-platform:network`, `eks-platform:cluster`, ...) and one
model here; keys are written in camelCase. Defaults stand here and nowhere else. `load` refuses a stack file before any
resource is registered and reports all of its errors at once; rules that relate one setting to another are in
`settings_rules.py`, the words of the messages in `settings_problems.py`.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, TypeVar, cast, get_args

import pulumi
from pulumi import runtime
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

import versions
from settings_problems import (
    HIDDEN,
    MEANINGS,
    PROJECT,
    Problem,
    SettingsError,
    either,
    models,
    place,
    problems_of,
    shown,
    suggestion,
)


class Settings(BaseModel):
    """Base of every section: unknown keys are refused, values are neither guessed nor changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)


def _text(meaning: str, pattern: str, max_length: int = 128) -> StringConstraints:
    MEANINGS[pattern] = meaning
    return StringConstraints(pattern=pattern, max_length=max_length)


def _range(value: object) -> IPv4Network:
    """Return an IPv4 range. IPv4Network alone would also take numbers, netmasks and a bare address."""
    if not isinstance(value, str) or not re.fullmatch(RANGE_PATTERN, value):
        raise PydanticCustomError("range", "expected an IPv4 range such as 10.0.0.0/16")
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        raise PydanticCustomError("range", "expected an IPv4 range such as 10.0.0.0/16") from None
    if str(network) != value:
        raise PydanticCustomError(
            "range", "expected the first address of its range, {network}", {"network": str(network)}
        )
    return network


RANGE_PATTERN: Final = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"
Range = Annotated[
    IPv4Network, PlainValidator(_range), WithJsonSchema({"type": "string", "pattern": RANGE_PATTERN, "maxLength": 18})
]
MEANINGS[RANGE_PATTERN] = "an IPv4 range such as 10.0.0.0/16"


def _retention(days: int) -> int:
    if days not in RETENTIONS:
        raise PydanticCustomError(
            "retention", "expected one that CloudWatch knows: {days}", {"days": either(RETENTIONS)}
        )
    return days


RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
)  # fmt: skip
Retention = Annotated[int, AfterValidator(_retention), Field(json_schema_extra={"enum": list(RETENTIONS)})]
"""Days that CloudWatch accepts. Not a Literal, which takes `true` for 1.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value():
        raise PydanticCustomError("empty", "expected text that is not empty")
    return secret


_DNS_LABEL: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_DURATION: Final = r"([0-9]+(s|m|h))+"

Name = Annotated[str, _text("lower-case words joined by hyphens", r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", 20)]
"""At most 20 characters: a target group's name has 32, of which Pulumi's autonaming and our suffix take 12.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html"""
Label = Annotated[str, _text("lower-case letters, digits and hyphens", _DNS_LABEL, 40)]
"""A name inside the stack file that becomes part of a resource's name."""
NodeGroupName = Annotated[str, _text("lower-case letters, digits and hyphens", _DNS_LABEL, 28)]
"""At most 28 characters: a node group's name has 63, of which the platform's name, autonaming and our suffix take 35.

https://docs.aws.amazon.com/eks/latest/userguide/create-managed-node-group.html"""
NamespacePattern = Annotated[str, _text("a namespace; * and ? match", r"^[a-z0-9*?]([-a-z0-9*?]*[a-z0-9*?])?$", 63)]
AccountId = Annotated[str, _text("an account id of 12 digits", r"^[0-9]{12}$", 12)]
Region = Annotated[str, _text("a region such as ap-northeast-1", r"^[a-z]{2}(-[a-z]+)+-[0-9]$", 32)]
Zone = Annotated[str, _text("an availability zone such as ap-northeast-1a", r"^[a-z]{2}(-[a-z]+)+-[0-9][a-h]$", 32)]
Principal = Annotated[
    str,
    _text(
        "the ARN of an IAM role or user",
        r"^arn:aws:iam::[0-9]{12}:(role|user)/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}$",
        2048,
    ),
]
CertificateArn = Annotated[
    str, _text("the ARN of an ACM certificate", r"^arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$", 2048)
]
KeyArn = Annotated[str, _text("the ARN of a KMS key", r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", 2048)]
WebAclArn = Annotated[
    str,
    _text(
        "the ARN of a regional WAFv2 web ACL",
        r"^arn:aws:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+$",
        2048,
    ),
]
VpcId = Annotated[str, _text("a VPC's id", r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$")]
SubnetId = Annotated[str, _text("a subnet's id", r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")]
HostedZoneId = Annotated[str, _text("a hosted zone's id", r"^Z[A-Z0-9]{1,31}$", 32)]
Bucket = Annotated[str, _text("the name of an S3 bucket", r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", 63)]
KeyPrefix = Annotated[
    str, _text("the beginning of S3 keys, without a slash at its ends", r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", 255)
]
DomainName = Annotated[
    str,
    _text(
        "a host name such as platform.example.jp",
        r"^(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z][-a-z0-9]{0,61}[a-z0-9]$",
        253,
    ),
]
ServiceName = Annotated[str, _text("an AWS service such as ecr.api", r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", 64)]
InstanceType = Annotated[str, _text("an instance type such as m7g.large", r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", 32)]
InstanceCategory = Annotated[str, _text("an instance category such as m", r"^[a-z]{1,4}$", 4)]
InstanceFamily = Annotated[str, _text("an instance family such as m7g", r"^[a-z]+-?[a-z]*[0-9][a-z0-9-]*$", 24)]
InstanceSize = Annotated[
    str,
    _text(
        "an instance size such as 2xlarge",
        r"^(nano|micro|small|medium|large|([1-9][0-9]*)?xlarge|metal(-[1-9][0-9]*xl)?)$",
        16,
    ),
]
ReleaseVersion = Annotated[
    str,
    _text(
        "an AMI release version such as 1.36.4-20260930 or 1.66.0-1ad6b4a4",
        r"^[0-9]+\.[0-9]+\.[0-9]+-[0-9a-f]{8}$",
        32,
    ),
]
ImageVersion = Annotated[
    str, _text("an AMI alias version such as v1.66.0 or v20260930", r"^v([0-9]+\.[0-9]+\.[0-9]+|[0-9]{8})$", 32)
]
LabelKey = Annotated[
    str,
    _text(
        "a label's key such as team or example.jp/team",
        r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
        317,
    ),
]
LabelValue = Annotated[str, _text("a label's value", r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", 63)]
TagKey = Annotated[str, _text("a tag's key: letters, digits, spaces and _.:/=+-@", r"^[\p{L}\p{N} _.:/=+@-]+$", 128)]
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_Tag.html"""
TagValue = Annotated[
    str, _text("a tag's value: letters, digits, spaces and _.:/=+-@", r"^[\p{L}\p{N} _.:/=+@-]*$", 256)
]
Duration = Annotated[str, _text("a duration such as 30m or 1h30m", f"^{_DURATION}$", 16)]
DurationOrNever = Annotated[str, _text("a duration such as 30m or 1h30m, or Never", f"^({_DURATION}|Never)$", 16)]
BudgetDuration = Annotated[str, _text("hours and minutes such as 9h or 1h30m", r"^([0-9]+h([0-9]+m)?|[0-9]+m)$", 16)]
BudgetNodes = Annotated[str, _text("a number or a percentage of nodes", r"^((100|[0-9]{1,2})%|[0-9]+)$", 8)]


def _cron_field(unit: str) -> str:
    item = rf"(\*|\?|{unit}(-{unit})?)(/[0-9]+)?"
    return f"{item}(,{item})*"


_CRON: Final = " ".join(
    _cron_field(unit)
    for unit in (
        "[1-5]?[0-9]",
        "(1?[0-9]|2[0-3])",
        "([1-9]|[12][0-9]|3[01])",
        "([1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
        "([0-6]|sun|mon|tue|wed|thu|fri|sat)",
    )
)
CronLine = Annotated[
    str,
    _text(
        "a cron line such as 0 9 * * mon-fri",
        rf"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|{_CRON})$",
        64,
    ),
]
"""https://karpenter.sh/docs/concepts/disruption/#schedule"""
Cpu = Annotated[str, _text("CPUs such as 500m, 2 or 1.5", r"^([1-9][0-9]*m?|[0-9]+\.[0-9]{1,3})$", 16)]
Memory = Annotated[str, _text("memory with its unit such as 512Mi or 2Gi", r"^[1-9][0-9]*([KMGT]i|[kMGT])$", 16)]
"""Without a unit, or with the `m` of CPUs, Kubernetes would read bytes and thousandths of them."""
TlsPolicy = Annotated[str, _text("a TLS policy of ALBs", r"^ELBSecurityPolicy-[A-Za-z0-9-]+$", 64)]
ChartRegistry = Annotated[
    str,
    _text(
        "an oci:// or https:// URL without a login",
        r"^(oci|https)://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*[A-Za-z0-9])?$",
        255,
    ),
]
ChartVersion = Annotated[
    str, _text("a version such as 1.14.1, without v", r"^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$", 64)
]
AddonVersion = Annotated[
    str,
    _text("an add-on's version such as v1.22.4-eksbuild.3", r"^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$", 64),
]


class Nat(StrEnum):
    """Where the private subnets' way out is: nowhere, one NAT gateway for all zones, or one in each zone."""

    NONE = "none"
    SINGLE = "single"
    PER_ZONE = "per-zone"


class SubnetTagging(StrEnum):
    """What to do about the tags that load balancers and Karpenter look for on subnets we did not make."""

    APPLY = "apply"
    CHECK = "check"


class LogType(StrEnum):
    """A control-plane log (https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html)."""

    API = "api"
    AUDIT = "audit"
    AUTHENTICATOR = "authenticator"
    CONTROLLER_MANAGER = "controllerManager"
    SCHEDULER = "scheduler"


class Support(StrEnum):
    """What EKS does at the end of standard support: upgrade the control plane, or bill extended support."""

    STANDARD = "standard"
    EXTENDED = "extended"


class Identity(StrEnum):
    """How the platform's own controllers get their IAM role."""

    IRSA = "irsa"
    POD_IDENTITY = "pod-identity"


class AccessRole(StrEnum):
    """What a principal may do in the cluster, by EKS access policies."""

    ADMIN = "admin"
    EDIT = "edit"
    VIEW = "view"


class Capacity(StrEnum):
    """How EC2 sells the instance."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class NodeImage(StrEnum):
    """The family of the nodes' AMI."""

    BOTTLEROCKET = "bottlerocket"
    AL2023 = "al2023"


class Architecture(StrEnum):
    """The nodes' processor, by Kubernetes' names."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class TaintEffect(StrEnum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Consolidation(StrEnum):
    """Which nodes Karpenter may replace to save money."""

    WHEN_EMPTY = "WhenEmpty"
    WHEN_EMPTY_OR_UNDERUTILIZED = "WhenEmptyOrUnderutilized"


class IngressOwner(StrEnum):
    """Who makes the ALB: the load balancer controller from an Ingress, or this program."""

    CONTROLLER = "controller"
    PROGRAM = "program"


class Scheme(StrEnum):
    """Whether the ALB has public addresses."""

    INTERNET_FACING = "internet-facing"
    INTERNAL = "internal"


def plain(value: Settings | Mapping[str, Settings], *without: str) -> Any:
    """Return a model, or each model of a mapping, as plain values under the fields' names.

    The fields are named as the arguments of the component that takes them. What is None is left out, and the fields
    that are not that component's business (`without`).
    """
    if isinstance(value, Settings):
        return value.model_dump(mode="json", exclude_none=True, exclude=set(without))
    return {key: plain(item, *without) for key, item in value.items()}


Arguments = TypeVar("Arguments")


def arguments(
    shape: type[Arguments], section: Settings, *, without: Collection[str] = (), **given: object
) -> Arguments:
    """Return the arguments of a component: a section's plain values and what else is given.

    shape: the TypedDict of the arguments. A key that it does not know, or that it lacks, is a TypeError.
    """
    values = {**plain(section, *without), **given}
    known: Any = shape
    if unknown := values.keys() - known.__required_keys__ - known.__optional_keys__:
        raise TypeError(f"{shape.__name__} does not know {sorted(unknown)}")
    if missing := known.__required_keys__ - values.keys():
        raise TypeError(f"{shape.__name__} lacks {sorted(missing)}")
    return cast(Arguments, values)


class Platform(Settings):
    """What the stack is called and whom it belongs to."""

    name: Name = Field(description="Name of the cluster, and the beginning of every resource's name.")
    region: Region = Field(description="AWS region of everything in the stack.")
    account: AccountId | None = Field(
        None, description="The account that the stack belongs to; the AWS provider refuses any other."
    )
    tags: dict[TagKey, TagValue] = Field(
        {},
        # AWS allows 50 on a resource; some are the platform's, Karpenter's and the controller's.
        max_length=40,
        description="Tags on every AWS resource, beside `Project`, `Stack` and `ManagedBy`.",
    )
    protect: bool = Field(
        False, description="Whether Pulumi refuses to delete or replace the VPC, the secrets key and the cluster."
    )


class ExistingNetwork(Settings):
    """A VPC that something else made."""

    vpc_id: VpcId = Field(description="The VPC.")
    private_subnets: dict[Zone, SubnetId] = Field(description="The nodes' subnets: availability zone to subnet id.")
    public_subnets: dict[Zone, SubnetId] = Field({}, description="The internet-facing ALB's subnets.")
    tagging: SubnetTagging = Field(
        SubnetTagging.APPLY, description="Put the tags that load balancers and Karpenter need on the subnets, or check."
    )


class FlowLogs(Settings):
    """Log of the VPC's accepted and rejected connections."""

    retention_days: Retention = Field(30, description="How long CloudWatch keeps them.")


class Network(Settings):
    """A VPC of the stack's own, or an existing one."""

    cidr: Range | None = Field(None, description="The VPC's IPv4 range, /16 to /21 (RFC 1918 recommended).")
    zones: list[Zone] = Field([], description="Availability zones by name; adding one renumbers no subnet.")
    zone_count: Annotated[int, Field(ge=2, le=6)] | None = Field(
        None, description="The first so many zones of the region instead of names; prefer names where nodes matter."
    )
    nat: Nat = Field(Nat.SINGLE, description="How private subnets reach the internet.")
    public_nodes: bool = Field(
        False, description="Internet gateway only: nodes sit in public subnets with public addresses, no NAT is needed."
    )
    pod_cidr: Range | None = Field(
        None, description="A secondary range for pods (100.64.0.0/16 is usual); nodes keep the VPC's range."
    )
    interface_endpoints: list[ServiceName] = Field(
        [], description="AWS services reached by an interface endpoint, by the last part of the service name."
    )
    flow_logs: FlowLogs | None = Field(None, description="VPC flow logs to CloudWatch; absent: none.")
    existing: ExistingNetwork | None = Field(None, description="An existing VPC; `cidr` and `zones` are then absent.")


class Cluster(Settings):
    """The EKS control plane."""

    version: str = Field(
        versions.DEFAULT_KUBERNETES,
        description="Kubernetes version.",
        json_schema_extra={"enum": [*versions.ADDONS]},
    )
    public_access: dict[Label, Range] = Field(
        {},
        # https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html: cannot be raised.
        max_length=40,
        description="Who reaches the API from outside the VPC: name to CIDR. Empty: the public endpoint is off.",
    )
    logs: list[LogType] = Field(
        [LogType.AUDIT, LogType.AUTHENTICATOR], description="Control-plane logs that go to CloudWatch."
    )
    log_retention_days: Retention = Field(90, description="How long CloudWatch keeps them.")
    secrets_key: KeyArn | None = Field(
        None, description="KMS key that encrypts Kubernetes secrets; absent: the stack makes one."
    )
    deletion_protection: bool = Field(False, description="Whether EKS refuses to delete the cluster.")
    support: Support = Support.STANDARD
    identity: Identity = Field(
        Identity.IRSA, description="How controllers and add-ons get their IAM role; Fargate knows only `irsa`."
    )


class AccessEntry(Settings):
    """One IAM principal's rights in the cluster."""

    principal: Principal = Field(description="Their role or user.")
    role: AccessRole
    namespaces: list[NamespacePattern] = Field([], description="Limits the role to namespaces; empty: the cluster.")


class Access(Settings):
    """Who may use the Kubernetes API."""

    deployer: Principal = Field(description="The role that runs `pulumi up`: administrator of the cluster.")
    entries: dict[Label, AccessEntry] = Field({}, description="Everybody else, by a name of yours.")


class Addons(Settings):
    """Which EKS add-ons there are, and their versions where they shall differ from the pinned ones."""

    versions: dict[str, AddonVersion] = Field(
        {},
        description="Add-on name to version.",
        json_schema_extra={"propertyNames": {"enum": list(versions.ADDON_NAMES)}},
    )
    ebs_csi: bool = Field(True, description="EBS volumes and an encrypted gp3 default StorageClass; needs EC2 nodes.")
    metrics_server: bool = Field(True, description="Resource metrics, which the HPA of Traefik needs.")

    def installed(self, *, fargate_only: bool) -> list[str]:
        """Return the names of the add-ons that a stack has; fargate_only: it has no nodes."""
        unwanted = {
            "aws-ebs-csi-driver": not self.ebs_csi,
            "metrics-server": not self.metrics_server,
            # DaemonSets without a node to run on.
            "vpc-cni": fargate_only,
            "kube-proxy": fargate_only,
            "eks-pod-identity-agent": fargate_only,
        }
        return [name for name in versions.ADDON_NAMES if not unwanted.get(name)]


class Taint(Settings):
    """A Kubernetes taint."""

    key: LabelKey = Field(description="The taint's key.")
    value: LabelValue = Field("", description="The taint's value.")
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


class Toleration(Settings):
    """A toleration of a taint: of its key, or of its key with one value."""

    key: LabelKey = Field(description="The taint's key.")
    value: LabelValue | None = Field(None, description="The taint's value; absent: any.")
    effect: TaintEffect | None = Field(None, description="The taint's effect; absent: any.")


class OperationsPods(Settings):
    """Where the pods that this program installs are put (controllers, CoreDNS, Traefik)."""

    node_selector: dict[LabelKey, LabelValue] = Field({}, description="Labels that their nodes have.")
    tolerations: list[Toleration] = Field([], description="Taints of nodes that they do not mind.")


class NodeGroup(Settings):
    """A managed node group."""

    instance_types: list[InstanceType] = Field(
        min_length=1, max_length=20, description="Tried in order (on-demand) or together (spot)."
    )
    capacity: Capacity = Capacity.ON_DEMAND
    image: NodeImage = NodeImage.BOTTLEROCKET
    architecture: Architecture = Architecture.AMD64
    release: ReleaseVersion | None = Field(
        None, description="AMI release version; absent: the one pinned for the image."
    )
    min: Annotated[int, Field(ge=0, le=450)] = Field(1, description="Fewest nodes.")
    max: Annotated[int, Field(ge=1, le=450)] = Field(3, description="Most nodes.")
    desired: Annotated[int, Field(ge=0, le=450)] | None = Field(None, description="Nodes at first; absent: `min`.")
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = Field(
        50, description="Disk for images, logs and ephemeral storage, in GiB."
    )
    labels: dict[LabelKey, LabelValue] = Field({}, description="Labels of the nodes.")
    taints: list[Taint] = Field([], description="Taints of the nodes.")
    zones: list[Zone] = Field([], description="Only these zones; empty: all of the network.")
    repair: bool = Field(True, description="Whether EKS replaces nodes that it finds unhealthy.")

    def release_for(self, kubernetes: str) -> str:
        """Return the AMI release version for nodes of a Kubernetes minor."""
        if self.release:
            return self.release
        bottlerocket = self.image is NodeImage.BOTTLEROCKET
        return versions.BOTTLEROCKET_RELEASE_VERSION if bottlerocket else versions.AL2023_RELEASE_VERSION[kubernetes]


class FargateSelector(Settings):
    """Which pods a Fargate profile takes."""

    namespace: NamespacePattern = Field(description="Their namespace.")
    labels: dict[LabelKey, LabelValue] = Field({}, description="Labels that they must have; empty: any.")


class FargateProfile(Settings):
    """Pods that run without nodes."""

    selectors: list[FargateSelector] = Field(
        min_length=1, max_length=5, description="A pod is taken when one of them fits."
    )


class Budget(Settings):
    """How many nodes Karpenter may take away at once."""

    nodes: BudgetNodes = Field(description="Number or percentage of nodes.")
    schedule: CronLine | None = Field(
        None, description="When the budget begins to hold: a cron line in UTC; needs `duration`."
    )
    duration: BudgetDuration | None = Field(None, description="How long it holds from then on.")


class NodePool(Settings):
    """What Karpenter may launch, and when it may take it away again."""

    capacity_types: list[Capacity] = Field(
        [Capacity.SPOT, Capacity.ON_DEMAND], min_length=1, description="Spot is taken first where both are allowed."
    )
    categories: list[InstanceCategory] = Field([], description="Instance categories such as c, m, r; empty: any.")
    families: list[InstanceFamily] = Field([], description="Instance families such as m7g; empty: any.")
    instance_types: list[InstanceType] = Field([], description="Exact instance types instead of traits.")
    min_generation: Annotated[int, Field(ge=1, le=20)] | None = Field(None, description="Oldest generation allowed.")
    sizes: list[InstanceSize] = Field([], description="Instance sizes such as 2xlarge; empty: any.")
    architectures: list[Architecture] = Field(
        [Architecture.AMD64], min_length=1, description="Processors that the pods' images are built for."
    )
    zones: list[Zone] = Field([], description="Only these zones; empty: all of the network.")
    cpu_limit: Cpu = Field("100", description="vCPUs of all the pool's nodes together.")
    memory_limit: Memory = Field("400Gi", description="Memory of all the pool's nodes together.")
    weight: Annotated[int, Field(ge=1, le=100)] | None = Field(None, description="The heavier pool is tried first.")
    labels: dict[LabelKey, LabelValue] = Field({}, description="Labels of the nodes.")
    taints: list[Taint] = Field([], description="Taints of the nodes.")
    consolidation: Consolidation = Consolidation.WHEN_EMPTY_OR_UNDERUTILIZED
    consolidate_after: DurationOrNever = Field(
        "1m", description="How long a node must have been left alone before it is replaced."
    )
    expire_after: DurationOrNever = Field("336h", description="Age at which a node is replaced.")
    termination_grace_period: Duration = Field("1h", description="Longest drain of a node before it is forced.")
    budgets: list[Budget] = Field(
        [Budget(nodes="10%")], min_length=1, description="How many nodes may go at once; the strictest holds."
    )


class Karpenter(Settings):
    """Karpenter, its node class and its NodePools."""

    version: ChartVersion = Field(versions.KARPENTER.version, description="Version of Karpenter and its charts.")
    image: NodeImage = NodeImage.BOTTLEROCKET
    image_version: ImageVersion | None = Field(
        None, description="AMI alias version; absent: the one pinned for the image."
    )
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = Field(
        50, description="Disk for images, logs and ephemeral storage, in GiB."
    )
    node_pools: dict[Label, NodePool] = Field(min_length=1, description="Node pools by name.")

    @property
    def image_alias(self) -> str:
        """The AMI alias with its version."""
        if self.image_version:
            return f"{self.image.value}@{self.image_version}"
        return {NodeImage.BOTTLEROCKET: versions.BOTTLEROCKET_ALIAS, NodeImage.AL2023: versions.AL2023_ALIAS}[
            self.image
        ]


class Traefik(Settings):
    """The ingress proxy behind the ALB."""

    min_replicas: Annotated[int, Field(ge=2, le=100)] = Field(3, description="Fewest replicas.")
    max_replicas: Annotated[int, Field(ge=2, le=200)] = Field(12, description="Most replicas.")
    cpu_target_percent: Annotated[int, Field(ge=10, le=95)] = Field(
        60, description="CPU use, in percent of the request, that the autoscaler aims at."
    )
    cpu: Cpu = Field("250m", description="CPU request of one replica.")
    memory: Memory = Field("256Mi", description="Memory request and limit of one replica.")


class AccessLogs(Settings):
    """Where the ALB writes its access logs."""

    bucket: Bucket = Field(description="An S3 bucket whose policy lets the load balancer write.")
    prefix: KeyPrefix | None = Field(None, description="The beginning of their keys.")


class Domain(Settings):
    """The host names that lead to the ALB."""

    name: DomainName = Field(description="The first name.")
    hosted_zone_id: HostedZoneId = Field(description="Route 53 zone of `name` and its alternatives.")
    alternatives: list[DomainName] = Field([], max_length=99, description="More names, wildcards allowed.")

    @property
    def names(self) -> list[str]:
        """All names."""
        return [self.name, *self.alternatives]


class Ingress(Settings):
    """The one ALB in front of all services."""

    owner: IngressOwner = IngressOwner.CONTROLLER
    scheme: Scheme = Scheme.INTERNET_FACING
    domain: Domain | None = Field(
        None, description="Certificate and DNS records; absent: plain HTTP by the ALB's name."
    )
    certificate: CertificateArn | None = Field(None, description="An existing certificate instead of one of the stack.")
    tls_policy: TlsPolicy = Field(versions.ALB_TLS_POLICY, description="Security policy of the HTTPS listener.")
    allowed: list[Range] = Field([IPv4Network("0.0.0.0/0")], min_length=1, description="Who may connect, as CIDRs.")
    web_acl: WebAclArn | None = Field(None, description="WAFv2 web ACL in front of the ALB.")
    access_logs: AccessLogs | None = Field(None, description="Where the ALB writes its access logs; absent: nowhere.")
    deletion_protection: bool = Field(False, description="Whether AWS refuses to delete the ALB.")


class Charts(Settings):
    """A registry of the company's own that Helm charts come from, instead of their publishers'."""

    registry: ChartRegistry | None = Field(
        None, description="Its URL; it has each chart under the publisher's name and version. Absent: the publishers'."
    )
    username: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = Field(
        None, description="Who logs in; absent: nobody."
    )
    password: Annotated[SecretStr, AfterValidator(_not_empty)] | None = Field(
        None, description="Encrypted: `pulumi config set --secret --path 'charts.password'`."
    )

    def source(self) -> Any:
        """Return where charts come from, as the components that install some take it; None: from their publishers."""
        login = {"password": pulumi.Output.secret(self.password.get_secret_value())} if self.password else {}
        return {**plain(self, "password"), **login} if self.registry else None


class Stack(Settings):
    """All settings of a stack, a section each."""

    platform: Platform
    network: Network
    cluster: Cluster = Field(default_factory=Cluster)
    access: Access
    addons: Addons = Field(default_factory=Addons)
    operations_pods: OperationsPods = Field(default_factory=OperationsPods)
    node_groups: dict[NodeGroupName, NodeGroup] = Field({}, description="Managed node groups by name.")
    fargate_profiles: dict[Label, FargateProfile] = Field({}, description="Fargate profiles by name.")
    karpenter: Karpenter | None = None
    traefik: Traefik = Field(default_factory=Traefik)
    ingress: Ingress = Field(default_factory=Ingress)
    charts: Charts = Field(default_factory=Charts)

    @property
    def fargate_only(self) -> bool:
        """Whether there are no nodes at all."""
        return not self.node_groups

    @property
    def fargate_profiles_in_order(self) -> dict[str, FargateProfile]:
        """The profiles in the order in which they are made, one at a time: first those of the platform's own pods.

        Pulumi hands over the keys of a stack file in alphabetical order, whatever the order there.
        """
        needs = ("kube-system", "traefik")

        def later(profile: FargateProfile) -> list[bool]:
            return [not any(fnmatchcase(need, it.namespace) for it in profile.selectors) for need in needs]

        return dict(sorted(self.fargate_profiles.items(), key=lambda item: later(item[1])))

    @property
    def addon_versions(self) -> dict[str, str]:
        """The add-ons of the stack and their versions."""
        return {
            name: self.addons.versions.get(name, versions.addon_version(name, self.cluster.version))
            for name in self.addons.installed(fargate_only=self.fargate_only)
        }

    @property
    def installed_versions(self) -> dict[str, str]:
        """The versions of all that the stack installs in the cluster, by chart or add-on."""
        karpenter = {versions.KARPENTER.name: self.karpenter.version} if self.karpenter else {}
        charts = {chart.name: chart.version for chart in (versions.AWS_LOAD_BALANCER_CONTROLLER, versions.TRAEFIK)}
        return {**self.addon_versions, **charts, **karpenter}


def load(config: Mapping[str, str], secret_keys: Collection[str] = (), today: date | None = None) -> Stack:
    """Return the settings in a stack's configuration.

    config: the values of the stack as Pulumi hands them over, by full key (`eks-platform:network`); objects are JSON
        text. Keys of other namespaces are left alone.
    secret_keys: the full keys whose value is, or holds, an encrypted one. Their values appear in no message.
    today: the day on which EKS must offer the Kubernetes version; absent: the day it is.
    Raises SettingsError with every problem of the configuration.
    """
    from settings_rules import broken_rules  # noqa: PLC0415  # it needs the models above

    prefix = f"{PROJECT}:"
    found = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    secret = {key.removeprefix(prefix) for key in secret_keys}
    sections, problems = _sections(found, secret)
    problems += broken_rules(sections, secret, today or datetime.now(tz=UTC).date())
    if problems:
        raise SettingsError(sorted(problems, key=lambda problem: problem.path))
    return Stack.model_construct(**sections)


def _sections(found: Mapping[str, str], secret: Collection[str]) -> tuple[dict[str, Any], list[Problem]]:
    """Validate each section on its own, so that an error in one hides none in another."""
    names = {to_camel(field): field for field in Stack.model_fields}
    problems = [_unknown_section(key, names, secret) for key in found if key not in names]
    sections: dict[str, Any] = {}
    for key, field in names.items():
        info = Stack.model_fields[field]
        if key not in found and not info.is_required():
            sections[field] = info.get_default(call_default_factory=True)
            continue
        keeps_secrets = any(_keeps_secrets(model) for model in models(info.annotation))
        if key in secret and not keeps_secrets:
            problems.append(Problem(key, "encrypted", "expected plain values: nothing in this section is kept secret"))
            continue
        try:
            document = _document(key, found[key]) if key in found else "{}"
            sections[field] = getattr(_only(field).model_validate_json(document), field)
        except ValidationError as error:
            problems += problems_of(error, Stack, key, hidden=keeps_secrets)
        except _TwiceError as error:
            problems.append(Problem(key, f"key {shown(str(error))} twice", "expected it once"))
        except (ValueError, RecursionError):
            problems.append(Problem(key, HIDDEN if keeps_secrets else shown(found[key]), "expected keys of its own"))
    return sections, problems


def _unknown_section(key: str, names: Collection[str], secret: Collection[str]) -> Problem:
    section = key.partition(".")[0]
    if section in names and re.fullmatch(r"[\w.\[\]-]{1,80}", key, re.ASCII):
        command = f"pulumi config set {'--secret ' if key in secret else ''}--path '{PROJECT}:{key}'"
        return Problem(key, "unknown key", f"expected it inside {section}: {command}")
    return Problem(place(key), "unknown key", suggestion(key, names))


class _TwiceError(ValueError):
    """A key that stands twice in an object, of which JSON would silently take the last."""


def _document(key: str, text: str) -> str:
    """Return the JSON `text` of a section under its key."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            raise _TwiceError(next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1))
        return values

    return json.dumps({key: json.loads(text, object_pairs_hook=unique)})


def _keeps_secrets(model: type[BaseModel]) -> bool:
    return any(SecretStr in _types(field.annotation) for field in model.model_fields.values())


def _types(annotation: Any) -> set[Any]:
    return {annotation}.union(*(_types(choice) for choice in get_args(annotation)))


@cache
def _only(field: str) -> type[Settings]:
    """Return the model of one section under its key."""
    info = Stack.model_fields[field]
    return create_model("Section", __base__=Settings, **{field: (info.annotation, info)})  # type: ignore[call-overload, no-any-return]


def stack_settings() -> Stack:
    """Return the settings of the stack that is running. Raises RunError, which Pulumi shows without a traceback."""
    try:
        return load(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
