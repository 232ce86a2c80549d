"""The questions a plan answers, on a graph drawn by hand."""

import pytest

from harness.plan import Options, Plan, Registration, names


def entry(
    name: str,
    *needs: str,
    parent: str | None = None,
    custom: bool = True,
    options: Options | None = None,
    by: str | None = None,
) -> Registration:
    return Registration(
        urn=f"urn::{name}",
        type="t:i:Custom" if custom else "t:i:Component",
        name=name,
        parent=f"urn::{parent}" if parent else None,
        custom=custom,
        options=options or Options(),
        dependencies=frozenset(f"urn::{need}" for need in needs),
        property_dependencies={"input": frozenset({f"urn::{by}"})} if by else {},
    )


PLAN = Plan(
    project="p",
    stack="s",
    unknown=False,
    registrations=(
        entry("stack", custom=False),
        entry("provider", parent="stack"),
        entry("remote", parent="stack", custom=False),
        entry("inside", parent="remote", by="key"),
        entry("deep", parent="inside"),
        entry("key", parent="stack", options=Options(provider="urn::provider")),
        entry("user", "remote", parent="stack"),
        entry("late", parent="remote"),
        entry("gone", parent="stack", options=Options(deleted_with="urn::key", replace_with=("urn::deep",))),
        entry("last", "user", parent="stack"),
    ),
)


def waits(name: str) -> set[str]:
    return names(PLAN, PLAN.closure(PLAN.one(name=name)))


def test_a_dependency_on_a_component_is_one_on_all_below_it_so_far() -> None:
    direct = names(PLAN, PLAN.direct_dependencies(PLAN.one(name="user")))
    assert direct == {"stack", "remote", "inside", "deep"}


def test_the_closure_follows_inputs_providers_and_parents() -> None:
    assert waits("user") == {"stack", "remote", "inside", "deep", "key", "provider"}
    assert waits("last") == {*waits("user"), "user"}
    assert waits("deep") == {"stack", "remote", "inside", "key", "provider"}
    assert waits("stack") == set()


def test_the_closure_follows_deletion_and_replacement() -> None:
    assert waits("gone") == {"stack", "key", "provider", "deep", "inside", "remote"}


def test_who_waits_for_whom() -> None:
    user, deep, late = (PLAN.one(name=name) for name in ("user", "deep", "late"))
    assert PLAN.waits_for(user, deep)
    assert not PLAN.waits_for(deep, user)
    assert not PLAN.waits_for(user, late)


def test_what_is_below() -> None:
    remote = PLAN.one(name="remote")
    assert [child.name for child in PLAN.children(remote)] == ["inside", "late"]
    assert [child.name for child in PLAN.descendants(remote)] == ["inside", "deep", "late"]


def test_looking_for_one_says_what_there_is() -> None:
    assert PLAN.one(type="t:i:Custom", name="key").name == "key"
    assert len(PLAN.find(type="t:i:Component")) == 2
    with pytest.raises(LookupError, match="8 registrations of type t:i:Custom"):
        PLAN.one(type="t:i:Custom")
    with pytest.raises(LookupError, match=r"0 registrations of type None, name nobody(.|\n)*t:i:Custom key"):
        PLAN.one(name="nobody")


def test_counts() -> None:
    assert PLAN.counts == {"t:i:Custom": 8, "t:i:Component": 2}


def test_what_no_input_brings_comes_from_the_options() -> None:
    both = entry("x", "a", "b", by="a")
    assert both.depends_on == {"urn::b"}


def test_only_options_that_are_set_are_shown() -> None:
    assert Options().to_json() == {}
    options = Options(protect=False, plugin_download_url="https://example.com", ignore_changes=("a",))
    assert options.to_json() == {
        "protect": False,
        "pluginDownloadURL": "https://example.com",
        "ignoreChanges": ["a"],
    }
