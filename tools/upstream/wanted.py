"""What is pulled: every chart and file that `versions.py` pins, and the charts that stack files name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import versions
from rehearsal.program import ROOT, read_configuration, stacks

EXAMPLES: Final = ROOT / "examples" / "stacks"
RAW: Final = "https://raw.githubusercontent.com"


@dataclass(frozen=True)
class Chart:
    """A chart at a version. folder: where it is unpacked, below UPSTREAM_CHARTS."""

    name: str
    version: str
    repository: str
    folder: str

    @property
    def key(self) -> str:
        """What a lock file calls it."""
        return f"{self.name}@{self.version}"

    def __str__(self) -> str:
        return f"{self.name} {self.version} of {self.repository}"


@dataclass(frozen=True)
class File:
    """A file at a tag of its publisher's repository. path: where it is put, below UPSTREAM_FACTS."""

    url: str
    path: str

    @property
    def key(self) -> str:
        """What a lock file calls it."""
        return self.url

    def __str__(self) -> str:
        return self.url


_CONTROLLER: Final = versions.AWS_LOAD_BALANCER_CONTROLLER.app_version
_CONTROLLER_FILES: Final = f"{RAW}/kubernetes-sigs/aws-load-balancer-controller/{_CONTROLLER}/docs"

FILES: Final = (
    *(File(url, f"crds/traefik/{url.rpartition('/')[2]}") for url in versions.TRAEFIK_CRDS),
    *(File(url, f"crds/gateway-api/{url.rpartition('/')[2]}") for url in versions.GATEWAY_API_CRDS),
    # https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/deploy/installation/#configure-iam
    File(f"{_CONTROLLER_FILES}/install/iam_policy.json", "iam/aws-load-balancer-controller.json"),
    File(f"{_CONTROLLER_FILES}/guide/ingress/annotations.md", f"albc-{_CONTROLLER}-ingress-annotations.md"),
    # https://karpenter.sh/docs/reference/cloudformation/
    File(
        f"{RAW}/aws/karpenter-provider-aws/v{versions.KARPENTER.version}"
        "/website/content/en/preview/getting-started/getting-started-with-karpenter/cloudformation.yaml",
        "iam/karpenter-cloudformation.yaml",
    ),
)
"""Files that the program installs or that its policies and annotations are compared with."""


def platform_charts() -> list[Chart]:
    """Return the charts that `versions.py` pins."""
    pins = [pin for pin in vars(versions).values() if isinstance(pin, versions.Chart)]
    return [Chart(pin.name, pin.version, pin.repository, pin.name) for pin in pins]


def charts(*projects: Path) -> list[Chart]:
    """Return the platform's charts, and those that the stack files of projects name in addition."""
    found = {chart.key: chart for chart in platform_charts()}
    for project in projects:
        for chart in named_by(project):
            found.setdefault(chart.key, _apart(chart, found.values()))
    return list(found.values())


def _apart(chart: Chart, others: Iterable[Chart]) -> Chart:
    """Return a chart with a folder of its own: that of another version has the name."""
    taken = {other.folder for other in others}
    return Chart(chart.name, chart.version, chart.repository, chart.key) if chart.folder in taken else chart


def named_by(project: Path) -> Iterable[Chart]:
    """Yield the charts that the stack files of a project name, each in the folder of its name."""
    for stack in stacks(project):
        configuration = read_configuration(stack, root=project)
        for release, extra in configuration.section("extraCharts").items():
            # What is wrong with a stack file, `make check-stacks` says.
            if isinstance(extra, Mapping) and {"repository", "version"} <= extra.keys():
                name = str(extra.get("chart") or release)
                yield Chart(name, str(extra["version"]), str(extra["repository"]), name)
        if version := configuration.section("karpenter").get("version"):
            for pin in (versions.KARPENTER, versions.KARPENTER_CRD):
                yield Chart(pin.name, str(version), pin.repository, pin.name)
