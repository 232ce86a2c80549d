"""What is installed together: a stack with its Helm releases, the manifests, the example application.

Whatever stack, release, manifest or example there is, is found by looking; nothing here names one.
"""

import runpy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from facts import kinds
from harness.plan import Plan
from harness.properties import has_unknown, reveal
from rehearsal.program import ROOT, read_configuration, stacks
from rehearsal.record import record
from tests import plans, upstream
from tests.conformance import helm
from tests.plans import OWN, plan_of
from tools.upstream import cache as cached

Object = dict[str, Any]

DEFINITION: Final = "CustomResourceDefinition"
CONFIG_GROUP: Final = "kubernetes:yaml/v2:ConfigGroup"
STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
STACKS: Final = tuple(sorted(plans.STACKS))
KUSTOMIZATION: Final = "kustomization.yaml"
MANIFESTS: Final = tuple(
    sorted({path.parent.relative_to(ROOT / "manifests").as_posix() for path in (ROOT / "manifests").rglob("*.yaml")})
)
EXAMPLES: Final = tuple(sorted(path.parent.name for path in (ROOT / "examples").glob("*/__main__.py")))
NAMES: Final = (*STACKS, *(f"manifests/{name}" for name in MANIFESTS), *(f"examples/{name}" for name in EXAMPLES))

NO_DEFINITION: Final = {
    "cert-manager.io": "of a chart in NO_COPY",
    "snapshot.storage.k8s.io": "of the EKS add-on snapshot-controller",
    "eks.amazonaws.com": "of EKS Auto Mode, which installs its own",
}
"""API groups of custom resources that UPSTREAM_FACTS may not define, each with the reason.

Where it does not, they are not tested.
"""

DEFINITIONS_APART: Final = frozenset({"external-secrets"})
"""Charts whose copy may lack their definitions, which are then below `crds` in UPSTREAM_FACTS."""


@dataclass(frozen=True)
class Bundle:
    """Objects that one program, or one folder of manifests, installs.

    minor: the cluster's Kubernetes version. own: the objects of the program or of the files. rendered: those of each
    Helm release, by its name. definitions: the custom resource definitions among both, and those that it takes from
    files of upstream's. plan: the program's. platforms: the stacks that it may be installed on; none for a stack.
    """

    name: str
    minor: str
    own: tuple[Object, ...]
    rendered: Mapping[str, tuple[Object, ...]]
    definitions: tuple[Object, ...]
    plan: Plan | None
    platforms: tuple["Bundle", ...] = ()

    @property
    def objects(self) -> tuple[Object, ...]:
        """All objects but the definitions."""
        return (*self.own, *(item for items in self.rendered.values() for item in items))


@cache
def bundle(name: str) -> Bundle:
    """Return what `name`, one of NAMES, installs; the test is skipped where upstream's copies are not there."""
    return _bundle(name, plan_below(name), minor_below(name), own_objects(name), _platforms(name))


def bundle_of(plan: Plan, name: str) -> Bundle:
    """Return what a stack installs that is none of NAMES, by its plan. name: what messages call it."""
    minor = str(reveal(plan.exports["kubernetesVersion"]))
    return _bundle(name, plan, minor, _testable(program_objects(plan)), ())


def _bundle(name: str, plan: Plan | None, minor: str, objects: list[Object], platforms: tuple[Bundle, ...]) -> Bundle:
    releases = helm.releases(plan, minor) if plan else []
    if name not in NAMES:  # charts that only such a stack has may have no copy
        releases = [release for release in releases if release.is_copied]
    rendered = {release.name: _apart(_placed(release.rendered(), release.namespace)) for release in releases}
    own, definitions = _apart(_placed(objects, "default"))
    return Bundle(
        name,
        minor,
        own,
        {release: objects for release, (objects, _) in rendered.items()},
        (
            *definitions,
            *_from_files(plan),
            *(crd for _, crds in rendered.values() for crd in crds),
            *(crd for release in releases if not rendered[release.name][1] for crd in _left_out(release.chart)),
        ),
        plan,
        platforms,
    )


def _platforms(name: str) -> tuple[Bundle, ...]:
    if name in (*STACKS, *OWN):
        return ()
    return tuple(bundle(stack) for stack in (STACKS if name.startswith("manifests/") else STACKS[:1]))


@cache
def plan_below(name: str) -> Plan | None:
    """Return the plan of a bundle's program; None for manifests."""
    if name in (*STACKS, *OWN):
        return plan_of(name)
    return None if name.startswith("manifests/") else _example_plan(ROOT / name, STACKS[0])


def minor_below(name: str) -> str:
    """Return the Kubernetes version of a bundle's cluster."""
    return str(reveal(plan_of(name if name in (*STACKS, *OWN) else STACKS[0]).exports["kubernetesVersion"]))


def own_objects(name: str) -> list[Object]:
    """Return the objects of a bundle's program or files, without what Helm makes: nothing of upstream's is needed."""
    plan = plan_below(name)
    found = program_objects(plan) if plan else _objects_in(ROOT / name)
    if name.startswith("examples/"):
        found = [*_given_by_a_platform({item["metadata"].get("namespace") for item in found}), *found]
    return _testable(found)


def _testable(objects: list[Object]) -> list[Object]:
    return [item for item in objects if _group(item) not in NO_DEFINITION.keys() - _defined_groups()]


