"""With `charts.images` every image that the platform chooses, itself or by a chart, comes from there."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from harness.plan import Plan, Registration
from harness.properties import reveal
from tests.conformance.bundles import STACKS, minor_below
from tests.conformance.helm import RELEASE, release_of
from tests.conformance.pods import workloads
from tests.plans import below, run_program

pytestmark = pytest.mark.upstream

MIRROR: Final = "registry.example.jp/mirror/"
REFERENCE: Final = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?:/[\w.-]+)+:v?\d[\w.-]*")
"""An image in any text, an argument for example: the registry's host name, a path and a version."""


@cache
def _mirrored(stack: str) -> Plan:
    return run_program(stack, config={"charts": {"images": MIRROR.rstrip("/")}})


def _of_teams(plan: Plan) -> set[str]:
    return {entry.urn for component in ("ExtraChart", "Workloads") for entry in below(plan, component)}


def _objects(entry: Registration, minor: str) -> list[dict[str, Any]]:
    """Return what Helm makes of a release of the platform's, or an object that the program declares itself."""
    if entry.type != RELEASE:
        return [reveal(entry.inputs)]
    release = release_of(entry, minor)
    # What a chart without a copy makes of its values, only its component's test sees.
    return [] if release.is_left_out else release.rendered()


def from_elsewhere(objects: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the images in objects, of containers and in any text, that are not below the mirror."""
    for item in objects:
        if item["kind"] != "CustomResourceDefinition":
            yield from (found for found in REFERENCE.findall(json.dumps(item)) if not found.startswith(MIRROR))
    for workload in workloads(objects):
        images = (container["image"] for container in workload.containers)
        yield from (image for image in images if not image.startswith(MIRROR))


@pytest.mark.parametrize("stack", STACKS)
def test_every_image_of_the_platform_comes_from_the_mirror(stack: str, helm: Path) -> None:
    plan = _mirrored(stack)
    teams = _of_teams(plan)
    own = [entry for entry in plan if entry.type.startswith("kubernetes:") and entry.urn not in teams]
    objects = [item for entry in own if entry.custom for item in _objects(entry, minor_below(stack))]
    assert workloads(objects)
    assert set(from_elsewhere(objects)) == set()


def _deployment(**changes: Any) -> dict[str, Any]:
    container = {"image": f"{MIRROR}quay.io/a/b:v1.0.0", **changes}
    template = {"metadata": {}, "spec": {"containers": [container]}}
    return {"kind": "Deployment", "metadata": {"name": "x", "namespace": "x"}, "spec": {"template": template}}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"image": "quay.io/a/b:v1.0.0"}, {"quay.io/a/b:v1.0.0"}),
        # By a name of its own in an argument, and one that has no host name.
        ({"args": ["--solver=quay.io/a/solver:v1.0.0"]}, {"quay.io/a/solver:v1.0.0"}),
        ({"args": [f"--solver={MIRROR}quay.io/a/solver:v1.0.0"]}, set()),
        ({"image": "redis:8"}, {"redis:8"}),
        ({"args": ["--url=https://example.jp/v1", "--listen=:8080"]}, set()),
    ],
)
def test_an_image_from_elsewhere_is_seen(changes: dict[str, Any], found: set[str]) -> None:
    assert set(from_elsewhere([_deployment(**changes)])) == found


def test_a_release_that_is_not_told_of_the_mirror_is_seen(helm: Path) -> None:
    plan = run_program("dev")
    releases = [entry for entry in plan.find(type=RELEASE) if entry.urn not in _of_teams(plan)]
    for entry in releases:
        objects = _objects(entry, minor_below("dev"))
        assert set(from_elsewhere(objects)) or not workloads(objects)
