"""Remote components: the vocabulary in which a model says what their providers register below them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness import HarnessError
from harness.properties import Properties, Reference


class UnsupportedInputError(HarnessError):
    """An input asks the component for more than its lean form; the message names the input."""


class ChildFailedError(HarnessError):
    """The engine has failed to make a child, and has shown why."""


@dataclass(frozen=True)
class Child:
    """A resource that the component registers.

    parent: the name of the sibling that is its parent, "" for the component. property_dependencies: the URNs that
    each input depends on. depends_on: URNs it depends on besides. inputs may hold the markers of `harness.properties`.
    """

    type: str
    name: str
    inputs: Properties
    property_dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    depends_on: frozenset[str] = frozenset()
    parent: str = ""
    ignore_changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A registered child: its URN, its id (`UNKNOWN` in a preview), its outputs with markers."""

    urn: str
    id: Any
    outputs: Properties

    @property
    def reference(self) -> Reference:
        """The child as the value of a property."""
        return Reference(self.urn, self.id)


@dataclass(frozen=True)
class Expansion:
    """The component's outputs, and the URNs that each of them depends on."""

    outputs: Properties
    dependencies: Mapping[str, frozenset[str]]


Steps = Generator[Child, Made, Expansion]

Expand = Callable[[str, Properties, Mapping[str, Collection[str]], Callable[[Reference], Properties]], Steps]
"""How a component comes about: from its name, its inputs, the URNs that each input depends on, and a look-up of the
outputs of a resource that an input refers to. The generator yields the children one after the other, is sent each as it
was made (or ChildFailedError is raised in it), and returns the component's outputs."""
