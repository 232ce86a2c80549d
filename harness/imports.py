"""Modules of the provider SDKs are imported when they are first used, instead of whole packages at once.

`from pulumi_aws import ec2` runs a module of the SDK that imports all 180 others of that package, and of Kubernetes'
`core.v1` all 60: half of the time and a third of the memory of a preview, for the few classes that a program uses. A
package's `__init__` does nothing but that, so here it is not run: a name is looked for in the module that is called
like it. Only if none is, the package is imported as a whole.

Nothing but the standard library is imported here, so that `benchmarks/preview.py` can import the SDKs the same way.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_NOT_EXPORTED: Final = frozenset({"outputs"})
"""Modules that a package has as a name, and whose names it does not take over."""


class SdkPackage(ModuleType):
    """A package of an SDK, such as `pulumi_aws.ec2`, each of whose modules is imported at its first use."""

    def __getattr__(self, name: str) -> Any:
        """Import the module that has the name."""
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        folder = Path(self.__path__[0])
        for candidate in _modules_that_may_have(name):
            if (folder / f"{candidate}.py").is_file() or (folder / candidate / "__init__.py").is_file():
                module = importlib.import_module(f"{self.__name__}.{candidate}")
                if name in self.__dict__:
                    return self.__dict__[name]
                if candidate == name:
                    return module  # which is being imported, and requests itself
        return self._import_all(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; with a module of the package, as the import system sets it, all that the module exports."""
        super().__setattr__(name, value)
        if _is_module_of(self, name, value):
            self.__dict__.update(_exports(value))

    def _import_all(self, name: str) -> Any:
        """Import the package as it is written; return the value of a name, or raise AttributeError."""
        self.__class__ = ModuleType  # type: ignore[assignment]  # as the standard library's LazyLoader does
        loader = getattr(self.__spec__, "loader", None)
        assert isinstance(loader, _PackageLoader)  # noqa: S101  # for the type checker
        loader.whole.exec_module(self)
        return getattr(self, name)


class _PackageLoader(Loader):
    """Makes a module an `SdkPackage`. whole: what would import it as it is written."""

    def __init__(self, whole: Loader) -> None:
        self.whole = whole

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the import system."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing; take over what was imported while the SDK held the package back."""
        module.__class__ = SdkPackage
        for name, value in list(vars(module).items()):
            setattr(module, name, value)


class _Finder(MetaPathFinder):
    """Finds the packages inside the provider SDKs, which are those that have a module `_utilities`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import a package of an SDK, None for any other module."""
        sdk, _, inside = fullname.partition(".")
        if not inside or not sdk.startswith("pulumi_") or f"{sdk}._utilities" not in sys.modules:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.submodule_search_locations and spec.loader is not None:
            spec.loader = _PackageLoader(spec.loader)
        return spec


def import_on_use() -> None:
    """From now on, import the modules of the provider SDKs when they are first used.

    Packages that are imported already stay as they are.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _modules_that_may_have(name: str) -> Iterator[str]:
    """Yield the modules in which the SDKs' generators write a name, the likeliest first.

    `Vpc` and `VpcArgs` are in `vpc.py`, `get_ami`, `get_ami_output` and `GetAmiResult` in `get_ami.py`, Kubernetes'
    `Namespace` in `Namespace.py`, the types of their properties in `_inputs.py`.
    """
    base = re.sub(r"^Awaitable|(Args|ArgsDict|Result|_output)$", "", name)
    names = (name, base)
    yield from dict.fromkeys([*names, *(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", each).lower() for each in names)])
    yield from ("_inputs", "_enums")


def _is_module_of(package: ModuleType, name: str, value: object) -> bool:
    if not isinstance(value, ModuleType) or "__path__" in vars(value):
        return False
    return value.__name__ == f"{package.__name__}.{name}" and name not in _NOT_EXPORTED


def _exports(module: ModuleType) -> dict[str, Any]:
    """Return what `from module import *` imports."""
    names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    return {name: getattr(module, name) for name in names}
