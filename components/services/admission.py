"""Admission: what the API server refuses in namespaces that are not the platform's."""

from typing import Final, TypedDict

import pulumi

from components.common.placement import Placement
from facts.admission_policies import Guard, objects
from facts.manifests import type_token


class AdmissionArgs(TypedDict):
    """What the policies protect."""

    mode: str
    """"deny" refuses, "warn" lets pass with a warning."""
    exempt: list[str]
    """Namespaces that no policy is asked about: the platform's own; `*` and `?` match."""
    pod_security: str
    """The least Pod Security Standard of a namespace that `levels` does not name."""
    levels: dict[str, str]
    """That of others, by name or pattern; the first that matches counts."""
    hosts: list[str]
    """Host names that belong to the platform."""
    public_load_balancers: list[str]
    """Namespaces that may have load balancers of their own in the internet; `*` and `?` match."""
    dedicated: list[str]
    """Namespaces that may have an ALB of their own there."""
    placement: Placement
    """Where the platform's own pods run."""
    stores: dict[str, list[str]]
    """The namespaces that may use each ClusterSecretStore."""


class Admission(pulumi.ComponentResource):
    """Policies of the API server and their bindings: no webhook, no pod, nothing that could be down.

    What teams deploy depends on this: a policy holds from a moment after it is created, and until it is gone.
    """

    def __init__(self, name: str, args: AdmissionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the policies, each with its binding."""
        super().__init__("eks-platform:index:Admission", name, {}, opts)
        for item in objects(guard_of(args), ACTIONS[args["mode"]]):
            kind = "policy" if item["kind"] == "ValidatingAdmissionPolicy" else "binding"
            short = item["metadata"]["name"].removeprefix("platform-")
            pulumi.CustomResource(type_token(item), f"{name}-{short}-{kind}", item, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


ACTIONS: Final = {"deny": ("Deny", "Audit"), "warn": ("Warn", "Audit")}
"""https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#validation-actions"""


def guard_of(args: AdmissionArgs) -> Guard:
    """Return what the policies are made from."""
    return Guard(
        exempt=args["exempt"],
        levels=args["levels"],
        otherwise=args["pod_security"],
        hosts=args["hosts"],
        public=args["public_load_balancers"],
        dedicated=args["dedicated"],
        node_labels=args["placement"].node_selector,
        taints=[toleration.key for toleration in args["placement"].tolerations],
        stores=args["stores"],
    )
