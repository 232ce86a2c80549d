"""Durations as Kubernetes writes them."""

from hypothesis import given
from hypothesis import strategies as st

from facts.durations import seconds


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_the_seconds_of_a_duration(hours: int, minutes: int, rest: int) -> None:
    assert seconds(f"{hours}h{minutes}m{rest}s") == hours * 3600 + minutes * 60 + rest


def test_a_duration_may_lack_units() -> None:
    assert (seconds("1h30m"), seconds("45s"), seconds("2h")) == (5400, 45, 7200)
