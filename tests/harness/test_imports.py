"""A program gets the same names of the SDKs when their modules are imported at their first use."""

import ast
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from pulumi.runtime import rpc

from rehearsal.program import ROOT
from tests.plans import STACKS, plan_of

NAMES: Final = """
import importlib, json, sys

package = importlib.import_module(sys.argv[1])
hasattr(package, "x")  # the SDKs hold a package back until it is used
places = {name: [getattr(value, it, "") for it in ("__module__", "__name__")] for name, value in vars(package).items()}
print(json.dumps(places))
"""
"""Prints what a package has that is imported as a whole."""

ON_USE: Final = """
import importlib, json, sys
from harness.imports import import_on_use

import_on_use()
package = importlib.import_module(sys.argv[1])
values = {name: getattr(package, name, None) for name in json.loads(sys.stdin.read())}
places = {name: [getattr(value, it, "") for it in ("__module__", "__name__")] for name, value in values.items()}
print(json.dumps(places))
assert type(package).__name__ == "SdkPackage"
"""
"""Prints the same for some names of a package whose modules are imported when they are used."""

PREVIEW: Final = """
import json, sys
from harness.imports import import_on_use

import_on_use()
from rehearsal.program import run_program

run_program("dev")
print(json.dumps({name: type(module).__name__ for name, module in sys.modules.items() if name.startswith("pulumi_")}))
"""


def _run(code: str, *arguments: str, text: str = "") -> Any:
    command = [sys.executable, "-c", code, *arguments]
    return json.loads(subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=True).stdout)


def _packages() -> list[str]:
    """Return the SDKs' packages with the types of all stacks."""
    types = {entry.type for stack in STACKS for entry in plan_of(stack) if entry.custom}
    modules = {(package, module) for package, module, _ in (type_.split(":") for type_ in types)}
    found = {
        known.mod_info["fqn"]  # type: ignore[attr-defined]  # of the SDKs' own subclass
        for package, module in modules
        for known in rpc._RESOURCE_MODULES.get(f"{package}:{module}", [])
    }
    return sorted(name for name in found if "." in name)


@pytest.mark.parametrize("package", ["pulumi_aws.sqs", "pulumi_aws.acm", "pulumi_kubernetes.core.v1"])
def test_a_name_is_the_same(package: str) -> None:
    whole = _run(NAMES, package)
    public = {name: value for name, value in whole.items() if not name.startswith("_") and name != "typing"}

    assert len(public) > 10
    assert _run(ON_USE, package, text=json.dumps(sorted(public))) == public


def test_a_name_that_no_module_has_is_looked_for_in_the_whole_package() -> None:
    code = ON_USE.replace('"SdkPackage"', '"module"')
    assert _run(code, "pulumi_aws.sqs", text='["Queu"]') == {"Queu": ["", ""]}


def test_packages_do_nothing_but_import() -> None:
    for package in _packages():
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        statements = ast.parse(Path(spec.origin).read_text()).body
        # The branch is for subpackages: imported for the type checker, else held back until they are used.
        others = [it for it in statements if not isinstance(it, ast.Import | ast.ImportFrom | ast.If)]
        assert [ast.unparse(it) for it in others] == [], package


def test_a_preview_imports_no_package_of_an_sdk_as_a_whole() -> None:
    loaded = _run(PREVIEW)
    folders = {name.rpartition(".")[0] for name in loaded} - {"", "pulumi_aws", "pulumi_kubernetes", "pulumi_eks"}
    assert {loaded[name] for name in folders if name in loaded} == {"SdkPackage", "_LazyModule"}
    assert "pulumi_aws.ec2.vpc" in loaded
    assert "pulumi_aws.ec2.ami" not in loaded
