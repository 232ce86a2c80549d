"""One shape for every component: token, constructor, children, outputs."""

import ast
import contextvars
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints, is_typeddict

import pulumi
import pytest

import components
from settings import Settings
from tests.plans import any_stack, plan_of, run_program
from tests.test_urns import FOLDER as URNS
from tests.test_urns import RECORDED
from tests.test_urns import plan_of as recorded_plan

# Frozen: a token is part of every URN below its component, and another one replaces all of them.
TOKENS = {token for file in URNS.glob("*.txt") for token in re.findall(r"eks-platform:index:\w+", file.read_text())}


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(components.__path__, "components."):
        yield importlib.import_module(found.name)


def _classes() -> Iterator[type[pulumi.ComponentResource]]:
    for module in _modules():
        for value in vars(module).values():
            own = inspect.isclass(value) and value.__module__ == module.__name__
            # What has no constructor of its own is a base class, which declares no resource.
            if own and issubclass(value, pulumi.ComponentResource) and "__init__" in vars(value):
                yield value


CLASSES = sorted(_classes(), key=lambda component: component.__name__)


def _name(component: type[pulumi.ComponentResource]) -> str:
    return component.__name__


def _body(component: type[pulumi.ComponentResource]) -> ast.ClassDef:
    tree = ast.parse(Path(inspect.getfile(component)).read_text())
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == component.__name__)


def _calls(tree: ast.AST, method: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    ]


# --- Tokens -------------------------------------------------------------------------------------------------------


def test_every_component_has_a_frozen_token() -> None:
    assert {f"eks-platform:index:{component.__name__}" for component in CLASSES} == TOKENS, (
        "enable a new component in a stack of examples/stacks or examples/peers, "
        "and record the lists of resources again: .venv/bin/python -m tests.test_urns"
    )


def test_the_stacks_use_every_component() -> None:
    used = {entry.type for it in RECORDED for entry in recorded_plan(it) if entry.type.startswith("eks-platform:")}
    assert used == TOKENS, "record the lists of resources again: .venv/bin/python -m tests.test_urns"


@pytest.mark.parametrize("component", CLASSES, ids=_name)
def test_the_token_is_the_classs_name_and_no_inputs_are_kept(component: type[pulumi.ComponentResource]) -> None:
    (call,) = [node for node in _calls(_body(component), "__init__") if ast.unparse(node.func) == "super().__init__"]
    assert [ast.unparse(argument) for argument in call.args] == [
        f"'eks-platform:index:{component.__name__}'",
        "name",
        "{}",
        "opts",
    ]


# --- Constructor --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("component", CLASSES, ids=_name)
def test_the_constructor_takes_its_settings_and_the_place_by_position_and_all_else_by_keyword(
    component: type[pulumi.ComponentResource],
) -> None:
    """`X(name, settings, cluster, *, ..., opts)`: a setting that is passed by another name is an error of mypy."""
    _, name, *others, opts = inspect.signature(component.__init__).parameters.values()
    # The alias `pulumi.Input` names classes of this module as text.
    hints = get_type_hints(component.__init__, localns=vars(pulumi.output))
    assert (name.name, hints["name"]) == ("name", str)
    assert (opts.name, opts.kind, opts.default) == ("opts", inspect.Parameter.KEYWORD_ONLY, None)
    assert hints["opts"] == pulumi.ResourceOptions | None
    for parameter in others:
        by_position = parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert by_position or parameter.kind is inspect.Parameter.KEYWORD_ONLY
        if by_position:
            assert _is_settings_or_place(hints[parameter.name]), parameter


def _is_settings_or_place(hint: Any) -> bool:
    """Tell whether a parameter is settings, one or many of them, or a dataclass of what many components need."""
    inner = [kind for kind in get_args(hint) if isinstance(kind, type)]
    return any(issubclass(kind, Settings) or is_dataclass(kind) for kind in inner or [hint])


def test_no_component_takes_untyped_arguments() -> None:
    """A `TypedDict` of arguments would declare each setting a second time, and a cast would fill it."""
    found = [
        f"{module.__name__}.{name}"
        for module in _modules()
        for name, value in vars(module).items()
        if is_typeddict(value) and value.__module__ == module.__name__
    ]
    assert found == []


@pytest.mark.parametrize("component", CLASSES, ids=_name)
def test_the_callers_options_are_the_components_and_not_its_childrens(
    component: type[pulumi.ComponentResource],
) -> None:
    # Merged into a child's they would bring the caller's parent with them.
    uses = [node for node in ast.walk(_body(component)) if isinstance(node, ast.Name) and node.id == "opts"]
    assert len(uses) == 1


@pytest.mark.parametrize("component", CLASSES, ids=_name)
def test_it_says_once_that_it_is_complete(component: type[pulumi.ComponentResource]) -> None:
    body = _body(component)
    constructor = next(node for node in body.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    last = constructor.body[-1]
    assert isinstance(last, ast.Expr)
    assert _calls(last, "register_outputs"), "register_outputs is not the last line of __init__"
    assert len(_calls(body, "register_outputs")) == 1


# --- Children -----------------------------------------------------------------------------------------------------


@any_stack
def test_every_resource_is_below_a_component(stack: str) -> None:
    plan = plan_of(stack)
    root = plan.one(type="pulumi:pulumi:Stack")
    at_top = {entry.type for entry in plan.children(root)}
    assert at_top <= TOKENS | {"pulumi:providers:aws"}
    for entry in plan:
        if entry.custom and entry.type != "pulumi:providers:aws":
            assert entry.parent
            assert not plan.by_urn[entry.parent].custom


@any_stack
def test_a_child_is_named_after_its_component(stack: str) -> None:
    plan = plan_of(stack)
    for entry in plan:
        above = plan.by_urn.get(entry.parent or "")
        if above and above.type in TOKENS:
            assert entry.name == above.name or entry.name.startswith(f"{above.name}-"), entry.urn


@any_stack
def test_a_first_preview_shows_every_resource(stack: str) -> None:
    # What is made inside of an apply is missing where the value is not known.
    known, unknown = (plan_of(stack, unknown=mode).by_urn.keys() for mode in (False, True))
    assert set(known) == set(unknown)


@any_stack
def test_no_resource_is_made_inside_of_an_apply(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: contextvars.ContextVar[bool] = contextvars.ContextVar("inside", default=False)
    apply, declare = pulumi.Output.apply, pulumi.Resource.__init__

    def guarded(output: Any, function: Callable[[Any], Any], *args: Any) -> Any:
        def called(value: Any) -> Any:
            token = inside.set(True)
            try:
                return function(value)
            finally:
                inside.reset(token)

        return apply(output, called, *args)

    def refused(resource: Any, *args: Any, **kwargs: Any) -> None:
        assert not inside.get(), f"{type(resource).__name__} {args[1:2]} is made inside of an apply"
        declare(resource, *args, **kwargs)

    monkeypatch.setattr(pulumi.Output, "apply", guarded)
    monkeypatch.setattr(pulumi.Resource, "__init__", refused)
    assert len(run_program(stack).registrations) == len(plan_of(stack).registrations)
