"""The same objects by Kubernetes' published schemas: for users who have neither Go nor the tools."""

import copy
from typing import Any

import pytest

import versions
from harness.build import NoToolError
from tests.conformance import bundles, openapi
from tests.plans import OWN_PARAMETERS
from tools.upstream import cache


def _objects(name: str) -> list[bundles.Object]:
    """Return the objects of a bundle, with those that Helm makes where there are Helm and charts."""
    if cache.is_complete():
        try:
            return list(bundles.bundle(name).objects)
        except NoToolError:
            pass
    return bundles.own_objects(name)


def _definitions() -> tuple[bundles.Object, ...]:
    return bundles.upstream_definitions() if cache.folder(cache.FACTS) else ()


@pytest.mark.parametrize("name", [*bundles.NAMES, *OWN_PARAMETERS])
def test_every_object_is_as_its_schema_says(name: str) -> None:
    definitions = _definitions()
    # Without copies of upstream's definitions, custom resources cannot be checked.
    checked = [item for item in _objects(name) if definitions or openapi.is_known(item, bundles.minor_below(name))]
    assert checked
    found = {bundles.label_of(item): openapi.problems(item, bundles.minor_below(name), definitions) for item in checked}
    assert {label: wrong for label, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("minor", versions.ADDONS)
def test_there_are_schemas_of_every_version_that_a_stack_can_have(minor: str) -> None:
    assert {"v1", "apps/v1", "apps/v1/Deployment", "policy/v1/PodDisruptionBudget"} <= set(openapi.served(minor))
    assert "policy/v1beta1" not in openapi.served(minor)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"replica": 2}, "'replica' was unexpected"),
        ({"replicas": "two"}, '"two" is not of types'),
        ({"selector": "hello"}, '"hello" is not of type'),
    ],
)
def test_a_wrong_object_is_seen(change: dict[str, Any], message: str) -> None:
    item = copy.deepcopy(next(item for item in bundles.own_objects("manifests/hello") if item["kind"] == "Deployment"))
    minor = bundles.minor_below("manifests/hello")
    assert openapi.problems(item, minor, ()) == []
    item["spec"] |= change
    assert message in " ".join(openapi.problems(item, minor, ()))


@pytest.mark.upstream
def test_a_wrong_custom_resource_is_seen() -> None:
    item = copy.deepcopy(next(item for item in bundles.own_objects("dev") if item["kind"] == "NodePool"))
    item["spec"]["disruption"]["consolidateAfer"] = "1m"
    assert "consolidateAfer" in " ".join(openapi.problems(item, "1.36", bundles.upstream_definitions()))


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"no schema of Thing in example\.jp/v1"):
        openapi.problems({"apiVersion": "example.jp/v1", "kind": "Thing"}, "1.36", ())
