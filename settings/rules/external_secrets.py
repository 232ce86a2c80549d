"""Rules about External Secrets Operator."""

import re
from collections.abc import Iterator
from typing import Final

from settings.external_secrets import ExternalSecrets, SecretService
from settings.network import Network
from settings.problems import Problem, place
from settings.rules.registry import repeated, rule


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
    if not external_secrets or not network.isolated:
        return
    needed = {ENDPOINTS[store.service] for store in external_secrets.stores.values()}
    missing = sorted(needed - set(network.interface_endpoints))
    if missing:
        found = "no way from the private subnets to the secrets"
        yield Problem("network.interfaceEndpoints", found, f"expected also {', '.join(missing)}, or nat")


ENDPOINTS: Final = {SecretService.SECRETS_MANAGER: "secretsmanager", SecretService.PARAMETER_STORE: "ssm"}
"""https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"""
