"""IAM, KMS and SQS policies as data: pure functions of plain values, least privilege, a Sid for every statement.

The policies of an optional controller (`facts/capabilities.py`) are not among the names below: its component, which
alone uses them, imports them from their own module.
"""

from .alarms import alarm_key, alarm_topic
from .document import (
    MANAGED_POLICY_LIMIT,
    Condition,
    PolicyDocument,
    Statement,
    policy_size,
)
from .encryption import queue_key_reader, secrets_key, secrets_key_user, volumes_key_user
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
