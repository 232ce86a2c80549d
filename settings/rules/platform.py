"""Rules about the account, the region, tags and charts."""

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from typing import Any, Final

from pydantic import BaseModel
from pydantic.alias_generators import to_camel, to_snake

from facts.iam_documents.document import RESERVED_IAM_PATHS
from facts.partitions import account_of_arn, partition_of, partition_of_arn
from settings.charts import Charts
from settings.cluster import Access, Cluster
from settings.ingress import Ingress
from settings.platform import Platform
from settings.problems import Problem, encrypting, place
from settings.regions import PARTITIONS, REGIONS
from settings.rules.registry import rule
from settings.words import either, nearest


@rule
def _name(platform: Platform) -> Iterator[Problem]:
    for prefix, owner in (("internal-", "a load balancer"), ("sg-", "a security group")):
        if platform.name.startswith(prefix):
            yield Problem("platform.name", platform.name, f"expected another beginning: AWS refuses it for {owner}")


@rule
def _iam_path(platform: Platform) -> Iterator[Problem]:
    path = platform.iam_path or "/"
    if path.lower().startswith(RESERVED_IAM_PATHS):
        yield Problem("platform.iamPath", path, "expected another path: IAM reserves this one for roles of AWS")


@rule
def _region(platform: Platform) -> Iterator[Problem]:
    if platform.region.startswith(("us-iso", "eu-iso", "eusc-")):
        expected = f"expected a region of {either(PARTITIONS)}, the partitions that this program is tested for"
        yield Problem("platform.region", platform.region, expected)
    elif platform.region not in REGIONS:
        close = nearest(platform.region, REGIONS)
        known = f"did you mean {either(close)}?" if close else f"expected {either(sorted(REGIONS))}"
        yield Problem("platform.region", platform.region, f"no region that EKS is in: {known}")


NOT_IN_GOVCLOUD: Final = {"fargateProfiles": "Fargate", "cluster.hybridNodes": "EKS Hybrid Nodes"}
"""What the regions of GovCloud lack, by the path of the setting that requires it.

https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-eks.html"""


@rule
def _govcloud(platform: Platform, sections: Mapping[str, Any]) -> Iterator[Problem]:
    if not platform.region.startswith("us-gov-"):
        return
    for path, service in NOT_IN_GOVCLOUD.items():
        section, *fields = map(to_snake, path.split("."))
        if reduce(lambda value, field: value and getattr(value, field), fields, sections.get(section)):
            yield Problem(path, "set", f"expected none: {service} is not in {platform.region}")


@rule
def _partition(platform: Platform, sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Every ARN of a stack file is in the partition of its region: no service accepts one of another."""
    partition = partition_of(platform.region)
    if partition not in PARTITIONS:
        return
    for field, section in sections.items():
        for keys, arn in _arns(section, (to_camel(field),)):
            if partition_of_arn(arn) != partition:
                yield Problem(
                    place(*keys), arn, f"expected arn:{partition}:..., as all ARNs of {platform.region} begin"
                )


def _arns(value: object, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every ARN in a value of a stack file, with the keys on the way to it."""
    if isinstance(value, str):
        if value.startswith("arn:aws") and value.count(":") >= ARN_COLONS:
            yield keys, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _arns(getattr(value, name), (*keys, field.alias or name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _arns(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _arns(item, (*keys, index))


ARN_COLONS: Final = 5
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""


@rule
def _tags(platform: Platform) -> Iterator[Problem]:
    own = {key.lower(): key for key in OWN_TAGS}
    for key in platform.tags:
        path = place("platform", "tags", key)
        if key.lower().startswith(RESERVED_TAGS):
            yield Problem(path, "reserved", "expected a key that neither AWS nor Kubernetes nor Karpenter sets")
            continue
        if "=" in key:
            yield Problem(path, "= in a key", "expected none: controllers take their tags as a list of key=value")
            continue
        # IAM takes `project` and `Project` for one key, of which a role cannot have two.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
        if own.setdefault(key.lower(), key) != key:
            yield Problem(
                path, "only letter case sets it apart", f"expected {own[key.lower()]}, which is there already"
            )


OWN_TAGS: Final = ("Project", "Stack", "ManagedBy")
"""Tags that the program gives to everything in AWS."""

RESERVED_TAGS: Final = (
    *("aws:", "eks:", "kubernetes.io/", "karpenter.sh/", "karpenter.k8s.aws/", "elbv2.k8s.aws/"),
    *("csivolumename", "csivolumesnapshotname", "ebs.csi.aws.com/"),
)
"""Beginnings of tags by which AWS and controllers find what is theirs, in lower case.

https://karpenter.sh/docs/concepts/nodeclasses/#spectags,
https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md"""


def _certificates(ingress: Ingress) -> Iterator[tuple[str, str | None]]:
    """Yield the existing certificates of the ALB by their places: in another account or region it cannot use them."""
    yield "ingress.certificate", ingress.certificate
    for index, domain in enumerate(ingress.more_domains):
        yield f"ingress.moreDomains[{index}].certificate", domain.certificate


@rule
def _account(platform: Platform, access: Access, ingress: Ingress) -> Iterator[Problem]:
    for path, arn in (
        ("access.deployer", access.deployer),
        *_certificates(ingress),
        ("ingress.webAcl", ingress.web_acl),
    ):
        if platform.account and arn and account_of_arn(arn) != platform.account:
            yield Problem(path, arn, f"expected an ARN in account {platform.account}")


@rule
def _regional_arns(platform: Platform, cluster: Cluster, ingress: Ingress) -> Iterator[Problem]:
    for path, arn in (
        ("cluster.secretsKey", cluster.secrets_key),
        *_certificates(ingress),
        ("ingress.webAcl", ingress.web_acl),
    ):
        if arn and arn.split(":")[3] != platform.region:
            yield Problem(path, arn, f"expected one in {platform.region}")


@rule
def _charts(charts: Charts, secret: Collection[str]) -> Iterator[Problem]:
    if charts.password is not None and "charts" not in secret:
        yield Problem(
            "charts.password", "in the clear", f"expected an encrypted value: {encrypting('charts.password')}"
        )
    if (charts.username is None) != (charts.password is None):
        yield Problem("charts.username", "one of username and password", "expected both or neither")
    if charts.username and not charts.registry:
        yield Problem("charts.registry", "missing", "expected the registry that username and password are for")
