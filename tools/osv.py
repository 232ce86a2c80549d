"""Known vulnerabilities in what is pinned and is no Python package: charts' applications, add-ons, Go tools, actions.

`python -m tools.osv [URL]` looks them up in OSV (https://google.github.io/osv.dev/post-v1-querybatch/); `make audit`
runs it in addition to pip-audit. It reads the pins of versions.py, tools/*/go.mod, .github/workflows. OSV has no
container images. It ends with 1 for a vulnerability that ACCEPTED does not name, and for an entry
of ACCEPTED that is not found.
"""

import json
import re
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import versions
from facts.capabilities import CAPABILITIES

ROOT: Final = Path(__file__).resolve().parent.parent
OSV: Final = "https://api.osv.dev"
BATCH: Final = 1000
"""The most queries that OSV takes at once."""

MODULES: Final[Mapping[str, str]] = {
    "argo-cd": "github.com/argoproj/argo-cd/v3",
    "aws-load-balancer-controller": "sigs.k8s.io/aws-load-balancer-controller",
    **{it.chart.name: it.go_module for it in CAPABILITIES},
    "karpenter": "github.com/aws/karpenter-provider-aws",
    "traefik": "github.com/traefik/traefik/v3",
    "aws-ebs-csi-driver": "github.com/kubernetes-sigs/aws-ebs-csi-driver",
    "coredns": "github.com/coredns/coredns",
    "eks-node-monitoring-agent": "github.com/aws/eks-node-monitoring-agent",
    "eks-pod-identity-agent": "go.amzn.com/eks/eks-pod-identity-agent",
    "kube-proxy": "k8s.io/kubernetes",
    "metrics-server": "sigs.k8s.io/metrics-server",
    "snapshot-controller": "github.com/kubernetes-csi/external-snapshotter/v8",
    "vpc-cni": "github.com/aws/amazon-vpc-cni-k8s",
}
"""The Go module of what a chart or an add-on runs: OSV has Go programs by their modules."""

NO_MODULE: Final = {
    "amazon-cloudwatch-observability": "several programs of which the add-on's version names none",
    "karpenter-crd": "definitions, which run nothing",
}
"""Charts and add-ons that are not looked up, each with the reason."""

ACCEPTED: Final[Mapping[str, str]] = {}
"""Vulnerabilities that are accepted, each with the reason."""

AS_PUBLISHED: Final[Mapping[str, str]] = {
    "tools/pulumi-kubernetes/go.mod": "Pulumi's provider with the modules that it pins itself; it runs in simulations",
}
"""Files whose modules are a publisher's choice: what is known against them is counted and fails nothing."""


class AuditError(Exception):
    """What is pinned cannot be looked up."""


@dataclass(frozen=True, order=True)
class Pin:
    """Something pinned: its name and version as OSV has them, and its file."""

    ecosystem: str
    name: str
    version: str
    where: str

    @property
    def query(self) -> dict[str, Any]:
        """The question to OSV."""
        return {"package": {"ecosystem": self.ecosystem, "name": self.name}, "version": self.version}

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.where})"


def pins(root: Path = ROOT) -> list[Pin]:
    """Return everything that is pinned and is no Python package, each once."""
    return sorted({*_applications(), *_go_tools(root), *_actions(root)})


def _applications() -> Iterator[Pin]:
    """Yield the programs of charts and add-ons; raises AuditError for one of which nobody has said what it is."""
    charts = [chart for chart in vars(versions).values() if isinstance(chart, versions.Chart)]
    named = [(chart.name, chart.app_version) for chart in charts]
    named += [("cluster-autoscaler", version) for version in versions.CLUSTER_AUTOSCALER_IMAGE.values()]
    named += [
        (name, version.partition("-eksbuild")[0])
        for addons in versions.ADDONS.values()
        for name, version in addons.items()
    ]
    for name, version in named:
        if name not in MODULES and name not in NO_MODULE:
            raise AuditError(f"versions.py has {name}: expected its Go module in MODULES of tools/osv.py, or a reason")
        if name in MODULES:
            yield Pin("Go", MODULES[name], version.removeprefix("v"), f"versions.py: {name}")


