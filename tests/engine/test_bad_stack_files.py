"""Bad stack files and the real CLI: it fails with the message, and neither state nor cloud holds anything."""

import re
from pathlib import Path

import pytest
import yaml

from rehearsal.engine import cli
from rehearsal.engine.rehearse import Rehearsal
from rehearsal.record import PROJECT
from tests.plans import EXAMPLES
from tests.settings_files import bad_files, problems_of
from tests.test_bad_stack_files import CATEGORIES, stack_file

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, pulumi: cli.Cli) -> Rehearsal:
    """A stack that was never brought up."""
    return Rehearsal(tmp_path_factory.mktemp("bad"), "dev", project=EXAMPLES)


@pytest.mark.parametrize("name", [CATEGORIES[key][-1] for key in ("wrong type", "injection", "overlap", "Unicode")])
def test_up_is_refused(name: str, empty: Rehearsal) -> None:
    case = next(case for case in bad_files() if case["name"] == name)
    path = Path(empty.project.folder, "Pulumi.dev.yaml")
    own = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**own, "config": yaml.safe_load(stack_file(case))["config"]}))

    run = empty.up(check=False)
    assert run.code == 1
    assert "Traceback" not in run.text
    # The CLI shows an error as it comes, and again at the end; that the program exited is an error of its own to it.
    _, _, diagnostics = run.stdout.partition("Diagnostics:")
    assert diagnostics.count("the stack's configuration has ") == 1
    assert re.findall("error: (.{16})", diagnostics) == ["the stack's conf", "an unhandled err"]
    for line in problems_of(case):
        assert f"{PROJECT}:{line.split(': ')[0]}: " in diagnostics
    assert empty.left() == []
    assert [entry["type"] for entry in empty.resources()] in ([], ["pulumi:pulumi:Stack"])
