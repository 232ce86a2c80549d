"""The Kubernetes provider of a rehearsal."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2

from harness import RefusedError
from harness.engine.double import Double, run
from harness.engine.store import Cloud
from rehearsal.cloud import MODEL
from rehearsal.cloud.kubernetes import region_of_server, server_of
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
        return region_of_server(self.server()) or ""

    def server(self) -> str:
        """Return the API server's URL in the kubeconfig; "" if there is none or it is not known yet."""
        return server_of(self.configuration.get("kubeconfig"))

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


def main() -> NoReturn:
    """Serve the provider."""
    run(Kubernetes)
