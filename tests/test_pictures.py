"""The pictures: what they show, that a person can read them, and that a browser and a screen reader can."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import svg
from harness.engine.schedule import Task, schedule
from harness.engine.timeline import ASSUMED, clock, gantt
from tests.plans import EXAMPLES, any_stack, plan_of
from tests.settings_files import ROOT
from tools import exposure, picture, timeline

PREFIX = "{http://www.w3.org/2000/svg}"
ROUNDING = 0.2
"""Pixels by which places are rounded."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


def _read(text: str) -> Element:
    return ElementTree.fromstring(text)  # noqa: S314  # our own


def _box(element: Element) -> Box:
    x, y, width, height = (float(element.get(key, "0")) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def _extent(element: Element) -> Box:
    """Return where a text is: from its font's top to its bottom."""
    x, y, size = (float(element.get(key, "0")) for key in ("x", "y", "font-size"))
    width = svg.width_of(element.text or "", size, bold=element.get("font-weight") == "bold")
    left = x - {None: 0.0, "middle": width / 2, "end": width}[element.get("text-anchor")]
    return left, y - 0.76 * size, left + width, y + 0.24 * size


def _inside(inner: Box, outer: Box) -> bool:
    return (
        inner[0] >= outer[0] - ROUNDING
        and inner[1] >= outer[1] - ROUNDING
        and inner[2] <= outer[2] + ROUNDING
        and inner[3] <= outer[3] + ROUNDING
    )


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _texts(root: Element) -> list[Element]:
    return list(root.iter(f"{PREFIX}text"))


def _cards(root: Element) -> Iterator[tuple[Box, list[Element]]]:
    """Yield each box and the texts in it."""
    for group in root.iter(f"{PREFIX}g"):
        shape = group.find(f"{PREFIX}rect")
        assert shape is not None
        yield _box(shape), group.findall(f"{PREFIX}text")


def _unfit(root: Element) -> list[str | None]:
    """Return the texts that are not wholly in their box, or not in the picture."""
    page = (0.0, 0.0, float(root.get("width", "0")), float(root.get("height", "0")))
    boxed = [text.text for box, texts in _cards(root) for text in texts if not _inside(_extent(text), box)]
    return [*boxed, *(text.text for text in _texts(root) if not _inside(_extent(text), page))]


def _on_each_other(root: Element) -> list[tuple[str | None, str | None]]:
    texts = _texts(root)
    return [(a.text, b.text) for a, b in combinations(texts, 2) if _overlap(_extent(a), _extent(b))]


def _drawn(root: Element, kind: str) -> list[str]:
    """Return the first lines of the boxes of a class."""
    groups = [group for group in root.iter(f"{PREFIX}g") if group.find(f"{PREFIX}rect[@class='{kind}']") is not None]
    return [group.findtext(f"{PREFIX}text", "") for group in groups]


# --- The architecture ---------------------------------------------------------------------------------------------


@any_stack
def test_no_text_of_the_architecture_is_cut_off_or_on_another(stack: str) -> None:
    root = _read(picture.draw(plan_of(stack)))
    assert _unfit(root) == []
    assert _on_each_other(root) == []


@any_stack
def test_the_architecture_shows_every_resource_of_the_plan(stack: str) -> None:
    plan = plan_of(stack)
    root = _read(picture.draw(plan))
    # A long name is broken after a hyphen.
    shown = [" ".join(text.text or "" for text in texts).replace("- ", "-") for _, texts in _cards(root)]
    components = [entry for entry in plan if entry.parent and plan.by_urn[entry.parent].type == "pulumi:pulumi:Stack"]
    inside = 0
    for entry in components:
        head = f"{entry.type.rpartition(':')[2]} {entry.name}"
        if not entry.custom:
            (card,) = [text for text in shown if text.startswith(f"{head} ") or text == head]
            numbers = [int(number) for number in re.findall(rf"(\d+){svg.NO_BREAK}", card.removeprefix(head))]
            assert sum(numbers) == len(list(plan.descendants(entry))), head
            inside += sum(numbers)
        else:
            assert any(f"Provider {entry.name}" in (text.text or "") for text in _texts(root))
    assert inside + len(components) + 1 == len(plan.registrations)


@pytest.mark.parametrize(
    ("stack", "reached", "ways_out"),
    [
        ("dev", ["ALB platform-dev-ingress", "Kubernetes API"], ["1 NAT gateway"]),
        ("prod", ["ALB platform-prod"], ["3 NAT gateways"]),
        ("fargate", ["ALB platform-fargate-ingress", "Kubernetes API"], []),
        ("private", [], []),
        ("auto", ["ALB platform-auto", "Kubernetes API"], ["1 NAT gateway", "Egress-only internet gateway"]),
    ],
)
def test_the_architecture_shows_what_faces_the_internet(stack: str, reached: list[str], ways_out: list[str]) -> None:
    root = _read(picture.draw(plan_of(stack)))
    assert _drawn(root, "open") == reached
    assert set(ways_out) <= set(_drawn(root, "closed"))
    # An arrow leads into the VPC for each way in, and out of it for each way out.
    assert len(root.findall(f"{PREFIX}path[@class='head']")) == len(reached) + len(ways_out)
    described = root.findtext(f"{PREFIX}desc", "")
    assert all(name in described for name in reached)
    assert ("Nothing is reached from the internet." in described) is (not reached)


def test_the_architecture_names_from_where_the_api_is_reached() -> None:
    (way,) = [way for way in exposure.ways(plan_of("dev")) if way.name == "Kubernetes API"]
    assert way.meaning == "public endpoint, from 198.51.100.16/28, 203.0.113.0/24"


def test_each_zone_has_its_subnets_and_what_runs_there() -> None:
    found = exposure.zones(plan_of("prod"))
    assert [(zone.name, zone.subnets["public"], zone.has_nat) for zone in found] == [
        ("ap-northeast-1a", "10.30.16.0/22", True),
        ("ap-northeast-1c", "10.30.80.0/22", True),
        ("ap-northeast-1d", "10.30.112.0/22", True),
    ]
    groups = {name: where for name, _, where in exposure.compute(plan_of("prod")) if name.startswith("Node group")}
    assert groups == {f"Node group platform-prod-operations-{it}": frozenset({f"ap-northeast-1{it}"}) for it in "acd"}


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        ("dev", "VPC 10.10.0.0/16"),
        ("auto", "VPC 10.50.0.0/16 and an IPv6 range"),
        ("fargate", "VPC vpc-0a1b2c3d4e5f60718, which exists already"),
        ("staging-b", "of stack staging"),
    ],
)
def test_the_vpc_says_whose_it_is(stack: str, name: str) -> None:
    assert exposure.network_name(plan_of(stack)).endswith(name)


