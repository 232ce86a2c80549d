"""AWS Load Balancer Controller: its policy, identity and Helm release."""

from typing import Any, NotRequired, TypedDict

import pulumi

import versions
from components.common.chart import image, release
from components.common.identity import ClusterIdentity, ServiceAccountName, role_annotations, workload_identity
from components.common.placement import Placement, pod_annotations, pod_placement, zone_spread
from components.common.pod_namespace import PodNamespace
from components.common.pod_security import RESTRICTED_CONTAINER
from facts import iam_documents, namespaces
from settings import Charts

INGRESS_CLASS = "alb"
NAMESPACE = namespaces.SYSTEM
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


class DedicatedArgs(TypedDict):
    """Who may have load balancers beside the platform's, by an Ingress of the class."""

    namespaces: list[str]
    """Their namespaces."""
    scheme: NotRequired[str]
    """"internet-facing" or "internal", for every load balancer of the class; absent: as each Ingress says."""


class LoadBalancerControllerArgs(TypedDict):
    """What the controller is made from."""

    cluster_id: str
    """The cluster's name as plain text, for the policy: it tags all that the controller makes."""
    cluster_name: pulumi.Input[str]
    """The cluster, once it has nodes or Fargate profiles."""
    account_id: str
    """The account of the load balancers."""
    region: str
    """AWS region; the controller cannot ask the instance's metadata, which is a hop too far, or absent on Fargate."""
    vpc_id: pulumi.Input[str]
    """The VPC, for the same reason."""
    identity: ClusterIdentity
    """How the controller gets its role."""
    placement: Placement
    """Where its pods run."""
    namespace: PodNamespace
    """Its namespace, with what runs its pods."""
    charts: Charts
    """Where charts and images come from; None: its publisher."""
    isolated: bool
    """Whether the controller reaches nothing but what has an endpoint in the VPC: no WAF."""
    shared_subnets: bool
    """Whether the subnets are tagged for another cluster, and not for this one."""
    dedicated: NotRequired[DedicatedArgs]
    """Absent: the class is for the platform alone."""
    tls_policy: str
    """The security policy of every HTTPS listener of the class."""
    web_acl: NotRequired[str]
    """ARN of the WAFv2 web ACL of every load balancer of the class; absent: as each Ingress says."""
    tags: dict[str, str]
    """Tags of what the controller makes in AWS, which the provider's default tags do not reach."""


class LoadBalancerController(pulumi.ComponentResource):
    """The controller that turns Ingresses and TargetGroupBindings into load balancers.

    What it made in AWS goes only while it and its role live: let every Ingress and TargetGroupBinding depend on this.
    """

    ingress_class: pulumi.Output[str]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: LoadBalancerControllerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the controller."""
        super().__init__("eks-platform:index:LoadBalancerController", name, {}, opts)
        chart = versions.AWS_LOAD_BALANCER_CONTROLLER
        policy = pulumi.Output.from_input(args["vpc_id"]).apply(
            lambda vpc_id: iam_documents.load_balancer_controller(
                args["account_id"], args["region"], args["cluster_id"], vpc_id
            )
        )
        identity = workload_identity(
            name,
            args["identity"],
            ServiceAccountName(NAMESPACE, chart.name),
            pulumi.ResourceOptions(parent=self),
            documents={"controller": pulumi.Output.json_dumps(policy)},
        )
        labels = {"app.kubernetes.io/name": chart.name, "app.kubernetes.io/instance": chart.name}
        off = [*GATEWAY_FEATURES, *([CLUSTER_TAG_FEATURE] if args["shared_subnets"] else [])]
        release(
            f"{name}-release",
            chart,
            pulumi.ResourceOptions(parent=self, depends_on=[identity]),
            namespace=args["namespace"],
            charts=args["charts"],
            values={
                "image": {"repository": image(IMAGE, args["charts"])},
                "clusterName": args["cluster_name"],
                "region": args["region"],
                "vpcId": args["vpc_id"],
                "defaultTags": args["tags"],
                "replicaCount": 2,
                "serviceAccount": {"name": chart.name, "annotations": role_annotations(identity)},
                "ingressClass": INGRESS_CLASS,
                "createIngressClassResource": True,
                "ingressClassParams": {"create": True, "name": INGRESS_CLASS, "spec": class_params(args)},
                # The old annotation names no IngressClass, so what the class demands would not hold for it.
                "disableIngressClassAnnotation": True,
                # Its webhook would hold up every Service of the cluster until the controller is ready, to make NLBs of
                # Services without a class, which nobody asks for here.
                "enableServiceMutatorWebhook": False,
                # Otherwise each rendering makes a new CA, and each `up` a change.
                "keepTLSSecret": True,
                # Gateways are Traefik's. The controller would look for the kinds of the Gateway API when it starts, and
                # without all three switches it ends when it finds some and not the others
                # (aws-load-balancer-controller #4684, #4721).
                "controllerConfig": {"featureGates": dict.fromkeys(off, False)},
                # Otherwise whoever may write an Ingress could join another's group, and take paths of its ALB.
                "disableIngressGroupNameAnnotation": True,
                "podDisruptionBudget": {"maxUnavailable": 1},
                "podAnnotations": pod_annotations(args["placement"]),
                "topologySpreadConstraints": zone_spread(labels, fargate=args["placement"].fargate),
                # It keeps every Pod, Secret and Node that it watches in memory.
                "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
                "podSecurityContext": {"fsGroup": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
                "securityContext": {"runAsNonRoot": True, **RESTRICTED_CONTAINER},
                **(WITHOUT_FIREWALLS if args["isolated"] else {}),
                **pod_placement(args["placement"]),
            },
        )
        self.ingress_class = pulumi.Output.from_input(INGRESS_CLASS)
        self.role_arn = identity.role_arn
        self.register_outputs({"ingress_class": self.ingress_class, "role_arn": self.role_arn})


def class_params(args: LoadBalancerControllerArgs) -> dict[str, Any]:
    """Return the spec of the class's IngressClassParams, which hold whatever an Ingress says in its annotations.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/ingress_class/#ingressclassparams
    """
    nobody: DedicatedArgs = {"namespaces": []}
    dedicated = args.get("dedicated", nobody)
    allowed = [namespaces.TRAEFIK, *dedicated["namespaces"]]
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": allowed}
    return {
        "namespaceSelector": {"matchExpressions": [expression]},
        "sslPolicy": args["tls_policy"],
        "tags": [{"key": key, "value": value} for key, value in args["tags"].items()],
        **({"scheme": dedicated["scheme"]} if "scheme" in dedicated else {}),
        **({"wafv2AclArn": args["web_acl"]} if "web_acl" in args else {}),
    }
