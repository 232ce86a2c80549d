"""Settings of admission: what the API server refuses in namespaces that are not the platform's."""

from enum import StrEnum

from pydantic import Field

from settings.base import Settings
from settings.values import HostName, NamespacePattern, PodSecurity


class AdmissionMode(StrEnum):
    """What happens to a request that violates a policy: it is refused, or accepted with a warning."""

    DENY = "deny"
    WARN = "warn"
    OFF = "off"


class Admission(Settings):
    """Admission policies of the API server for all namespaces except those of the platform, Kubernetes and EKS."""

    mode: AdmissionMode = Field(
        AdmissionMode.DENY,
        description="Whether the policies refuse a request, only warn about it, or do not exist.",
    )
    exempt_namespaces: list[NamespacePattern] = Field(
        [],
        description="Additional namespaces that are exempt from all policies, such as one that the platform team "
        "manages by hand.",
    )
    pod_security: PodSecurity = Field(
        PodSecurity.RESTRICTED,
        description="Minimum Pod Security Standard that a namespace must be labelled with, unless `gitOps.sets` or "
        "`teamNamespaces` sets its standard.",
    )
    reserved_hosts: list[HostName] = Field(
        [], description="Host names that no team may route or publish, in addition to `argoCd.host`."
    )
    public_load_balancers: list[NamespacePattern] = Field(
        [],
        description="Namespaces whose Services and Ingresses may have their own internet-facing load balancers. Other"
        " namespaces are reachable only through Traefik.",
    )
