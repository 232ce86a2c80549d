"""Where `make upstream` puts what it pulls, and where tests and judges look for it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

CHARTS: Final = "UPSTREAM_CHARTS"
FACTS: Final = "UPSTREAM_FACTS"

FOLDERS: Final[Mapping[str, str]] = {CHARTS: "charts", FACTS: "facts"}
"""The folder in the cache that stands for a variable which is not set."""


def cache_folder() -> Path:
    """Return the folder in the user's cache: `current` has what is unpacked, `downloads` archives by digest."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "eks-platform" / "upstream"


def folder(variable: str) -> Path | None:
    """Return the folder that a variable of `FOLDERS` names, or the one in the cache; None where there is neither."""
    if named := os.environ.get(variable):
        return Path(named)
    cached = cache_folder() / "current" / FOLDERS[variable]
    return cached if cached.is_dir() else None


def is_complete() -> bool:
    """Return whether there are both folders."""
    return all(folder(variable) for variable in FOLDERS)


def absence(variable: str) -> str:
    """Return what to say where a folder is missing."""
    return f"{variable} is not set and the cache has no {FOLDERS[variable]}: run `make upstream`"
