"""The stack: what there is, and what is connected to what. What each part is made of stands in `components/`."""

import pulumi
import pulumi_aws as aws

from components.common.dependency import after
from components.common.identity import IdentityArgs
from components.common.placement import PlacementArgs
from components.common.running_groups import running_groups
from components.compute.addons import ClusterAddons, ClusterAddonsArgs, NodeAddons
from components.compute.cluster_autoscaler import ClusterAutoscaler, ClusterAutoscalerArgs
from components.compute.fargate import Fargate, FargateArgs
from components.compute.fargate_logging import FargateLogging, FargateLoggingArgs
from components.compute.karpenter import Karpenter, KarpenterArgs
from components.compute.node_group import NodeGroup, NodeGroupArgs
from components.compute.node_pools import NodePools, NodePoolsArgs
from components.control_plane.access import ClusterAccess, ClusterAccessArgs
from components.control_plane.cluster import Cluster, ClusterArgs
from components.delivery.argo_cd import SERVICE as ARGO_CD_SERVICE
from components.delivery.argo_cd import ArgoCd, ArgoCdArgs
from components.delivery.extra_chart import ExtraChart, ExtraChartArgs
from components.delivery.gitops import GitOps, GitOpsArgs
from components.delivery.teams import Teams, TeamsArgs
from components.delivery.workloads import Workloads
from components.ingress.alias_records import DnsAlias, DnsAliasArgs
from components.ingress.certificate import Certificate, CertificateArgs
from components.ingress.controller_ingress import ControllerIngress, LoadBalancerArgs
from components.ingress.load_balancer import LoadBalancer, TargetBinding
from components.ingress.traefik import INGRESS_CLASS, Traefik, TraefikArgs, TraefikDefinitions, TraefikDefinitionsArgs
from components.network.existing import ExistingNetwork, ExistingNetworkArgs
from components.network.shared import SharedNetwork, SharedNetworkArgs
from components.network.vpc import Network, NetworkArgs
from components.observability.alarms import Alarms, AlarmsArgs
from components.observability.container_insights import (
    ContainerInsights,
    ContainerInsightsArgs,
    ContainerInsightsLogs,
    ContainerInsightsLogsArgs,
)
from components.observability.events import Events, EventsArgs
from components.services.admission import Admission, AdmissionArgs
from components.services.cert_manager import CertManager, CertManagerArgs
from components.services.external_dns import ExternalDns, ExternalDnsArgs
from components.services.external_secrets import ExternalSecrets, ExternalSecretsArgs
from components.services.load_balancer_controller import LoadBalancerController, LoadBalancerControllerArgs
from facts import namespaces
from outputs import CONTRACT_VERSION, PlatformOutputs, export
from settings import AdmissionMode, IngressOwner, IpFamily, Scheme, arguments, plain, require_deployer, stack_settings

settings = stack_settings()
platform, name, region = settings.platform, settings.platform.name, settings.platform.region
tags = {"Project": pulumi.get_project(), "Stack": pulumi.get_stack(), "ManagedBy": "pulumi", **platform.tags}

# --- Account and region -------------------------------------------------------------------------------------------

provider = aws.Provider(
    "aws",
    region=region,
    default_tags={"tags": tags},
    allowed_account_ids=[platform.account] if platform.account else None,
)
in_aws = pulumi.ResourceOptions(providers=[provider])
caller = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider))
require_deployer(caller.arn, settings.access.deployer)
account_id = platform.account or caller.account_id

# Asked before anything is declared: what an autoscaler made of the groups is what they keep.
running = running_groups(name, provider) if settings.node_groups else {}

# --- Network ------------------------------------------------------------------------------------------------------

network: Network | ExistingNetwork | SharedNetwork
if settings.network.existing and settings.network.shared:
    network = SharedNetwork(
        name,
        arguments(
            SharedNetworkArgs,
            settings.network.existing,
            without=["private_subnets", "public_subnets", "tagging"],
            contract_version=CONTRACT_VERSION,
            cluster_name=name,
            region=region,
            account_id=account_id,
        ),
        in_aws,
    )
elif settings.network.existing:
    network = ExistingNetwork(
        name,
        arguments(ExistingNetworkArgs, settings.network.existing, without=["zones"], cluster_name=name),
        in_aws,
    )
