"""Rules about External Secrets Operator."""

import re
from collections.abc import Iterator
from typing import Final

from settings.external_secrets import ExternalSecrets, SecretService
from settings.network import Network
from settings.problems import Problem, place
from settings.rules.registry import repeated, rule
from settings.teams import Team


@rule
def _some_store(external_secrets: ExternalSecrets | None, teams: dict[str, Team]) -> Iterator[Problem]:
    if external_secrets and not external_secrets.stores:
        expected = "expected a store here, or secrets of a team (teams.<name>.secrets): without one nobody can use it"
        yield Problem("externalSecrets.stores", "empty", expected)
    for name, team in teams.items():
        if team.secrets and not external_secrets:
            expected = "expected externalSecrets too, which may be {}: it installs the operator"
            yield Problem(place("teams", name, "secrets"), "set without externalSecrets", expected)


@rule
def _secrets_of_teams(external_secrets: ExternalSecrets | None, teams: dict[str, Team]) -> Iterator[Problem]:
    """A user of a store can read everything below its path."""
    stores = external_secrets.stores if external_secrets else {}
    for name, team in teams.items():
        for other, store in stores.items():
            if not team.secrets or other == name or team.secrets.service is not store.service:
                continue
            if store.path.startswith(team.secrets.path):
                expected = f"expected a path that does not hold that of {place('externalSecrets', 'stores', other)}"
                yield Problem(place("teams", name, "secrets", "path"), team.secrets.path, expected)


@rule
def _secret_stores(external_secrets: ExternalSecrets | None) -> Iterator[Problem]:
    for name, store in external_secrets.stores.items() if external_secrets else ():
        path = place("externalSecrets", "stores", name)
        yield from repeated(f"{path}.namespaces", store.namespaces)
        # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
        if store.service is SecretService.PARAMETER_STORE and not re.fullmatch(r"/[A-Za-z0-9_./-]+", store.path):
            expected = "expected one that begins with a slash and has letters, digits, _ . - and / only"
            yield Problem(f"{path}.path", store.path, expected)
        if store.service is SecretService.PARAMETER_STORE and store.path.lower().startswith(("/aws", "/ssm")):
            yield Problem(f"{path}.path", store.path, "expected another beginning: AWS keeps this one for itself")


@rule
def _way_to_secrets(network: Network, external_secrets: ExternalSecrets | None) -> Iterator[Problem]:
    if not external_secrets or not network.without_internet:
        return
    needed = {ENDPOINTS[store.service] for store in external_secrets.stores.values()}
    missing = sorted(needed - set(network.interface_endpoints))
    if missing:
        found = "no way from the private subnets to the secrets"
        yield Problem("network.interfaceEndpoints", found, f"expected also {', '.join(missing)}, or nat")


ENDPOINTS: Final = {SecretService.SECRETS_MANAGER: "secretsmanager", SecretService.PARAMETER_STORE: "ssm"}
"""https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"""
