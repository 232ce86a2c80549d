"""What settings hand to components: each key is one that the component knows, and none that it needs is absent."""

from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, TypedDict, Union, get_args, get_origin, is_typeddict

import pytest
from pydantic import BaseModel

from components.common.chart import ChartSourceArgs
from components.common.placement import PlacementArgs
from components.compute.cluster_autoscaler import ClusterAutoscalerArgs
from components.compute.fargate import FargateProfileArgs
from components.compute.fargate_logging import FargateLoggingArgs
from components.compute.node_group import NodeGroupArgs
from components.compute.node_pools import NodePoolArgs, NodePoolsArgs
from components.control_plane.access import ClusterAccessArgs
from components.control_plane.cluster import ClusterArgs
from components.delivery.argo_cd import ArgoCdArgs
from components.delivery.gitops import GitCredentialArgs, GitOpsArgs
from components.delivery.teams import TeamNamespaceArgs
from components.ingress.alias_records import DnsAliasArgs
from components.ingress.certificate import CertificateArgs
from components.ingress.controller_ingress import LoadBalancerArgs
from components.ingress.traefik import TraefikArgs
from components.network.existing import ExistingNetworkArgs
from components.network.shared import SharedNetworkArgs
from components.network.vpc import NetworkArgs
from components.observability.alarms import AlarmsArgs, ThresholdArgs
from components.observability.container_insights import ContainerInsightsLogsArgs
from components.observability.events import EventsArgs
from components.services.admission import AdmissionArgs
from components.services.cert_manager import CertManagerArgs
from components.services.external_dns import ExternalDnsArgs
from components.services.external_secrets import ExternalSecretsArgs
from components.services.load_balancer_controller import DedicatedArgs
from settings import (
    Access,
    Admission,
    Alarms,
    ArgoCd,
    CertManager,
    Charts,
    Cluster,
    ClusterAutoscaler,
    Dedicated,
    Domain,
    ExistingNetwork,
    ExternalDns,
    ExternalSecrets,
    FargateProfile,
    GitCredential,
    GitOps,
    Ingress,
    Karpenter,
    Network,
    NodeGroup,
    NodePool,
    Observability,
    OperationsPods,
    Settings,
    TeamNamespace,
    Thresholds,
    Traefik,
    plain,
)
from tests.settings_files import STACKS, read, sections_of

# A section, what takes it, what the program leaves out of it, and what it gives besides.
HANDED: list[tuple[type[Settings], Any, set[str], set[str]]] = [
    (ExistingNetwork, ExistingNetworkArgs, {"stack", "zones"}, {"cluster_name", "vpc_id"}),
    (
        ExistingNetwork,
        SharedNetworkArgs,
        {"vpc_id", "private_subnets", "public_subnets", "tagging"},
        {"stack", "contract_version", "cluster_name", "account_id", "region"},
    ),
    (Network, NetworkArgs, {"existing"}, {"cluster_name", "region", "account_id", "protect", "cidr"}),
    (
        Cluster,
        ClusterArgs,
        {"identity"},
        {"ip_family", "cluster_name", "account_id", "protect", "vpc_id", "subnet_ids"},
    ),
    (
        Access,
        ClusterAccessArgs,
        set(),
        {"cluster_name", "cluster_identifier", "region", "endpoint", "certificate_authority"},
    ),
    (
        NodeGroup,
        NodeGroupArgs,
        {"release", "zones"},
        {"release", "zones", "cluster_name", "version", "subnets", "accelerator", "running", "volumes_key"},
    ),
    (FargateProfile, FargateProfileArgs, set(), set()),
    (NodePool, NodePoolArgs, set(), set()),
    (
        Karpenter,
        NodePoolsArgs,
        {"version", "image_version", "node_repair", "node_pools"},
        {
            *("cluster_id", "instance_profile_name", "subnet_ids", "security_group_id", "public_nodes"),
            *("image_alias", "tags", "pools"),
        },
    ),
    (OperationsPods, PlacementArgs, set(), {"fargate"}),
    (
        Traefik,
        TraefikArgs,
        set(),
        {"kubernetes_version", "trusted_cidrs", "address", "routes", "idle_timeout", "placement", "charts"},
    ),
    (Ingress, LoadBalancerArgs, {"owner", "domain", "dedicated"}, {"subnet_ids", "dual_stack"}),
    (Dedicated, DedicatedArgs, set(), set()),
    (Domain, CertificateArgs, {"weight"}, set()),
    (
        Domain,
        DnsAliasArgs,
        {"name", "alternatives"},
        {"cluster_id", "names", "target_dns_name", "target_zone_id", "dual_stack"},
    ),
    (
        ExternalDns,
        ExternalDnsArgs,
        set(),
        {
            *("cluster_id", "kubernetes_version", "namespace", "region", "identity", "placement", "charts"),
            *("platform_hosts", "platform_names"),
        },
    ),
    (
        CertManager,
        CertManagerArgs,
        set(),
        {"kubernetes_version", "namespace", "region", "identity", "placement", "charts"},
    ),
    (
        ClusterAutoscaler,
        ClusterAutoscalerArgs,
        set(),
        {
            *("cluster_id", "cluster_name", "kubernetes_version", "account_id", "region"),
            *("identity", "placement", "charts"),
        },
    ),
    (
        ExternalSecrets,
        ExternalSecretsArgs,
        set(),
        {
            *("cluster_id", "kubernetes_version", "namespace", "account_id", "region"),
            *("identity", "placement", "charts"),
        },
    ),
    (Charts, ChartSourceArgs, set(), {"registry"}),
    (ArgoCd, ArgoCdArgs, set(), {"kubernetes_version", "ingress_addresses", "placement", "charts"}),
    (GitOps, GitOpsArgs, set(), {"kubernetes_version", "credentials"}),
    (GitCredential, GitCredentialArgs, set(), set()),
    (Observability, ContainerInsightsLogsArgs, {"alarms"}, {"cluster_id"}),
    (Observability, FargateLoggingArgs, {"alarms"}, {"cluster_id", "kubernetes_version", "region"}),
    (
        Observability,
        EventsArgs,
        {"alarms"},
        {"cluster_id", "namespace", "kubernetes_version", "region", "identity", "placement", "charts"},
    ),
    (
        Alarms,
        AlarmsArgs,
        {"webhooks"},
        {
            *("cluster_id", "account_id", "region", "webhooks", "load_balancer", "events_log_group"),
            *("nodes", "provisioners", "nat_gateways"),
        },
    ),
    (Thresholds, ThresholdArgs, set(), set()),
    (
        Admission,
        AdmissionArgs,
        {"exempt_namespaces", "reserved_hosts"},
        {"exempt", "levels", "hosts", "dedicated", "placement", "stores"},
    ),
    (TeamNamespace, TeamNamespaceArgs, set(), set()),
]


