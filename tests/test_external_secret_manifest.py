"""The example of a secret of AWS in an application: it fits the stores that the stacks have."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import upstream
from tests.plans import STACKS, plan_of
from tests.settings_files import ROOT

FILE: Path = ROOT / "manifests" / "hello" / "external-secret" / "external-secret.yaml"


def _example() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text("utf-8")))


def test_its_store_is_there_and_takes_its_namespace_alone() -> None:
    example = _example()
    stores = plan_of("dev").find(type="kubernetes:external-secrets.io/v1:ClusterSecretStore")
    reference = example["spec"]["secretStoreRef"]
    assert reference["kind"] == "ClusterSecretStore"
    (store,) = [entry.inputs for entry in stores if entry.inputs["metadata"]["name"] == reference["name"]]
    assert store["spec"]["conditions"] == [{"namespaces": [example["metadata"]["namespace"]]}]
    # The store puts its path before the key: with it in the key there would be two.
    path = store["spec"]["provider"]["aws"]["prefix"]
    assert not any(item["remoteRef"]["key"].startswith(("/", path)) for item in example["spec"]["data"])


def test_the_secret_that_it_tells_to_make_is_the_one_that_it_asks_for() -> None:
    (item,) = _example()["spec"]["data"]
    made = re.search(r"--name (\S+) --secret-string '\{\"(\w+)\"", FILE.read_text("utf-8"))
    assert made
    assert (f"dev/hello/{item['remoteRef']['key']}", item["remoteRef"]["property"]) == made.groups()


def test_it_is_of_the_hello_application() -> None:
    hello = list(yaml.safe_load_all((ROOT / "manifests" / "hello" / "hello.yaml").read_text("utf-8")))
    (namespace,) = [document["metadata"]["name"] for document in hello if document["kind"] == "Namespace"]
    assert _example()["metadata"]["namespace"] == namespace


@pytest.mark.upstream
def test_it_is_what_the_definition_asks_for() -> None:
    file = upstream.facts("crds", "external-secrets", "external-secrets.io_externalsecrets.yaml")
    assert upstream.object_problems(file, _example()) == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_store_of_a_stack_is_for_several_teams(stack: str) -> None:
    """Anyone who may use a store may read every secret below its path, another team's among them."""
    for entry in plan_of(stack).find(type="kubernetes:external-secrets.io/v1:ClusterSecretStore"):
        (condition,) = entry.inputs["spec"]["conditions"]
        assert list(condition) == ["namespaces"], entry.name
        assert len(condition["namespaces"]) == 1, entry.name
