"""Stack files: the real ones load, bad ones are refused with every error in words, and nothing else ever happens."""

import json
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pulumi
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import versions
from rehearsal.record import PROJECT
from settings import Stack, load, stack_settings
from settings.problems import Problem, SettingsError, below, place
from settings.words import shown
from tests.plans import STACKS
from tests.settings_files import (
    TODAY,
    Case,
    bad_files,
    changed,
    good_files,
    parts,
    problems_of,
    put,
    read,
    sections_of,
)

SECRET = "planted-secret"  # noqa: S105  # it stands for one


def refused(sections: dict[str, Any], secret: tuple[str, ...] = ()) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        read(sections, secret)
    return caught.value


def lines(error: SettingsError) -> list[str]:
    return [str(problem).removeprefix(f"{PROJECT}:") for problem in error.problems]


# --- Bad stack files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", bad_files(), ids=lambda case: case["name"])
def test_a_bad_stack_file_is_refused_with_all_its_errors(case: Case) -> None:
    error = refused(changed(case), tuple(case.get("secret", [])))
    assert lines(error) == problems_of(case) != []
    assert SECRET not in str(error)


def test_no_stack_file_stands_in_a_table_twice() -> None:
    names = [case["name"] for case in [*good_files(), *bad_files()]]
    assert len(names) == len(set(names))


def test_the_message_says_how_many_errors_and_each_in_a_line() -> None:
    sections = sections_of("dev") | {"netwrok": {}}
    assert str(refused(sections)) == (
        "the stack's configuration has 1 error; nothing was changed\n"
        "  eks-platform:netwrok: unknown key: did you mean network?"
    )
    del sections["access"]
    assert str(refused(sections)).startswith("the stack's configuration has 2 errors; nothing was changed\n")


HUGE = {
    "an array without end": ("traefik", "[" * 100_000, 'traefik: "[[['),
    "an object that is nested deep": ("traefik", '{"a":' * 5_000 + "1" + "}" * 5_000, "traefik: "),
    "a number of 5,000 digits": ("traefik", "9" * 5_000, 'traefik: "999'),
    "a long text": ("traefik", "x" * 100_000, 'traefik: "xxx'),
    "a long value": ("traefik", json.dumps({"cpu": "1" * 100_000}), 'traefik.cpu: "111'),
    "a long list": ("network", json.dumps({"zones": "a", "cidr": list(range(10_000))}), "network.cidr: [0, 1"),
    "a long key": ("traefik", json.dumps({"x" * 100_000: 1}), 'traefik["xxx'),
    "half a character": ("traefik", '{"cpu": "\\ud800"}', "traefik: "),
    "half a character in a key": ("traefik", '{"\\ud800": 1}', "traefik: "),
}


@pytest.mark.parametrize(("section", "text", "beginning"), HUGE.values(), ids=HUGE)
def test_what_is_huge_or_broken_is_shown_in_a_short_line(section: str, text: str, beginning: str) -> None:
    line = lines(refused(sections_of("dev") | {section: text}))[0]
    assert line.startswith(beginning)
    assert len(line) < 400
    assert line.isprintable()


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("platform.tags", {"k" * 129: "v"}, "128 characters"),
        ("platform.tags", {"k": "v" * 257}, "256 characters"),
        ("platform.tags", {f"k{number}": "v" for number in range(41)}, "40 entries or fewer"),
        ("cluster.publicAccess", {f"a{number}": f"8.8.{number}.0/24" for number in range(41)}, "40 entries or fewer"),
    ],
)
def test_what_is_longer_than_aws_allows_is_refused(path: str, value: Any, expected: str) -> None:
    sections = sections_of("dev")
    put(sections, parts(path), value)
    (line,) = lines(refused(sections))
    assert expected in line


# --- The table knows every setting --------------------------------------------------------------------------------


def _bare(annotation: Any) -> Any:
    """Return a type without `Annotated` and without `None`."""
    wrapped = get_origin(annotation) in (Annotated, Union, UnionType)
    return _bare(next(choice for choice in get_args(annotation) if choice is not NoneType)) if wrapped else annotation


