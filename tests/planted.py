"""Secrets planted in stack files, and the search for them wherever they should not be."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

from harness.plan import Plan
from harness.properties import reveal
from settings import Stack

PLANTED: Final = "correct/horse battery+staple"
"""A value that is nowhere else, and that looks different in a URL."""


class Planting(NamedTuple):
    """A secret setting in use. settings: what the stack file says besides, by section; `...` stands for the secret.

    places: the inputs that the value may reach, as type and path: all of them, and each is a secret there.
    """

    settings: Mapping[str, Any]
    places: frozenset[str]


CHART: Final = {"repository": "https://kedacore.github.io/charts", "version": "2.20.2"}
HTTPS: Final = {"url": "https://git.example.jp/group", "username": "ci"}
SSH: Final = {"url": "ssh://git@git.example.jp/group"}
APP: Final = {"url": "https://github.com/example-jp"}


def _git(host: str) -> dict[str, Any]:
    # A set for each, with namespaces of its own, that all secrets can be planted in one stack.
    key = host.partition(":")[0]
    applications = {"repository": f"{host}/group/apps.git", "path": "apps/*", "namespacePrefix": f"{key}-"}
    return {"argoCd": {}, "gitOps": {"sets": {key: applications}}}


PLANTINGS: Final = {
    "charts.password": Planting(
        {"charts": {"registry": "oci://charts.example.jp/mirror", "username": "reader", "password": ...}},
        frozenset({"kubernetes:helm.sh/v3:Release repositoryOpts.password"}),
    ),
    "extraCharts.*.secretValues.*": Planting(
        {"extraCharts": {"keda": {**CHART, "secretValues": {"token": ...}}}},
        frozenset({"kubernetes:helm.sh/v3:Release values.token"}),
    ),
    "observability.alarms.webhooks.*": Planting(
        {"observability": {"alarms": {"webhooks": {"pager": ...}}}},
        frozenset({"aws:sns/topicSubscription:TopicSubscription endpoint"}),
    ),
    "gitCredentials.*.password": Planting(
        {**_git("https://git.example.jp"), "gitCredentials": {"https": {**HTTPS, "password": ...}}},
        frozenset({"kubernetes:core/v1:Secret stringData.password"}),
    ),
    "gitCredentials.*.sshPrivateKey": Planting(
        {**_git("ssh://git@git.example.jp"), "gitCredentials": {"ssh": {**SSH, "sshPrivateKey": ...}}},
        frozenset({"kubernetes:core/v1:Secret stringData.sshPrivateKey"}),
    ),
    "gitCredentials.*.githubApp.privateKey": Planting(
        {
            "argoCd": {},
            "gitOps": {"sets": {"app": {"repository": f"{APP['url']}/web.git", "path": "*", "namespacePrefix": "w-"}}},
            "gitCredentials": {"app": {**APP, "githubApp": {"id": 1, "installationId": 2, "privateKey": ...}}},
        },
        frozenset({"kubernetes:core/v1:Secret stringData.githubAppPrivateKey"}),
    ),
}
"""Each setting that is kept secret, by its path in a stack file (`*` for any name or index)."""


def secret_settings(model: type[BaseModel] = Stack, way: str = "") -> Iterator[str]:
    """Yield the paths of all settings of a type that is kept secret."""
    for field in model.model_fields.values():
        yield from _secrets(field.annotation, f"{way}{field.alias}")


def _secrets(annotation: Any, way: str) -> Iterator[str]:
    if annotation is SecretStr:
        yield way
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from secret_settings(annotation, f"{way}.")
    else:
        inside = f"{way}.*" if getattr(annotation, "__origin__", None) in (dict, list) else way
        for choice in get_args(annotation):
            yield from _secrets(choice, inside)


def planted(setting: str, value: Any) -> dict[str, Any]:
    """Return what a stack file says where a secret setting has a value."""

    def put(given: Any) -> Any:
        if isinstance(given, Mapping):
            return {key: put(item) for key, item in given.items()}
        return value if given is ... else given

    return {section: put(given) for section, given in PLANTINGS[setting].settings.items()}


def _forms(secret: str) -> dict[str, str]:
    """Return what a secret looks like: as it is, in a URL, and in Base64 after any number of other bytes."""
    found = {"as it is": secret, "in a URL": quote(secret), "in a URL's path": quote(secret, safe="")}
    data = secret.encode()
    for before in range(3):
        # The characters at both ends depend on the neighbours.
        encoded = base64.b64encode(b"\0" * before + data).decode()
        found[f"in Base64 after {before} bytes"] = encoded[-(-before * 4 // 3) : len(data) * 4 // 3 - 1]
    return found


def forms_in(text: str, secret: str = PLANTED) -> list[str]:
    """Return in which forms a secret is in a text."""
    plain = text.replace("-", "+").replace("_", "/")
    return [form for form, part in _forms(secret).items() if part in text or part in plain]


def places_in(plan: Plan) -> set[str]:
    """Return the inputs of a plan that the secret is in, secret there or not, as type and path."""
    return {f"{entry.type} {path}" for entry in plan for path in _paths(reveal(entry.inputs), "")}


def _paths(value: Any, way: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from [f"{way}{key}"] if forms_in(str(key)) else _paths(item, f"{way}{key}.")
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, f"{way}*.")
    elif isinstance(value, str) and forms_in(value):
        yield way.removesuffix(".")
