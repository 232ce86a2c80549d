"""Rules about what the API server refuses in namespaces of teams."""

from collections.abc import Iterator

from settings.admission import Admission, AdmissionMode
from settings.argo_cd import ArgoCd
from settings.problems import Problem
from settings.rules.registry import repeated, rule


@rule
def _lists(admission: Admission) -> Iterator[Problem]:
    yield from repeated("admission.exemptNamespaces", admission.exempt_namespaces)
    yield from repeated("admission.reservedHosts", admission.reserved_hosts)
    yield from repeated("admission.publicLoadBalancers", admission.public_load_balancers)


@rule
def _reserved_already(admission: Admission, argo_cd: ArgoCd | None) -> Iterator[Problem]:
    if argo_cd and argo_cd.host in admission.reserved_hosts:
        yield Problem("admission.reservedHosts", argo_cd.host, "expected other hosts: argoCd.host is reserved already")


@rule
def _switched_off(admission: Admission) -> Iterator[Problem]:
    others = admission.model_dump(exclude={"mode"}, exclude_defaults=True)
    if admission.mode is AdmissionMode.OFF and others:
        yield Problem("admission.mode", "off", "expected nothing else in the section: no policy exists that it changes")