def _fields(annotation: Any) -> dict[str, Any] | None:
    """Return the types of a model's fields by key; None for what is no model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {str(field.alias): field.annotation for field in annotation.model_fields.values()}
    return None


def _settings(annotation: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of all settings below a type; `*` stands for any name or index."""
    bare = _bare(annotation)
    fields = _fields(bare)
    below = get_args(bare)[-1] if get_origin(bare) in (dict, list) else None
    for key, field in (fields or {}).items():
        yield from _settings(field, (*way, key))
    if _fields(_bare(below)):
        yield from _settings(below, (*way, "*"))
    elif not fields:
        yield way


def _hit(path: str) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the settings that a problem's path leads through."""
    annotation: Any = Stack
    way: tuple[str, ...] = ()
    for part in parts(path):
        bare = _bare(annotation)
        fields = _fields(bare)
        if fields:
            annotation, way = fields.get(str(part)), (*way, str(part))
        elif get_origin(bare) in (dict, list):
            annotation, way = get_args(bare)[-1], (*way, "*")
        yield way


@pytest.mark.parametrize("key", ["name", "a.b/c", 3])
def test_a_path_continues_as_the_whole_of_it_is_written(key: str | int) -> None:
    assert below("nodeGroups.operations", key) == place("nodeGroups", "operations", key)


def test_the_table_has_a_bad_value_for_every_setting() -> None:
    hit = {way for case in bad_files() for line in problems_of(case) for way in _hit(line.partition(": ")[0])}
    missing = sorted(".".join(way) for way in set(_settings(Stack)) - hit)
    assert missing == [], "add a case with a refused value of these settings to tests/bad_stack_files.yaml"


# --- Whatever stands in a stack file ------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "\n", "a\u2028b", "\x1b[31m", "\ud800", "10.0.0.0/16", "1.36", "ap-northeast-1a", "[key]", 10**400]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda values: (
        st.lists(values, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(["name", "zones", "key", "[key]"]), values, max_size=4)
    ),
    max_leaves=8,
)


def _places(document: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[list[str | int], Any]]:
    """Yield the path of everything in a document, and its value."""
    if isinstance(document, dict | list):
        for part, child in document.items() if isinstance(document, dict) else enumerate(document):
            yield [*way, part], child
            yield from _places(child, (*way, part))


PLACES = [(stack, way) for stack in STACKS for way, _ in _places(sections_of(stack))]
OBJECTS = [(stack, way) for stack in STACKS for way, child in _places(sections_of(stack)) if isinstance(child, dict)]


def message_of(sections: dict[str, Any], secret: tuple[str, ...] = ()) -> str:
    """Return the message by which sections are refused, which must be one that can be shown; empty: they load."""
    refusal = None
    try:
        read(sections, secret)
    except SettingsError as error:
        refusal = error
    if refusal is None:
        return ""
    assert len(str(refusal).split("\n")) == 1 + len(refusal.problems)
    assert str(refusal).replace("\n", "").isprintable()
    assert all(problem.path and problem.found and problem.expected for problem in refusal.problems)
    return str(refusal)


@settings(deadline=None, max_examples=150)
@given(place=st.sampled_from(PLACES), value=JSON)
@example(place=("prod", ["nodeGroups"]), value={"[key]": None})
@example(place=("prod", ["nodeGroups"]), value={"[key]": "nodeGroups"})
def test_any_value_at_any_place_loads_or_is_refused_in_words(place: tuple[str, list[str | int]], value: Any) -> None:
    stack, way = place
    sections = sections_of(stack)
    put(sections, way, value)
    message_of(sections)


@settings(deadline=None, max_examples=100)
@given(place=st.sampled_from(OBJECTS), key=st.text(max_size=50), value=JSON)
@example(place=("dev", ["platform", "tags"]), key="[key]", value=1)
@example(place=("dev", ["platform", "tags"]), key="\ud800", value="")
def test_any_key_in_any_object_loads_or_is_refused_in_words(
    place: tuple[str, list[str | int]], key: str, value: Any
) -> None:
    stack, way = place
    sections = sections_of(stack)
    put(sections, [*way, key], value)
    message_of(sections)


