"""Reading values that may not be there or not be known; IAM's patterns; ranges of addresses."""

import re
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model import UNKNOWN, Resource, at, below, is_unknown, items, structure
from policy.patterns import every_resource, like
from policy.rules.addresses import open_to_the_world
from policy.rules.iam import any_namespace
from policy.rules.supply import floats


def test_a_resource_knows_what_it_is_in() -> None:
    urn = (
        "urn:pulumi:prod::eks-platform::eks-platform:index:Cluster$eks:index:Cluster$pulumi:providers:kubernetes::a::b"
    )
    resource = Resource(urn=urn, type="pulumi:providers:kubernetes", name="a::b")
    assert resource.kind == "kubernetes"
    assert resource.parents == ("eks-platform:index:Cluster", "eks:index:Cluster")
    assert Resource(urn="urn:pulumi:dev::p::aws:ec2/vpc:Vpc::v", type="", name="").parents == ()
    assert Resource(urn="", type="", name="").parents == ()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("a", "b", 0, "c"), 1),
        (("a", "b", -1), UNKNOWN),
        (("a", "b", 1, "c", "d"), UNKNOWN),
        (("a", "b", 2), None),
        (("a", "x", "y"), None),
        (("a", 0), None),
        (("a", "b", "c"), None),
        ((), {"a": {"b": [{"c": 1}, UNKNOWN]}}),
    ],
)
def test_a_path_leads_to_a_value_to_nothing_or_to_what_nobody_knows(path: tuple[Any, ...], expected: Any) -> None:
    assert at({"a": {"b": [{"c": 1}, UNKNOWN]}}, *path) == expected


def test_lists_may_be_single_values_and_what_is_not_known_is_left_out() -> None:
    assert (items(None), items(UNKNOWN), items("a"), items(["a", UNKNOWN, None])) == ([], [], ["a"], ["a", None])
    assert is_unknown({"a": [{"b": UNKNOWN}]})
    assert not is_unknown({"a": ["b"]})


def test_structure_is_json_where_it_is_text() -> None:
    assert (structure('{"a": 1}'), structure("{"), structure(UNKNOWN)) == ({"a": 1}, None, UNKNOWN)
    assert structure({"a": 1}) == {"a": 1}


def test_below_has_every_value_with_its_path() -> None:
    assert list(below({"a": [{"b": 1}]})) == [(("a",), [{"b": 1}]), (("a", "0"), {"b": 1}), (("a", "0", "b"), 1)]
    assert list(below("text")) == []


# --- Patterns -----------------------------------------------------------------------------------------------------

_TEXT = st.text("ab*?[.\n", max_size=8)


@given(_TEXT, _TEXT)
def test_iam_patterns_match_what_the_regular_expression_does(pattern: str, value: str) -> None:
    parts = {"*": ".*", "?": "."}
    expression = "".join(parts.get(character) or re.escape(character) for character in pattern)
    assert like(pattern, value) is bool(re.fullmatch(expression, value, re.DOTALL))


@given(st.lists(st.text("abc", max_size=3), max_size=4))
def test_a_star_stands_for_any_text(parts: list[str]) -> None:
    assert like("*".join(parts), "xyz".join(parts)) or not parts


def test_a_long_pattern_takes_no_time() -> None:
    assert not like("a*" * 200 + "b", "a" * 2000)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", True),
        ("**", True),
        ("?*", True),
        ("arn:aws:*", True),
        ("arn:aws:ec2:*:*:*", True),
        ("arn:aws:ec2:*:*:instance/*", True),
        ("arn:aws:*:*:*:instance/i-1", True),
        ("arn:aws:ec2:a:1:*/*", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:logs:a:1:log-group:*", True),
        ("arn:aws:route53:::hostedzone/*", True),
        ("arn:aws:iam::1:instance-profile/*", True),
        ("arn:aws:iam::1:role/*", True),
        ("arn:aws:iam::1:role*", True),
        ("arn:aws:ec2:*:*:instance/i-1", False),
        ("arn:aws:s3:::bucket/*", False),
        ("arn:aws:logs:a:1:log-group:/aws/vpc/a:*", False),
        ("arn:aws:ssm:a::parameter/aws/service/*", False),
        ("arn:aws:iam::1:role/platform-*", False),
        ("arn:aws:sqs:a:1:platform-*", False),
        ("arn:aws:sqs:a:1:queue", False),
        ("", False),
    ],
)
def test_what_is_every_resource(pattern: str, expected: bool) -> None:
    assert every_resource(pattern) is expected


@given(st.text("abc/:-", min_size=1, max_size=12))
def test_a_name_without_a_wildcard_is_one_resource(name: str) -> None:
    assert not every_resource(f"arn:aws:sqs:a:1:{name}")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("*", True),
        ("system:serviceaccount:*", True),
        ("system:serviceaccount:*:karpenter", True),
        ("system:serviceaccount:??:karpenter", True),
        ("system:*:kube-system:karpenter", True),
        ("system:serviceaccount:kube-system:*", False),
        ("system:serviceaccount:app-*:web", False),
        ("system:serviceaccount:kube-system:karpenter", False),
        ("repo:company/platform:*", False),
    ],
)
def test_which_subjects_are_of_any_namespace(subject: str, expected: bool) -> None:
    assert any_namespace(subject) is expected


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_the_world_is_what_is_wider_than_any_network(address: Any, length: int) -> None:
    assert open_to_the_world(str(ip_network((address, length), strict=False))) is (length < 8)


@pytest.mark.parametrize(
    ("block", "expected"),
    [("::/0", True), ("2000::/3", True), ("2001:db8::/32", False), ("x", False), (None, False), (7, False)],
)
def test_other_ranges(block: Any, expected: bool) -> None:
    assert open_to_the_world(block) is expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", True),
        ("localhost:5000/nginx", True),
        ("nginx:latest", True),
        ("nginx:1.29", False),
        ("localhost:5000/nginx:1.29", False),
        ("nginx@sha256:0", False),
        ("nginx:latest@sha256:0", False),
    ],
)
def test_which_images_float(image: str, expected: bool) -> None:
    assert floats(image) is expected
