"""Findings against the baseline: what is new, and what is accepted although nothing is found any more."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import yaml

BASELINE: Final = Path(__file__).with_name("baseline.yaml")


class JudgeError(Exception):
    """A judge could not read something; what it says then is no verdict."""


@dataclass(frozen=True, order=True)
class Finding:
    """What a check has against one resource. where: the file, without its ending, and the resource."""

    check: str
    where: str
    title: str

    def __str__(self) -> str:
        return f"{self.check} {self.where}: {self.title}"


@dataclass(frozen=True)
class Accepted:
    """Findings of one check that are accepted. where: patterns of places, with `*`. reason: why, a sentence."""

    check: str
    where: tuple[str, ...]
    reason: str


def findings(output: str) -> list[Finding]:
    """Return what is in checkov's JSON output, sorted; raises JudgeError where it could not read a file."""
    reports: Any = json.loads(output)
    found = []
    for report in reports if isinstance(reports, list) else [reports]:
        if report["summary"]["parsing_errors"]:
            raise JudgeError(f"{report['check_type']}: {report['summary']['parsing_errors']} files could not be read")
        for failed in report["results"]["failed_checks"]:
            file = str(failed["file_path"]).lstrip("/").rpartition(".")[0]
            found.append(Finding(failed["check_id"], f"{file} {failed['resource']}", failed["check_name"]))
    return sorted(set(found))


def read_baseline(text: str) -> list[Accepted]:
    """Return the entries of a baseline; raises KeyError or TypeError for one that lacks something."""
    return [Accepted(entry["check"], tuple(entry["where"]), entry["reason"]) for entry in yaml.safe_load(text)]


def verdict(found: Iterable[Finding], baseline: Iterable[Accepted], *, charts: bool) -> list[str]:
    """Return a line for each finding that is not accepted, and for each pattern that accepts nothing.

    charts: whether what Helm makes of the charts was judged; if not, the patterns for it are not looked at.
    """
    found = list(found)
    entries = [(entry.check, pattern) for entry in baseline for pattern in entry.where]
    new = [it for it in found if not any(it.check == check and fnmatchcase(it.where, at) for check, at in entries)]
    idle = [
        (check, at)
        for check, at in entries
        if (charts or not at.startswith("charts/"))
        and not any(it.check == check and fnmatchcase(it.where, at) for it in found)
    ]
    return [
        *(f"not accepted: {it}" for it in new),
        *(f"accepted but not found: {check} {at}: remove it from tools/judges/baseline.yaml" for check, at in idle),
    ]
