"""The recipes: every stack file in `examples/recipes` previews, keeps to policies and schema, and is documented."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pulumi
import pytest
import yaml

from harness.plan import Plan
from policy.rule import Level
from rehearsal import pods, policies
from rehearsal.program import run_program, stacks
from rehearsal.record import PROJECT
from tests.plans import project_with
from tests.settings_files import ROOT
from tools.generate import stack_file_schema

FOLDER = ROOT / "examples" / "recipes"
RECIPES = stacks(FOLDER)
every_recipe = pytest.mark.parametrize("recipe", RECIPES)

RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"


@cache
def _plan(recipe: str, *, unknown: bool = False) -> Plan:
    return run_program(recipe, root=FOLDER, unknown=unknown)


def _text(recipe: str) -> str:
    return (FOLDER / f"Pulumi.{recipe}.yaml").read_text(encoding="utf-8")


@every_recipe
@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_a_recipe_previews(recipe: str, *, unknown: bool) -> None:
    plan = _plan(recipe, unknown=unknown)
    assert [message.text for message in plan.messages if message.severity != "info"] == []
    assert pods.pods_without_compute(plan) == []


@every_recipe
def test_a_recipe_keeps_to_the_policies(recipe: str) -> None:
    found = policies.violations_of(_plan(recipe), ROOT)
    assert found is not None
    assert [violation for violation in found if violation.level is Level.MANDATORY] == []


@every_recipe
def test_a_recipe_is_valid_and_points_at_the_schema(recipe: str) -> None:
    document: Any = yaml.safe_load(_text(recipe))
    errors = jsonschema_rs.validator_for(stack_file_schema(PROJECT)).iter_errors(document)
    assert [error.message for error in errors] == []
    assert _text(recipe).startswith("# yaml-language-server: $schema=../../settings.schema.json\n# ")
    assert "# The recipe:" in _text(recipe)


def test_the_page_lists_every_recipe() -> None:
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert RECIPES
    assert sorted(
        re.findall(r"^\| \[\S+\]\(\.\./examples/recipes/Pulumi\.(\S+)\.yaml\)", page, re.MULTILINE)
    ) == sorted(RECIPES)


# --- What some of them promise ------------------------------------------------------------------------------------


def test_charts_are_installed_in_order_and_share_a_namespace() -> None:
    plan = _plan("istio")
    first, plugin, last = (plan.one(type=RELEASE, name=f"acme-dev-chart-{it}-release") for it in _ISTIO)
    assert plan.waits_for(plugin, first)
    assert plan.waits_for(last, first)
    assert plan.waits_for(last, plugin)
    made = [it for it in plan.find(type=NAMESPACE) if it.inputs["metadata"]["name"] == "istio-system"]
    assert [it.name for it in made] == ["acme-dev-chart-istio-base-namespace"]
    assert plan.waits_for(last, made[0])


_ISTIO = ("istio-base", "istio-cni", "istiod")


def test_charts_without_an_order_wait_for_none_of_the_others() -> None:
    plan = run_program("istio", root=FOLDER, config={"extraCharts": {"istio-cni": {"after": []}}})
    first, plugin, last = (plan.one(type=RELEASE, name=f"acme-dev-chart-{it}-release") for it in _ISTIO)
    assert not plan.waits_for(plugin, first)
    assert plan.waits_for(last, plugin)


def test_an_attachment_finds_its_subnets_and_route_tables() -> None:
    exports = _plan("transit-gateway").exports
    zones = ("eu-central-1a", "eu-central-1b")
    assert exports["privateSubnets"].keys() == {*zones}
    assert exports["routeTables"].keys() == {"public", "nat", *(f"private-{zone}" for zone in zones)}
    assert len(exports["natAddresses"]) == len(zones)


def test_gpus_are_refused_beside_other_accelerators(tmp_path: Path) -> None:
    text = _text("gpu").replace("[g6.xlarge, g5.xlarge]", "[g6.xlarge, inf2.xlarge]")
    with pytest.raises(pulumi.RunError, match=r"nodeGroups\.gpu\.instanceTypes"):
        run_program("gpu", root=project_with(tmp_path, "gpu", text))