def _go_tools(root: Path) -> Iterator[Pin]:
    """Yield the modules that the programs of the tests are built from, and Go's own library."""
    for file in sorted(root.glob("tools/**/go.mod")):
        where = file.relative_to(root).as_posix()
        text = re.sub(r"//.*", "", file.read_text(encoding="utf-8"))
        replaced = set(re.findall(r"^(?:replace)?\s*(\S+)(?: v\S+)? => ", text, re.MULTILINE))
        for new, version in re.findall(r"=>\s+(\S+) v(\S+)", text):
            yield Pin("Go", new, version, where)
        for name, version in re.findall(
            r"^(?:require)?\s*([\w.-]+\.[\w.-]+/\S+|[\w-]+\.\w+/\S+) v(\S+)\s*$", text, re.MULTILINE
        ):
            if name not in replaced:
                yield Pin("Go", name, version.removesuffix("+incompatible"), where)
        for version in re.findall(r"^toolchain go(\S+)", text, re.MULTILINE) or re.findall(
            r"^go (\d+\.\d+\.\d+)", text, re.MULTILINE
        ):
            yield Pin("Go", "stdlib", version, where)


def _actions(root: Path) -> Iterator[Pin]:
    """Yield the actions of workflows; the version is a comment after the commit."""
    for file in sorted((root / ".github" / "workflows").glob("*.yml")):
        for action, version in re.findall(
            r"uses:\s*([\w.-]+/[\w.-]+)[^@\s]*@\S+\s*#\s*v(\S+)", file.read_text(encoding="utf-8")
        ):
            yield Pin("GitHub Actions", action, version, file.relative_to(root).as_posix())


def vulnerabilities(asked: Iterable[Pin], url: str = OSV) -> dict[Pin, list[str]]:
    """Return the ids of what OSV knows against each pin that it knows something against.

    Raises AuditError where OSV answers otherwise than it says, OSError where it cannot be reached.
    """
    asked = list(asked)
    found: dict[Pin, list[str]] = {}
    for start in range(0, len(asked), BATCH):
        open_ = [(pin, pin.query) for pin in asked[start : start + BATCH]]
        while open_:
            results = _post(f"{url}/v1/querybatch", {"queries": [query for _, query in open_]}).get("results", [])
            if len(results) != len(open_):
                raise AuditError(f"OSV answered {len(results)} of {len(open_)} questions")
            pages = list(zip(open_, results, strict=True))
            for (pin, _), result in pages:
                found.setdefault(pin, []).extend(it["id"] for it in result.get("vulns", []))
            # A long answer has several pages, each requested by a token.
            open_ = [
                (pin, {**query, "page_token": result["next_page_token"]})
                for (pin, query), result in pages
                if result.get("next_page_token")
            ]
    return {pin: sorted(ids) for pin, ids in found.items() if ids}


def _post(url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310  # of our own, not of a user
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        answer = json.load(response)
    if not isinstance(answer, dict):
        raise AuditError(f"{url} answered no object")
    return answer


def report(found: Mapping[Pin, list[str]], accepted: Mapping[str, str]) -> list[str]:
    """Return a line for each vulnerability that is not accepted, and for each accepted one that is not found."""
    ids = {vulnerability for known in found.values() for vulnerability in known}
    return [
        *(
            f"{pin}: https://osv.dev/vulnerability/{vulnerability}"
            for pin, known in sorted(found.items())
            for vulnerability in known
            if vulnerability not in accepted
        ),
        *(f"{known} is accepted in tools/osv.py and not found: remove it" for known in sorted(accepted.keys() - ids)),
    ]


def main(url: str = OSV) -> int:
    """Return 0 if nothing is known against what is pinned, 1 if something is, 2 if it cannot be asked."""
    try:
        asked = pins()
        found = vulnerabilities(asked, url)
    except (OSError, AuditError, ValueError) as error:
        print(f"OSV at {url}: {error}", file=sys.stderr)
        return 2
    lines = report({pin: known for pin, known in found.items() if pin.where not in AS_PUBLISHED}, ACCEPTED)
    for where, reason in AS_PUBLISHED.items():
        number = len({known for pin, ids in found.items() if pin.where == where for known in ids})
        print(f"{number} vulnerabilities in {where} are left: {reason}")
    print("\n".join(lines) or f"nothing is known against {len(asked)} pins")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
