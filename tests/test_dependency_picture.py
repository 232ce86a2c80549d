"""The picture of the dependency graph: what is drawn, and what is left out."""

from tools import graph


def test_a_longer_way_makes_an_edge_needless() -> None:
    drawn = graph.without_detours({"c": {"a", "b"}, "b": {"a"}, "d": {"a"}})
    assert drawn == {"c": {"b"}, "b": {"a"}, "d": {"a"}}


def test_components_wait_for_what_their_resources_depend_on() -> None:
    drawn = graph.picture().splitlines()
    assert "    Cluster --> Network" in drawn
    assert "    NodePools --> Karpenter" in drawn
    assert "    NodePools --> Cluster" not in drawn
