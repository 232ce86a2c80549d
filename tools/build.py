"""Programs in Go that rehearsals and tests use: each pinned by a Go module, built once into a cache outside the tree.

`python -m tools.build` builds those that conformance tests need and prints their paths.
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


def kube_apiserver(minor: str) -> Tool:
    """Return the Kubernetes API server of a minor such as "1.36"; a folder of tools/kube-apiserver pins its patch."""
    component = "k8s.io/component-base/version."
    return Tool(
        "kube-apiserver",
        FOLDER / "kube-apiserver" / minor,
        package="k8s.io/kubernetes/cmd/kube-apiserver",
        source="k8s.io/kubernetes",
        # What a server without them says it is: v0.0.0-master.
        linked=(
            f"{component}gitVersion={{version}}",
            f"{component}gitMajor={{major}}",
            f"{component}gitMinor={{minor}}",
        ),
        cache=CACHE,
        about="six minutes",
    )


KUBERNETES: Final = tuple(sorted(folder.parent.name for folder in (FOLDER / "kube-apiserver").glob("*/go.mod")))
"""The Kubernetes minors that there is a pinned API server of: those of the stacks."""

CONFORMANCE: Final = (HELM, ETCD, *map(kube_apiserver, KUBERNETES))
"""What conformance tests need; the slowest last."""


def main(tools: Sequence[Tool] = CONFORMANCE) -> int:
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
