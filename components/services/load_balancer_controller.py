"""AWS Load Balancer Controller: its policy, identity and Helm release."""

from collections.abc import Mapping
from typing import Any

import pulumi

import versions
from components.common.chart import image, release
from components.common.identity import ServiceAccountName, role_annotations, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import pod_annotations, pod_placement, zone_spread
from components.common.pod_security import RESTRICTED_CONTAINER
from facts import iam_documents, namespaces
from settings import Ingress

INGRESS_CLASS = "alb"
NAMESPACE = namespaces.SYSTEM
SERVICE_ACCOUNT = versions.AWS_LOAD_BALANCER_CONTROLLER.name
GATEWAY_FEATURES = ("ALBGatewayAPI", "NLBGatewayAPI", "GatewayListenerSet")
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/gateway/gateway/"""
IMAGE = "public.ecr.aws/eks/aws-load-balancer-controller"
CLUSTER_TAG_FEATURE = "SubnetsClusterTagCheck"
"""Without it the controller finds subnets by their role's tag alone; with it, it passes over those of another cluster.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/"""
WITHOUT_FIREWALLS = {"enableShield": False, "enableWaf": False, "enableWafv2": False}
"""What makes the controller ask neither Shield nor WAF, on whose answer every Ingress would wait.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1734,
https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html"""


class LoadBalancerController(pulumi.ComponentResource):
    """The controller that turns Ingresses and TargetGroupBindings into load balancers.

    Only the controller deletes what it created in AWS: every Ingress and TargetGroupBinding must depend on it.
    """

    ingress_class: pulumi.Output[str]
    role_arn: pulumi.Output[str]

    def __init__(
        self, name: str, settings: Ingress, cluster: OnCluster, *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the controller. settings: the TLS policy, web ACL and namespaces of its ingress class."""
        super().__init__("eks-platform:index:LoadBalancerController", name, {}, opts)
        chart = versions.AWS_LOAD_BALANCER_CONTROLLER
        policy = cluster.vpc_id.apply(
            lambda vpc_id: iam_documents.load_balancer_controller(
                cluster.account_id, cluster.region, cluster.cluster_id, vpc_id
            )
        )
        identity = workload_identity(
            name,
            cluster.identity,
            ServiceAccountName(NAMESPACE, SERVICE_ACCOUNT),
            pulumi.ResourceOptions(parent=self),
            documents={"controller": pulumi.Output.json_dumps(policy)},
        )
        labels = {"app.kubernetes.io/name": chart.name, "app.kubernetes.io/instance": chart.name}
        off = [*GATEWAY_FEATURES, *([CLUSTER_TAG_FEATURE] if cluster.shared_subnets else [])]
        release(
            f"{name}-release",
            chart,
            pulumi.ResourceOptions(parent=self, depends_on=[identity]),
            namespace=cluster.namespace(NAMESPACE),
            charts=cluster.charts,
            values={
                "image": {"repository": image(IMAGE, cluster.charts)},
                "clusterName": cluster.cluster_id,
                "region": cluster.region,
                "vpcId": cluster.vpc_id,
                "defaultTags": cluster.tags,
                "replicaCount": 2,
                "serviceAccount": {"name": SERVICE_ACCOUNT, "annotations": role_annotations(identity)},
                "ingressClass": INGRESS_CLASS,
                "createIngressClassResource": True,
                "ingressClassParams": {
                    "create": True,
                    "name": INGRESS_CLASS,
                    "spec": class_params(settings, cluster.tags),
                },
                # The old annotation names no IngressClass, so what the class demands would not hold for it.
                "disableIngressClassAnnotation": True,
                # Its webhook would hold up every Service of the cluster until the controller is ready, to make NLBs of
                # Services without a class: the platform has none.
                "enableServiceMutatorWebhook": False,
                # Otherwise each rendering makes a new CA, and each `up` a change.
                "keepTLSSecret": True,
                # Gateways are Traefik's. The controller would look for the kinds of the Gateway API when it starts, and
                # without all three switches it ends when it finds some and not the others
                # (aws-load-balancer-controller #4684, #4721).
                "controllerConfig": {"featureGates": dict.fromkeys(off, False)},
                # Otherwise an Ingress of any user could join another group, and receive requests of its ALB.
                "disableIngressGroupNameAnnotation": True,
                "podDisruptionBudget": {"maxUnavailable": 1},
                "podAnnotations": pod_annotations(cluster.placement),
                "topologySpreadConstraints": zone_spread(labels, fargate=cluster.placement.fargate),
                # It keeps every Pod, Secret and Node that it watches in memory.
                "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
                "podSecurityContext": {"fsGroup": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
                "securityContext": {"runAsNonRoot": True, **RESTRICTED_CONTAINER},
                **({"env": cluster.environment} if cluster.proxy else {}),
                **(WITHOUT_FIREWALLS if cluster.isolated else {}),
                **pod_placement(cluster.placement),
            },
        )
        self.ingress_class = pulumi.Output.from_input(INGRESS_CLASS)
        self.role_arn = identity.role_arn
        self.register_outputs({"ingress_class": self.ingress_class, "role_arn": self.role_arn})


def class_params(settings: Ingress, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the spec of the class's IngressClassParams, which hold whatever an Ingress says in its annotations.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/ingress_class/#ingressclassparams
    """
    dedicated = settings.dedicated
    allowed = [namespaces.TRAEFIK, *(dedicated.namespaces if dedicated else [])]
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": allowed}
    return {
        "namespaceSelector": {"matchExpressions": [expression]},
        "sslPolicy": settings.tls_policy,
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
        **({"scheme": dedicated.scheme} if dedicated and dedicated.scheme else {}),
        **({"wafv2AclArn": settings.web_acl} if settings.web_acl else {}),
    }
