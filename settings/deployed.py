"""What a stack has running, as Pulumi's state tells it before a program registers its first resource."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import grpc
import pulumi
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

State = Mapping[str, Mapping[str, Any]]
"""The resources of a stack by URN, each with its `type` and its `outputs`."""

OWN: Final = "a VPC of the stack's own"


@dataclass(frozen=True)
class Running:
    """How the cluster of a stack was made; None where the state does not say, or where there is nothing to keep."""

    name: str | None
    region: str | None
    account: str | None
    iam_path: str | None
    """The path in IAM of the cluster's role."""
    ip_family: str | None
    service_cidr: str | None
    """The IPv4 range of the cluster IPs of Services."""
    secrets_key: str | None
    """ARN of the KMS key that encrypts Kubernetes secrets."""
    made_key: bool
    """Whether that key is the stack's own."""
    network: str | None
    """OWN, the id of an existing VPC, or the name of the stack whose VPC it is."""
    control_plane_subnets: str | None
    """The subnets of an existing VPC that are the control plane's only; "" where it has none of its own."""
    cidr: str | None
    """The range of the stack's own VPC."""
    pod_cidr: str | None
    """The secondary range of the stack's own VPC."""
    identity: str | None
    """"irsa" or "pod-identity": how the controllers get their roles."""


def running(state: State) -> Running | None:
    """Return how the cluster in the state of a stack was made, or None if it has none."""
    cluster = _one(state, "aws:eks/cluster:Cluster")
    if cluster is None:
        return None
    types = {str(resource.get("type")) for resource in state.values()}
    key = _at(cluster, "encryptionConfig", "provider", "keyArn")
    own_key = _one(state, "eks-platform:index:Cluster$aws:kms/key:Key")
    existing = _one(state, "eks-platform:index:ExistingNetwork")
    own_vpc = _one(state, "eks-platform:index:Network$aws:ec2/vpc:Vpc")
    pods = _one(state, "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
    arn = _at(cluster, "arn")
    role = _at(cluster, "roleArn")
    owner = _one(state, "eks-platform:index:SharedNetwork$pulumi:pulumi:StackReference")
    kinds = {"irsa": "eks-platform:index:Irsa", "pod-identity": "eks-platform:index:PodIdentity"}
    identities = [kind for kind, type_ in kinds.items() if type_ in types]
    return Running(
        name=_at(cluster, "name"),
        region=arn.split(":")[3] if arn else None,
        account=arn.split(":")[4] if arn else None,
        iam_path=f"/{role.partition(':role/')[2].rpartition('/')[0]}/".replace("//", "/") if role else None,
        ip_family=_at(cluster, "kubernetesNetworkConfig", "ipFamily"),
        service_cidr=_at(cluster, "kubernetesNetworkConfig", "serviceIpv4Cidr"),
        secrets_key=key,
        made_key=own_key is not None and _at(own_key, "arn") == key,
        network=OWN if own_vpc else _at(owner, "name") or _at(existing, "vpc_id"),
        control_plane_subnets=(existing.get("control_plane_subnets") or "") if existing else None,
        cidr=_at(own_vpc, "cidrBlock"),
        pod_cidr=_at(pods, "cidrBlock"),
        identity=identities[0] if len(identities) == 1 else None,
    )


def _one(state: State, type_: str) -> Mapping[str, Any] | None:
    """Return the outputs of the resource whose qualified type ends with `type_`; the program has one at most."""
    found = (resource.get("outputs") for urn, resource in state.items() if urn.split("::")[2].endswith(type_))
    return next((outputs for outputs in found if isinstance(outputs, Mapping)), None)


def _at(outputs: Any, *keys: str) -> str | None:
    for key in keys:
        outputs = outputs.get(key) if isinstance(outputs, Mapping) else None
    return outputs if isinstance(outputs, str) else None


def deployed() -> State:
    """Return the state of the stack that is running; empty for one that has never come up.

    The engine's own functions answer, without AWS and without a provider. A stack whose first `up` has not ended well
    has no outputs and counts as new: the engine fails on a stack without any state, of which that is the sign.
    https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/builtins.go
    Raises RunError where the engine cannot read the state.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    if not _ask("pulumi:pulumi:readStackOutputs", name=stack):
        return {}
    return _ask("pulumi:pulumi:readStackResourceOutputs", stackName=stack)


def _ask(function: str, **arguments: str) -> dict[str, Any]:
    """Return the `outputs` of a function of the engine's.

    Not `pulumi.runtime.invoke`, which takes a reference to a resource for one of this run, and looks for it.
    """
    sent = Struct()
    sent.update(arguments)
    request = resource_pb2.ResourceInvokeRequest(tok=function, args=sent, acceptResources=False)
    monitor = get_monitor()
    if monitor is None:
        raise pulumi.RunError("there is no engine: run the program with `pulumi` or `make preview`")
    try:
        response = monitor.Invoke(request)
    except grpc.RpcError as error:
        raise pulumi.RunError(f"cannot read the state of this stack: {error.details()}") from None
    found = MessageToDict(getattr(response, "return")).get("outputs")
    return dict(found) if isinstance(found, Mapping) else {}