@settings(deadline=None, max_examples=100)
@given(section=st.sampled_from(list(sections_of("prod"))), text=st.text() | JSON.map(json.dumps))
def test_any_text_for_a_section_loads_or_is_refused_in_words(section: str, text: str) -> None:
    message_of(sections_of("prod") | {section: text})


@settings(deadline=None, max_examples=100)
@given(place=st.sampled_from(PLACES), around=st.sampled_from([SECRET, [SECRET], {"key": SECRET}, {"a": [SECRET, 1]}]))
def test_a_secret_at_any_place_is_in_no_message(place: tuple[str, list[str | int]], around: Any) -> None:
    stack, way = place
    sections = sections_of(stack)
    put(sections, way, around)
    assert SECRET not in message_of(sections, secret=(str(way[0]),))


@settings(deadline=None, max_examples=100)
@given(
    document=st.fixed_dictionaries(
        {},
        # Nothing that a person writes for a registry or a name is hidden, but the password in a URL.
        optional={
            key: st.sampled_from([f"https://ci:{SECRET}@example.jp", 1, None]) for key in ("registry", "username")
        }
        | {key: st.sampled_from([SECRET, [SECRET], {"value": SECRET}, 1, None]) for key in ("password", "pasword")},
    )
    | st.sampled_from([SECRET, [SECRET]]),
    encrypted=st.booleans(),
)
def test_a_password_is_in_no_message_even_when_it_is_in_the_clear(document: Any, *, encrypted: bool) -> None:
    sections = sections_of("dev") | {"charts": document}
    assert SECRET not in message_of(sections, secret=("charts",) if encrypted else ())


# --- What is read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", good_files(), ids=lambda case: case["name"])
def test_a_good_stack_file_loads(case: Case) -> None:
    read(changed(case), case.get("secret", []))


def test_the_good_stack_files_have_every_setting() -> None:
    documents = [*[changed(case) for case in good_files()], *[sections_of(stack) for stack in STACKS]]
    used = {hit for document in documents for way, _ in _places(document) for hit in _hit(place(*way))}
    missing = sorted(".".join(way) for way in set(_settings(Stack)) - used)
    assert missing == [], "add an accepted value of these settings to tests/good_stack_files.yaml"


@pytest.mark.parametrize("stack", STACKS)
def test_the_real_stack_files_load(stack: str) -> None:
    assert read(sections_of(stack)).platform.name == f"platform-{stack}"


def test_sections_that_are_absent_have_their_defaults() -> None:
    sections = sections_of("dev")
    required = {key: sections[key] for key in ("platform", "network", "access", "nodeGroups", "operationsPods")}
    stack = read({**required, "cluster": {"publicAccess": {"office": "203.0.113.0/24"}}})
    assert stack.karpenter is None
    assert stack.cluster.version == versions.DEFAULT_KUBERNETES
    assert stack.traefik.min_replicas == 3


def test_other_namespaces_are_left_alone() -> None:
    config = {f"{PROJECT}:{key}": json.dumps(value) for key, value in sections_of("dev").items()}
    stack = load({**config, "aws:profile": "nobody", "pulumi:tags": "{}"}, ["aws:profile"], TODAY)
    assert stack == load(config, today=TODAY)


def test_a_stack_cannot_be_changed_once_it_is_read() -> None:
    stack = read(sections_of("dev"))
    with pytest.raises(ValueError, match="frozen"):
        stack.platform.name = "other"  # type: ignore[misc]


def test_tags_may_be_in_any_language() -> None:
    sections = sections_of("dev")
    sections["platform"]["tags"] = {"部署": "基盤 チーム", "Größe": "ⅻ + 1/2"}
    assert read(sections).platform.tags["部署"] == "基盤 チーム"


