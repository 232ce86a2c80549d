"""The settings of a stack: what `Pulumi.<stack>.yaml` may hold, as typed models.

Each section is one configuration key of the project (`eks-platform:network`, `eks-platform:cluster`, ...) and one model
here; keys are written in camelCase. Defaults stand here and nowhere else. `load` refuses a stack file before any resource
is registered and reports all of its errors at once; rules that relate one setting to another are in `settings_rules.py`.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, Literal, TypeVar, cast, get_args, get_origin

import pulumi
from pulumi import runtime
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

import versions

PROJECT: Final = "eks-platform"


class Settings(BaseModel):
    """Base of every section: unknown keys are refused, values are neither guessed nor changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)


_MEANINGS: Final[dict[str, str]] = {}
"""What a pattern stands for, for messages."""


def _text(meaning: str, pattern: str, max_length: int = 128) -> StringConstraints:
    _MEANINGS[pattern] = meaning
    return StringConstraints(pattern=pattern, max_length=max_length)


_DNS_LABEL: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_DURATION: Final = r"([0-9]+(s|m|h))+"

Name = Annotated[str, _text("lower-case words joined by hyphens", r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", 20)]
"""At most 20 characters: a target group's name has 32, of which Pulumi's autonaming and our suffix take 12.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html"""
Label = Annotated[str, _text("a DNS label", _DNS_LABEL, 40)]
"""A name inside the stack file that becomes part of a resource's name."""
NamespacePattern = Annotated[str, _text("a namespace; * and ? match", r"^[a-z0-9*?]([-a-z0-9*?]*[a-z0-9*?])?$", 63)]
AccountId = Annotated[str, _text("an account id of 12 digits", r"^[0-9]{12}$", 12)]
Region = Annotated[str, _text("a region such as ap-northeast-1", r"^[a-z]{2}(-[a-z]+)+-[0-9]$", 32)]
Zone = Annotated[str, _text("an availability zone such as ap-northeast-1a", r"^[a-z]{2}(-[a-z]+)+-[0-9][a-h]$", 32)]
Principal = Annotated[
    str, _text("the ARN of an IAM role or user", r"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[\w+=,.@/-]+$", 2048)
]
CertificateArn = Annotated[
    str, _text("the ARN of an ACM certificate", r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[\w-]+$", 2048)
]
KeyArn = Annotated[str, _text("the ARN of a KMS key", r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]+$", 2048)]
WebAclArn = Annotated[
    str,
    _text(
        "the ARN of a regional WAFv2 web ACL",
        r"^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[\w/-]+$",
        2048,
    ),
]
VpcId = Annotated[str, _text("a VPC's id", r"^vpc-[0-9a-f]{8,17}$")]
SubnetId = Annotated[str, _text("a subnet's id", r"^subnet-[0-9a-f]{8,17}$")]
HostedZoneId = Annotated[str, _text("a hosted zone's id", r"^Z[A-Z0-9]{1,31}$", 32)]
Bucket = Annotated[str, _text("the name of an S3 bucket", r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", 63)]
KeyPrefix = Annotated[str, _text("the beginning of S3 keys", r"^[\w./-]*[\w.-]$", 255)]
DomainName = Annotated[str, _text("a host name", r"^(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", 253)]
ServiceName = Annotated[str, _text("an AWS service such as ecr.api", r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", 64)]
InstanceType = Annotated[str, _text("an instance type such as m7g.large", r"^[a-z][a-z0-9-]*\.([a-z0-9-]+)$", 32)]
InstanceCategory = Annotated[str, _text("an instance category such as m", r"^[a-z]{1,4}$", 4)]
InstanceFamily = Annotated[str, _text("an instance family such as m7g", r"^[a-z][a-z0-9-]*$", 24)]
InstanceSize = Annotated[
    str,
    _text("an instance size such as 2xlarge", r"^(nano|micro|small|medium|large|[0-9]*xlarge|metal(-[0-9]+xl)?)$", 16),
]
ReleaseVersion = Annotated[
    str, _text("an AMI release version such as 1.36.4-20260930", r"^[0-9]+\.[0-9]+\.[0-9]+-[0-9a-f]{8}$", 32)
]
ImageVersion = Annotated[
    str, _text("an AMI alias version such as v1.66.0 or v20260930", r"^v([0-9]+\.[0-9]+\.[0-9]+|[0-9]{8})$", 32)
]
LabelKey = Annotated[
    str,
    _text("a label's key", r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$", 317),
]
LabelValue = Annotated[str, _text("a label's value", r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", 63)]
TagKey = Annotated[str, _text("a tag's key", r"^[\w .:/=+@-]+$", 128)]
TagValue = Annotated[str, _text("a tag's value", r"^[\w .:/=+@-]*$", 256)]
Duration = Annotated[str, _text("a duration such as 30m", f"^{_DURATION}$", 16)]
DurationOrNever = Annotated[str, _text("a duration such as 30m, or Never", f"^({_DURATION}|Never)$", 16)]
BudgetDuration = Annotated[str, _text("hours and minutes such as 9h", r"^([0-9]+(m|h))+$", 16)]
BudgetNodes = Annotated[str, _text("a number or a percentage of nodes", r"^((100|[0-9]{1,2})%|[0-9]+)$", 8)]
CronLine = Annotated[str, _text("a cron line such as 0 9 * * mon-fri", r"^(@[a-z]+|\S+( \S+){4})$", 64)]
Quantity = Annotated[str, _text("a quantity such as 500m or 2Gi", r"^[0-9]+(m|k|Ki|Mi|Gi|Ti)?$", 16)]
TlsPolicy = Annotated[str, _text("a TLS policy of ALBs", r"^ELBSecurityPolicy-[\w-]+$", 64)]
ChartRegistry = Annotated[str, _text("an oci:// or https:// URL", r"^(oci|https)://[\w.:/-]+\w$", 255)]
Version = Annotated[str, _text("a version such as 1.2.3", r"^v?[0-9]+\.[0-9]+\.[0-9]+([-+][\w.+-]+)?$", 64)]
Retention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""Days that CloudWatch accepts.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


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

    The fields are named as the arguments of the component that takes them. What is None is left out, and the fields that
    are not that component's business (`without`).
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
        {}, description="Tags on every AWS resource, beside `Project`, `Stack` and `ManagedBy`."
    )
    protect: bool = Field(
        False, description="Whether Pulumi refuses to delete or replace the VPC, the secrets key and the cluster."
    )


class ExistingNetwork(Settings):
    """A VPC that something else made."""

    vpc_id: VpcId
    private_subnets: dict[Zone, SubnetId] = Field(description="The nodes' subnets: availability zone to subnet id.")
    public_subnets: dict[Zone, SubnetId] = Field({}, description="The internet-facing ALB's subnets.")
    tagging: SubnetTagging = Field(
        SubnetTagging.APPLY, description="Put the tags that load balancers and Karpenter need on the subnets, or check."
    )


class FlowLogs(Settings):
    """Log of the VPC's accepted and rejected connections."""

    retention_days: Retention = 30


class Network(Settings):
    """A VPC of the stack's own, or an existing one."""

    cidr: IPv4Network | None = Field(None, description="The VPC's IPv4 range, /16 to /22 (RFC 1918 recommended).")
    zones: list[Zone] = Field([], description="Availability zones by name; adding one renumbers no subnet.")
    zone_count: Annotated[int, Field(ge=2, le=6)] | None = Field(
        None, description="The first so many zones of the region instead of names; prefer names where nodes matter."
    )
    nat: Nat = Field(Nat.SINGLE, description="How private subnets reach the internet.")
    public_nodes: bool = Field(
        False, description="Internet gateway only: nodes sit in public subnets with public addresses, no NAT is needed."
    )
    pod_cidr: IPv4Network | None = Field(
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
    public_access: dict[Label, IPv4Network] = Field(
        {}, description="Who reaches the API from outside the VPC: name to CIDR. Empty: the public endpoint is off."
    )
    logs: list[LogType] = Field(
        [LogType.AUDIT, LogType.AUTHENTICATOR], description="Control-plane logs that go to CloudWatch."
    )
    log_retention_days: Retention = 90
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

    principal: Principal
    role: AccessRole
    namespaces: list[NamespacePattern] = Field([], description="Limits the role to namespaces; empty: the cluster.")


class Access(Settings):
    """Who may use the Kubernetes API."""

    deployer: Principal = Field(description="The role that runs `pulumi up`: administrator of the cluster.")
    entries: dict[Label, AccessEntry] = {}


class Addons(Settings):
    """Versions of the EKS add-ons where they shall differ from the ones pinned for the Kubernetes version."""

    versions: dict[str, Version] = Field({}, description="Add-on name to version.")
    ebs_csi: bool = Field(True, description="EBS volumes and an encrypted gp3 default StorageClass; needs EC2 nodes.")
    metrics_server: bool = Field(True, description="Resource metrics, which the HPA of Traefik needs.")


class Taint(Settings):
    """A Kubernetes taint."""

    key: LabelKey
    value: LabelValue = ""
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


class Toleration(Settings):
    """A toleration of a taint: of its key, or of its key with one value."""

    key: LabelKey
    value: LabelValue | None = None
    effect: TaintEffect | None = None


class OperationsPods(Settings):
    """Where the pods that this program installs are put (controllers, CoreDNS, Traefik)."""

    node_selector: dict[LabelKey, LabelValue] = {}
    tolerations: list[Toleration] = []


class NodeGroup(Settings):
    """A managed node group."""

    instance_types: list[InstanceType] = Field(min_length=1, max_length=20)
    capacity: Capacity = Capacity.ON_DEMAND
    image: NodeImage = NodeImage.BOTTLEROCKET
    architecture: Architecture = Architecture.AMD64
    release: ReleaseVersion | None = Field(
        None, description="AMI release version; absent: the one pinned for the image."
    )
    min: Annotated[int, Field(ge=0, le=450)] = 1
    max: Annotated[int, Field(ge=1, le=450)] = 3
    desired: Annotated[int, Field(ge=0, le=450)] | None = Field(None, description="Nodes at first; absent: `min`.")
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    labels: dict[LabelKey, LabelValue] = {}
    taints: list[Taint] = []
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

    namespace: NamespacePattern
    labels: dict[LabelKey, LabelValue] = {}


class FargateProfile(Settings):
    """Pods that run without nodes."""

    selectors: list[FargateSelector] = Field(min_length=1, max_length=5)


class Budget(Settings):
    """How many nodes Karpenter may take away at once."""

    nodes: BudgetNodes
    schedule: CronLine | None = Field(
        None, description="When the budget begins to hold: a cron line in UTC; needs `duration`."
    )
    duration: BudgetDuration | None = None


class NodePool(Settings):
    """What Karpenter may launch, and when it may take it away again."""

    capacity_types: list[Capacity] = Field([Capacity.SPOT, Capacity.ON_DEMAND], min_length=1)
    categories: list[InstanceCategory] = Field([], description="Such as c, m, r.")
    families: list[InstanceFamily] = Field([], description="Such as m7g.")
    instance_types: list[InstanceType] = []
    min_generation: Annotated[int, Field(ge=1, le=20)] | None = Field(None, description="Oldest generation allowed.")
    sizes: list[InstanceSize] = []
    architectures: list[Architecture] = Field([Architecture.AMD64], min_length=1)
    zones: list[Zone] = []
    cpu_limit: Quantity = Field("100", description="vCPUs of all the pool's nodes together.")
    memory_limit: Quantity = Field("400Gi", description="Memory of all the pool's nodes together.")
    weight: Annotated[int, Field(ge=1, le=100)] | None = Field(None, description="The heavier pool is tried first.")
    labels: dict[LabelKey, LabelValue] = {}
    taints: list[Taint] = []
    consolidation: Consolidation = Consolidation.WHEN_EMPTY_OR_UNDERUTILIZED
    consolidate_after: DurationOrNever = "1m"
    expire_after: DurationOrNever = Field("336h", description="Age at which a node is replaced.")
    termination_grace_period: Duration = Field("1h", description="Longest drain of a node before it is forced.")
    budgets: list[Budget] = Field([Budget(nodes="10%")], min_length=1)


class Karpenter(Settings):
    """Karpenter, its node class and its NodePools."""

    version: Version = versions.KARPENTER.version
    image: NodeImage = NodeImage.BOTTLEROCKET
    image_version: ImageVersion | None = Field(
        None, description="AMI alias version; absent: the one pinned for the image."
    )
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    node_pools: dict[Label, NodePool] = Field(min_length=1)

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

    min_replicas: Annotated[int, Field(ge=2, le=100)] = 3
    max_replicas: Annotated[int, Field(ge=2, le=200)] = 12
    cpu_target_percent: Annotated[int, Field(ge=10, le=95)] = 60
    cpu: Quantity = Field("250m", description="CPU request of one replica.")
    memory: Quantity = Field("256Mi", description="Memory request and limit of one replica.")


class AccessLogs(Settings):
    """Where the ALB writes its access logs."""

    bucket: Bucket = Field(description="An S3 bucket whose policy lets the load balancer write.")
    prefix: KeyPrefix | None = None


class Domain(Settings):
    """The host names that lead to the ALB."""

    name: DomainName
    hosted_zone_id: HostedZoneId = Field(description="Route 53 zone of `name` and its alternatives.")
    alternatives: list[DomainName] = Field([], description="More names, wildcards allowed.")

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
    tls_policy: TlsPolicy = versions.ALB_TLS_POLICY
    allowed: list[IPv4Network] = Field(
        [IPv4Network("0.0.0.0/0")], min_length=1, description="Who may connect, as CIDRs."
    )
    web_acl: WebAclArn | None = Field(None, description="WAFv2 web ACL in front of the ALB.")
    access_logs: AccessLogs | None = None
    deletion_protection: bool = Field(False, description="Whether AWS refuses to delete the ALB.")


class Charts(Settings):
    """A registry of the company's own that Helm charts come from, instead of their publishers'."""

    registry: ChartRegistry | None = None
    username: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    password: Annotated[SecretStr, Field(min_length=1)] | None = Field(
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
    node_groups: dict[Label, NodeGroup] = {}
    fargate_profiles: dict[Label, FargateProfile] = {}
    karpenter: Karpenter | None = None
    traefik: Traefik = Field(default_factory=Traefik)
    ingress: Ingress = Field(default_factory=Ingress)
    charts: Charts = Field(default_factory=Charts)

    @property
    def fargate_only(self) -> bool:
        """Whether there are no nodes at all."""
        return not self.node_groups

    @property
    def addon_versions(self) -> dict[str, str]:
        """The add-ons of the stack and their versions."""
        unwanted = {
            "aws-ebs-csi-driver": not self.addons.ebs_csi,
            "metrics-server": not self.addons.metrics_server,
            # DaemonSets without a node to run on.
            "vpc-cni": self.fargate_only,
            "kube-proxy": self.fargate_only,
            "eks-pod-identity-agent": self.fargate_only,
        }
        return {
            name: self.addons.versions.get(name, versions.addon_version(name, self.cluster.version))
            for name in versions.ADDON_NAMES
            if not unwanted.get(name)
        }

    @property
    def installed_versions(self) -> dict[str, str]:
        """The versions of all that the stack installs in the cluster, by chart or add-on."""
        karpenter = {versions.KARPENTER.name: self.karpenter.version} if self.karpenter else {}
        charts = {chart.name: chart.version for chart in (versions.AWS_LOAD_BALANCER_CONTROLLER, versions.TRAEFIK)}
        return {**self.addon_versions, **charts, **karpenter}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a stack file: where (`network.nat`), what stands there, and what was expected."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{PROJECT}:{self.path}: {self.found}: {self.expected}"


class SettingsError(Exception):
    """A stack file that cannot be used. Its text is the whole message for the user, one line a problem."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"the stack's configuration has {count}; nothing was changed\n{lines}")


def load(config: Mapping[str, str], secret_keys: Collection[str] = ()) -> Stack:
    """Return the settings in a stack's configuration.

    config: the values of the stack as Pulumi hands them over, by full key (`eks-platform:network`); objects are JSON text.
        Keys of other namespaces are left alone.
    secret_keys: the full keys whose value is, or holds, an encrypted one. Their values appear in no message.
    Raises SettingsError with every problem of the configuration.
    """
    from settings_rules import broken_rules

    prefix = f"{PROJECT}:"
    found = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    secret = {key.removeprefix(prefix) for key in secret_keys}
    sections, problems = _sections(found, secret)
    problems += broken_rules(sections, secret)
    if problems:
        raise SettingsError(sorted(problems, key=lambda problem: problem.path))
    return Stack.model_construct(**sections)


def _sections(found: Mapping[str, str], secret: Collection[str]) -> tuple[dict[str, Any], list[Problem]]:
    """Validate each section on its own, so that an error in one hides none in another."""
    names = {to_camel(field): field for field in Stack.model_fields}
    problems = [Problem(key, "unknown key", _suggestion(key, names)) for key in found if key not in names]
    sections: dict[str, Any] = {}
    for key, field in names.items():
        if key not in found and not Stack.model_fields[field].is_required():
            sections[field] = Stack.model_fields[field].get_default(call_default_factory=True)
            continue
        try:
            document = json.dumps({key: json.loads(found[key])}) if key in found else "{}"
        except ValueError:
            shown = "[secret]" if key in secret else _shown(found[key])
            problems.append(Problem(key, shown, "expected a section with keys of its own"))
            continue
        try:
            partial = _only(field).model_validate_json(document)
        except ValidationError as error:
            problems += _problems(error, hidden=key in secret)
        else:
            sections[field] = getattr(partial, field)
    return sections, problems


def _only(field: str) -> type[Settings]:
    """Return the model of one section under its key."""
    from pydantic import create_model

    info = Stack.model_fields[field]
    return create_model("Section", __base__=Settings, **{field: (info.annotation, info)})  # type: ignore[call-overload, no-any-return]


def _problems(error: ValidationError, *, hidden: bool) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        path = _path(detail["loc"])
        match detail["type"]:
            case "extra_forbidden":
                yield Problem(path, "unknown key", _suggestion(str(detail["loc"][-1]), _known(detail["loc"][:-1])))
            case "missing":
                yield Problem(path, "missing", "a value is required")
            case _:
                found = "[secret]" if hidden else _shown(detail["input"])
                yield Problem(path, found, _expected(detail["msg"], detail.get("ctx", {})))


def _path(loc: tuple[str | int, ...]) -> str:
    text = ""
    for part in loc:
        if part == "[key]":
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _expected(message: str, context: Mapping[str, Any]) -> str:
    """Return pydantic's message in our words: "Input should be a valid integer" as "expected a valid integer"."""
    if context.get("pattern") in _MEANINGS:
        return f"expected {_MEANINGS[context['pattern']]}"
    text = (
        message.replace("Input should be", "expected")
        .replace("should have", "expected")
        .replace(" after validation", "")
    )
    return text[:1].lower() + text[1:].removeprefix("alue error, ")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _known(loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model at `loc` of the stack file knows."""
    annotation: Any = Stack
    for part in loc:
        annotation = _below(annotation, part)
    return [field.alias or "" for model in _models(annotation) for field in model.model_fields.values()]


def _below(annotation: Any, part: str | int) -> Any:
    """Return the type of what stands under `part` (a key or an index) of a value of type `annotation`."""
    if get_origin(annotation) in (dict, list):
        return get_args(annotation)[-1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return next((field.annotation for field in annotation.model_fields.values() if field.alias == part), None)
    return next((found for found in (_below(choice, part) for choice in get_args(annotation)) if found), None)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for choice in get_args(annotation) for model in _models(choice)]


def _suggestion(key: str, known: Collection[str]) -> str:
    close = get_close_matches(key, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"expected one of {', '.join(sorted(known))}"


def stack_settings() -> Stack:
    """Return the settings of the stack that is running. Raises RunError, which Pulumi shows without a traceback."""
    try:
        return load(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
