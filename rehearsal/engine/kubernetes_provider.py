"""The Kubernetes provider of a rehearsal."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import grpc
import yaml
from pulumi.runtime.proto import provider_pb2

from harness import RefusedError
from harness.engine.double import Double, run
from harness.engine.store import Cloud
from harness.properties import UNKNOWN
from rehearsal.cloud import MODEL
from rehearsal.engine.kubernetes_schema import schema
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.api_server import access_problem
from rehearsal.engine.rules import RULES


class Kubernetes(Double):
    """One cluster, found by the endpoint in the kubeconfig."""

    package = "kubernetes"
    model = MODEL
    rules = RULES

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return what programs in YAML ask for."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema()))

    def region(self) -> str:
        """Return the region in the endpoint: the host names of load balancers have it too."""
        return server.split(".")[-4] if (server := self.server()).count(".") > 3 else ""

    def server(self) -> str:
        """Return the API server's URL in the kubeconfig; "" if there is none or it is not known yet."""
        given = self.configuration.get("kubeconfig")
        if not given or given is UNKNOWN:
            return ""
        parsed: Any = given if isinstance(given, dict) else _parse(str(given))
        clusters = parsed.get("clusters") if isinstance(parsed, dict) else None
        return str(clusters[0]["cluster"]["server"]) if clusters else ""

    def cluster(self, cloud: Cloud) -> str:
        """Return the cluster's name; raises RefusedError if it is not there or does not let the caller in."""
        found = cloud.one(uses.CLUSTER, "endpoint", self.server())
        if found is None:
            raise RefusedError(
                f"configured Kubernetes cluster is unreachable: nothing answers at {self.server() or 'no URL'}"
            )
        name = str(found.get("name"))
        problem = access_problem(name, self.environment.deployer, cloud)
        if problem:
            raise RefusedError(problem)
        return name


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def main() -> NoReturn:
    """Serve the provider."""
    run(Kubernetes)
