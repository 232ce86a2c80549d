"""Settings of the workloads that the stack applies itself."""

from pydantic import Field

from facts import manifests
from settings.base import Settings
from settings.values import ManifestFolder


class Workloads(Settings):
    """Plain YAML below `manifests/` that this stack applies. Argo CD or kubectl can apply the other manifests."""

    folders: list[ManifestFolder] = Field(
        min_length=1, description="Folders below `manifests/` to apply, such as `nginx` or `nginx/nlb`."
    )

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of the sound objects of folders that exist, each once; rules refuse all others."""
        folders = [folder for folder in self.folders if folder in manifests.folders()]
        found = (manifests.namespace_of(item) for folder in folders for item in manifests.read(folder)[0])
        return tuple(dict.fromkeys(namespace for namespace in found if namespace))