def _given_by_a_platform(wanted: set[str | None]) -> list[Object]:
    """Return the namespaces that an example finds in the cluster, as the stack that has them declares them."""
    found = [item for stack in STACKS for item in program_objects(plan_of(stack)) if item["kind"] == "Namespace"]
    return list({item["metadata"]["name"]: item for item in found if item["metadata"]["name"] in wanted}.values())


def _example_plan(folder: Path, platform: str) -> Plan:
    """Return the plan of an example's first stack, which refers to the outputs of a platform's stack."""
    stack = stacks(folder)[0]
    configuration = read_configuration(stack, None, folder)
    outputs = reveal(plan_of(platform).exports)
    # Whichever stack of the platform it names.
    names = {value for value in configuration.values.values() if value.count("/") == 2}
    with chdir(folder):
        return record(
            lambda: runpy.run_path(str(folder), run_name="__main__"),
            project=configuration.project,
            stack=stack,
            config=configuration.values,
            secret_keys=configuration.secret_keys,
            existing={STACK_REFERENCE: [{"id": name, "name": name, "outputs": outputs} for name in names]},
            disabled_providers=configuration.disabled_providers,
        )


def program_objects(plan: Plan) -> list[Object]:
    """Return the Kubernetes objects that a program registers itself, but not those that a file of upstream's makes."""
    below = {entry.urn for group in plan.find(type=CONFIG_GROUP) for entry in plan.descendants(group)}
    found = [
        reveal(entry.inputs)
        for entry in plan
        if entry.custom and not entry.read and entry.type.startswith("kubernetes:")
        if entry.type not in (helm.RELEASE, CONFIG_GROUP) and entry.urn not in below
    ]
    assert not has_unknown(found)
    return found


def _from_files(plan: Plan | None) -> list[Object]:
    """Return the definitions that a program takes from upstream's URLs, out of the copies by the same file names."""
    groups = plan.find(type=CONFIG_GROUP) if plan else []
    names = [Path(file).name for group in groups for file in reveal(group.inputs)["files"]]
    copies = {path.name: path for path in upstream.facts("crds").glob("*/*.yaml")}
    missing = sorted(set(names) - copies.keys())
    assert not missing, f"UPSTREAM_FACTS has no copy of {missing}: run `make upstream`"
    return [item for name in names for item in helm.documents(copies[name].read_text())]


def _left_out(chart: str) -> tuple[Object, ...]:
    """Return the definitions of a chart whose copy has lost them."""
    if chart not in DEFINITIONS_APART:
        return ()
    files = sorted(upstream.facts("crds", chart).glob("*.yaml"))
    return tuple(item for file in files for item in helm.documents(file.read_text()))


def _objects_in(folder: Path) -> list[Object]:
    """Return the objects of a folder of manifests, after those of the folders that bring the namespaces of its own."""
    found = _objects_of_files(folder)
    namespaces = {item["metadata"].get("namespace") for item in found}
    others = [_objects_of_files(ROOT / "manifests" / name) for name in MANIFESTS if ROOT / "manifests" / name != folder]
    return [*(item for other in others if _namespaces(other) & namespaces for item in other), *found]


def _objects_of_files(folder: Path) -> list[Object]:
    files = [path for path in sorted(folder.glob("*.yaml")) if path.name != KUSTOMIZATION]
    return [item for file in files for item in helm.documents(file.read_text())]


def _namespaces(objects: Iterable[Object]) -> set[str]:
    return {item["metadata"]["name"] for item in objects if item["kind"] == "Namespace"}


def _apart(objects: Iterable[Object]) -> tuple[tuple[Object, ...], tuple[Object, ...]]:
    """Return the objects, and the custom resource definitions among them."""
    found = list(objects)
    return (
        tuple(item for item in found if item["kind"] != DEFINITION),
        tuple(item for item in found if item["kind"] == DEFINITION),
    )


def _placed(objects: Iterable[Object], namespace: str) -> Iterator[Object]:
    """Return the objects with the namespace that they are put into where they name none."""
    for item in objects:
        if is_cluster_wide(item) or item["metadata"].get("namespace"):
            yield item
        else:
            yield {**item, "metadata": {**item["metadata"], "namespace": namespace}}


def is_cluster_wide(item: Mapping[str, Any]) -> bool:
    """Return whether an object is in no namespace."""
    if kinds.is_namespaced(_group(item), item["kind"]) is False:
        return True
    return (_group(item), item["kind"]) in _cluster_wide_custom_resources()


@cache
def upstream_definitions() -> tuple[Object, ...]:
    """Return every custom resource definition of UPSTREAM_FACTS; the test is skipped where there is none."""
    files = sorted(upstream.facts("crds").glob("*/*.yaml"))
    return tuple(item for file in files for item in helm.documents(file.read_text()))


@cache
def _defined_groups() -> frozenset[str]:
    """Return the API groups that UPSTREAM_FACTS defines; none where it is not there."""
    there = upstream_definitions() if cached.folder(cached.FACTS) else ()
    return frozenset(definition["spec"]["group"] for definition in there)


@cache
def _cluster_wide_custom_resources() -> frozenset[tuple[str, str]]:
    specs = [definition["spec"] for definition in upstream_definitions()]
    return frozenset((spec["group"], spec["names"]["kind"]) for spec in specs if spec["scope"] == "Cluster")


def _group(item: Mapping[str, Any]) -> str:
    group, slash, _ = item["apiVersion"].partition("/")
    return group if slash else ""


def label_of(item: Mapping[str, Any]) -> str:
    """Return how a message names an object: kind, namespace and name."""
    metadata = item["metadata"]
    return f"{item['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