def test_the_password_of_charts_is_shown_nowhere() -> None:
    sections = sections_of("dev")
    sections["charts"] = {"registry": "oci://registry.example.jp", "username": "ci", "password": SECRET}
    charts = read(sections, ["charts"]).charts
    assert SECRET not in repr(charts)
    assert charts.password is not None
    assert charts.password.get_secret_value() == SECRET


def test_fargate_has_no_add_on_that_runs_on_nodes() -> None:
    names = {"coredns", "metrics-server"}
    assert set(read(sections_of("fargate")).addon_versions) == names
    assert set(read(sections_of("prod")).addon_versions) == set(versions.ADDON_NAMES)


def test_add_ons_have_the_pinned_versions_or_those_of_the_stack() -> None:
    sections = sections_of("dev")
    sections["addons"] = {"ebsCsi": False, "versions": {"coredns": "v1.99.0-eksbuild.1"}}
    found = read(sections).addon_versions
    pinned = versions.ADDONS[versions.DEFAULT_KUBERNETES]
    assert found == {**{name: pinned[name] for name in found}, "coredns": "v1.99.0-eksbuild.1"}
    assert "aws-ebs-csi-driver" not in found


def test_the_versions_of_all_that_is_installed_are_told() -> None:
    sections = sections_of("dev")
    sections["karpenter"]["version"] = "1.14.0"
    found = read(sections).installed_versions
    assert found["karpenter"] == "1.14.0"
    assert found["traefik"] == versions.TRAEFIK.version
    assert "karpenter" not in read(sections_of("fargate")).installed_versions


@pytest.mark.parametrize(
    ("group", "release"),
    [
        ({}, versions.BOTTLEROCKET_RELEASE_VERSION),
        ({"image": "al2023"}, versions.AL2023_RELEASE_VERSION[versions.DEFAULT_KUBERNETES]),
        ({"release": "1.65.0-0123abcd"}, "1.65.0-0123abcd"),
    ],
)
def test_a_node_group_has_the_pinned_image_or_that_of_the_stack(group: dict[str, str], release: str) -> None:
    sections = sections_of("dev")
    sections["nodeGroups"]["operations"] |= group
    stack = read(sections)
    assert stack.node_groups["operations"].release_for(stack.cluster.version) == release


@pytest.mark.parametrize(
    ("karpenter", "alias"),
    [
        ({}, versions.BOTTLEROCKET_ALIAS),
        ({"image": "al2023"}, versions.AL2023_ALIAS),
        ({"imageVersion": "v1.65.0"}, "bottlerocket@v1.65.0"),
        ({"image": "al2023", "imageVersion": "v20260101"}, "al2023@v20260101"),
    ],
)
def test_karpenter_has_the_pinned_image_or_that_of_the_stack(karpenter: dict[str, str], alias: str) -> None:
    sections = sections_of("dev")
    sections["karpenter"] |= karpenter
    stack = read(sections)
    assert stack.karpenter is not None
    assert stack.karpenter.image_alias == alias


# --- The words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("network", "zones", 0), "network.zones[0]"),
        (("platform", "tags", "a.b"), 'platform.tags["a.b"]'),
        (("nodeGroups", "a-b"), "nodeGroups.a-b"),
        (("charts", ""), 'charts[""]'),
        ((), ""),
    ],
)
def test_a_path_is_written_as_pulumi_takes_it(path: tuple[str | int, ...], text: str) -> None:
    assert place(*path) == text


@given(st.text() | st.recursive(SCALARS, st.lists, max_leaves=5))
def test_a_value_is_shown_in_one_short_line_that_a_terminal_does_not_act_on(value: Any) -> None:
    assert shown(value).isprintable()
    assert len(shown(value)) <= 80


def test_an_error_on_the_engine_is_one_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "get_config_env", lambda: {"eks-platform:network": "7"})
    with pytest.raises(pulumi.RunError, match=r"eks-platform:network: 7: expected a mapping with keys such as"):
        stack_settings()


def test_a_problem_reads_as_path_found_expected() -> None:
    assert (
        str(Problem("network.nat", '"double"', "expected none")) == 'eks-platform:network.nat: "double": expected none'
    )
