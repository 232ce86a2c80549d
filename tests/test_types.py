"""A wrong value on its way from the settings to a resource is an error of mypy, as `make types` runs it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from rehearsal.program import ROOT

CALLS: Final = """\
from collections.abc import Sequence

from components.common.on_cluster import OnCluster
from components.common.where import Where
from components.compute.node_group import NodeEnvironment, NodeGroup
from components.control_plane.cluster import Cluster, ControlPlaneNetwork
from components.observability.container_insights import ContainerInsights
from components.services.external_dns import ExternalDns
from settings import Addons
from settings import Cluster as ClusterSettings
from settings.dns import ExternalDns as ExternalDnsSettings
from settings import NodeGroup as NodeGroupSettings


def right(
    cluster: OnCluster,
    where: Where,
    network: ControlPlaneNetwork,
    environment: NodeEnvironment,
    dns: ExternalDnsSettings,
    group: NodeGroupSettings,
    hosts: Sequence[str],
) -> None:
    ExternalDns("dns", dns, cluster, platform_hosts=hosts, platform_names=hosts)
    NodeGroup("group", group, where, environment=environment)
    ContainerInsights("insights", Addons(), cluster, version="v6.5.0-eksbuild.1")
    Cluster("cluster", ClusterSettings(), where, network=network, logs_key=None, protect=False)
"""

WRONG: Final = {
    'platform_hosts={"argocd": "argocd.example.jp"}': ("platform_hosts=hosts", "arg-type"),
    'environment=environment, relese="1.66.0-1ad6b4a4"': ("environment=environment", "call-arg"),
    "version=136": ('version="v6.5.0-eksbuild.1"', "arg-type"),
    'protect="no"': ("protect=False", "arg-type"),
}
"""What a call says, what it should say, and the code of mypy's error: a mapping for a list, a misspelt name, a number
for text, text for a truth value."""


def test_wrong_calls_of_components_are_errors(tmp_path: Path) -> None:
    """One run for all: each wrong line is reported with its code, and no right one is."""
    lines = CALLS.splitlines()
    expected: dict[int, str] = {}
    for wrong, (right, code) in WRONG.items():
        (number,) = [number for number, line in enumerate(lines) if right in line and "def" not in line]
        lines.append(lines[number].replace(right, wrong))
        expected[len(lines)] = code
    file = tmp_path / "calls.py"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(file)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(r"^.*calls\.py:(\d+): error: .*\[([a-z-]+)\]$", run.stdout, re.MULTILINE)
    assert {int(line): code for line, code in found} == expected, run.stdout + run.stderr
    assert f"Found {len(WRONG)} errors in 1 file" in run.stdout
