"""The table of what changes mean: complete for what replaces, and for updates of what everything runs on."""

import re

import pytest

from rehearsal.cloud import KINDS
from review.changes import Operation
from review.meaning import ROWS, row_for
from tests.schemas.counterparts import input_paths

CENTRAL = (
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:eks/addon:Addon",
    "aws:lb/loadBalancer:LoadBalancer",
)


@pytest.mark.parametrize("type_", [type_ for type_, kind in KINDS.items() if kind.replaces - {"region"}])
def test_what_replaces_a_resource_has_a_row(type_: str) -> None:
    missing = [path for path in KINDS[type_].replaces if not row_for(type_, Operation.REPLACE, frozenset({path}))]
    assert missing == [], "add a row to review/meaning.py"


@pytest.mark.parametrize("type_", CENTRAL)
def test_every_input_that_can_be_updated_has_a_row(type_: str) -> None:
    """An input is named in a row: one that is new in the SDK has none until somebody reads what it does."""
    tops = {re.split(r"[.\[]", path)[0] for path in input_paths(type_)} - KINDS[type_].replaces - {"region"}
    assert {top for top in tops if row_for(type_, Operation.UPDATE, frozenset({top})) is None} == set(), (
        "add to review/meaning.py what an update of these inputs means for what runs"
    )


@pytest.mark.parametrize("type_", CENTRAL)
def test_an_update_of_these_has_no_row_for_any_input(type_: str) -> None:
    assert row_for(type_, Operation.UPDATE, frozenset({"somethingNew"})) is None


def test_every_row_is_used_has_a_page_and_reads_as_part_of_a_sentence() -> None:
    for row in ROWS:
        assert row.page.startswith("https://"), row
        assert row.text[0].islower() or row.text.startswith(("EKS", "Karpenter", "{nodes}")), row
        assert not row.text.endswith("."), row
    known = [*KINDS, *("kubernetes:" + it for it in ("karpenter.sh/v1:NodePool", "karpenter.k8s.aws/v1:EC2NodeClass",
        "eks.amazonaws.com/v1:NodeClass"))]  # fmt: skip
    assert [row.types for row in ROWS if not any(re.fullmatch(row.types, type_) for type_ in known)] == []


def test_the_first_row_that_fits_counts_and_none_is_hidden() -> None:
    for number, row in enumerate(ROWS):
        before = [it for it in ROWS[:number] if it.types == row.types and it.operation is row.operation]
        assert not [it for it in before if not it.inputs or it.inputs >= row.inputs > frozenset()], row
