"""What fits on nodes: the figures of AWS and Kubernetes, and what holds for any pods and nodes."""

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.capacity import Node, Replicas, Room, allocatable, copies, place, reserved_cpu, rolls, schedule

ROOMS = st.builds(Room, st.integers(10, 2000), st.integers(16, 4096))
WORKLOADS = st.lists(
    st.builds(
        Replicas,
        st.uuids().map(str),
        st.integers(1, 5),
        ROOMS,
        zones=st.booleans(),
        hosts=st.booleans(),
        surge=st.integers(0, 2),
        unavailable=st.integers(0, 2),
    ),
    max_size=6,
)
NODES = st.lists(
    st.builds(
        Node, st.sampled_from("abc"), st.builds(Room, st.integers(500, 4000), st.integers(512, 8192), st.just(8))
    ),
    min_size=1,
    max_size=6,
)


def test_a_large_instance_offers_what_its_kubelet_says() -> None:
    # 1930m is what `kubectl describe node` shows of every EKS node with two CPUs.
    assert allocatable(2, 8192) == Room(1930, 6012, 110)
    assert allocatable(4, 16384).cpu == 3920
    assert allocatable(2, 4096).memory < 4096 * 0.6


@given(st.integers(1, 192), st.integers(512, 1_572_864))
def test_a_node_never_offers_more_than_its_instance_has(cpus: int, memory: int) -> None:
    offered = allocatable(cpus, memory)
    assert 0 < offered.cpu < cpus * 1000
    assert 0 <= offered.memory < memory
    assert reserved_cpu(cpus + 1) >= reserved_cpu(cpus)


@given(WORKLOADS, NODES)
def test_a_node_is_never_asked_for_more_than_it_offers(workloads: list[Replicas], nodes: list[Node]) -> None:
    waiting = place(workloads, nodes)
    assert all(node.offers.holds(node.used) for node in nodes)
    placed = sum(len(node.pods) for node in nodes)
    assert placed + len(waiting) == sum(one.count for one in workloads)


@given(WORKLOADS, NODES)
def test_what_must_be_spread_is(workloads: list[Replicas], nodes: list[Node]) -> None:
    place(workloads, nodes)
    for one in workloads:
        zones = dict.fromkeys({node.zone for node in nodes}, 0)
        for node in nodes:
            here = node.pods.count((one.name, 0))
            zones[node.zone] += here
            assert not one.hosts or here <= 1
        assert not one.zones or max(zones.values()) - min(zones.values()) <= 1


@given(WORKLOADS, NODES)
def test_a_pod_waits_only_where_no_node_takes_it(workloads: list[Replicas], nodes: list[Node]) -> None:
    free = [Replicas(one.name, one.count, one.each) for one in workloads]
    for one in free:
        before = copies(nodes)
        assert schedule(one, nodes) == any(node.free.holds(one.each) for node in before)


@given(WORKLOADS, NODES)
def test_what_has_rolled_is_there_again(workloads: list[Replicas], nodes: list[Node]) -> None:
    if place(workloads, nodes):
        return
    for one in workloads:
        tried = copies(nodes)
        if rolls(one, tried):
            found = [revision for node in tried for name, revision in node.pods if name == one.name]
            assert found == [1] * one.count
        assert all(node.offers.holds(node.used) for node in tried)


def test_a_full_node_has_no_room_for_a_surge() -> None:
    """What failed in production: nothing may be missing, and there is room for nothing more."""
    full = [Node("a", Room(1000, 1000, 10))]
    one = Replicas("proxy", 2, Room(500, 100))
    assert place([one], full) == []
    assert not rolls(one, copies(full))
    assert rolls(Replicas("proxy", 2, Room(500, 100), unavailable=1), copies(full))


def test_room_in_another_zone_does_not_help_what_is_spread() -> None:
    nodes = [Node("a", Room(2000, 1000, 10)), Node("b", Room(500, 1000, 10))]
    spread = Replicas("proxy", 2, Room(500, 100), zones=True)
    assert place([spread], nodes) == []
    assert not rolls(spread, copies(nodes))
    assert rolls(Replicas("proxy", 2, Room(500, 100)), copies(nodes))
