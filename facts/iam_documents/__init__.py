"""IAM, KMS and SQS policies as data: pure functions of plain values, least privilege, a Sid for every statement."""

from .alarms import alarm_key, alarm_topic
from .cluster_autoscaler import cluster_autoscaler, discovery_tags
from .dns import dns01_solver, external_dns
from .document import (
    MANAGED_POLICY_LIMIT,
    Condition,
    PolicyDocument,
    Statement,
    policy_size,
)
from .encryption import queue_key_reader, secrets_key, secrets_key_user, volumes_key_user
from .external_secrets import secret_store_reader, secret_store_role_path, secret_store_roles
from .extra_chart import AllowedActions, assume_role, assume_roles, extra_chart
from .flow_logs import vpc_flow_logs
from .hybrid_nodes import hybrid_node
from .karpenter import (
    INTERRUPTION_EVENTS,
    KARPENTER_CONTROLLER_POLICIES,
    EventPattern,
    interruption_queue,
    karpenter_controller,
)
from .load_balancer_controller import load_balancer_controller
from .logs import log_group_writer
from .managed import (
    AUTO_MODE_CLUSTER_POLICIES,
    AUTO_MODE_NODE_POLICIES,
    CLOUDWATCH_AGENT_POLICY,
    CLUSTER_POLICY,
    EBS_CSI_POLICY,
    FARGATE_POD_POLICY,
    NODE_POLICIES,
    POD_SECURITY_GROUPS_POLICY,
    REGISTRY_POLICY,
    SSM_POLICY,
    VPC_CNI_POLICY,
    managed_policy_arn,
)
from .metrics import metrics_reader
from .trust import (
    trust_capability,
    trust_fargate,
    trust_grafana,
    trust_hybrid_nodes,
    trust_irsa,
    trust_nodes_with_certificates,
    trust_pod_identity,
    trust_role,
    trust_service,
    trust_vpc_flow_logs,
)
from .vpc_cni import vpc_cni_ipv6

__all__ = [
    "AUTO_MODE_CLUSTER_POLICIES",
    "AUTO_MODE_NODE_POLICIES",
    "CLOUDWATCH_AGENT_POLICY",
    "CLUSTER_POLICY",
    "EBS_CSI_POLICY",
    "FARGATE_POD_POLICY",
    "INTERRUPTION_EVENTS",
    "KARPENTER_CONTROLLER_POLICIES",
    "MANAGED_POLICY_LIMIT",
    "NODE_POLICIES",
    "POD_SECURITY_GROUPS_POLICY",
    "REGISTRY_POLICY",
    "SSM_POLICY",
    "VPC_CNI_POLICY",
    "AllowedActions",
    "Condition",
    "EventPattern",
    "PolicyDocument",
    "Statement",
    "alarm_key",
    "alarm_topic",
    "assume_role",
    "assume_roles",
    "cluster_autoscaler",
    "discovery_tags",
    "dns01_solver",
    "external_dns",
    "extra_chart",
    "hybrid_node",
    "interruption_queue",
    "karpenter_controller",
    "load_balancer_controller",
    "log_group_writer",
    "managed_policy_arn",
    "metrics_reader",
    "policy_size",
    "queue_key_reader",
    "secret_store_reader",
    "secret_store_role_path",
    "secret_store_roles",
    "secrets_key",
    "secrets_key_user",
    "trust_capability",
    "trust_fargate",
    "trust_grafana",
    "trust_hybrid_nodes",
    "trust_irsa",
    "trust_nodes_with_certificates",
    "trust_pod_identity",
    "trust_role",
    "trust_service",
    "trust_vpc_flow_logs",
    "volumes_key_user",
    "vpc_cni_ipv6",
    "vpc_flow_logs",
]
