"""What a change of a resource means for what runs: one table, each row with the page that says so.

A row is for types, an operation and, for an update, inputs. A test fails where something that replaces a resource,
or an input of a cluster, node group, add-on or load balancer, has no row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from harness.kind import get
from review.changes import Change, Operation


class Effect(IntEnum):
    """How much of what runs notices, the worst first."""

    OUTAGE = 0
    DISRUPTION = 1
    NOTICE = 2
    NONE = 3

    @property
    def words(self) -> str:
        """What it means, in words."""
        return ("stops or loses something", "restarts or reconnects something", "to know", "nothing that runs notices")[
            self
        ]


@dataclass(frozen=True)
class Row:
    """types: a pattern of type tokens. operation: what is done. inputs: which inputs it is about; empty for any.

    text: the meaning, with {nodes} and {at_once} of a node group and {budgets} of a pool. page: the source.
    """

    types: str
    operation: Operation
    effect: Effect
    text: str
    page: str
    inputs: frozenset[str] = frozenset()

    def fits(self, type_: str, operation: Operation, inputs: frozenset[str]) -> bool:
        """Tell whether the row is about a change of a type that concerns any of these inputs."""
        concerned = not self.inputs or bool(self.inputs & inputs)
        return operation is self.operation and concerned and re.fullmatch(self.types, type_) is not None


@dataclass(frozen=True)
class Meaning:
    """What a change means: a row, with the numbers of the resource in its text."""

    change: Change
    effect: Effect
    text: str
    page: str


USER_GUIDE: Final = "https://docs.aws.amazon.com/eks/latest/userguide"
VPC: Final = "https://docs.aws.amazon.com/vpc/latest/userguide"
ELB: Final = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application"
IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
KUBERNETES: Final = "https://kubernetes.io/docs/concepts"
CUSTOM_RESOURCES: Final = f"{KUBERNETES}/extend-kubernetes/api-extension/custom-resources/"

_REPLACE, _UPDATE, _DELETE = Operation.REPLACE, Operation.UPDATE, Operation.DELETE
_OUTAGE, _DISRUPTION, _NOTICE, _NONE = Effect


def _of(*inputs: str) -> frozenset[str]:
    return frozenset(inputs)


ROWS: Final = (
    # The control plane.
    Row("aws:eks/cluster:Cluster", _REPLACE, _OUTAGE,
        "the cluster is created again: everything that runs in it, and every object, is lost",
        f"{USER_GUIDE}/create-cluster.html"),
    Row("aws:eks/cluster:Cluster", _DELETE, _OUTAGE,
        "the cluster is deleted with everything that runs in it", f"{USER_GUIDE}/delete-cluster.html"),
    Row("aws:eks/cluster:Cluster", _UPDATE, _NOTICE,
        "the control plane is upgraded, which takes minutes and cannot be taken back: there is no downgrade. Its API "
        "may refuse single requests meanwhile; nodes and pods stay", f"{USER_GUIDE}/update-cluster.html",
        _of("version", "forceUpdateVersion")),
    Row("aws:eks/cluster:Cluster", _UPDATE, _NOTICE,
        "access to the Kubernetes API's endpoint changes: clients that reach it now may not reach it afterwards",
        f"{USER_GUIDE}/cluster-endpoint.html", _of("vpcConfig")),
    Row("aws:eks/cluster:Cluster", _UPDATE, _NOTICE,
        "secrets are encrypted with a key from now on; the encryption cannot be taken away, nor the key changed",
        f"{USER_GUIDE}/enable-kms.html", _of("encryptionConfig")),
    Row("aws:eks/cluster:Cluster", _UPDATE, _NOTICE,
        "authentication to the Kubernetes API changes; access entries cannot be switched off again",
        f"{USER_GUIDE}/setting-up-access-entries.html", _of("accessConfig")),
    Row("aws:eks/cluster:Cluster", _UPDATE, _DISRUPTION,
        "EKS Auto Mode is switched or changed: nodes that it no longer runs are drained",
        f"{USER_GUIDE}/auto-enable-existing.html", _of("computeConfig", "storageConfig", "kubernetesNetworkConfig")),
    Row("aws:eks/cluster:Cluster", _UPDATE, _NOTICE,
        "the components or the capacity of the control plane change; its servers restart one at a time",
        f"{USER_GUIDE}/eks-provisioned-control-plane.html",
        _of("controlPlaneScalingConfig", "kubeApiServerConfig", "kubeControllerManagerConfig", "kubeSchedulerConfig")),
    Row("aws:eks/cluster:Cluster", _UPDATE, _NOTICE,
        "the networks of hybrid nodes change: nodes in a removed network lose their connection to the control plane",
        f"{USER_GUIDE}/hybrid-nodes-cluster-update.html", _of("remoteNetworkConfig")),
    Row("aws:eks/cluster:Cluster", _UPDATE, _NONE, "logs, tags or protection of the cluster change",
        f"{USER_GUIDE}/control-plane-logs.html",
        _of("enabledClusterLogTypes", "tags", "deletionProtection", "upgradePolicy", "zonalShiftConfig",
            "defaultAddonsToRemoves")),
    # Nodes.
    Row("aws:eks/nodeGroup:NodeGroup", _REPLACE, _DISRUPTION,
        "a new node group of {nodes} nodes comes up, then the {nodes} nodes of the old one are drained and deleted: "
        "every pod there restarts", f"{USER_GUIDE}/delete-managed-node-group.html"),
    Row("aws:eks/nodeGroup:NodeGroup", _DELETE, _DISRUPTION,
        "{nodes} nodes are drained and deleted: their pods need room elsewhere",
        f"{USER_GUIDE}/delete-managed-node-group.html"),
    Row("aws:eks/nodeGroup:NodeGroup", _UPDATE, _DISRUPTION,
        "{nodes} nodes are replaced, {at_once} at a time after new ones came up: every pod there restarts",
        f"{USER_GUIDE}/managed-node-update-behavior.html",
        _of("version", "releaseVersion", "launchTemplate", "forceUpdateVersion")),
    Row("aws:eks/nodeGroup:NodeGroup", _UPDATE, _NOTICE,
        "the number of nodes may change; nodes that are too many are drained",
        f"{USER_GUIDE}/update-managed-node-group.html", _of("scalingConfig", "warmPoolConfig")),
    Row("aws:eks/nodeGroup:NodeGroup", _UPDATE, _NOTICE,
        "labels and taints change on nodes that run: a taint of the effect NO_EXECUTE evicts pods",
        f"{USER_GUIDE}/update-managed-node-group.html", _of("labels", "taints")),
    Row("aws:eks/nodeGroup:NodeGroup", _UPDATE, _NONE,
        "settings of later updates and repairs, or tags of the group, change",
        f"{USER_GUIDE}/update-managed-node-group.html", _of("updateConfig", "nodeRepairConfig", "tags")),
    Row("aws:ec2/launchTemplate:LaunchTemplate", _REPLACE, _DISRUPTION,
        "node groups of the template are replaced", f"{USER_GUIDE}/launch-templates.html"),
    Row("aws:ec2/launchTemplate:LaunchTemplate", _UPDATE, _NOTICE,
        "a new version of the template: node groups that use it replace their nodes",
        f"{USER_GUIDE}/launch-templates.html"),
    Row("aws:ec2/placementGroup:PlacementGroup", _REPLACE, _DISRUPTION,
        "instances cannot move to another group: the nodes in it are replaced",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html"),
    Row("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", _UPDATE, _DISRUPTION,
        "nodes of the class drift: Karpenter replaces them within the budgets of their pools",
        "https://karpenter.sh/docs/concepts/disruption/#drift", _of("spec")),
    Row("kubernetes:karpenter.sh/v1:NodePool", _UPDATE, _DISRUPTION,
        "nodes that no longer fit the pool drift: Karpenter replaces them within its budgets ({budgets})",
        "https://karpenter.sh/docs/concepts/disruption/#drift", _of("spec")),
    Row("kubernetes:karpenter.sh/v1:NodePool", _DELETE, _DISRUPTION,
        "the pool's nodes are drained and deleted: their pods need room elsewhere",
        "https://karpenter.sh/docs/concepts/disruption/"),
    Row("kubernetes:(karpenter|eks).*:(NodePool|EC2NodeClass|NodeClass)", _REPLACE, _DISRUPTION,
        "nodes of the old one are drained and deleted", "https://karpenter.sh/docs/concepts/disruption/"),
    Row("kubernetes:eks.amazonaws.com/v1:NodeClass", _UPDATE, _DISRUPTION,
        "nodes of the class drift: Auto Mode replaces them within the budgets of their pools",
        f"{USER_GUIDE}/create-node-class.html", _of("spec")),
    Row("aws:eks/fargateProfile:FargateProfile", _REPLACE, _DISRUPTION,
        "pods of the profile are deleted with it, and start again on the new one",
        f"{USER_GUIDE}/delete-fargate-profile.html"),
    Row("aws:eks/fargateProfile:FargateProfile", _DELETE, _DISRUPTION,
        "pods of the profile are deleted: they need room elsewhere", f"{USER_GUIDE}/delete-fargate-profile.html"),
    # Add-ons, charts and access.
    Row("aws:eks/addon:Addon", _REPLACE, _DISRUPTION,
        "the add-on is removed and installed again: what it does is missing meanwhile",
        f"{USER_GUIDE}/removing-an-add-on.html"),
    Row("aws:eks/addon:Addon", _DELETE, _DISRUPTION, "the add-on is deleted, and what it does stops",
        f"{USER_GUIDE}/removing-an-add-on.html"),
    Row("aws:eks/addon:Addon", _UPDATE, _DISRUPTION, "the add-on's pods restart, one after the other",
        f"{USER_GUIDE}/updating-an-add-on.html",
        _of("addonVersion", "configurationValues", "serviceAccountRoleArn", "podIdentityAssociations")),
    Row("aws:eks/addon:Addon", _UPDATE, _NONE, "settings of later changes of the add-on, or its tags, change",
        f"{USER_GUIDE}/updating-an-add-on.html",
        _of("preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate", "tags")),
    Row("aws:eks/(accessEntry:AccessEntry|accessPolicyAssociation:AccessPolicyAssociation)", _REPLACE, _NOTICE,
        "a principal has other rights in the cluster, and none for a moment", f"{USER_GUIDE}/access-entries.html"),
    Row("aws:eks/(accessEntry:AccessEntry|accessPolicyAssociation:AccessPolicyAssociation)", _DELETE, _NOTICE,
        "a principal loses rights in the cluster", f"{USER_GUIDE}/access-entries.html"),
    Row("aws:eks/identityProviderConfig:IdentityProviderConfig", _REPLACE, _DISRUPTION,
        "people of the provider cannot log in for half an hour: EKS removes and adds it, 15 minutes each",
        f"{USER_GUIDE}/authenticate-oidc-identity-provider.html"),
    Row("aws:eks/capability:Capability", _REPLACE, _DISRUPTION,
        "the capability is deleted and created again: what it manages waits meanwhile",
        f"{USER_GUIDE}/capabilities.html"),
    Row("aws:eks/podIdentityAssociation:PodIdentityAssociation", _REPLACE, _DISRUPTION,
        "pods of the service account get new credentials when they restart, and none of the old role once these end",
        f"{USER_GUIDE}/pod-identities.html"),
    Row("kubernetes:helm.sh/v3:Release", _REPLACE, _OUTAGE,
        "the release is uninstalled and installed again: its pods stop meanwhile",
        "https://helm.sh/docs/helm/helm_uninstall/"),
    Row("kubernetes:helm.sh/v3:Release", _DELETE, _DISRUPTION, "the release and its pods are deleted",
        "https://helm.sh/docs/helm/helm_uninstall/"),
    Row("kubernetes:helm.sh/v3:Release", _UPDATE, _DISRUPTION,
        "pods of the release whose template changes restart, as their workloads roll",
        "https://helm.sh/docs/helm/helm_upgrade/"),
    # The network.
    Row("aws:ec2/vpc:Vpc|aws:ec2/vpcIpv4CidrBlockAssociation:.*", _REPLACE, _OUTAGE,
        "nothing moves to another network: nodes, load balancers and the cluster in it must be deleted first",
        f"{VPC}/vpc-cidr-blocks.html"),
    Row("aws:ec2/subnet:Subnet", _REPLACE, _OUTAGE,
        "what is in the subnet must be deleted first: nodes, load balancers and endpoints of its zone",
        f"{VPC}/configure-subnets.html"),
    Row("aws:ec2/subnet:Subnet", _DELETE, _DISRUPTION,
        "nothing runs in the zone any more: what is in the subnet must be deleted first",
        f"{VPC}/subnet-deleting.html"),
    Row("aws:ec2/(natGateway:NatGateway|eip:Eip)", _REPLACE, _DISRUPTION,
        "connections to the internet through it break once, and come from another address",
        f"{VPC}/nat-gateway-basics.html"),
    Row("aws:ec2/(natGateway:NatGateway|eip:Eip)", _DELETE, _DISRUPTION,
        "connections through it break; allow lists with its address need another one",
        f"{VPC}/nat-gateway-basics.html"),
    Row("aws:ec2/route:Route", _UPDATE, _DISRUPTION,
        "traffic takes another way: connections that are open through a NAT gateway break once",
        f"{VPC}/nat-gateway-basics.html"),
    Row("aws:ec2/(route:Route|routeTable:RouteTable|routeTableAssociation:.*)", _REPLACE, _DISRUPTION,
        "the route is missing for a moment: connections that use it break", f"{VPC}/VPC_Route_Tables.html"),
    Row("aws:ec2/(internetGateway|egressOnlyInternetGateway):.*", _REPLACE, _OUTAGE,
        "the VPC has no route to the internet meanwhile", f"{VPC}/VPC_Internet_Gateway.html"),
    Row("aws:ec2/vpcEndpoint:VpcEndpoint", _REPLACE, _DISRUPTION,
        "calls to the service take another route, or fail, until the new endpoint exists",
        "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"),
    Row("aws:ec2/(securityGroup:SecurityGroup|defaultSecurityGroup:DefaultSecurityGroup)", _REPLACE, _DISRUPTION,
        "what has the group gets the new one, nodes by being replaced", f"{VPC}/vpc-security-groups.html"),
    Row("aws:vpc/securityGroup(Ingress|Egress)Rule:.*", _REPLACE, _DISRUPTION,
        "the traffic of the rule is refused for a moment", f"{VPC}/security-group-rules.html"),
    Row("aws:vpc/securityGroup(Ingress|Egress)Rule:.*", _DELETE, _NOTICE,
        "the traffic of the rule is refused from now on", f"{VPC}/security-group-rules.html"),
    Row("aws:ec2/(flowLog:FlowLog|tag:Tag)", _REPLACE, _NONE, "flow logs have a gap, or a tag is set again",
        f"{VPC}/working-with-flow-logs.html"),
    # Load balancers, names and certificates.
    Row("aws:lb/loadBalancer:LoadBalancer", _REPLACE, _OUTAGE,
        "another load balancer with another host name: names outside of the stack must follow",
        f"{ELB}/create-application-load-balancer.html"),
    Row("aws:lb/loadBalancer:LoadBalancer", _DELETE, _OUTAGE, "requests through the load balancer fail",
        f"{ELB}/load-balancer-delete.html"),
    Row("aws:lb/loadBalancer:LoadBalancer", _UPDATE, _DISRUPTION,
        "addresses, zones or security groups of the load balancer change: connections in a removed zone break",
        f"{ELB}/load-balancer-subnets.html",
        _of("subnets", "subnetMappings", "securityGroups", "ipAddressType", "ipamPools",
            "enablePrefixForIpv6SourceNat", "secondaryIpsAutoAssignedPerSubnet")),
    Row("aws:lb/loadBalancer:LoadBalancer", _UPDATE, _NOTICE, "how the load balancer treats requests changes at once",
        f"{ELB}/edit-load-balancer-attributes.html",
        _of("clientKeepAlive", "desyncMitigationMode", "dnsRecordClientRoutingPolicy", "dropInvalidHeaderFields",
            "enableCrossZoneLoadBalancing", "enableHttp2", "enableTlsVersionAndCipherSuiteHeaders",
            "enableWafFailOpen", "enableXffClientPort", "enableZonalShift",
            "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "idleTimeout", "minimumLoadBalancerCapacity",
            "preserveHostHeader", "xffHeaderProcessingMode")),
    Row("aws:lb/loadBalancer:LoadBalancer", _UPDATE, _NONE, "logs, tags or protection of the load balancer change",
        f"{ELB}/load-balancer-access-logs.html",
        _of("accessLogs", "connectionLogs", "healthCheckLogs", "enableDeletionProtection", "tags")),
    Row("aws:lb/(targetGroup:TargetGroup|listener:Listener|listenerRule:ListenerRule)", _REPLACE, _DISRUPTION,
        "requests find no target until the new one is healthy", f"{ELB}/load-balancer-target-groups.html"),
    Row("aws:lb/listenerCertificate:ListenerCertificate", _REPLACE, _NOTICE,
        "the listener gets the new certificate for its names; open connections stay",
        f"{ELB}/https-listener-certificates.html"),
    Row("kubernetes:networking.k8s.io/v1:Ingress", _UPDATE, _NOTICE,
        "the controller changes the load balancer; another scheme or group creates one with another host name",
        "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/"),
    Row("kubernetes:networking.k8s.io/v1:Ingress", _DELETE, _OUTAGE,
        "the controller deletes the load balancer: requests through it fail",
        "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/"),
    Row("aws:acm/certificate(Validation)?:.*", _REPLACE, _NOTICE,
        "a new certificate is issued and used, then the old one is deleted: open connections stay",
        f"{ELB}/https-listener-certificates.html"),
    Row("aws:route53/record:Record", _REPLACE, _DISRUPTION, "the name may not resolve for a moment",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-editing.html"),
    Row("aws:route53/record:Record", _DELETE, _OUTAGE, "the name no longer resolves",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-deleting.html"),
    Row("aws:wafv2/webAclAssociation:WebAclAssociation", _REPLACE, _NOTICE,
        "requests are not checked by a web ACL for a moment",
        "https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-associating.html"),
    # Keys, roles, data.
    Row("aws:kms/key:Key", _REPLACE, _OUTAGE,
        "what the old key encrypts cannot be read once the key is deleted; what uses it must use the new one before",
        "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"),
    Row("aws:kms/key:Key", _DELETE, _OUTAGE,
        "what the key encrypts cannot be read once the key is deleted, after its waiting period",
        "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"),
    Row("aws:kms/alias:Alias", _REPLACE, _NONE, "the key has another name",
        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"),
    Row("aws:iam/(role:Role|instanceProfile:InstanceProfile|openIdConnectProvider:OpenIdConnectProvider)", _REPLACE,
        _DISRUPTION, "credentials of the old one end: what uses it must get the new one, pods by restarting",
        f"{IAM}/id_roles_manage_delete.html"),
    Row("aws:iam/(policy:Policy|rolePolicy:RolePolicy|rolePolicyAttachment:RolePolicyAttachment)", _REPLACE, _NOTICE,
        "the role lacks these rights for a moment, or has others", f"{IAM}/access_policies_manage-attach-detach.html"),
    Row("aws:iam/(policy:Policy|rolePolicy:RolePolicy|rolePolicyAttachment:RolePolicyAttachment)", _DELETE, _NOTICE,
        "the role loses these rights", f"{IAM}/access_policies_manage-attach-detach.html"),
    Row("aws:rolesanywhere/.*", _REPLACE, _DISRUPTION, "nodes outside of AWS get no credentials meanwhile",
        "https://docs.aws.amazon.com/rolesanywhere/latest/userguide/introduction.html"),
    Row("aws:s3/bucket:Bucket", _REPLACE, _OUTAGE,
        "the objects in the bucket do not move: it must be empty to be deleted",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html"),
    Row("aws:s3/bucket[A-Z].*", _REPLACE, _NOTICE, "the bucket lacks this setting for a moment",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"),
    Row("aws:cloudwatch/logGroup:LogGroup", _REPLACE, _OUTAGE, "the logs that the group has are deleted",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"),
    Row("aws:cloudwatch/logGroup:LogGroup", _DELETE, _OUTAGE, "the logs that the group has are deleted",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"),
    Row("aws:cloudwatch/(eventRule:EventRule|eventTarget:EventTarget)|aws:sqs/.*", _REPLACE, _NOTICE,
        "Karpenter misses interruptions of spot instances meanwhile",
        "https://karpenter.sh/docs/concepts/disruption/#interruption"),
    Row("aws:cloudwatch/(logMetricFilter:LogMetricFilter|metricAlarm:MetricAlarm)|aws:sns/.*", _REPLACE, _NOTICE,
        "an alarm is not raised, or reaches nobody, for a moment; a person must confirm a new address",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html"),
    Row("aws:efs/fileSystem:FileSystem", _REPLACE, _OUTAGE,
        "the files do not move: what the old file system has is deleted with it",
        "https://docs.aws.amazon.com/efs/latest/ug/delete-efs-fs.html"),
    Row("aws:efs/fileSystem:FileSystem", _DELETE, _OUTAGE, "the files that it has are deleted",
        "https://docs.aws.amazon.com/efs/latest/ug/delete-efs-fs.html"),
    Row("aws:efs/(mountTarget:MountTarget|backupPolicy:BackupPolicy)", _REPLACE, _DISRUPTION,
        "pods of the zone cannot reach the file system meanwhile, or it is not backed up",
        "https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html"),
    Row("aws:amp/workspace:Workspace", _REPLACE, _OUTAGE,
        "the metrics do not move: what the old workspace has is deleted with it",
        "https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-delete-workspace.html"),
    Row("aws:amp/scraper:Scraper", _REPLACE, _NOTICE, "metrics have a gap until the new scraper runs",
        "https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector-how-to.html"),
    Row("aws:grafana/workspace:Workspace", _REPLACE, _OUTAGE,
        "dashboards, data sources and alerts do not move: what the old workspace has is deleted with it",
        "https://docs.aws.amazon.com/grafana/latest/userguide/AMG-edit-delete-workspace.html"),
    Row("aws:grafana/workspace:Workspace", _DELETE, _OUTAGE,
        "the dashboards, data sources and alerts that it has are deleted",
        "https://docs.aws.amazon.com/grafana/latest/userguide/AMG-edit-delete-workspace.html"),
    Row("aws:grafana/roleAssociation:RoleAssociation", _REPLACE, _NOTICE, "its groups cannot use Grafana meanwhile",
        "https://docs.aws.amazon.com/grafana/latest/userguide/AMG-manage-users-and-groups-AMG.html"),
    # Objects of Kubernetes.
    Row("kubernetes:core/v1:Namespace", _REPLACE, _OUTAGE, "everything in the namespace is deleted with it",
        f"{KUBERNETES}/overview/working-with-objects/namespaces/"),
    Row("kubernetes:core/v1:Namespace", _DELETE, _OUTAGE, "everything in the namespace is deleted with it",
        f"{KUBERNETES}/overview/working-with-objects/namespaces/"),
    Row("kubernetes:core/v1:PersistentVolumeClaim", _REPLACE, _OUTAGE,
        "the data of the volume is deleted with its claim",
        f"{KUBERNETES}/storage/persistent-volumes/#reclaiming"),
    Row("kubernetes:apps/v1:.*|kubernetes:batch/v1:Job|kubernetes:core/v1:Pod", _REPLACE, _DISRUPTION,
        "its pods stop before the new ones start", f"{KUBERNETES}/workloads/"),
    Row("kubernetes:apps/v1:.*", _UPDATE, _DISRUPTION, "its pods restart if their template changes",
        f"{KUBERNETES}/workloads/controllers/deployment/#updating-a-deployment"),
    Row("kubernetes:core/v1:(ConfigMap|Secret)", _REPLACE, _NOTICE,
        "pods that read it see the new values when they restart", f"{KUBERNETES}/configuration/configmap/"),
    Row("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", _REPLACE, _OUTAGE,
        "every object of the kind is deleted with its definition", CUSTOM_RESOURCES),
    Row("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", _DELETE, _OUTAGE,
        "every object of the kind is deleted with its definition", CUSTOM_RESOURCES),
    Row("kubernetes:core/v1:Service", _REPLACE, _DISRUPTION, "the Service has another address",
        f"{KUBERNETES}/services-networking/service/"),
    Row("kubernetes:rbac.authorization.k8s.io/v1:(Cluster)?Role(Binding)?", _REPLACE, _NOTICE,
        "a subject lacks rights in the cluster for a moment, or has others",
        "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"),
    Row("kubernetes:.*", _REPLACE, _NOTICE,
        "the object is deleted and created again: what it does is missing meanwhile",
        f"{KUBERNETES}/overview/working-with-objects/"),
    # Providers.
    Row("pulumi:providers:.*", _REPLACE, _OUTAGE, "everything that the provider manages is created again",
        "https://www.pulumi.com/docs/iac/concepts/resources/providers/"),
)  # fmt: skip
"""The first row that fits an operation and an input says what it means."""


def row_for(type_: str, operation: Operation, inputs: frozenset[str]) -> Row | None:
    """Return the row for a change of a type that concerns these inputs; None where nothing that runs notices."""
    return next((row for row in ROWS if row.fits(type_, operation, inputs)), None)


def meanings(found: list[Change]) -> list[Meaning]:
    """Return what changes mean for what runs, the worst first."""
    return sorted(_each(found), key=lambda it: it.effect)


def _each(found: list[Change]) -> Iterator[Meaning]:
    for change in found:
        type_ = change.resource.type
        inputs = [frozenset({top}) for top in sorted(change.tops)] if change.operation is Operation.UPDATE else []
        rows = [row_for(type_, change.operation, it) for it in inputs or [change.tops]]
        for row in dict.fromkeys(row for row in rows if row):
            yield Meaning(change, row.effect, row.text.format_map(_numbers(change)), row.page)


def _numbers(change: Change) -> Mapping[str, Any]:
    """Return the numbers that a row's text may have: of a node group and of a pool."""
    inputs = change.resource.inputs
    return {
        "nodes": get(inputs, "scalingConfig.desiredSize") or 0,
        "at_once": _at_once(inputs.get("updateConfig") or {}),
        "budgets": ", ".join(_budget(it) for it in get(inputs, "spec.disruption.budgets") or []) or "10%",
    }


def _at_once(update: Mapping[str, Any]) -> str:
    """Return how many nodes are replaced at a time: https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html."""
    if update.get("maxUnavailablePercentage"):
        return f"{update['maxUnavailablePercentage']}%"
    return str(update.get("maxUnavailable") or 1)


def _budget(budget: Mapping[str, Any]) -> str:
    times = f" for {budget['duration']} from {budget['schedule']} (UTC)" if budget.get("schedule") else ""
    return f"{budget.get('nodes', '10%')}{times}"
