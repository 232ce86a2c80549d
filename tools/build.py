"""Programs in Go that rehearsals and tests use: each pinned by a Go module, built once into a cache outside the tree.

`python -m tools.build` builds those that conformance tests and simulations need and prints their paths.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.build import NoToolError, Tool, build

FOLDER: Final = Path(__file__).resolve().parent

CACHE: Final = "eks-platform"
"""The folder in the user's cache."""

PULUMI: Final = Tool(
    "pulumi",
    FOLDER / "pulumi",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    source="github.com/pulumi/pulumi/pkg/v3",
    linked=("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",),
    tags=("osusergo", "grpcnotrace"),
    cache=CACHE,
    about="five minutes",
)

PULUMI_YAML: Final = Tool(
    "pulumi-language-yaml",
    FOLDER / "pulumi-yaml",
    package="github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    source="github.com/pulumi/pulumi-yaml",
    linked=("github.com/pulumi/pulumi-yaml/pkg/version.Version={version}",),
    cache=CACHE,
)

# The line inside the Pulumi Kubernetes provider, whose Helm installs the releases of a stack.
HELM: Final = Tool(
    "helm",
    FOLDER / "helm",
    package="helm.sh/helm/v3/cmd/helm",
    source="helm.sh/helm/v3",
    linked=("helm.sh/helm/v3/internal/version.version={version}",),
    cache=CACHE,
    about="two minutes",
)

ETCD: Final = Tool(
    "etcd",
    FOLDER / "etcd",
    package="go.etcd.io/etcd/server/v3",
    source="go.etcd.io/etcd/server/v3",
    cache=CACHE,
    about="one minute",
)

# https://github.com/rhysd/actionlint/blob/v1.7.12/docs/install.md#go-install
ACTIONLINT: Final = Tool(
    "actionlint",
    FOLDER / "actionlint",
    package="github.com/rhysd/actionlint/cmd/actionlint",
    source="github.com/rhysd/actionlint",
    linked=("github.com/rhysd/actionlint.version={version}",),
    cache=CACHE,
)


# Its schemas, which only `pulumi package` and programs in YAML read, are in no module: they are generated.
PULUMI_KUBERNETES: Final = Tool(
    "pulumi-resource-kubernetes",
    FOLDER / "pulumi-kubernetes",
    package=".",
    source="github.com/pulumi/pulumi-kubernetes/provider/v4",
    linked=("main.version={version}",),
    cache=CACHE,
    about="ten minutes",
)

# https://kwok.sigs.k8s.io/
KWOK: Final = Tool(
    "kwok",
    FOLDER / "kwok",
    package="sigs.k8s.io/kwok/cmd/kwok",
    source="sigs.k8s.io/kwok",
    cache=CACHE,
    about="one minute",
)


def kube_apiserver(minor: str) -> Tool:
    """Return the Kubernetes API server of a minor such as "1.36"; a folder of tools/kube-apiserver pins its patch."""
    return _kubernetes("kube-apiserver", minor, "six minutes")


def kube_controller_manager(minor: str) -> Tool:
    """Return the controllers that belong to the API server of a minor."""
    return _kubernetes("kube-controller-manager", minor, "two minutes after the API server")


def kube_scheduler(minor: str) -> Tool:
    """Return the scheduler that belongs to the API server of a minor."""
    return _kubernetes("kube-scheduler", minor, "one minute after the API server")


def _kubernetes(name: str, minor: str, about: str) -> Tool:
    component = "k8s.io/component-base/version."
    return Tool(
        name,
        FOLDER / "kube-apiserver" / minor,
        package=f"k8s.io/kubernetes/cmd/{name}",
        source="k8s.io/kubernetes",
        # What a server without them says it is: v0.0.0-master.
        linked=(
            f"{component}gitVersion={{version}}",
            f"{component}gitMajor={{major}}",
            f"{component}gitMinor={{minor}}",
        ),
        cache=CACHE,
        about=about,
    )


KUBERNETES: Final = tuple(sorted(folder.parent.name for folder in (FOLDER / "kube-apiserver").glob("*/go.mod")))
"""The Kubernetes minors that there is a pinned API server of: those of the stacks."""

CONFORMANCE: Final = (HELM, ETCD, *map(kube_apiserver, KUBERNETES))
"""What conformance tests need; the slowest last."""

SIMULATION: Final = (
    *(ETCD, *map(kube_apiserver, KUBERNETES), *map(kube_controller_manager, KUBERNETES)),
    *(*map(kube_scheduler, KUBERNETES), KWOK),
)
"""What `make simulate` needs besides Helm."""

ALL: Final = tuple(dict.fromkeys((*CONFORMANCE, *SIMULATION)))


def main(tools: Sequence[Tool] = ALL) -> int:
    """Build the tools and print their paths; return 1 where one cannot be had."""
    try:
        for number, tool in enumerate(tools, 1):
            print(build(tool, f"{number} of {len(tools)}: "))
    except (NoToolError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
