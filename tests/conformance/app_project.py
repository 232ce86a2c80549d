"""What an AppProject of Argo CD lets through: its own rules, written again from its source.

Argo CD asks them about every object of a sync, hooks included, before the object reaches the API server. Not modelled:
roles of a project, clusters that belong to a project, sync windows.
https://argo-cd.readthedocs.io/en/stable/user-guide/projects/,
https://github.com/argoproj/argo-cd/blob/v3.4.7/pkg/apis/application/v1alpha1/app_project_types.go,
https://github.com/argoproj/argo-cd/blob/v3.4.7/controller/sync.go (validateSyncPermissions)
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from facts.kinds import is_namespaced

Object = Mapping[str, Any]


def refusal(project: Object, item: Object, *, repository: str, namespace: str, server: str) -> str:
    """Return why a project refuses an object; "" where it lets it through.

    project: the spec. repository: the one that the Application names. namespace, server: its destination; an object
    without a namespace gets that namespace. Raises ValueError for a kind of which nobody knows whether it has one.
    """
    group, _, _ = item["apiVersion"].rpartition("/")
    kind, metadata = item["kind"], item["metadata"]
    namespaced = is_namespaced(group, kind)
    if namespaced is None:
        raise ValueError(f"whether a {kind} of {group} is in a namespace is not known")
    if not _source(project, repository):
        return f"application repo {repository} is not permitted"
    if not _kind(project, group, kind, metadata["name"], namespaced=namespaced):
        return f"resource {group}:{kind} is not permitted"
    where = metadata.get("namespace") or namespace
    if namespaced and not _destination(project, server, where):
        return f"namespace {where} is not permitted"
    return ""


def _source(project: Object, repository: str) -> bool:
    patterns = project.get("sourceRepos", ())
    return _listed(patterns, repository)


def _listed(patterns: Sequence[str], value: str) -> bool:
    """Return whether one of the patterns matches, and none that begins with "!" forbids it."""
    if any(_denies(it) and fnmatchcase(value, it[1:]) for it in patterns):
        return False
    # A pattern that denies something else counts as a match, as it does there.
    return any(_matches(it, value) for it in patterns)


def _denies(pattern: str) -> bool:
    return pattern.startswith("!")


def _matches(pattern: str, value: str) -> bool:
    return not fnmatchcase(value, pattern[1:]) if _denies(pattern) else fnmatchcase(value, pattern)


def _kind(project: Object, group: str, kind: str, name: str, *, namespaced: bool) -> bool:
    """Return whether a kind is among what is allowed and not among what is forbidden.

    Of kinds in namespaces all are allowed where there is no list; of others none.
    """
    scope = "namespace" if namespaced else "cluster"
    allowed, forbidden = (project.get(f"{scope}Resource{color}list") for color in ("White", "Black"))
    if allowed is None and namespaced:
        allowed = [{"group": "*", "kind": "*"}]

    def found(entries: Sequence[Mapping[str, str]] | None) -> bool:
        return any(
            fnmatchcase(kind, entry["kind"])
            and fnmatchcase(group, entry["group"])
            and fnmatchcase(name, entry.get("name") or "*")
            for entry in entries or ()
        )

    return found(allowed) and not found(forbidden)


def _destination(project: Object, server: str, namespace: str) -> bool:
    allowed = False
    for entry in project.get("destinations", ()):
        at_server = _matches(entry.get("server", ""), server)
        in_namespace = _matches(entry.get("namespace", ""), namespace)
        if at_server and in_namespace:
            allowed = True
        elif (_denies(entry.get("server", "")) and in_namespace and not at_server) or (
            _denies(entry.get("namespace", "")) and at_server and not in_namespace
        ):
            return False
    return allowed