else:
    network = Network(
        name,
        arguments(
            NetworkArgs,
            settings.network,
            cluster_name=name,
            region=region,
            account_id=account_id,
            protect=platform.protect,
            internet=settings.internet,
            logs_key=settings.encryption.logs,
        ),
        in_aws,
    )

# --- Control plane and access to it -------------------------------------------------------------------------------

cluster = Cluster(
    name,
    arguments(
        ClusterArgs,
        settings.cluster,
        without=["identity"],
        cluster_name=name,
        account_id=account_id,
        protect=platform.protect,
        vpc_id=network.vpc_id,
        # Auto Mode's nodes end with the control plane, so what leads out of their subnets has to outlive it.
        subnet_ids=network.node_subnet_ids if settings.cluster.auto_mode else network.cluster_subnet_ids,
        ip_family=settings.network.ip_family,
        logs_key=settings.encryption.logs,
    ),
    in_aws,
)
access = ClusterAccess(
    f"{name}-access",
    arguments(
        ClusterAccessArgs,
        settings.access,
        cluster_name=cluster.cluster_name,
        cluster_identifier=f"{region}/{name}",
        region=region,
        endpoint=cluster.endpoint,
        certificate_authority=cluster.certificate_authority,
    ),
    in_aws,
)
in_cluster = pulumi.ResourceOptions(providers=[provider, access.kubernetes])


