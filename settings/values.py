"""The values that settings take: text with a form of its own, ranges, numbers of days."""

import re
import unicodedata
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final

from pydantic import AfterValidator, Field, PlainValidator, SecretStr, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from facts.partitions import ARN
from settings import principals
from settings.expected import ANY_SCRIPT, CHOICES, EXPLANATIONS, MEANINGS
from settings.principals import PRINCIPAL
from settings.regions import REGIONS
from settings.words import either


def _text(meaning: str, pattern: str, max_length: int = 128) -> StringConstraints:
    """Return the constraints of a text. meaning: what it is, as a noun phrase for messages and for the reference."""
    if MEANINGS.setdefault(pattern, meaning) != meaning:
        raise ValueError(f"{pattern} means {MEANINGS[pattern]} already: write another pattern for {meaning}")
    return StringConstraints(pattern=pattern, max_length=max_length)


def _letters_digits_and(symbols: str, pattern: str) -> AfterValidator:
    r"""Return the exact check of a text with letters and digits of any script and some symbols.

    symbols: the other characters that it may have. pattern: what the JSON Schema says instead, which refuses ASCII
    characters only: `\p{L}` is no regular expression of Python, nor of ECMA 262 without its `u` flag.
    https://json-schema.org/draft-07/draft-handrews-json-schema-01#rfc.section.4.3
    """
    ANY_SCRIPT.add(pattern)

    def check(text: str) -> str:
        if all(unicodedata.category(character)[0] in "LN" or character in symbols for character in text):
            return text
        raise PydanticKnownError("string_pattern_mismatch", {"pattern": pattern})

    return AfterValidator(check)


