"""The orders service in the namespace that the platform gives its team: an IAM role, two pods, a route from the ALB."""

import json
from typing import Final

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service, ServiceAccount
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from contract import Platform

# It listens on 8080 without root. By digest, so that a restart runs what was reviewed.
IMAGE: Final = (
    "docker.io/nginxinc/nginx-unprivileged:1.29.3-alpine"
    "@sha256:5aea7cc516b419e3526f47dd1531be31a56a046cfe44754d94f9383e13e2ee99"
)
NAMESPACE: Final = "app-orders"
NAME: Final = "orders"
LABELS: Final = {"app.kubernetes.io/name": NAME}

config = pulumi.Config()
platform = Platform(config.require("platform"))
in_aws = pulumi.ResourceOptions(provider=aws.Provider("aws", region=platform["region"]))
in_cluster = pulumi.ResourceOptions(
    provider=kubernetes.Provider(
        "kubernetes",
        kubeconfig=platform["kubeconfig"],
        cluster_identifier=platform["clusterArn"],
        enable_server_side_apply=True,
    )
)


def trust(provider_arn: str, issuer: str) -> str:
    """Return the trust policy, as JSON, by which only our service account assumes the role."""
    subject = f"system:serviceaccount:{NAMESPACE}:{NAME}"
    statement = {
        "Sid": "OrdersServiceAccount",
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:sub": subject, f"{issuer}:aud": "sts.amazonaws.com"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


role = aws.iam.Role(
    NAME,
    assume_role_policy=pulumi.Output.all(platform["oidcProviderArn"], platform["oidcIssuer"]).apply(
        lambda known: trust(*known)
    ),
    opts=in_aws,
)
account = ServiceAccount(
    NAME,
    metadata={"name": NAME, "namespace": NAMESPACE, "annotations": {"eks.amazonaws.com/role-arn": role.arn}},
    opts=in_cluster,
)
deployment = Deployment(
    NAME,
    metadata={"name": NAME, "namespace": NAMESPACE},
    spec={
        "replicas": 2,
        "selector": {"match_labels": LABELS},
        "template": {
            "metadata": {"labels": LABELS},
            "spec": {
                "service_account_name": NAME,
                "termination_grace_period_seconds": 60,
                "security_context": {"run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"}},
                "topology_spread_constraints": [
                    {
                        "topology_key": "topology.kubernetes.io/zone",
                        "max_skew": 1,
                        "when_unsatisfiable": "ScheduleAnyway",
                        "label_selector": {"match_labels": LABELS},
                    }
                ],
                "containers": [
                    {
                        "name": NAME,
                        "image": IMAGE,
                        "ports": [{"name": "http", "container_port": 8080}],
                        "readiness_probe": {"http_get": {"path": "/", "port": "http"}},
                        # Traefik goes on sending for some seconds after a pod's end has begun.
                        "lifecycle": {"pre_stop": {"sleep": {"seconds": 15}}},
                        "resources": {
                            "requests": {"cpu": "50m", "memory": "64Mi"},
                            "limits": {"memory": "64Mi"},
                        },
                        "security_context": {
                            "allow_privilege_escalation": False,
                            "read_only_root_filesystem": True,
                            "capabilities": {"drop": ["ALL"]},
                        },
                        "volume_mounts": [{"name": "tmp", "mount_path": "/tmp"}],  # noqa: S108  # in the container
                    }
                ],
                "volumes": [{"name": "tmp", "empty_dir": {}}],
            },
        },
    },
    opts=pulumi.ResourceOptions.merge(in_cluster, pulumi.ResourceOptions(depends_on=[account])),
)
PodDisruptionBudget(
    NAME,
    metadata={"name": NAME, "namespace": NAMESPACE},
    spec={"max_unavailable": 1, "selector": {"match_labels": LABELS}},
    opts=in_cluster,
)
service = Service(
    NAME,
    metadata={"name": NAME, "namespace": NAMESPACE},
    spec={"selector": LABELS, "ports": [{"name": "http", "port": 80, "target_port": "http"}]},
    opts=pulumi.ResourceOptions.merge(in_cluster, pulumi.ResourceOptions(depends_on=[deployment])),
)
host = config.require("host")
CustomResource(
    NAME,
    api_version="traefik.io/v1alpha1",
    kind="IngressRoute",
    metadata={"name": NAME, "namespace": NAMESPACE},
    spec={
        "entryPoints": ["web"],
        "routes": [{"kind": "Rule", "match": f"Host(`{host}`)", "services": [{"name": NAME, "port": "http"}]}],
    },
    opts=pulumi.ResourceOptions.merge(in_cluster, pulumi.ResourceOptions(depends_on=[service])),
)
pulumi.export("url", pulumi.Output.concat("http://", host))
pulumi.export("loadBalancer", platform["ingressDnsName"])