def once(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """Return the options of what is in the cluster after resources, and goes before them."""
    return pulumi.ResourceOptions.merge(in_cluster, pulumi.ResourceOptions(depends_on=resources))


identity: IdentityArgs = {
    "kind": settings.cluster.identity,
    "cluster_name": cluster.cluster_name,
    "cluster_arn": f"arn:aws:eks:{region}:{account_id}:cluster/{name}",
    "oidc_provider_arn": cluster.oidc_provider_arn,
    "oidc_issuer": cluster.oidc_issuer,
}

# --- Compute: nodes, Fargate --------------------------------------------------------------------------------------

observability = settings.observability
log_groups: list[pulumi.CustomResource] = []
if observability and not settings.fargate_only:
    insights_logs = ContainerInsightsLogs(
        f"{name}-insights",
        arguments(
            ContainerInsightsLogsArgs,
            observability,
            without=["alarms"],
            cluster_id=name,
            logs_key=settings.encryption.logs,
        ),
        in_aws,
    )
    log_groups = [*insights_logs.groups]
node_groups: list[NodeGroup] = []
if settings.node_groups:
    node_addons = NodeAddons(
        f"{name}-node-addons",
        {
            "cluster_name": cluster.cluster_name,
            "versions": settings.addon_versions,
            "identity": identity,
            "region": region,
            "pod_subnets": network.pod_subnets,
            "security_group_id": cluster.security_group_id,
            "ip_family": settings.network.ip_family,
        },
        in_aws,
    )
    node_groups = [
        NodeGroup(
            f"{name}-{key}",
            arguments(
                NodeGroupArgs,
                group,
                without=["release", "zones"],
                release=group.release_for(settings.cluster.version),
                zones=group.zones or settings.network.zone_names,
                accelerator=group.accelerator,
                running=running,
                cluster_name=after(log_groups, node_addons.cluster_name),
                version=settings.cluster.version,
                volumes_key=settings.encryption.volumes,
                subnets=network.node_subnets,
                tags=tags,
            ),
            in_aws,
        )
        for key, group in settings.node_groups.items()
    ]
fargate: Fargate | None = None
fargate_logging: FargateLogging | None = None
if settings.fargate_profiles:
    if observability:
        fargate_logging = FargateLogging(
            f"{name}-fargate-logging",
            arguments(
                FargateLoggingArgs,
                observability,
                without=["alarms"],
                cluster_id=name,
                kubernetes_version=settings.cluster.version,
                region=region,
                logs_key=settings.encryption.logs,
            ),
            in_cluster,
        )
    fargate = Fargate(
        f"{name}-fargate",
        arguments(
            FargateArgs,
            offered={"log_group_arn": fargate_logging.log_group_arn} if fargate_logging else None,
            cluster_name=cluster.cluster_name,
            cluster_id=name,
            region=region,
            account_id=account_id,
            subnet_ids=network.node_subnet_ids,
            profiles=plain(settings.fargate_profiles_in_order),
        ),
        in_aws,
    )
compute = {
    namespace: [
        *[nodes for group in node_groups for nodes in group.groups],
        *(fargate.profiles_for(namespace) if fargate else []),
        *([fargate_logging.configuration] if fargate_logging else []),
        # Auto Mode launches a node when a pod waits for one: there is no group that the logs could come before.
        *(log_groups if settings.cluster.auto_mode else []),
    ]
    for namespace in (*settings.namespaces, *(settings.workloads.namespaces if settings.workloads else ()))
}
ready = {namespace: after(needed, namespace) for namespace, needed in compute.items()}

# --- What runs on it ----------------------------------------------------------------------------------------------

on_cluster = {
    "cluster_id": name,
    "cluster_name": after(compute[namespaces.SYSTEM], cluster.cluster_name),
    "kubernetes_version": settings.cluster.version,
    "endpoint": cluster.endpoint,
    "account_id": account_id,
    "region": region,
    "vpc_id": network.vpc_id,
    "identity": identity,
    "placement": arguments(PlacementArgs, settings.operations_pods, fargate=settings.fargate_only),
    "charts": settings.charts.source(),
    "isolated": settings.network.isolated,
    "shared_subnets": settings.network.shared,
    "built_in_volumes": settings.cluster.auto_mode is not None and settings.addons.ebs_csi,
    "tags": tags,
    "logs_key": settings.encryption.logs,
    "volumes_key": settings.encryption.volumes,
    "queue_key": settings.encryption.queue,
}

addons = ClusterAddons(
    f"{name}-addons", arguments(ClusterAddonsArgs, offered=on_cluster, versions=settings.addon_versions), in_cluster
)
load_balancer_controller = LoadBalancerController(
    f"{name}-lbc",
    arguments(
        LoadBalancerControllerArgs,
        offered={**on_cluster, **plain(settings.ingress)},
    ),
    in_cluster,
)
workload_controllers: list[pulumi.Resource] = [addons, load_balancer_controller]
if settings.admission.mode is not AdmissionMode.OFF:
    admission = Admission(
        f"{name}-admission",
        arguments(
            AdmissionArgs,
            settings.admission,
            without=["exempt_namespaces", "reserved_hosts"],
            offered=on_cluster,
            exempt=[*settings.namespaces, *settings.admission.exempt_namespaces],
            levels=settings.pod_security_levels,
            hosts=settings.platform_hosts,
            dedicated=settings.ingress.dedicated.namespaces if settings.ingress.dedicated else [],
            stores=settings.store_namespaces,
        ),
        in_cluster,
    )
    # Before what teams deploy, and until it is gone.
    workload_controllers.append(admission)
karpenter: Karpenter | None = None
if settings.karpenter:
    karpenter = Karpenter(
        f"{name}-karpenter",
        arguments(
            KarpenterArgs,
            offered=on_cluster,
            version=settings.karpenter.version,
            node_repair=settings.karpenter.node_repair,
        ),
        in_cluster,
    )
    node_pools = NodePools(
        f"{name}-nodes",
        arguments(
            NodePoolsArgs,
            settings.karpenter,
            without=["version", "image_version", "node_repair", "node_pools"],
            offered=on_cluster,
            instance_profile_name=karpenter.instance_profile_name,
            subnet_ids=network.node_subnet_ids,
            security_group_id=cluster.security_group_id,
            public_nodes=settings.network.public_nodes,
            image_alias=settings.karpenter.image_alias,
            pools=plain(settings.karpenter.node_pools),
        ),
        once(karpenter),
    )
    workload_controllers.append(node_pools)
if settings.cluster_autoscaler:
    ClusterAutoscaler(
        f"{name}-autoscaler",
        arguments(ClusterAutoscalerArgs, settings.cluster_autoscaler, offered=on_cluster),
        in_cluster,
    )
if settings.external_secrets:
    external_secrets = ExternalSecrets(
        f"{name}-secrets",
        arguments(
            ExternalSecretsArgs,
            settings.external_secrets,
            offered=on_cluster,
            namespace=ready[namespaces.EXTERNAL_SECRETS],
        ),
        in_cluster,
    )
    workload_controllers.append(external_secrets)
if settings.external_dns:
    external_dns = ExternalDns(
        f"{name}-dns",
        arguments(
            ExternalDnsArgs,
            settings.external_dns,
            offered=on_cluster,
            namespace=ready[namespaces.EXTERNAL_DNS],
            platform_hosts=settings.platform_hosts,
            platform_names=list(dict.fromkeys((*settings.load_balancer_names, *settings.platform_hosts))),
        ),
        in_cluster,
    )
    workload_controllers.append(external_dns)
if settings.cert_manager:
    cert_manager = CertManager(
        f"{name}-certificates",
        arguments(
            CertManagerArgs,
            settings.cert_manager,
            offered=on_cluster,
            namespace=ready[namespaces.CERT_MANAGER],
        ),
        in_cluster,
    )
    workload_controllers.append(cert_manager)

# --- Ingress: one ALB, Traefik behind it --------------------------------------------------------------------------

internal = settings.ingress.scheme is Scheme.INTERNAL
domain = settings.ingress.domain
front = arguments(
    LoadBalancerArgs,
    settings.ingress,
    without=["owner", "domain", "dedicated"],
    dual_stack=settings.network.ip_family is IpFamily.IPV6,
    subnet_ids=network.private_subnet_ids if internal else network.public_subnet_ids,
)
if domain and "certificate" not in front:
    certified = arguments(CertificateArgs, domain, without=["weight"])
    front["certificate"] = Certificate(f"{name}-ingress", certified, in_aws).certificate_arn
balancer: LoadBalancer | None = None
if settings.ingress.owner is IngressOwner.PROGRAM:
    balancer = LoadBalancer(
        name,
        {**front, "platform_name": name, "vpc_id": network.vpc_id, "pod_security_group_id": cluster.security_group_id},
        in_aws,
    )
# The controller's ALB is made from an Ingress behind Traefik: its name comes too late for Traefik.
address: pulumi.Input[str] | None = domain.address if domain else None
if balancer and not address:
    address = balancer.dns_name
definitions = TraefikDefinitions(
    f"{name}-traefik",
    arguments(TraefikDefinitionsArgs, offered=on_cluster, gateway_api=settings.traefik.gateway_api),
    in_cluster,
)
traefik = Traefik(
    f"{name}-traefik",
    arguments(
        TraefikArgs,
        settings.traefik,
        offered=on_cluster,
        trusted_cidrs=network.private_subnet_cidrs if internal else network.public_subnet_cidrs,
        idle_timeout=settings.ingress.idle_timeout,
        routes=[{"name": "argocd", "host": host, "service": ARGO_CD_SERVICE} for host in settings.interface_hosts],
        address=address,
    ),
    once(definitions, *compute[namespaces.TRAEFIK]),
)
behind_controller = once(load_balancer_controller, traefik)
ingress: ControllerIngress | LoadBalancer
if balancer:
    ingress = balancer
    served: pulumi.Resource = TargetBinding(
        f"{name}-traefik",
        {
            "target_group_arn": balancer.target_group_arn,
            "vpc_id": network.vpc_id,
            "ip_family": settings.network.ip_family,
        },
        behind_controller,
    )
else:
    served = ingress = ControllerIngress(name, front, behind_controller)
if domain:
    DnsAlias(
        f"{name}-ingress",
        arguments(
            DnsAliasArgs,
            domain,
            without=["name", "alternatives"],
            cluster_id=name,
            names=settings.load_balancer_names,
            target_dns_name=ingress.dns_name,
            target_zone_id=ingress.zone_id,
            dual_stack=settings.network.ip_family is IpFamily.IPV6,
        ),
        pulumi.ResourceOptions.merge(in_aws, pulumi.ResourceOptions(depends_on=[served])),
    )

# --- What Argo CD deploys from Git --------------------------------------------------------------------------------

if settings.argo_cd:
    argo_cd = ArgoCd(
        f"{name}-argo-cd",
        arguments(ArgoCdArgs, settings.argo_cd, offered=on_cluster, ingress_addresses=address is not None),
        once(*compute[namespaces.ARGO_CD]),
    )
    if settings.git_ops:
        GitOps(
            f"{name}-gitops",
            arguments(
                GitOpsArgs,
                settings.git_ops,
                offered=on_cluster,
                credentials={key: login.login() for key, login in settings.git_credentials.items()},
            ),
            once(argo_cd, traefik, *workload_controllers),
        )

# --- Charts and workloads of teams --------------------------------------------------------------------------------

extra_charts: list[ExtraChart] = []
for release, chart in settings.extra_charts.items():
    namespace = chart.namespace_name(release)
    # It goes before what it may use.
    used = [*compute[namespace], traefik, *workload_controllers]
    extra_charts.append(
        ExtraChart(
            f"{name}-chart-{release}",
            arguments(
                ExtraChartArgs,
                chart,
                without=["pod_security", "secret_values", "team_resources"],
                offered=on_cluster,
                release=release,
                chart=chart.chart_name(release),
                namespace_id=namespace,
                namespace=after(used, namespace),
                pod_security=settings.pod_security_of(release),
                secret_values=chart.secrets(),
            ),
            in_cluster,
        )
    )
if settings.workloads:
    served_by = [traefik, *workload_controllers, *extra_charts]
    Workloads(
        f"{name}-workloads",
        {"folders": settings.workloads.folders},
        once(*served_by, *(it for key in settings.workloads.namespaces for it in compute[key])),
    )

Teams(
    f"{name}-teams",
    arguments(
        TeamsArgs,
        offered=on_cluster,
        resources=settings.team_resources,
        namespaces=plain(settings.team_namespaces),
    ),
    once(traefik, *workload_controllers, *extra_charts),
)

# --- Logs, metrics, events, alarms --------------------------------------------------------------------------------

alarms: Alarms | None = None
if observability:
    events = Events(
        f"{name}-events",
        arguments(
            EventsArgs,
            observability,
            without=["alarms"],
            offered=on_cluster,
            namespace=ready[namespaces.OBSERVABILITY],
        ),
        in_cluster,
    )
    if not settings.fargate_only:
        ContainerInsights(
            f"{name}-insights",
            arguments(ContainerInsightsArgs, offered=on_cluster, versions=settings.addon_versions),
            in_aws,
        )
    if observability.alarms:
        alarms = Alarms(
            f"{name}-alarms",
            arguments(
                AlarmsArgs,
                observability.alarms,
                without=["webhooks"],
                offered=on_cluster,
                webhooks=observability.alarms.endpoints(),
                load_balancer=ingress.metrics_name(),
                events_log_group=events.log_group_name,
                nodes=not settings.fargate_only,
                provisioners=settings.provisioners,
                nat_gateways=network.nat_gateway_ids(),
                **({"interruption_queue": karpenter.queue_name} if karpenter else {}),
            ),
            in_aws,
        )

# --- What other stacks may rely on --------------------------------------------------------------------------------

outputs: PlatformOutputs = {
    "contract_version": CONTRACT_VERSION,
    "name": name,
    "region": region,
    "account_id": account_id,
    "vpc_id": network.vpc_id,
    "private_subnet_ids": network.private_subnet_ids,
    "public_subnet_ids": network.public_subnet_ids,
    "private_subnets": network.private_subnets,
    "public_subnets": network.public_subnets,
    "pod_subnets": network.pod_subnets,
    "cluster_name": cluster.cluster_name,
    "cluster_arn": cluster.arn,
    "cluster_endpoint": cluster.endpoint,
    "cluster_certificate_authority": cluster.certificate_authority,
    "cluster_security_group_id": cluster.security_group_id,
    "kubernetes_version": cluster.version,
    "kubeconfig": access.kubeconfig,
    "oidc_provider_arn": cluster.oidc_provider_arn,
    "oidc_issuer": cluster.oidc_issuer,
    "ingress_dns_name": ingress.dns_name,
    "ingress_zone_id": ingress.zone_id,
    "ingress_hosts": domain.names if domain else [],
    "ingress_class": INGRESS_CLASS,
    "versions": settings.installed_versions,
}
if domain:
    outputs["hosted_zone_id"] = domain.hosted_zone_id
if alarms:
    outputs["alarms_topic_arn"] = alarms.topic_arn
export(outputs)
