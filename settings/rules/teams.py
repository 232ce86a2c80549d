"""Rules about namespaces that are ready for teams."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from facts.admission_policies import EKS_NAMESPACES, KUBERNETES_NAMESPACES
from settings.argo_cd import GitOps
from settings.extra_charts import ExtraChart
from settings.namespaces import platform_namespaces
from settings.problems import Problem, place
from settings.rules.registry import repeated, rule
from settings.teams import TeamNamespace


@rule
def _whose(team_namespaces: dict[str, TeamNamespace], sections: Mapping[str, Any]) -> Iterator[Problem]:
    taken = {*platform_namespaces(sections), *KUBERNETES_NAMESPACES, *EKS_NAMESPACES, "default"}
    for name in team_namespaces:
        if name in taken:
            found = "taken"
            yield Problem(place("teamNamespaces", name), found, "expected another name: it exists already, for others")


@rule
def _groups_of_teams(team_namespaces: dict[str, TeamNamespace]) -> Iterator[Problem]:
    for name, team in team_namespaces.items():
        path = place("teamNamespaces", name)
        yield from repeated(f"{path}.editors", team.editors)
        yield from repeated(f"{path}.viewers", team.viewers)


@rule
def _level_of_a_set(team_namespaces: dict[str, TeamNamespace], git_ops: GitOps | None) -> Iterator[Problem]:
    """Argo CD writes the set's level onto the namespace, and this program the namespace's own."""
    for name, team in team_namespaces.items():
        for key, folders in git_ops.sets.items() if git_ops else ():
            level = folders.pod_security
            if fnmatchcase(name, f"{folders.namespace_prefix}*") and team.pod_security is not level:
                path = place("teamNamespaces", name, "podSecurity")
                yield Problem(path, team.pod_security, f"expected {level}: gitOps.sets.{key} gives it that level")


@rule
def _kinds_of_charts(extra_charts: dict[str, ExtraChart]) -> Iterator[Problem]:
    for name, chart in extra_charts.items():
        yield from repeated(f"{place('extraCharts', name)}.teamResources", chart.team_resources)