def bare(annotation: Any) -> tuple[Any, bool]:
    """Return a type without its wrappers, and whether it may be absent."""
    if get_origin(annotation) in (Annotated, NotRequired):
        inner, _ = bare(get_args(annotation)[0])
        return inner, get_origin(annotation) is NotRequired
    if get_origin(annotation) in (Union, UnionType):
        # Of a pulumi.Input[...] the plain choice stands first.
        inner, absent = bare(get_args(annotation)[0])
        return inner, absent or NoneType in get_args(annotation)
    return annotation, False


def misfits(model: type[BaseModel], shape: Any, without: set[str], besides: set[str], way: str = "") -> list[str]:
    """Return where the plain values of a model are not what a TypedDict asks for."""
    hints = shape.__annotations__
    found = []
    for name, field in model.model_fields.items():
        if name not in without:
            path = f"{way}.{name}"
            if name not in hints:
                found.append(f"{path}: unknown")
                continue
            (given, optional), (taken, may_be_absent) = bare(field.annotation), bare(hints[name])
            if optional and not may_be_absent and name not in besides:
                found.append(f"{path}: may be absent")
            found += different(given, taken, path)
    given_names = (set(model.model_fields) - without) | besides
    return found + [f"{way}.{name}: lacking" for name in shape.__required_keys__ - given_names]


def different(given: Any, taken: Any, path: str) -> list[str]:
    """Return where a plain value of one type is not of another."""
    given, taken = bare(given)[0], bare(taken)[0]
    if taken is Any:
        return []
    if is_typeddict(taken):
        return misfits(given, taken, set(), set(), path)
    as_json = get_origin(given) or {int: int, bool: bool}.get(given, str)
    if as_json is not (get_origin(taken) or taken):
        return [f"{path}: {as_json.__name__} for {taken}"]
    return different(get_args(given)[-1], get_args(taken)[-1], f"{path}[]") if get_args(taken) else []


@pytest.mark.parametrize(
    ("model", "shape", "without", "besides"), HANDED, ids=lambda item: getattr(item, "__name__", "")
)
def test_a_section_fits_the_component_that_takes_it(
    model: type[Settings], shape: Any, without: set[str], besides: set[str]
) -> None:
    assert misfits(model, shape, without, besides) == []


class Short(Settings):
    key: str
    value: int | None = None


class Below(Settings):
    names: list[str]
    below: Short
    more: dict[str, Short]


def test_what_does_not_fit_is_found_at_any_depth() -> None:
    class ShortArgs(TypedDict):
        key: str
        value: int
        kind: str

    class BelowArgs(TypedDict):
        names: str
        below: ShortArgs
        more: dict[str, ShortArgs]

    assert misfits(Below, BelowArgs, set(), set()) == [
        ".names: list for <class 'str'>",
        ".below.value: may be absent",
        ".below.kind: lacking",
        ".more[].value: may be absent",
        ".more[].kind: lacking",
    ]
    assert misfits(Below, ShortArgs, {"names", "below"}, {"key", "value", "kind"}) == [".more: unknown"]


@pytest.mark.parametrize("stack", STACKS)
def test_named_sections_are_handed_over_by_name(stack: str) -> None:
    settings = read(sections_of(stack))
    pools = settings.karpenter.node_pools if settings.karpenter else {}
    for named in (settings.node_groups, settings.fargate_profiles, pools):
        assert plain(named) == {name: plain(section) for name, section in named.items()}
