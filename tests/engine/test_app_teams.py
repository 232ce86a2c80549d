"""The examples of application teams in YAML and TypeScript on a rehearsed platform.

Real: the engine, the language hosts' runners, the stack reference, the programs. Stand-ins: the cloud, and the schema
of the Kubernetes provider that Pulumi's YAML reads.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from facts.contract import CONTRACT_VERSION
from harness.build import NoToolError, build
from rehearsal.engine.rehearse import Rehearsal
from rehearsal.program import ROOT
from tests.engine.conftest import Platforms
from tests.engine.journal import label
from tools.build import PULUMI_YAML

pytestmark = pytest.mark.engine

YAML: Final = ROOT / "examples" / "app-team-yaml"
TYPESCRIPT: Final = ROOT / "examples" / "app-team-typescript"
ROUTES: Final = {YAML: "Ingress", TYPESCRIPT: "IngressRoute"}
LANGUAGES: Final = [pytest.param(YAML, id="YAML"), pytest.param(TYPESCRIPT, id="TypeScript")]


@pytest.fixture
def _hosts(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Put what runs the language on PATH; the test is skipped where it cannot be had."""
    if request.node.callspec.params["example"] == YAML:
        try:
            monkeypatch.setenv("PATH", str(build(PULUMI_YAML).parent), prepend=":")
        except NoToolError as error:
            pytest.skip(str(error))
    else:
        _needs_node()


def _needs_node() -> None:
    if not shutil.which("node"):
        pytest.skip("node is not on PATH")
    if not (TYPESCRIPT / "node_modules").is_dir():
        pytest.skip(f"no packages: run npm ci --ignore-scripts in {TYPESCRIPT.relative_to(ROOT)}")


def _platform(folder: Path, platforms: Platforms) -> Rehearsal:
    return platforms("dev").copy(folder / "dev")


@pytest.mark.usefixtures("_hosts")
@pytest.mark.parametrize("example", LANGUAGES)
def test_it_comes_up_by_the_platforms_outputs_and_goes(tmp_path: Path, platforms: Platforms, example: Path) -> None:
    platform = _platform(tmp_path, platforms)
    before = platform.cloud()
    app = Rehearsal(platform.folder, "dev", project=example)
    app.up()

    made = {label(it.urn): it for it in app.cloud() if f"::{app.project.name}::" in it.urn}
    assert {name.split()[0] for name in made} == {"Deployment", "PodDisruptionBudget", "Service", ROUTES[example]}
    given = platform.outputs()
    assert {it.cluster for it in made.values()} == {given["clusterName"]}
    assert app.outputs() == {"loadBalancer": given["ingressDnsName"], "url": "http://orders.dev.example.jp"}
    assert app.up("--expect-no-changes", check=False).code == 0

    app.destroy()
    assert app.cloud() == before


@pytest.mark.usefixtures("_hosts")
@pytest.mark.parametrize("example", LANGUAGES)
def test_it_refuses_a_platform_whose_contract_it_does_not_know(
    tmp_path: Path, platforms: Platforms, example: Path
) -> None:
    platform = _platform(tmp_path, platforms)
    exported = json.loads(platform.pulumi("stack", "export").stdout)
    stack = next(r for r in exported["deployment"]["resources"] if r["type"] == "pulumi:pulumi:Stack")
    stack["outputs"]["contractVersion"] = CONTRACT_VERSION + 1
    path = platform.folder / "changed.json"
    path.write_text(json.dumps(exported))
    platform.pulumi("stack", "import", "--file", str(path))
    before = platform.cloud()
    app = Rehearsal(platform.folder, "dev", project=example)

    run = app.up(check=False)

    assert run.code != 0
    said = "index" if example == YAML else f"has contract version {CONTRACT_VERSION + 1}, this stack knows"
    assert said in run.text
    assert platform.cloud() == before


def test_typescript_is_typed() -> None:
    _needs_node()
    compiler = TYPESCRIPT / "node_modules" / ".bin" / "tsc"
    run = subprocess.run([compiler, "--noEmit"], cwd=TYPESCRIPT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")
