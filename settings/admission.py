"""Settings of admission: what the API server refuses in namespaces that are not the platform's."""

from enum import StrEnum

from pydantic import Field

from settings.base import Settings
from settings.values import HostName, NamespacePattern, PodSecurity


class AdmissionMode(StrEnum):
    """What happens to a request that a policy does not allow: it is refused, or it passes with a warning."""

    DENY = "deny"
    WARN = "warn"
    OFF = "off"


class Admission(Settings):
    """Policies of the API server for all namespaces but those of the platform, of Kubernetes and of EKS."""

    mode: AdmissionMode = Field(
        AdmissionMode.DENY,
        description="Whether the policies refuse a request, only warn of it, or do not exist.",
    )
    exempt_namespaces: list[NamespacePattern] = Field(
        [], description="More namespaces that no policy holds in, such as one that the platform team manages by hand."
    )
    pod_security: PodSecurity = Field(
        PodSecurity.RESTRICTED,
        description="The least Pod Security Standard that a namespace must be labelled with, unless `gitOps.sets` or "
        "`teamNamespaces` says which standard it has.",
    )
    reserved_hosts: list[HostName] = Field(
        [], description="Host names that no team may route or publish, beside `argoCd.host`."
    )
    public_load_balancers: list[NamespacePattern] = Field(
        [],
        description="Namespaces whose Services and Ingresses may have load balancers of their own in the internet; "
        "elsewhere the only way in is Traefik.",
    )