def _range(value: object) -> IPv4Network:
    """Return an IPv4 range. IPv4Network alone would also take numbers, netmasks and a bare address."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", value):
        length = 16 if value.endswith(".0.0") else 24 if value.endswith(".0") else 32
        meant = {"range": f"{value}/{length}"}
        raise PydanticCustomError(
            "range", "expected a range with the length of its prefix; did you mean {range}?", meant
        )
    if not isinstance(value, str) or not re.fullmatch(RANGE_PATTERN, value):
        raise PydanticCustomError("range", "expected an IPv4 range such as 10.0.0.0/16")
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        raise PydanticCustomError("range", "expected an IPv4 range such as 10.0.0.0/16") from None
    if str(network) != value:
        raise PydanticCustomError(
            "range", "expected the first address of the range; did you mean {network}?", {"network": str(network)}
        )
    return network


def _any_range(value: object) -> IPv4Network | IPv6Network:
    """Return a range of either family."""
    if not isinstance(value, str) or not re.fullmatch(IPV6_RANGE_PATTERN, value):
        return _range(value)
    try:
        network = IPv6Network(value, strict=False)
    except ValueError:
        raise PydanticCustomError("range", "expected an IPv6 range such as 2001:db8::/32") from None
    if str(network) != value:
        raise PydanticCustomError(
            "range", "expected the first address of the range; did you mean {network}?", {"network": str(network)}
        )
    return network


IPV6_RANGE_PATTERN: Final = r"^[0-9a-f:]*:[0-9a-f:]*/[0-9]{1,3}$"
RANGE_PATTERN: Final = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"
Range = Annotated[
    IPv4Network, PlainValidator(_range), WithJsonSchema({"type": "string", "pattern": RANGE_PATTERN, "maxLength": 18})
]
ANY_RANGE_PATTERN: Final = rf"{RANGE_PATTERN}|{IPV6_RANGE_PATTERN}"
AnyRange = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(_any_range),
    WithJsonSchema({"type": "string", "pattern": ANY_RANGE_PATTERN, "maxLength": 43}),
]
MEANINGS[ANY_RANGE_PATTERN] = "an IPv4 or IPv6 range such as 10.0.0.0/16 or 2001:db8::/32"
MEANINGS[RANGE_PATTERN] = "an IPv4 range such as 10.0.0.0/16"


def _retention(days: int) -> int:
    if days not in RETENTIONS:
        below = max((it for it in RETENTIONS if it < days), default=RETENTIONS[0])
        above = min((it for it in RETENTIONS if it > days), default=RETENTIONS[-1])
        expected = "expected a number of days that CloudWatch accepts, such as {near}"
        raise PydanticCustomError("retention", expected, {"near": either(sorted({below, above}))})
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
_HOST: Final = r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z][-a-z0-9]{0,61}[a-z0-9]"
_DURATION: Final = r"([0-9]+(s|m|h))+"

Name = Annotated[str, _text("lower-case words joined by hyphens", r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", 100)]
"""As long as EKS allows a cluster's name; what AWS allows less for begins with `Platform.prefix`.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html"""
Label = Annotated[str, _text("lower-case letters, digits and hyphens", _DNS_LABEL, 40)]
"""A name inside the stack file that becomes part of a resource's name."""
NodeGroupName = Annotated[str, _text("lower-case letters, digits and hyphens", _DNS_LABEL, 28)]
"""At most 28 characters: a node group's name has 63, of which the platform's name, autonaming and our suffix take 35.

https://docs.aws.amazon.com/eks/latest/userguide/create-managed-node-group.html"""
SecretStoreName = Annotated[str, _text("lower-case letters, digits and hyphens", _DNS_LABEL, 27)]
"""At most 27 characters: a role's name has 64, of which the platform's name, autonaming and our suffix take 37.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
TeamName = Annotated[str, _text("lower-case letters, digits and hyphens", _DNS_LABEL, 24)]
"""No longer than the names of its secret store and of its IAM role may be."""
NamespacePattern = Annotated[
    str, _text("a namespace, in which * and ? are wildcards", r"^[a-z0-9*?]([-a-z0-9*?]*[a-z0-9*?])?$", 63)
]
AccountId = Annotated[str, _text("an account id of 12 digits", r"^[0-9]{12}$", 12)]
_REGION: Final = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
Region = Annotated[str, _text("a region such as ap-northeast-1", _REGION, 32)]
CHOICES[_REGION] = REGIONS
Zone = Annotated[str, _text("an availability zone such as ap-northeast-1a", r"^[a-z]{2}(-[a-z]+)+-[0-9][a-h]$", 32)]
Principal = Annotated[str, _text("the ARN of an IAM role or user", PRINCIPAL, 2048)]
EXPLANATIONS[PRINCIPAL] = principals.explained
CertificateArn = Annotated[
    str, _text("the ARN of an ACM certificate", rf"^{ARN}:acm:[a-z0-9-]+:[0-9]{{12}}:certificate/[A-Za-z0-9-]+$", 2048)
]
KeyArn = Annotated[str, _text("the ARN of a KMS key", rf"^{ARN}:kms:[a-z0-9-]+:[0-9]{{12}}:key/[A-Za-z0-9-]+$", 2048)]
WebAclArn = Annotated[
    str,
    _text(
        "the ARN of a regional WAFv2 web ACL",
        rf"^{ARN}:wafv2:[a-z0-9-]+:[0-9]{{12}}:regional/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+$",
        2048,
    ),
]
UserPoolArn = Annotated[
    str,
    _text(
        "the ARN of a Cognito user pool",
        rf"^{ARN}:cognito-idp:[a-z0-9-]+:[0-9]{{12}}:userpool/[a-z0-9-]+_[A-Za-z0-9]+$",
        2048,
    ),
]
UserPoolDomain = Annotated[
    str, _text("the prefix or the host name of a user pool's domain", r"^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*$", 253)
]
OAuthClientId = Annotated[str, _text("the ID of an OAuth client", r"^[\x21-\x7e]+$", 256)]
OAuthScope = Annotated[
    str,
    _text("scopes separated by spaces, such as openid email", r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$", 1024),
]
"""https://www.rfc-editor.org/rfc/rfc6749#section-3.3"""
VpcId = Annotated[str, _text("a VPC id such as vpc-0123456789abcdef0", r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$")]
SubnetId = Annotated[str, _text("a subnet id such as subnet-0123456789abcdef0", r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")]
AllocationId = Annotated[
    str,
    _text(
        "the allocation id of an Elastic IP address such as eipalloc-0123456789abcdef0",
        r"^eipalloc-([0-9a-f]{8}|[0-9a-f]{17})$",
    ),
]
SecurityGroupId = Annotated[
    str, _text("a security group id such as sg-0123456789abcdef0", r"^sg-([0-9a-f]{8}|[0-9a-f]{17})$")
]
ReservationId = Annotated[
    str, _text("a capacity reservation id such as cr-0123456789abcdef0", r"^cr-([0-9a-f]{8}|[0-9a-f]{17})$")
]
ResourceGroupArn = Annotated[
    str,
    _text(
        "the ARN of a resource group",
        rf"^{ARN}:resource-groups:[a-z0-9-]+:[0-9]{{12}}:group/[A-Za-z0-9_./-]+$",
        2048,
    ),
]
PrefixListId = Annotated[
    str, _text("a prefix list id such as pl-0123456789abcdef0", r"^pl-([0-9a-f]{8}|[0-9a-f]{17})$")
]
RuleReason = Annotated[
    str,
    _text(
        "a sentence of ASCII letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*",
        r"^[A-Za-z0-9. _:/()#,@\[\]+=&;{}!$*-]{10,}$",
        200,
    ),
]
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html"""
ZoneOrLocalZone = Annotated[
    str,
    _text(
        "a zone such as us-west-2a or a Local Zone such as us-west-2-lax-1a",
        r"^[a-z]{2}(-[a-z]+)+-[0-9]([a-h]|-[a-z]{3}-[0-9][a-h])$",
        40,
    ),
]
"""https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html"""
StackName = Annotated[
    str, _text("a stack such as organization/eks-platform/staging", r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){2}$", 200)
]
ProxyUrl = Annotated[
    str,
    _text(
        "the URL of a proxy with its port and without a user, such as http://proxy.example.com:3128",
        r"^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?:[1-9][0-9]{0,4}$",
        255,
    ),
]
ProxyException = Annotated[
    str,
    _text(
        "a host such as git.example.com, a domain such as .example.com or an IPv4 range such as 10.0.0.0/16",
        r"^\.?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(/[0-9]{1,2})?$",
        255,
    ),
]
"""Programs agree on these forms alone (https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config)."""
HostedZoneId = Annotated[str, _text("a hosted zone id such as Z0123456789ABCDEFGHIJ", r"^Z[A-Z0-9]{1,31}$", 32)]
SecretPath = Annotated[
    str, _text("the beginning of names up to a slash, such as /dev/", r"^/?([A-Za-z0-9_.+=@-]+/)+$", 255)
]
Bucket = Annotated[str, _text("the name of an S3 bucket", r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", 63)]
KeyPrefix = Annotated[
    str, _text("the beginning of S3 keys, without a slash at its ends", r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", 255)
]
DomainName = Annotated[
    str,
    _text(
        "a host name such as platform.example.jp",
        rf"^(\*\.)?{_HOST}$",
        253,
    ),
]
HostName = Annotated[
    str,
    _text(
        "a host name without a wildcard such as argocd.example.jp",
        f"^{_HOST}$",
        253,
    ),
]
Email = Annotated[
    str,
    _text("an e-mail address", r"^[A-Za-z0-9._%+-]+@([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", 254),
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
ImageId = Annotated[str, _text("an AMI id such as ami-0123456789abcdef0", r"^ami-([0-9a-f]{8}|[0-9a-f]{17})$")]
ImageName = Annotated[
    str, _text("the name of an AMI, in which * is a wildcard", r"^[A-Za-z0-9()\[\] ./'@_*?-]{3,}$", 128)
]
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html"""
ImageOwner = Annotated[str, _text("self, amazon or an account id of 12 digits", r"^(self|amazon|[0-9]{12})$", 12)]
ParameterName = Annotated[
    str,
    _text(
        "the name of an SSM parameter such as /images/node/id",
        r"^(/[A-Za-z0-9_.-]+)+(:[0-9]+)?$",
        1011,
    ),
]
SnapshotId = Annotated[
    str, _text("an EBS snapshot id such as snap-0123456789abcdef0", r"^snap-([0-9a-f]{8}|[0-9a-f]{17})$")
]
MountPath = Annotated[
    str,
    _text(
        "/var/lib/containerd or a folder below /mnt such as /mnt/models",
        r"^(/var/lib/containerd|/mnt(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+)$",
        128,
    ),
]
_EVICTION_SIGNALS: Final = (
    *("memory.available", "nodefs.available", "nodefs.inodesFree"),
    *("imagefs.available", "imagefs.inodesFree", "pid.available"),
)
_EVICTION_SIGNAL: Final = f"^({'|'.join(re.escape(signal) for signal in _EVICTION_SIGNALS)})$"
EvictionSignal = Annotated[str, _text(either(_EVICTION_SIGNALS), _EVICTION_SIGNAL, 32)]
CHOICES[_EVICTION_SIGNAL] = _EVICTION_SIGNALS
"""https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#eviction-signals"""
EvictionThreshold = Annotated[
    str,
    _text(
        "a percentage such as 5% or an amount with its unit such as 500Mi",
        r"^([1-9]?[0-9](\.[0-9]{1,2})?%|[1-9][0-9]*([KMGT]i|[kMGT]))$",
        16,
    ),
]
SysctlName = Annotated[
    str, _text("a kernel parameter such as net.core.somaxconn", r"^[a-z0-9_-]+([./][A-Za-z0-9_*-]+)+$", 128)
]
SysctlValue = Annotated[
    str, _text("the value of a kernel parameter", r"^[A-Za-z0-9_.,:/-]+( [A-Za-z0-9_.,:/-]+)*$", 128)
]
BootScript = Annotated[
    str,
    _text(
        "bash commands in ASCII that name no interpreter in their first line",
        r'^(#[\x09\n "-~]|[\x09\n -"$-~])[\x09\n -~]*$',
        8192,
    ),
]
MessageOfTheDay = Annotated[str, StringConstraints(min_length=1, max_length=500)]
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
        "a label key such as team or example.jp/team",
        r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
        317,
    ),
]
LabelValue = Annotated[str, _text("a label value", r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", 63)]
_TAG: Final = r"[^\x00-\x1f!-*,;<>?\[-^`{-\x9f]"
AnnotationValue = Annotated[str, StringConstraints(max_length=1024)]
TagKey = Annotated[
    str,
    _text("a tag key: letters, digits, spaces and _.:/=+-@", f"^{_TAG}+$", 128),
    _letters_digits_and(" _.:/=+@-", f"^{_TAG}+$"),
]
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_Tag.html"""
TagValue = Annotated[
    str,
    _text("a tag value: letters, digits, spaces and _.:/=+-@", f"^{_TAG}*$", 256),
    _letters_digits_and(" _.:/=+@-", f"^{_TAG}*$"),
]
Duration = Annotated[str, _text("a duration such as 30m or 1h30m", f"^{_DURATION}$", 16)]
DurationOrNever = Annotated[str, _text("a duration such as 30m or 1h30m, or Never", f"^({_DURATION}|Never)$", 16)]
BudgetDuration = Annotated[str, _text("hours and minutes such as 9h or 1h30m", r"^([0-9]+h([0-9]+m)?|[0-9]+m)$", 16)]
Unavailable = Annotated[str, _text("1 to 100 nodes, or 1% to 100% of them", r"^([1-9][0-9]?|100)%?$", 4)]
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html"""
NodeThreshold = Annotated[
    str, _text("a number of nodes such as 3, or 1% to 100% of them", r"^([1-9][0-9]{0,3}|([1-9][0-9]?|100)%)$", 4)
]
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_NodeRepairConfig.html"""
RepairReason = Annotated[str, _text("a reason such as InterfaceNotUp", r"^[A-Z][A-Za-z0-9]*$", 64)]
"""https://docs.aws.amazon.com/eks/latest/userguide/node-health-nma.html"""
NameServer = Annotated[
    str,
    _text(
        "a name server such as 1.1.1.1:53 or https://1.1.1.1/dns-query",
        r"^([0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5}|\[[0-9a-f:]+\]:[0-9]{1,5}|https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?)$",
        255,
    ),
]
"""https://cert-manager.io/docs/configuration/acme/dns01/#setting-nameservers-for-dns01-self-check"""
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
DeviceName = Annotated[
    str,
    _text(
        "the resource of a device plugin such as nvidia.com/gpu",
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        253,
    ),
]
QuotaObject = Annotated[
    str,
    _text(
        "a resource that a quota counts, such as services, secrets or count/deployments.apps",
        r"^(configmaps|secrets|services(\.nodeports)?|count/[a-z]+(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?)$",
        253,
    ),
]
"""https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-on-object-count"""
TlsPolicy = Annotated[str, _text("a TLS policy of ALBs", r"^ELBSecurityPolicy-[A-Za-z0-9-]+$", 64)]
ChartRegistry = Annotated[
    str,
    _text(
        "an oci:// or https:// URL without a login",
        r"^(oci|https)://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*[A-Za-z0-9])?$",
        255,
    ),
]
ImageRegistry = Annotated[
    str,
    _text(
        "a registry with a path, without a scheme, such as registry.example.jp/mirror",
        r"^[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$",
        200,
    ),
]
FileMirror = Annotated[
    str,
    _text(
        "an https:// URL without a login or a slash at its end",
        r"^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*$",
        255,
    ),
]
ChartVersion = Annotated[
    str, _text("a version such as 1.14.1, without v", r"^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$", 64)
]
ExactVersion = Annotated[
    str,
    _text("one exact version such as 2.20.2", r"^v?[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$", 64),
]
ChartReference = Annotated[str, _text("a chart name such as keda", r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", 63)]
ReleaseName = Annotated[str, _text("lower-case letters, digits and hyphens", _DNS_LABEL, 28)]
"""At most 28 characters: an IAM role's name has 64, of which the platform's name, autonaming and our part take 36.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names"""
Namespace = Annotated[str, _text("a namespace name", r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", 63)]
ApiResource = Annotated[
    str,
    _text(
        "an API group and the plural name of a kind in it, such as keda.sh/scaledobjects",
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+/[a-z0-9]+$",
        253,
    ),
]
ServiceAccountName = Annotated[str, _text("a service account name", r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", 253)]
ValuesPath = Annotated[
    str, _text("a dotted path such as serviceAccount.annotations", r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$", 253)
]
StatementId = Annotated[str, _text("letters and digits", r"^[A-Za-z0-9]+$", 128)]
IamAction = Annotated[
    str,
    _text(
        "an action that names more than its service, such as s3:GetObject or sqs:Get*",
        r"^[a-z0-9-]+:[A-Z][A-Za-z0-9]+\*?$",
        128,
    ),
]
"""A wildcard for the end of a name, and never for the whole of it."""
PolicyResource = Annotated[str, _text("an ARN or *", rf"^(\*|{ARN}:[a-z0-9-]+:[a-z0-9-]*:[0-9]{{0,12}}:[^\s]+)$", 2048)]
PolicyArn = Annotated[
    str,
    _text(
        "the ARN of an IAM policy",
        rf"^{ARN}:iam::(aws|[0-9]{{12}}):policy/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{{1,128}}$",
        2048,
    ),
]
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html"""
IamPath = Annotated[
    str, _text("a path in IAM such as /platform/", r"^/([A-Za-z0-9_+=,.@-]+/)+$", 512 - len("/secret-stores/") - 100)
]
"""As long as IAM allows after the path of secret stores' roles, which contains the platform's name, is added.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""
ManifestFolder = Annotated[
    str,
    _text(
        "a folder below manifests/ such as nginx/nlb",
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(/[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    ),
]
AddonVersion = Annotated[
    str,
    _text("an add-on version such as v1.22.4-eksbuild.3", r"^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$", 64),
]
AddonName = Annotated[str, _text("an add-on name such as aws-efs-csi-driver", r"^[a-z0-9]+([-_][a-z0-9]+)*$", 63)]
AnyAddonVersion = Annotated[
    str,
    _text("an exact add-on version such as v1.22.4-eksbuild.3", r"^v?[0-9]+(\.[0-9]+){1,3}([-.+][0-9A-Za-z]+)*$", 64),
]
"""Of any publisher: add-ons of the AWS Marketplace are numbered in other ways than those of AWS."""
HttpsUrl = Annotated[
    str,
    _text(
        "an https:// URL such as https://login.example.jp/realms/staff",
        r"^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$",
        255,
    ),
]
ClientId = Annotated[str, _text("a client id: letters, digits and ._:/-", r"^[A-Za-z0-9._:/-]+$", 255)]
CertificateBundle = Annotated[
    str,
    _text(
        "certificates in PEM form and nothing else, the first of which begins with -----BEGIN CERTIFICATE-----",
        r"^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]+\n)+-----END CERTIFICATE-----\n*)+$",
        8000,
    ),
]
"""https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_SourceData.html"""
IdentityCenterArn = Annotated[
    str,
    _text("the ARN of an instance of IAM Identity Center", rf"^{ARN}:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{{16}}$"),
]
IdentityCenterGroup = Annotated[
    str,
    _text(
        "the id of a group of IAM Identity Center",
        r"^([0-9a-f]{10}-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        47,
    ),
]
"""https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_Group.html"""
WorkspaceArn = Annotated[
    str,
    _text(
        "the ARN of a workspace of Managed Prometheus",
        rf"^{ARN}:aps:[a-z0-9-]+:[0-9]{{12}}:workspace/[A-Za-z0-9_-]{{1,100}}$",
        200,
    ),
]
"""https://docs.aws.amazon.com/prometheus/latest/APIReference/API_WorkspaceDescription.html"""
GrafanaVersion = Annotated[str, _text("a version of Grafana such as 13.2", r"^[1-9][0-9]?\.[0-9]{1,2}$", 5)]
"""https://docs.aws.amazon.com/grafana/latest/APIReference/API_CreateWorkspace.html"""
ClaimName = Annotated[str, _text("the name of a claim", r"^[A-Za-z0-9_.:/-]+$", 63)]
ClaimValue = Annotated[str, _text("the value of a claim", r"^[^\x00-\x1f]+$", 253)]
ClaimPrefix = Annotated[str, _text("letters, digits and ._:/@#-", r"^[A-Za-z0-9._:/@#-]+$", 63)]
_GROUP: Final = r"^[^\x00-\x20!-*,;<>?\[-^`{-\x9f]+$"
Group = Annotated[
    str,
    _text("a group name without spaces and commas", _GROUP, 128),
    _letters_digits_and("._:/@+=-", _GROUP),
]
"""A space or a comma would end it in Argo CD's policy."""
GitUrl = Annotated[
    str,
    _text(
        "an https:// or ssh:// URL of a Git repository, without a password",
        r"^(https://|ssh://([A-Za-z0-9._-]+@)?)[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)+$",
        255,
    ),
]
KnownHost = Annotated[
    str,
    _text(
        "a line of known_hosts such as git.example.jp ssh-ed25519 AAAA...",
        r"^[^\s#@|]+ (ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}$",
        1500,
    ),
]
"""https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#ssh-known-host-public-keys"""
Pem = Annotated[
    str,
    _text(
        "certificates in PEM",
        r"^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]+\n)+-----END CERTIFICATE-----\n?)+$",
        32768,
    ),
]
GitRevision = Annotated[
    str, _text("a branch, a tag or a commit", r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$", 128)
]
FolderPattern = Annotated[
    str,
    _text(
        "folders of a repository such as apps/*",
        r"^[A-Za-z0-9_*?][A-Za-z0-9._*?-]*(/[A-Za-z0-9_*?][A-Za-z0-9._*?-]*)*$",
        255,
    ),
]
NamespacePrefix = Annotated[
    str,
    _text("the beginning of namespaces, a hyphen at its end, such as app-", r"^[a-z]([-a-z0-9]*[a-z0-9])?-$", 24),
]
Kind = Annotated[
    str,
    _text(
        "a kind of Kubernetes object with its API group, such as apps/Deployment or Service; * is any",
        r"^((\*|[a-z0-9]([-a-z0-9.]*[a-z0-9])?)/)?(\*|[A-Z][A-Za-z0-9]*)$",
        253,
    ),
]
Secret = Annotated[SecretStr, AfterValidator(_not_empty)]
"""Text that is encrypted in the stack file."""


class PodSecurity(StrEnum):
    """A Pod Security Standard (https://kubernetes.io/docs/concepts/security/pod-security-standards/)."""

    RESTRICTED = "restricted"
    BASELINE = "baseline"
    PRIVILEGED = "privileged"
