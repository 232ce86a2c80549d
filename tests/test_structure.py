"""The rooms of the program: imports lead from a layer to those below it, and never back."""

import re
from pathlib import Path
from typing import Final

import pytest

from facts.capabilities import DESCHEDULER
from rehearsal.program import ROOT
from tools import structure

FOLDERS: Final = ("components", "facts", "harness", "policy", "rehearsal", "review", "settings", "tests", "tools")


def _project(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_no_import_leads_back() -> None:
    assert structure.circles(structure.arrows()) == set()


def test_what_is_pure_stands_on_pins_alone() -> None:
    graph = structure.arrows()
    assert graph.get("facts", set()) <= {"versions"}
    # Settings refuse what a mandatory policy always would: they ask the policies.
    assert graph["settings"] <= {"facts", "policy", "versions"}
    assert graph["policy"] <= {"facts", "versions"}


def test_the_program_does_not_import_what_rehearses_it() -> None:
    inside = {room for room in structure.rooms() if room.startswith(("components", "facts", "settings"))} | {"outputs"}
    assert {target for room in inside for target in structure.arrows().get(room, set())} & {
        "harness",
        "rehearsal",
        "tools",
    } == set()


HARNESS = ("harness", "harness/engine")


def test_lists_of_controllers_are_derived_from_the_registry() -> None:
    """A file that names every controller has to be edited for each new one: CONTRIBUTING.md has the number of files."""
    name = DESCHEDULER.section
    named = {
        path
        for path in (str(file.relative_to(ROOT)) for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
        if name in path or name in (ROOT / path).read_text("utf-8").lower()
    }
    assert named - {str(Path(__file__).relative_to(ROOT))} == {
        "components/services/descheduler.py",
        "components/services/layer.py",
        "facts/capabilities.py",
        "settings/descheduler.py",
        "settings/stack.py",
        "tests/components/services/test_descheduler.py",
        "tests/test_settings_effect.py",
        # Its own rule, and a chart that a folder of copies may lack: another controller need not have them.
        "settings/rules/fargate.py",
        "tests/conformance/helm.py",
    }, "derive the list from facts/capabilities.py, so that a new controller need not be added to it"


def test_the_harness_knows_nothing_of_this_project() -> None:
    """Another Pulumi project can take the folder as it is."""
    graph = structure.arrows()
    assert set(HARNESS) <= structure.rooms().keys()
    assert {target for room in HARNESS for target in graph.get(room, set())} <= set(HARNESS)


def test_the_harness_names_nothing_of_eks() -> None:
    words = re.compile(r"\beks\b|\bkarpenter\b|\btraefik\b|\bfargate\b|\bargo\b", re.IGNORECASE)
    known = structure.modules()
    files = [known[module] for room in HARNESS for module in structure.rooms()[room]]
    assert {file.name: found for file in files if (found := words.findall(file.read_text("utf-8")))} == {}


def test_an_import_that_leads_back_is_found(tmp_path: Path) -> None:
    root = _project(
        tmp_path,
        components__network__vpc="from components.compute import nodes",
        components__compute__nodes="from components.network.vpc import Network",
        components__compute__other="import components.compute.nodes",
        settings__base="from facts import plan",
        facts__plan="",
    )
    assert structure.arrows(root) == {
        "components/network": {"components/compute"},
        "components/compute": {"components/network"},
        "settings": {"facts"},
    }
    assert structure.circles(structure.arrows(root)) == {"components/network", "components/compute"}


def test_the_picture_shows_the_layers_alone(tmp_path: Path) -> None:
    root = _project(
        tmp_path,
        components__network__vpc="import versions",
        components__compute__nodes="from components.network.vpc import Network",
        versions="",
    )
    picture = structure.arrows_picture(root).splitlines()
    assert "    compute --> network" in picture
    assert picture[-1] == "3 folders of modules with 2 imports between them, without an import cycle."


@pytest.mark.parametrize("room", ["components/network", "components/ingress", "facts"])
def test_every_file_has_its_row(room: str) -> None:
    table = structure.rooms_table()
    for module in structure.rooms()[room]:
        assert f"| `{module.replace('.', '/')}.py` |" in table
