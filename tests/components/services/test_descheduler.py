"""The descheduler: what it evicts, how much at once, and what it leaves alone."""

from typing import Any

import pytest

from components.services.descheduler import BALANCE, DESCHEDULE, descheduler_values
from settings.descheduler import Descheduler
from tests.components.given import on_cluster


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return descheduler_values(Descheduler(interval="30m", maxEvictionsPerNode=2), on_cluster())


def test_it_works_at_the_pace_of_the_settings(values: dict[str, Any]) -> None:
    assert values["deschedulingInterval"] == "30m"
    assert values["deschedulerPolicy"]["maxNoOfPodsToEvictPerNode"] == 2
    assert (values["kind"], values["replicas"]) == ("Deployment", 1)


def test_every_plugin_that_runs_is_configured(values: dict[str, Any]) -> None:
    (profile,) = values["deschedulerPolicy"]["profiles"]
    configured = [plugin["name"] for plugin in profile["pluginConfig"]]
    assert configured == ["DefaultEvictor", *BALANCE, *DESCHEDULE]
    assert profile["plugins"] == {"balance": {"enabled": [*BALANCE]}, "deschedule": {"enabled": [*DESCHEDULE]}}


def test_it_leaves_volumes_and_empty_nodes_to_others(values: dict[str, Any]) -> None:
    # Karpenter and Cluster Autoscaler remove nodes that are little used: pods that it moved there would come back.
    assert not [plugin for plugin in (*BALANCE, *DESCHEDULE) if "Utilization" in plugin]
    evictor = values["deschedulerPolicy"]["profiles"][0]["pluginConfig"][0]["args"]
    assert evictor["podProtections"]["extraEnabled"] == ["PodsWithPVC"]


def test_its_namespace_admits_its_pods(values: dict[str, Any]) -> None:
    # The chart restricts the container, and leaves this to the values.
    assert values["podSecurityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
