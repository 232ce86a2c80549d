"""Settings of External Secrets Operator: which secrets of AWS become secrets of Kubernetes, and whose."""

from enum import StrEnum

from pydantic import Field

from settings.base import Settings
from settings.values import NamespacePattern, SecretPath, SecretStoreName


class SecretService(StrEnum):
    """The AWS service that stores the secrets."""

    SECRETS_MANAGER = "secrets-manager"
    PARAMETER_STORE = "parameter-store"


class SecretStore(Settings):
    """A ClusterSecretStore."""

    service: SecretService
    path: SecretPath = Field(
        description="Prefix of the names of the store's secrets, such as /dev/. An ExternalSecret refers to a secret "
        "without this prefix."
    )
    namespaces: list[NamespacePattern] = Field(
        min_length=1, description="Namespaces whose ExternalSecrets may use the store."
    )


class ExternalSecrets(Settings):
    """External Secrets Operator and its stores."""

    stores: dict[SecretStoreName, SecretStore] = Field(
        {}, description="Stores by name, in addition to those of `teams.<name>.secrets`."
    )
