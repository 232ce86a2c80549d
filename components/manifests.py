"""The folders below `manifests/`: plain YAML that this program, Argo CD and `kubectl apply -k` apply alike."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent / "manifests"
KUSTOMIZATION: Final = "kustomization.yaml"
Object: TypeAlias = dict[str, Any]


@cache
def folders() -> tuple[str, ...]:
    """Return the folders that can be applied, relative to `manifests/`."""
    return tuple(sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.rglob(KUSTOMIZATION)))


@cache
def objects(folder: str) -> tuple[Object, ...]:
    """Return the objects of a folder, in the order of its kustomization, which only lists files.

    Raises FileNotFoundError for a folder without one.
    """
    listed = yaml.safe_load((ROOT / folder / KUSTOMIZATION).read_text(encoding="utf-8"))["resources"]
    return tuple(item for file in listed for item in _documents(ROOT / folder / file))


def _documents(file: Path) -> Iterator[Object]:
    yield from yaml.safe_load_all(file.read_text(encoding="utf-8"))


def namespace_of(item: Object) -> str:
    """Return the namespace that an object is in, or is."""
    metadata = item["metadata"]
    return str(metadata["name"] if item["kind"] == "Namespace" else metadata["namespace"])


def runs_pods(item: Object) -> bool:
    """Tell whether pods are made from an object."""
    return "template" in item.get("spec", {})


def needs_nodes(item: Object) -> bool:
    """Tell whether an object sends to ports of nodes, which pods on Fargate do not have.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate.html#fargate-considerations
    """
    target = item["metadata"].get("annotations", {}).get(TARGET_TYPE.get(item["kind"], ""), "instance")
    kind = (item["kind"], item.get("spec", {}).get("type"))
    by_port = kind == ("Service", "NodePort")
    return by_port or ((item["kind"] == "Ingress" or kind == ("Service", "LoadBalancer")) and target == "instance")


TARGET_TYPE: Final = {
    "Ingress": "alb.ingress.kubernetes.io/target-type",
    "Service": "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type",
}
"""What says whether a load balancer's targets are nodes or pods; nodes unless it is said."""
