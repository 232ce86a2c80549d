"""`teams.<name>`: one entry says what five sections say one by one, no more and no less."""

import json
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from settings import Stack
from settings.expansion import expanded
from settings.problems import Problem
from tests.settings_files import read, sections_of

ROLES: Final = [f"arn:aws:iam::444455556666:role/{name}" for name in ("ann", "ben", "cho", "dan")]
SHARES: Final[list[dict[str, Any]]] = [
    {},
    {"quota": {"cpu": "8", "devices": {"nvidia.com/gpu": 2}}, "podSecurity": "baseline"},
    {"defaults": {"cpu": "50m"}, "maximum": {"memory": "2Gi"}, "labels": {"a": "b"}, "isolated": False},
]
STORES: Final[list[dict[str, Any] | None]] = [None, {"service": "secrets-manager"}, {"service": "parameter-store"}]
FOLDERS: Final[list[dict[str, Any] | None]] = [
    None,
    {"path": "*"},
    {"path": "a/*", "prune": False, "kinds": ["Secret"]},
]

RIGHTS: Final[list[dict[str, Any] | None]] = [
    None,
    {"managedPolicies": ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]},
    {"targetRole": "arn:aws:iam::111122223333:role/queues", "createServiceAccounts": False},
]


@st.composite
def _teams(draw: st.DrawFn) -> dict[str, Any]:
    """Draw teams, each with namespaces and a path of its own; principals may be in several of them."""
    found: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(["red", "green", "blue-1"]), unique=True)):
        members = draw(st.permutations(ROLES))
        cut, end = sorted((draw(st.integers(0, 4)), draw(st.integers(0, 4))))
        numbers = draw(st.integers(1, 3))
        team: dict[str, Any] = {
            "principals": list(members[:cut]),
            "viewers": list(members[cut:end]),
            "namespaces": {f"{name}-{number}": draw(st.sampled_from(SHARES)) for number in range(numbers)},
        }
        if store := draw(st.sampled_from(STORES)):
            team["secrets"] = {**store, "path": f"/{name}/"}
        if folders := draw(st.sampled_from(FOLDERS)):
            team["gitOps"] = {**folders, "repository": f"https://github.com/example-jp/{name}.git"}
        if rights := draw(st.sampled_from(RIGHTS)):
            team["role"] = {**rights, "serviceAccount": "web"}
        found[name] = team
    return found


def _one_by_one(sections: dict[str, Any], teams: dict[str, Any]) -> dict[str, Any]:
    """Return sections that say by themselves what `teams` says."""
    groups: dict[str, list[str]] = {}
    namespaces: dict[str, Any] = {}
    stores: dict[str, Any] = {}
    sets: dict[str, Any] = {}
    roles: dict[str, Any] = {}
    # Pulumi hands keys over in alphabetical order.
    for name, team in sorted(teams.items()):
        for principals, group in ((team["principals"], f"hand:{name}"), (team["viewers"], f"hand:{name}:viewers")):
            for principal in principals:
                groups.setdefault(principal, []).append(group)
        bound = {"editors": [f"hand:{name}"], "viewers": [f"hand:{name}:viewers"] if team["viewers"] else []}
        namespaces |= {namespace: {**share, **bound} for namespace, share in team["namespaces"].items()}
        own = {"namespaces": list(team["namespaces"])}
        stores |= {name: {**team["secrets"], **own}} if "secrets" in team else {}
        if "role" in team:
            accounts = [{"namespace": namespace, "name": "web"} for namespace in team["namespaces"]]
            rights = {key: value for key, value in team["role"].items() if key != "serviceAccount"}
            roles[name] = {**rights, "serviceAccounts": accounts}
        sets |= {name: {**team["gitOps"], **own}} if "gitOps" in team else {}
    entries = {f"e{number}": {"principal": arn, "groups": names} for number, (arn, names) in enumerate(groups.items())}
    access, secrets, git = sections["access"], sections["externalSecrets"], sections["gitOps"]
    return {
        **sections,
        "access": {**access, "entries": {**access["entries"], **entries}},
        "teamNamespaces": namespaces,
        "externalSecrets": {"stores": {**secrets["stores"], **stores}},
        "gitOps": {"sets": {**git["sets"], **sets}},
        "workloadRoles": roles,
    }


def _said(stack: Stack) -> str:
    """Return all that a stack file says, without the names of access entries, which are free.

    Groups that are given by hand cannot have the names of teams' groups, which a rule keeps for teams.
    """
    found = stack.model_dump(exclude={"teams"})
    found["access"]["entries"] = sorted(found["access"]["entries"].values(), key=lambda entry: str(entry["principal"]))
    return json.dumps(found, default=str, sort_keys=True).replace('"hand:', '"team:')


@given(_teams())
@settings(max_examples=40, deadline=None)
def test_a_team_is_what_its_sections_are_one_by_one(teams: dict[str, Any]) -> None:
    sections = {key: value for key, value in sections_of("prod").items() if key != "teams"}
    assert _said(read({**sections, "teams": teams})) == _said(read(_one_by_one(sections, teams)))


def test_a_principal_of_two_teams_has_one_entry_with_the_groups_of_both() -> None:
    sections = sections_of("prod")
    for team in ("shop", "billing"):
        sections["teams"][team]["viewers"] = ROLES[:1]
    (entry,) = (it for it in read(sections).access.entries.values() if it.principal == ROLES[0])
    assert set(entry.groups) == {"team:shop:viewers", "team:billing:viewers"}


def test_teams_alone_may_be_all_that_argo_cd_deploys() -> None:
    sections = sections_of("prod")
    del sections["gitOps"]
    stack = read(sections)
    assert stack.git_ops
    assert {name: it.destinations for name, it in stack.git_ops.sets.items()} == {
        "billing": ["billing", "billing-reports"]
    }


def test_a_stack_without_teams_is_as_it_was() -> None:
    sections: dict[str, Any] = {"team_namespaces": {}, "git_ops": None}
    assert expanded(sections).sections == sections


def test_a_message_has_the_places_of_the_stack_file() -> None:
    sections = sections_of("prod")
    teams = read(sections).teams
    written = read({key: value for key, value in sections.items() if key != "teams"})
    fields = {name: getattr(written, name) for name in ("access", "team_namespaces", "external_secrets", "git_ops")}
    whole = expanded({**fields, "teams": teams})
    moved = whole.located(
        Problem("gitOps.sets.billing.namespaces[0]", "found", "not teamNamespaces.billing-reports.quota, not a.billing")
    )
    assert moved.path == "teams.billing.namespaces[0]"
    assert moved.expected == "not teams.billing.namespaces.billing-reports.quota, not a.billing"
    other = Problem("gitOps.sets.billing-reports", "gitOps.sets.billing", "x.gitOps.sets.billing")
    assert whole.located(other) == other
