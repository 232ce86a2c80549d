"""Every pin of versions.py is renewed by exactly one pattern of Renovate, in syntax that RE2 has too."""

import json
import re
from typing import Any, Final

import versions
from rehearsal.program import ROOT

CONFIGURATION: Final[dict[str, Any]] = json.loads((ROOT / "renovate.json").read_text())
SOURCE: Final = (ROOT / "versions.py").read_text()


def _matches() -> list[tuple[str, int, str]]:
    """Return what each pattern matches: the manager, the position of the version, the version."""
    return [
        (manager["description"], found.start("currentValue"), found["currentValue"])
        for manager in CONFIGURATION["customManagers"]
        for pattern in manager["matchStrings"]
        for found in re.finditer(pattern.replace("(?<", "(?P<"), SOURCE)
    ]


def _pins() -> list[str]:
    """Return the versions that versions.py writes out; the chart with Karpenter's definitions has the controller's."""
    charts = [chart for chart in vars(versions).values() if isinstance(chart, versions.Chart)]
    return [
        *(chart.version for chart in charts if chart.name != versions.KARPENTER_CRD.name),
        *(version for addons in versions.ADDONS.values() for version in addons.values()),
        *versions.CLUSTER_AUTOSCALER_IMAGE.values(),
        versions.GATEWAY_API_VERSION,
        versions.BOTTLEROCKET_VERSION,
        versions.AL2023_RELEASE_DATE,
        versions.FLUENT_BIT_IMAGE.partition("@")[0].rpartition(":")[2],
    ]


def test_each_pin_is_matched_by_exactly_one_pattern() -> None:
    matches = _matches()
    assert sorted(version for _, _, version in matches) == sorted(_pins())
    assert len({position for _, position, _ in matches}) == len(matches)
    assert {manager for manager, _, _ in matches} == {it["description"] for it in CONFIGURATION["customManagers"]}


def test_patterns_have_nothing_that_re2_lacks() -> None:
    # Lookaround, backreferences and possessive quantifiers: https://github.com/google/re2/wiki/Syntax
    for manager in CONFIGURATION["customManagers"]:
        assert manager["managerFilePatterns"] == [r"/^versions\.py$/"]
        for pattern in manager["matchStrings"]:
            assert not re.search(r"\(\?(=|!|<=|<!|>)|\\[1-9]|[*+?]\+", pattern)
            groups = set(re.findall(r"\(\?<(\w+)>", pattern))
            assert groups <= {"depName", "depType", "registryUrl", "currentValue", "currentDigest"}
            assert "depName" in groups or "depNameTemplate" in manager


def test_nothing_is_renewed_by_two_bots() -> None:
    # Dependabot renews packages, actions, Go tools and images of manifests.
    assert CONFIGURATION["enabledManagers"] == ["custom.regex"]
