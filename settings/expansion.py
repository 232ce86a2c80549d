"""What an entry of `teams` stands for: entries of the sections that say the same one by one.

`teams.<name>` has no meaning of its own. It is expanded before the rules are asked, so whatever holds for `access`,
`teamNamespaces`, `externalSecrets`, `gitOps` and `workloadRoles` holds for a team, and components read these alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from settings.argo_cd import GitOps, GitOpsSet
from settings.cluster import AccessEntry
from settings.external_secrets import SecretStore
from settings.problems import Problem, place
from settings.teams import NamespaceShare, Team, TeamNamespace, editors_of, viewers_of
from settings.workload_roles import WorkloadRole

Teams = Mapping[str, Team]


@dataclass(frozen=True)
class Expansion:
    """The sections with the entries that teams add to them.

    sections: valid sections by the names of Stack's fields. places: where an added entry is in the stack file, by its
    place in the sections. problems: entries that a team and another place of the stack file both have.
    """

    sections: dict[str, Any]
    places: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def located(self, problem: Problem) -> Problem:
        """Return a problem of the sections with the places that the stack file has."""
        if not self.places:
            return problem
        longest_first = map(re.escape, sorted(self.places, key=len, reverse=True))
        added = re.compile(rf"(?<![\w.])(?:{'|'.join(longest_first)})(?![\w-])")
        path, expected = (
            added.sub(lambda match: self.places[match[0]], text) for text in (problem.path, problem.expected)
        )
        return replace(problem, path=path, expected=expected)


class _Added(NamedTuple):
    """An entry of a section: its key, its value, and where a team has it and settings of it in the stack file."""

    key: str
    value: Any
    source: str
    inside: Mapping[str, str] = MappingProxyType({})


def expanded(sections: Mapping[str, Any]) -> Expansion:
    """Return the valid sections with what their `teams` stand for; a section that is missing stays so."""
    found = Expansion(dict(sections))
    teams: Teams = sections.get("teams") or {}
    if not teams:
        return found
    if "team_namespaces" in sections:
        given = sections["team_namespaces"]
        found.sections["team_namespaces"] = _merged(found, ("teamNamespaces",), given, _namespaces(teams))
    if "workload_roles" in sections:
        given = sections["workload_roles"]
        found.sections["workload_roles"] = _merged(found, ("workloadRoles",), given, _roles(teams))
    for name, key, adding in (
        ("access", "entries", _entries),
        ("external_secrets", "stores", _stores),
        ("git_ops", "sets", _sets),
    ):
        section = sections.get(name)
        if section is not None:
            camel = (to_camel(name), key)
            update = {key: _merged(found, camel, getattr(section, key), adding(teams))}
            found.sections[name] = section.model_copy(update=update)
    # Its sets are all that the section consists of, so that of teams alone need not be in the stack file.
    if "git_ops" in sections and sections["git_ops"] is None and (sets := [*_sets(teams)]):
        found.places["gitOps"] = sets[0].source
        found.sections["git_ops"] = GitOps(sets=_merged(found, ("gitOps", "sets"), {}, iter(sets)))
    return found


def _merged(
    found: Expansion, path: tuple[str, ...], given: Mapping[str, Any], added: Iterator[_Added]
) -> dict[str, Any]:
    """Return the entries at a path of the sections with those that teams add; note the places of these."""
    entries, whose = dict(given), {key: place(*path, key) for key in given}
    for key, value, source, inside in added:
        if key in entries:
            found.problems.append(Problem(source, "taken", f"expected it in one place: {whose[key]} is the same one"))
        else:
            found.places[place(*path, key)] = whose[key] = source
            found.places.update({f"{place(*path, key)}.{name}": where for name, where in inside.items()})
            entries[key] = value
    return entries


def _entries(teams: Teams) -> Iterator[_Added]:
    """Yield an entry for each principal: EKS keeps one for each, which has the groups of all of its teams."""
    groups: dict[str, list[str]] = {}
    first: dict[str, tuple[str, str]] = {}
    for name, team in teams.items():
        members = (("principals", team.principals, editors_of(name)), ("viewers", team.viewers, viewers_of(name)))
        for field_name, principals, group in members:
            for index, principal in enumerate(principals):
                groups.setdefault(principal, []).append(group)
                # Stack files have no name of an entry with a colon.
                first.setdefault(principal, (f"{group}:{index}", place("teams", name, field_name, index)))
    for principal, (key, source) in first.items():
        entry = AccessEntry.model_validate({"principal": principal, "groups": groups[principal]})
        yield _Added(key, entry, source, {"principal": source})


def _namespaces(teams: Teams) -> Iterator[_Added]:
    for name, team in teams.items():
        for namespace, share in team.namespaces.items():
            yield _Added(namespace, _namespace(name, team, share), place("teams", name, "namespaces", namespace))


def _namespace(name: str, team: Team, share: NamespaceShare) -> TeamNamespace:
    groups = {"editors": [editors_of(name)], "viewers": [viewers_of(name)] if team.viewers else []}
    return TeamNamespace.model_validate({**_given(share), **groups})


def _stores(teams: Teams) -> Iterator[_Added]:
    for name, team in teams.items():
        if team.secrets:
            store = SecretStore.model_validate({**_given(team.secrets), "namespaces": [*team.namespaces]})
            yield _Added(name, store, place("teams", name, "secrets"), _whole(name))


def _sets(teams: Teams) -> Iterator[_Added]:
    for name, team in teams.items():
        if team.git_ops:
            manifests = GitOpsSet.model_validate({**_given(team.git_ops), "namespaces": [*team.namespaces]})
            yield _Added(name, manifests, place("teams", name, "gitOps"), _whole(name))


def _roles(teams: Teams) -> Iterator[_Added]:
    for name, team in teams.items():
        if team.role:
            rights = _given(team.role)
            account = rights.pop("serviceAccount")
            accounts = [{"namespace": namespace, "name": account} for namespace in team.namespaces]
            role = WorkloadRole.model_validate({**rights, "serviceAccounts": accounts})
            source = place("teams", name, "role")
            yield _Added(name, role, source, {"serviceAccounts": f"{source}.serviceAccount"})


def _whole(name: str) -> dict[str, str]:
    return {"namespaces": place("teams", name, "namespaces")}


def _given(model: BaseModel) -> dict[str, Any]:
    """Return what a stack file has of a model, under the keys of the stack file."""
    return model.model_dump(by_alias=True, exclude_unset=True)
