"""What a plan says about a stack's place in the network: zones, subnets, compute, and what faces the internet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.plan import Plan, Registration, show

VPC: Final = "aws:ec2/vpc:Vpc"
SUBNET: Final = "aws:ec2/subnet:Subnet"
NAT: Final = "aws:ec2/natGateway:NatGateway"
INTERNET_GATEWAY: Final = "aws:ec2/internetGateway:InternetGateway"
EGRESS_GATEWAY: Final = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
LOAD_BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
LISTENER: Final = "aws:lb/listener:Listener"
INGRESS_RULE: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
INGRESS: Final = "kubernetes:networking.k8s.io/v1:Ingress"
CLUSTER: Final = "aws:eks/cluster:Cluster"
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
FARGATE: Final = "aws:eks/fargateProfile:FargateProfile"
NODE_POOL: Final = "kubernetes:karpenter.sh/v1:NodePool"
REFERENCE: Final = "pulumi:pulumi:StackReference"

ALB: Final = "alb.ingress.kubernetes.io/"
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/"""


@dataclass(frozen=True)
class Way:
    """A way between the internet and the stack.

    inbound: whether connections can come in from the internet by it; else nothing can, or only answers.
    """

    name: str
    meaning: str
    inbound: bool


@dataclass(frozen=True)
class Zone:
    """An availability zone: the ranges of its subnets by role, or their ids where another stack has made them."""

    name: str
    subnets: Mapping[str, str]
    has_nat: bool


def ways(plan: Plan) -> list[Way]:
    """Return how the stack and the internet reach each other, the ways in first."""
    found = [*_load_balancers(plan), *_apis(plan), *_ways_out(plan)]
    return sorted(found, key=lambda way: not way.inbound)


def _load_balancers(plan: Plan) -> Iterator[Way]:
    for entry in _by_name(plan, LOAD_BALANCER):
        ports = {str(_inputs(it)["port"]) for it in plan.find(type=LISTENER)}
        siblings = plan.children(plan.by_urn[entry.parent]) if entry.parent else []
        rules = [_inputs(it) for it in siblings if it.type == INGRESS_RULE]
        sources = {str(rule.get("cidrIpv4") or rule.get("cidrIpv6") or "") for rule in rules} - {""}
        yield _load_balancer(entry.name, internal=bool(_inputs(entry).get("internal")), ports=ports, sources=sources)
    for entry in _by_name(plan, INGRESS):
        notes: Mapping[str, str] = _inputs(entry)["metadata"].get("annotations") or {}
        if f"{ALB}scheme" in notes:
            ports = {str(port) for item in json.loads(notes[f"{ALB}listen-ports"]) for port in item.values()}
            sources = set(notes.get(f"{ALB}inbound-cidrs", "0.0.0.0/0").replace(" ", "").split(","))
            yield _load_balancer(entry.name, internal=notes[f"{ALB}scheme"] == "internal", ports=ports, sources=sources)


def _load_balancer(name: str, *, internal: bool, ports: Iterable[str], sources: Iterable[str]) -> Way:
    numbers = sorted(ports, key=int)
    listens = f"port{'s' if len(numbers) > 1 else ''} {' and '.join(numbers)}, from {', '.join(sorted(sources))}"
    if internal:
        return Way(f"ALB {name}", f"internal: {listens}", inbound=False)
    return Way(f"ALB {name}", f"internet-facing: {listens}", inbound=True)


def _apis(plan: Plan) -> Iterator[Way]:
    for entry in plan.find(type=CLUSTER):
        access = _inputs(entry)["vpcConfig"]
        if access.get("endpointPublicAccess"):
            sources = ", ".join(sorted(access.get("publicAccessCidrs") or ["0.0.0.0/0"]))
            yield Way("Kubernetes API", f"public endpoint, from {sources}", inbound=True)
        else:
            yield Way("Kubernetes API", "private endpoint only", inbound=False)


def _ways_out(plan: Plan) -> Iterator[Way]:
    nats, own = plan.find(type=NAT), bool(plan.find(type=VPC))
    if nats:
        kind = "regional NAT gateway" if _inputs(nats[0]).get("availabilityMode") == "regional" else "NAT gateway"
        count = f"{len(nats)} {kind}{'s' if len(nats) > 1 else ''}"
        yield Way(count, "outbound connections only", inbound=False)
    if plan.find(type=EGRESS_GATEWAY):
        yield Way("Egress-only internet gateway", "outbound IPv6 connections only", inbound=False)
    if own and not plan.find(type=INTERNET_GATEWAY):
        yield Way("No internet gateway", "nothing enters or leaves the VPC by the internet", inbound=False)
    if not own:
        yield Way("Routes of an existing VPC", "this stack does not manage them", inbound=False)


