"""Admission: what the API server refuses in namespaces that are not the platform's."""

from typing import Final

import pulumi

from components.common.placement import Placement
from facts.admission_policies import Guard, objects
from facts.manifests import type_token
from settings import AdmissionMode, Stack


class Admission(pulumi.ComponentResource):
    """Policies of the API server and their bindings: no webhook, no pod, nothing that could be down.

    What teams deploy depends on this: a policy takes effect shortly after it is created, and until it is deleted.
    """

    def __init__(
        self, name: str, guard: Guard, *, mode: AdmissionMode, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the policies, each with its binding.

        guard: what the policies protect. mode: what happens to a request that they do not allow.
        """
        super().__init__("eks-platform:index:Admission", name, {}, opts)
        for item in objects(guard, ACTIONS[mode]):
            kind = "policy" if item["kind"] == "ValidatingAdmissionPolicy" else "binding"
            short = item["metadata"]["name"].removeprefix("platform-")
            pulumi.CustomResource(type_token(item), f"{name}-{short}-{kind}", item, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


ACTIONS: Final = {AdmissionMode.DENY: ("Deny", "Audit"), AdmissionMode.WARN: ("Warn", "Audit")}
"""https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#validation-actions"""


def guard_of(settings: Stack, placement: Placement) -> Guard:
    """Return what the policies of a stack protect. placement: where the platform's own pods run."""
    dedicated = settings.ingress.dedicated
    return Guard(
        exempt=[*settings.namespaces, *settings.admission.exempt_namespaces],
        levels=settings.pod_security_levels,
        otherwise=settings.admission.pod_security,
        hosts=settings.platform_hosts,
        public=settings.admission.public_load_balancers,
        dedicated=dedicated.namespaces if dedicated else [],
        node_labels=placement.node_selector,
        taints=[toleration.key for toleration in placement.tolerations],
        stores=settings.store_namespaces,
    )
