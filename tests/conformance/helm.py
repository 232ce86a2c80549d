"""Helm releases of a program, rendered by the real Helm from upstream's charts."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from harness.build import build
from harness.plan import Plan, Registration
from harness.properties import has_unknown, reveal
from tests import upstream
from tests.conformance import openapi
from tools.build import HELM

RELEASE: Final = "kubernetes:helm.sh/v3:Release"

NO_COPY: Final = frozenset({"cert-manager", "descheduler", "keda"})
"""Charts that a folder of copies may lack. Where it does, nothing that they make is tested."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Release:
    """A Helm release as the program sets it.

    chart: the chart's name, of whatever registry. minor: the cluster's Kubernetes version, such as "1.36".
    """

    name: str
    chart: str
    version: str
    namespace: str
    values: dict[str, Any]
    """Those in files of values too: null where the chart's default goes."""
    skip_crds: bool
    minor: str

    @property
    def folder(self) -> Path:
        """The copy of the chart; the test is skipped where there are no copies."""
        of_version = upstream.chart(f"{self.chart}@{self.version}")
        return of_version if of_version.is_dir() else upstream.chart(self.chart)

    @property
    def is_copied(self) -> bool:
        """Whether there is a copy of the chart at the release's version."""
        try:
            self.check_version()
        except RenderingError:
            return False
        return True

    @property
    def is_left_out(self) -> bool:
        """Whether tests do without what the chart makes, because there is no copy."""
        return self.chart in NO_COPY and not self.is_copied

    def rendered(self) -> list[dict[str, Any]]:
        """Return the objects that Helm installs, hooks included; raises RenderingError."""
        self.check_version()
        command: list[str | Path] = [
            build(HELM), "template", self.name, self.folder, "--namespace", self.namespace, "--values", "-",
            "--skip-tests", "--skip-crds" if self.skip_crds else "--include-crds",
            # In a cluster, Helm asks the server.
            "--kube-version", self.minor, "--api-versions", ",".join(openapi.served(self.minor)),
        ]  # fmt: skip
        run = subprocess.run(command, input=json.dumps(self.values), capture_output=True, text=True, check=False)
        if run.returncode:
            raise RenderingError(f"{self.name}: {run.stderr.strip()}")
        return documents(run.stdout)

    def check_version(self) -> None:
        """Raise RenderingError where there is no copy of the chart at the release's version."""
        manifest = self.folder / "Chart.yaml"
        if not manifest.is_file():
            raise RenderingError(f"UPSTREAM_CHARTS has no {self.chart}: run `make upstream`")
        copy = yaml.safe_load(manifest.read_text())["version"]
        if copy.removeprefix("v") != self.version.removeprefix("v"):
            raise RenderingError(
                f"UPSTREAM_CHARTS has {self.chart} {copy}, the program installs {self.version}: run `make upstream`"
            )


class RenderingError(Exception):
    """A release cannot be rendered; the message says why."""


def releases(plan: Plan, minor: str) -> list[Release]:
    """Return the Helm releases of a program, without those that are left out."""
    return [found for found in all_releases(plan, minor) if not found.is_left_out]


def all_releases(plan: Plan, minor: str) -> list[Release]:
    """Return the Helm releases of a program; minor: its cluster's Kubernetes version."""
    return [release_of(entry, minor) for entry in plan.find(type=RELEASE)]


def release_of(entry: Registration, minor: str) -> Release:
    """Return the release that a registration requests."""
    inputs = reveal(entry.inputs)
    assert not has_unknown(inputs)
    files = [yaml.safe_load(file["text"]) for file in inputs.get("valueYamlFiles", [])]
    return Release(
        name=inputs["name"],
        chart=inputs["chart"].rpartition("/")[2],
        version=inputs["version"],
        namespace=inputs["namespace"],
        values={**{key: value for file in files for key, value in file.items()}, **inputs.get("values", {})},
        skip_crds=inputs.get("skipCrds", False),
        minor=minor,
    )


def documents(text: str) -> list[dict[str, Any]]:
    """Return the objects of YAML documents, those of lists one by one."""
    found = yaml.load_all(text, Loader=_LOADER)
    return [item for document in found if document for item in _items(document)]


def _items(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if document["kind"] == "List":
        yield from document["items"] or []
    else:
        yield document
