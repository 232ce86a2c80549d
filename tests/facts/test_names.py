"""Long names become short ones that stay apart."""

import re

from hypothesis import given
from hypothesis import strategies as st

from facts.names import shortened
from settings import Platform

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,20}(-[a-z0-9]{1,20}){0,5}", fullmatch=True).filter(lambda it: len(it) <= 100)


@given(name=NAMES, length=st.integers(min_value=12, max_value=100))
def test_a_name_is_short_enough_and_of_the_same_form(name: str, length: int) -> None:
    found = shortened(name, length)
    assert len(found) <= length
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", found)
    assert (found == name) == (len(name) <= length)


def test_names_with_the_same_beginning_stay_apart() -> None:
    assert shortened("a-very-long-name-for-a-platform-of-tokyo", 20) == "a-very-long-214df3b6"
    assert shortened("a-very-long-name-for-a-platform-of-osaka", 20) != "a-very-long-214df3b6"


def test_a_platforms_name_of_twenty_characters_begins_the_names_as_it_is() -> None:
    names = {name: Platform(name=name, region="eu-west-1").prefix for name in ("x" * 20, "x" * 21)}
    assert names["x" * 20] == "x" * 20
    assert re.fullmatch(r"x{11}-[0-9a-f]{8}", names["x" * 21])
