"""The folders below `manifests/`: plain YAML that this program, Argo CD and `kubectl apply -k` apply alike."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from facts import kinds

ROOT: Final = Path(__file__).resolve().parent.parent / "manifests"
KUSTOMIZATION: Final = "kustomization.yaml"
Object: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something in a folder that cannot be applied: the file, what it contains, and what was expected."""

    file: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.found}: {self.expected}"


class ManifestError(ValueError):
    """A folder that cannot be applied. Its text has one line for each fault."""


@cache
def folders() -> tuple[str, ...]:
    """Return the folders that can be applied, relative to `manifests/`."""
    return tuple(sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.rglob(KUSTOMIZATION)))


def objects(folder: str) -> tuple[Object, ...]:
    """Return the objects of a folder, in the order of its kustomization, which only lists files.

    Raises FileNotFoundError for a folder without a kustomization, ManifestError for one with faults.
    """
    found, faults = read(folder)
    if faults:
        raise ManifestError("\n".join(map(str, faults)))
    return found


@cache
def read(folder: str) -> tuple[tuple[Object, ...], tuple[Fault, ...]]:
    """Return the sound objects of a folder and everything that is wrong in it.

    Raises FileNotFoundError for a folder without a kustomization.
    """
    found: list[Object] = []
    faults: list[Fault] = []
    for file in _listed(folder, faults):
        for document in _documents(folder, file, faults):
            wrong = list(_object_faults(document))
            name = f"{folder}/{file}"
            faults.extend(Fault(name, f"{_label(document)}{what}", expected) for what, expected in wrong)
            if not wrong:
                found.append(document)
    return tuple(found), tuple(faults)


# --- Kustomizations -----------------------------------------------------------------------------------------------

# What to do without the other fields: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
_INSTEAD: Final = {
    "bases": "expected the folders in workloads.folders of the stack file",
    "commonAnnotations": "expected the annotations in the files",
    "commonLabels": "expected the labels in the files",
    "components": "expected the objects in files under resources",
    "configMapGenerator": "expected a ConfigMap in a file under resources",
    "helmCharts": "expected the chart under extraCharts of the stack file",
    "images": "expected the images in the files",
    "labels": "expected the labels in the files",
    "namePrefix": "expected the whole names in the files",
    "nameSuffix": "expected the whole names in the files",
    "namespace": "expected metadata.namespace in each object",
    "patches": "expected the files as they are to be applied",
    "patchesJson6902": "expected the files as they are to be applied",
    "patchesStrategicMerge": "expected the files as they are to be applied",
    "replicas": "expected spec.replicas in the files",
    "secretGenerator": "expected an ExternalSecret in a file under resources",
}


def _listed(folder: str, faults: list[Fault]) -> Iterator[str]:
    """Yield the files that a kustomization lists. Any other field would have no effect, so it is an error."""
    name = f"{folder}/{KUSTOMIZATION}"
    documents = list(_documents(folder, KUSTOMIZATION, faults))
    if len(documents) != 1:
        if not any(fault.file == name for fault in faults):
            faults.append(Fault(name, f"{len(documents)} documents", "expected one with a list of files: resources"))
        return
    kustomization = documents[0]
    faults.extend(Fault(name, found, expected) for found, expected in _unsupported(kustomization))
    listed = kustomization.get("resources")
    if not isinstance(listed, list) or not listed:
        faults.append(Fault(name, f"resources: {listed!r}", "expected a list of files of this folder"))
        return
    for index, file in enumerate(listed):
        path = f"resources[{index}]: {file}"
        if not isinstance(file, str) or not re.fullmatch(r"[^/\\]+\.ya?ml", file) or file == KUSTOMIZATION:
            faults.append(Fault(name, path, "expected a YAML file of this folder such as hello.yaml"))
        elif file in listed[:index]:
            faults.append(Fault(name, path, "expected it once"))
        elif not (ROOT / folder / file).is_file():
            faults.append(Fault(name, path, "expected a file that exists"))
        else:
            yield file


def _unsupported(kustomization: Object) -> Iterator[tuple[str, str]]:
    """Yield each field of a kustomization that nothing here follows, with what to write instead."""
    for key, value in kustomization.items():
        if key == "kind" and value != "Kustomization":
            yield f"kind: {value}", "expected Kustomization"
        elif key not in ("apiVersion", "kind", "metadata", "resources"):
            yield (
                f"{key}, which is not supported",
                _INSTEAD.get(key, "expected nothing but apiVersion, kind and resources"),
            )


