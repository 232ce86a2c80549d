"""Container images that the platform chooses itself are named by digest: what runs is what was reviewed.

Images that a chart chooses come with the chart's version; they are not ours to name. Nor are those of which the program
only says where they come from: tag and digest are the chart's.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import versions
from components.compute import cluster_autoscaler
from components.delivery import argo_cd
from harness.properties import reveal
from rehearsal.program import ROOT
from tests.plans import STACKS, plan_of

DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")

WITHOUT_DIGEST: Final[dict[str, str]] = {
    f"{cluster_autoscaler.IMAGE}:{tag}": "the list of what registry.k8s.io serves, in public, ends before its version"
    for tag in versions.CLUSTER_AUTOSCALER_IMAGE.values()
} | {f"{argo_cd.IMAGE}:{versions.ARGO_CD.tag}": "no public page has the digest of this patch"}
"""Images that are named by tag alone, each with the reason."""

REGISTRIES: Final = r"(?:docker\.io|ghcr\.io|quay\.io|gcr\.io|registry\.k8s\.io|public\.ecr\.aws|mcr\.microsoft\.com)"
REFERENCE: Final = re.compile(rf"{REGISTRIES}/[\w./-]+:[\w.-]+(?:@sha256:\w+)?")
"""An image in any text, with its tag; a chart's address has none."""

SOURCES: Final = [
    path
    for pattern in (
        "*.py",
        "components/**/*.py",
        "facts/*.py",
        "examples/**/*.py",
        "examples/**/*.yaml",
        "manifests/**/*.yaml",
    )
    for path in sorted(ROOT.glob(pattern))
]


def images(value: Any) -> Iterator[str]:
    """Yield the images in Kubernetes objects and in values of charts, as one text each.

    Charts take an image as text, or as an object of registry, repository, tag and digest.
    """
    if isinstance(value, list):
        for item in value:
            yield from images(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == "image" and isinstance(item, str):
                yield item
            elif key == "image" and isinstance(item, Mapping):
                yield from _of_chart(item)
            else:
                yield from images(item)


def _of_chart(image: Mapping[str, Any]) -> Iterator[str]:
    """Yield the image that a chart's values name; none where they only say where or, for example, when it is pulled."""
    if "tag" in image or "digest" in image:
        name = "/".join(str(image[part]) for part in ("registry", "repository") if part in image)
        tag = f":{image['tag']}" if "tag" in image else ""
        digest = f"@{image['digest']}" if "digest" in image else ""
        yield f"{name}{tag}{digest}"


def by_tag_alone(found: Iterator[str]) -> set[str]:
    """Return the images that have no digest and are not listed."""
    return {image for image in found if not DIGEST.search(image)} - WITHOUT_DIGEST.keys()


@pytest.mark.parametrize("stack", STACKS)
def test_stacks_name_images_by_digest(stack: str) -> None:
    objects = (reveal(entry.inputs) for entry in plan_of(stack) if entry.type.startswith("kubernetes:"))
    assert by_tag_alone(image for inputs in objects for image in images(inputs)) == set()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "manifests").rglob("*.yaml")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_manifests_name_images_by_digest(path: Path) -> None:
    assert by_tag_alone(images(list(yaml.safe_load_all(path.read_text())))) == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sources_name_images_by_digest(path: Path) -> None:
    # A long name is written as two literals.
    text = re.sub(r'"\s*\n\s*f?"', "", path.read_text())
    assert by_tag_alone(iter(REFERENCE.findall(text))) == set()


def test_the_sample_images_are_among_what_is_looked_at() -> None:
    (hello,) = images(list(yaml.safe_load_all((ROOT / "manifests" / "hello" / "hello.yaml").read_text())))
    assert DIGEST.search(hello)
    example = (ROOT / "examples" / "app-team" / "__main__.py").read_text()
    assert REFERENCE.findall(re.sub(r'"\s*\n\s*f?"', "", example)) == [hello]


def test_one_image_has_one_digest() -> None:
    found = {image for path in SOURCES for image in REFERENCE.findall(re.sub(r'"\s*\n\s*f?"', "", path.read_text()))}
    names = [image.split("@")[0] for image in found]
    assert len(names) == len(set(names))


def test_nothing_is_listed_that_is_used_no_more() -> None:
    text = "".join(path.read_text() for path in SOURCES)
    assert [image for image in WITHOUT_DIGEST if image.split(":")[0] not in text] == []


OF_CHART: Final = {"image": {"repository": "docker.io/traefik", "tag": "v3.5.1", "digest": f"sha256:{'0' * 64}"}}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"spec": {"containers": [{"image": "docker.io/nginx:1.29"}]}}, {"docker.io/nginx:1.29"}),
        ({"spec": {"containers": [{"image": f"docker.io/nginx:1.29@sha256:{'0' * 63}"}]}}, None),
        ({"image": {"repository": "docker.io/traefik"}}, set()),
        ({"image": {"repository": "docker.io/traefik", "tag": "v3"}}, {"docker.io/traefik:v3"}),
        ({"image": {"tag": "v3"}}, {":v3"}),
        ({"controller": {"image": {"registry": "quay.io", "repository": "a/b", "tag": "v1"}}}, {"quay.io/a/b:v1"}),
        ({"image": {"pullPolicy": "Always"}}, set()),
        (OF_CHART, set()),
    ],
)
def test_an_image_by_tag_alone_is_found_out(value: dict[str, Any], found: set[str] | None) -> None:
    named = set(images(value))
    assert by_tag_alone(iter(named)) == (named if found is None else found)
