"""What is installed: one version, which a pull request changes and nothing else does."""

import re
from collections.abc import Iterator
from typing import Final

from policy.model import UNKNOWN, Resource, at, below, items, text
from policy.rule import rule
from policy.rules.nodes import NODE_CLASS, NODE_GROUP, TEMPLATE
from policy.rules.pods import RELEASE, WORKLOADS, containers

CHARTS: Final = (RELEASE, "kubernetes:helm.sh/v3:Chart", "kubernetes:helm.sh/v4:Chart")

EXACT: Final = re.compile(r"v?\d+\.\d+\.\d+([-+].+)?")
"""One version, not a range: https://github.com/Masterminds/semver#checking-version-constraints."""

FLOATING: Final = ("latest", "stable", "main", "master", "edge", "nightly")
"""Tags that name whatever is the newest when a node pulls."""

PARAMETER: Final = re.compile(r"resolve:ssm:.*/(latest|recommended)(/|$)")
"""An SSM parameter for an image id that AWS moves on."""


@rule(
    "helm-release-version",
    *CHARTS,
    reason="Without a version, each `up` installs the latest chart, which nobody reviewed.",
    fix="Pin it in versions.py and pass the version",
    source="https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/#inputs",
)
def release_version(release: Resource) -> Iterator[str]:
    """A chart in a folder or an archive is pinned by the repository that it lies in."""
    chart, version = release.get("chart"), release.get("version")
    if UNKNOWN in (chart, version) or re.match(r"(\.{0,2}/|.*\.tgz$)", text(chart)):
        return
    if not EXACT.fullmatch(text(version)):
        yield f"its version is {version or 'not set'}"


@rule(
    "image-tag",
    *WORKLOADS,
    *CHARTS,
    reason="A tag that moves lets pods of one deployment run different images, and a rollback has no effect.",
    fix="Use a version, or preferably a digest",
    source="https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
def image_tag(resource: Resource) -> Iterator[str]:
    """Containers of workloads, and what looks like an image or a tag in the values of a chart."""
    if resource.type in CHARTS:
        for path, value in below(resource.get("values")):
            tag = path[-1].lower().endswith("tag") and isinstance(value, str) and value in FLOATING
            image = path[-1].lower().endswith("image") and isinstance(value, str) and "/" in value and floats(value)
            if tag or image:
                yield f"{'.'.join(path)} is {value}"
        return
    for container in containers(resource):
        image = at(container, "image")
        if isinstance(image, str) and floats(image):
            yield f"container {at(container, 'name')} has the image {image}"


def floats(image: str) -> bool:
    """Return whether an image reference may mean another image tomorrow: no digest, and no tag or a floating one."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return not digest and (not tag or tag in FLOATING)


@rule(
    "node-image-version",
    TEMPLATE,
    NODE_CLASS,
    NODE_GROUP,
    reason="Without a pinned version, new nodes run an image that was neither reviewed nor tested.",
    fix="Pin the image in versions.py",
    source="https://karpenter.sh/v1.14/tasks/managing-amis/",
)
def node_image(resource: Resource) -> Iterator[str]:
    """Karpenter, EKS and launch templates each have their way to say `latest`."""
    if resource.type == NODE_CLASS:
        for term in items(resource.get("spec", "amiSelectorTerms")):
            alias = at(term, "alias")
            if isinstance(alias, str) and not re.fullmatch(r"[\w-]+@v\d.*", alias):
                yield f"the alias is {alias}"
    elif resource.type == TEMPLATE:
        image = resource.get("imageId")
        if isinstance(image, str) and PARAMETER.match(image):
            yield f"the image is {image}"
    else:
        yield from _group_image(resource)


def _group_image(group: Resource) -> Iterator[str]:
    if group.get("releaseVersion") is None and group.get("amiType") not in ("CUSTOM", UNKNOWN):
        yield "releaseVersion is not set"
    version = group.get("launchTemplate", "version")
    if version in ("$Latest", "$Default"):
        yield f"the version of its launch template is {version}"


@rule(
    "eks-version",
    "aws:eks/cluster:Cluster",
    "aws:eks/addon:Addon",
    reason="Without a version, EKS uses its default on the day of the first `up`, so stacks get different versions.",
    fix="Set cluster.version; add-on versions are in versions.py",
    source="https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html",
)
def eks_version(resource: Resource) -> Iterator[str]:
    """Of the control plane and of add-ons."""
    key = "addonVersion" if resource.kind == "Addon" else "version"
    version = resource.get(key)
    if not version or version == "latest":
        yield f"{key} is {version or 'not set'}"