# --- Files --------------------------------------------------------------------------------------------------------


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]  # the loader in C, where there is one: ten times as fast
    """YAML as kubectl reads it: a date is text, and a key may occur only once in a mapping."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} is not text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} again", key_node.start_mark)
            seen.add(key)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _documents(folder: str, file: str, faults: list[Fault]) -> Iterator[Object]:
    """Yield the documents of a file; an empty one, as two lines of hyphens in a row make, is none."""
    name = f"{folder}/{file}"
    text = (ROOT / folder / file).read_bytes()
    try:
        for document in yaml.load_all(text, _Loader):
            if isinstance(document, dict):
                yield document
            elif document is not None:
                faults.append(Fault(name, f"a document that is {document!r:.60}", "expected an object of Kubernetes"))
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        faults.append(Fault(name, f"{error.problem}{line}", "expected YAML"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        faults.append(Fault(name, str(error).partition("\n")[0], "expected YAML"))


# --- Objects ------------------------------------------------------------------------------------------------------


def _label(item: Object) -> str:
    """Return how a message names an object, as far as it says who it is."""
    kind, metadata = item.get("kind"), item.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{kind or 'an object'} {name}: " if name else f"{kind or 'an object'}: "


def _object_faults(item: Object) -> Iterator[tuple[str, str]]:
    """Yield what an object lacks to be applied: what was found, and what was expected."""
    version, kind, metadata = item.get("apiVersion"), item.get("kind"), item.get("metadata")
    if not isinstance(version, str) or not isinstance(kind, str):
        yield "no apiVersion or no kind", "expected both, such as apps/v1 and Deployment"
        return
    if kind.endswith("List") and "items" in item:
        yield "a list", "expected its items, each as a document of the file"
        return
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        yield "no metadata.name", "expected a name: without one there would be another object after each change"
        return
    yield from _kind_faults(version, kind)
    for key in ("labels", "annotations"):
        values = metadata.get(key)
        texts = isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
        if values is not None and not texts:
            yield f"metadata.{key}", "expected texts by their keys: put numbers, true and false in quotes"
    namespaced, namespace = kinds.is_namespaced(group_of(item), kind), metadata.get("namespace")
    if namespace is not None and (not isinstance(namespace, str) or not namespace):
        yield f"metadata.namespace: {namespace!r}", "expected a namespace's name"
    elif namespaced and namespace is None:
        yield "no metadata.namespace", "expected one: otherwise kubectl's current namespace decides"
    elif namespaced is False and namespace is not None:
        yield f"metadata.namespace: {namespace}", f"expected none: a {kind} is in no namespace"


def _kind_faults(version: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a kind of Kubernetes' own; only its definition knows of any other."""
    group, _, number = version.rpartition("/")
    if group not in kinds.BUILT_IN_GROUPS:
        return
    if kind not in kinds.built_in(group):
        homes = [home for home in kinds.BUILT_IN_GROUPS if kind in kinds.built_in(home)]
        close = get_close_matches(kind, kinds.built_in(group), n=1)
        best = f"{homes[0]}/{kinds.versions(homes[0])[0]}".lstrip("/") if homes else ""
        hint = f": {kind} is in {best}" if homes else f": did you mean {close[0]}?" if close else ""
        yield f"apiVersion: {version}", f"expected a kind that Kubernetes has there{hint}"
    elif number not in kinds.versions(group):
        expected = " or ".join(f"{group}/{served}".lstrip("/") for served in kinds.versions(group))
        yield f"apiVersion: {version}", f"expected {expected}: EKS serves no other"


def group_of(item: Object) -> str:
    """Return the API group of an object, "" for the one without a name."""
    return str(item["apiVersion"]).rpartition("/")[0]


def namespace_of(item: Object) -> str | None:
    """Return the namespace that an object is in, or is; None for any other object that is in none."""
    metadata = item["metadata"]
    found = metadata["name"] if is_namespace(item) else metadata.get("namespace")
    return None if found is None else str(found)


def is_namespace(item: Object) -> bool:
    """Return whether an object is a namespace."""
    return (group_of(item), item["kind"]) == ("", "Namespace")


def runs_pods(item: Object) -> bool:
    """Tell whether an object is a pod, or pods are made from it."""
    return (group_of(item), item["kind"]) in kinds.POD_SPECS


def pod_spec(item: Object) -> Object:
    """Return what an object that runs pods says of them; empty where it says nothing."""
    found: Any = item
    for key in kinds.POD_SPECS[group_of(item), item["kind"]]:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def needs_nodes(item: Object) -> bool:
    """Tell whether an object sends to ports of nodes, which pods on Fargate do not have.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate.html#fargate-considerations
    """
    target = (item["metadata"].get("annotations") or {}).get(TARGET_TYPE.get(item["kind"], ""), "instance")
    kind = (item["kind"], (item.get("spec") or {}).get("type"))
    by_port = kind == ("Service", "NodePort")
    return by_port or ((item["kind"] == "Ingress" or kind == ("Service", "LoadBalancer")) and target == "instance")


TARGET_TYPE: Final = {
    "Ingress": "alb.ingress.kubernetes.io/target-type",
    "Service": "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type",
}
"""What says whether a load balancer's targets are nodes or pods; nodes unless it is said."""


def type_token(item: Object) -> str:
    """Return the Pulumi type of an object: `kubernetes:<group>/<version>:<Kind>`, and "core" for the group without."""
    version = item["apiVersion"] if "/" in item["apiVersion"] else f"core/{item['apiVersion']}"
    return f"kubernetes:{version}:{item['kind']}"
