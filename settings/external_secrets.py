"""Settings of External Secrets Operator: which secrets of AWS become secrets of Kubernetes, and whose."""

from enum import StrEnum

from pydantic import Field

from settings.base import Settings
from settings.values import NamespacePattern, SecretPath, SecretStoreName


class SecretService(StrEnum):
    """Where AWS keeps the secrets."""

    SECRETS_MANAGER = "secrets-manager"
    PARAMETER_STORE = "parameter-store"


class SecretStore(Settings):
    """A ClusterSecretStore."""

    service: SecretService
    path: SecretPath = Field(
        description="The beginning of the names of its secrets, such as /dev/; an ExternalSecret leaves it out."
    )
    namespaces: list[NamespacePattern] = Field(min_length=1, description="Whose ExternalSecrets may use it.")


class ExternalSecrets(Settings):
    """External Secrets Operator and its stores."""

    stores: dict[SecretStoreName, SecretStore] = Field(min_length=1, description="Stores by name.")