def test_every_layer_of_the_program_is_drawn() -> None:
    folders = {path.parent.name for path in (ROOT / "components").glob("*/layer.py")}
    assert set(picture.LAYERS) == folders


@any_stack
def test_the_order_of_registrations_changes_no_architecture(stack: str) -> None:
    """It differs from run to run, and the pictures of README are compared with the code."""
    plan = plan_of(stack)
    assert picture.draw(replace(plan, registrations=plan.registrations[::-1])) == picture.draw(plan)


def test_the_order_of_registrations_changes_no_timeline_of_the_readme() -> None:
    plan = plan_of("dev")
    assert timeline.draw(replace(plan, registrations=plan.registrations[::-1])) == timeline.draw(plan)


def test_the_command_writes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.svg"
    assert picture.main(["--stack", "fargate", "--project", str(EXAMPLES), "--output", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == picture.draw(plan_of("fargate"))
    assert picture.main(["--stack", "nope", "--project", str(EXAMPLES)]) == 1
    assert "nope" in capsys.readouterr().err


# --- The timeline -------------------------------------------------------------------------------------------------


def _task(name: str, seconds: float, *after: str, type_: str = "aws:eks/addon:Addon") -> Task:
    return Task(f"urn::{name}", type_, {}, frozenset(f"urn::{other}" for other in after), seconds)


TASKS = [
    _task("a-role-whose-name-is-as-long-as-the-names-of-resources-ever-are-in-a-stack", 10),
    _task("plane", 570, type_="aws:eks/cluster:Cluster"),
    _task("quick", 2, "plane"),
    _task("pods", 45, "plane", type_="kubernetes:networking.k8s.io/v1:Ingress"),
]


def test_the_timeline_says_what_it_shows() -> None:
    text = gantt(schedule(TASKS), "dev")
    shown = {it.text for it in _texts(_read(text))}
    assert {f"pulumi up of stack dev: {clock(615)}", *ASSUMED} <= shown
    assert "assumed" in ASSUMED[0]
    assert {"critical path: it decides the total time", "other resources"} <= shown
    assert {TASKS[0].name, "aws:eks:Addon", "0 m 10 s", "plane", "aws:eks:Cluster", "9 m 30 s", "0 m 45 s"} <= shown
    assert "quick" not in shown
    assert "Not shown: what takes less than 10 s and is not on the critical path (1 of the resources)." in shown


def test_the_timeline_can_show_all() -> None:
    shown = {it.text for it in _texts(_read(gantt(schedule(TASKS), "dev", shortest=0)))}
    assert {"quick", "Every resource that takes time is shown."} <= shown


def test_no_text_of_the_timeline_is_cut_off_or_on_another() -> None:
    root = _read(gantt(schedule(TASKS), "dev"))
    assert _unfit(root) == []
    assert _on_each_other(root) == []


# --- Any picture --------------------------------------------------------------------------------------------------


PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_can_be_read_by_all(path: Path) -> None:
    root = _read(path.read_text(encoding="utf-8"))
    assert root.get("role") == "img"
    named = [root.find(f"{PREFIX}*[@id='{name}']") for name in (root.get("aria-labelledby") or "").split()]
    assert [element.tag.removeprefix(PREFIX) for element in named if element is not None] == ["title", "desc"]
    assert all(element is not None and element.text for element in named)
    assert f"pictures/{path.name}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert _unfit(root) == []
    assert _on_each_other(root) == []


def test_there_are_pictures() -> None:
    assert [path.stem for path in PICTURES] == ["architecture", "simulation", "timeline"]


def test_every_class_has_a_colour_for_light_and_for_dark() -> None:
    assert svg.LIGHT.keys() == svg.DARK.keys()
    used = {found for path in PICTURES for found in re.findall(r'class="(\w+)"', path.read_text(encoding="utf-8"))}
    assert used <= svg.LIGHT.keys()


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in channels]
    return sum(weight * it for weight, it in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("looks", [svg.LIGHT, svg.DARK], ids=["light", "dark"])
def test_text_has_the_contrast_that_accessibility_asks_for(looks: dict[str, str]) -> None:
    def fill(kind: str) -> float:
        found = re.search(r"fill:(#\w{6})", looks[kind])
        assert found is not None
        return _luminance(found[1])

    for text in ("ink", "muted"):
        for behind in ("paper", "band", "card", "public", "private", "open", "closed"):
            light, dark = max(fill(text), fill(behind)), min(fill(text), fill(behind))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, behind)


@given(st.text(st.sampled_from("abcWMi-/:., "), max_size=80), st.integers(20, 200), st.booleans())
def test_a_wrapped_text_is_whole_and_no_wider_than_asked(text: str, width: int, bold: bool) -> None:
    lines = svg.wrapped(text, 11, width, bold=bold)
    assert all(svg.width_of(line, 11, bold=bold) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_text_that_is_too_wide_is_found() -> None:
    root = _read(svg.picture(100, 40, "a", "b", [svg.box(0, 0, 50, 40, "card", svg.text(4, 20, "wider than its box"))]))
    assert _unfit(root) == ["wider than its box", "wider than its box"]