def zones(plan: Plan) -> list[Zone]:
    """Return the zones of the stack's subnets, by name."""
    ranges = {entry.id: str(_inputs(entry)["cidrBlock"]) for entry in plan.find(type=SUBNET)}
    roles: dict[str, Mapping[str, str]] = {
        role: show(plan.exports.get(f"{role}Subnets") or {}) for role in ("public", "private", "pod")
    }
    # A regional NAT gateway is in no subnet.
    with_nat = {_inputs(entry).get("subnetId") for entry in plan.find(type=NAT)} - {None}
    return [
        Zone(
            name,
            {role: ranges.get(ids[name], ids[name]) for role, ids in roles.items() if name in ids},
            has_nat=roles["public"].get(name) in with_nat,
        )
        for name in sorted({zone for ids in roles.values() for zone in ids})
    ]


def network_name(plan: Plan) -> str:
    """Return which VPC the stack is in, its range, and whose it is."""
    vpc = plan.exports.get("vpcId")
    for entry in plan.find(type=VPC):
        ipv6 = " and an IPv6 range" if _inputs(entry).get("assignGeneratedIpv6CidrBlock") else ""
        return f"VPC {_inputs(entry)['cidrBlock']}{ipv6}"
    for entry in plan.find(type=REFERENCE):
        return f"VPC {vpc} of stack {str(_inputs(entry)['name']).rpartition('/')[2]}"
    return f"VPC {vpc}, which exists already"


def endpoints(plan: Plan) -> list[str]:
    """Return the AWS services that the VPC reaches by endpoints of its own."""
    services = (str(_inputs(entry)["serviceName"]) for entry in plan.find(type=ENDPOINT))
    return sorted(name.split(".", 3)[3] for name in services)


Compute = tuple[str, str, frozenset[str]]
"""What pods run on: a name, what it is, and its zones."""


def compute(plan: Plan) -> list[Compute]:
    """Return what pods run on in a stack."""
    exported: list[Mapping[str, str]] = [show(plan.exports.get(f"{it}Subnets") or {}) for it in ("public", "private")]
    zone_of = {subnet: zone for ids in exported for zone, subnet in ids.items()}
    everywhere = frozenset(zone_of.values())

    def placed(inputs: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(zone_of.get(subnet, "") for subnet in inputs.get("subnetIds") or ()) & everywhere or everywhere

    found: list[Compute] = []
    for entry in _by_name(plan, NODE_GROUP):
        inputs = _inputs(entry)
        size = inputs["scalingConfig"]
        kind = str(inputs.get("capacityType", "ON_DEMAND")).lower().replace("_", "-")
        meaning = f"{kind}, {size['minSize']} to {size['maxSize']} nodes: {', '.join(inputs['instanceTypes'])}"
        found.append((f"Node group {entry.name}", meaning, placed(inputs)))
    for entry in _by_name(plan, FARGATE):
        spaces = ", ".join(str(it["namespace"]) for it in _inputs(entry)["selectors"])
        found.append((f"Fargate profile {entry.name}", f"pods of {spaces}", placed(_inputs(entry))))
    for entry in plan.find(type=CLUSTER):
        auto = _inputs(entry).get("computeConfig") or {}
        if auto.get("enabled"):
            pools = ", ".join(auto.get("nodePools") or []) or "those of this stack"
            found.append(("EKS Auto Mode", f"node pools: {pools}", everywhere))
    for entry in _by_name(plan, NODE_POOL):
        limits = _inputs(entry)["spec"].get("limits") or {}
        most = ", ".join(f"{key} {value}" for key, value in sorted(limits.items()))
        found.append((f"NodePool {entry.name}", f"nodes of Karpenter, up to {most}" if most else "", everywhere))
    return found


def _by_name(plan: Plan, type_: str) -> list[Registration]:
    """Return the resources of a type in an order that does not depend on when each was registered."""
    return sorted(plan.find(type=type_), key=lambda entry: entry.name)


def _inputs(entry: Registration) -> dict[str, Any]:
    return dict(show(entry.inputs))
