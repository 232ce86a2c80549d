"""Components recorded alone, in a program with one AWS and one Kubernetes provider, and questions about the plan."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from harness.plan import Plan, Registration
from harness.properties import Properties
from rehearsal.record import record

ACCOUNT: Final = "111122223333"
REGION: Final = "ap-northeast-1"

_P = ParamSpec("_P")


def remembered(record: Callable[_P, Plan]) -> Callable[_P, Plan]:
    """Record once for the same arguments: many tests look at one plan, and none changes it."""
    plans: dict[str, Plan] = {}

    @wraps(record)
    def recall(*args: _P.args, **kwargs: _P.kwargs) -> Plan:
        key = repr((args, sorted(kwargs.items())))
        if key not in plans:
            plans[key] = record(*args, **kwargs)
        return plans[key]

    return recall


def in_program(declare: Callable[[pulumi.ResourceOptions], object]) -> Callable[[], None]:
    """Return a program that declares something with the options for it, which hand down the providers."""

    def program() -> None:
        in_aws = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
        in_cluster = kubernetes.Provider("kubernetes", kubeconfig="{}", cluster_identifier="test")
        declare(pulumi.ResourceOptions(providers=[in_aws, in_cluster]))

    return program


def recorded(
    declare: Callable[[pulumi.ResourceOptions], object],
    *,
    unknown: bool = False,
    existing: Mapping[str, Sequence[Properties]] | None = None,
) -> Plan:
    """Record a program that declares something with the options for it.

    The options hand down the providers, named after their packages, and there are no default ones: what does not take
    them is refused.
    """
    return record(in_program(declare), unknown=unknown, existing=existing, disabled_providers=["aws", "kubernetes"])


class Probe(pulumi.ComponentResource):
    """Takes outputs as its inputs, where a test sees their values and the resources that they carry with them."""

    def __init__(self, **values: Any) -> None:
        super().__init__("test:index:Probe", "probe", values)


def probed(plan: Plan, value: str) -> Any:
    """Return what an output given to `Probe` is; None where it is nothing."""
    return plan.one(name="probe").inputs.get(value)


def carried(plan: Plan, value: str) -> set[str]:
    """Return the labels of what the taker of an output given to `Probe` waits for directly."""
    return needs(plan, plan.one(name="probe"), value)


def label(entry: Registration) -> str:
    """Return "Subnet platform-public-a" for such a resource: names alone may stand for resources of several types."""
    return f"{entry.type.rpartition(':')[2]} {entry.name}"


def labels(plan: Plan, urns: Iterable[str]) -> set[str]:
    """Return the labels of resources."""
    return {label(plan.by_urn[urn]) for urn in urns}


def needs(plan: Plan, entry: Registration, property_: str | None = None) -> set[str]:
    """Return the labels of what a resource depends on directly: by one input, or by its inputs and options together."""
    return labels(plan, entry.property_dependencies.get(property_, ()) if property_ else entry.dependencies)


def waits_for(plan: Plan, entry: Registration) -> set[str]:
    """Return the labels of all that a resource waits for, directly or through others."""
    return labels(plan, plan.closure(entry))


def below(plan: Plan, entry: Registration) -> set[str]:
    """Return the labels of all that is below a resource."""
    return {label(child) for child in plan.descendants(entry)}


def document(entry: Registration, property_: str) -> Any:
    """Return what is in an input that is JSON text."""
    return json.loads(entry.inputs[property_])


def outputs_of(component: type[pulumi.ComponentResource]) -> tuple[str, ...]:
    """Return the names of a component's outputs, those of a base class of ours included."""
    ours = [base for base in reversed(component.__mro__) if base.__module__.startswith("components.")]
    return tuple(key for base in ours for key, hint in base.__annotations__.items() if "Output" in str(hint))


def assert_shape(plan: Plan, component: type[pulumi.ComponentResource], name: str) -> Registration:
    """Check what all components have in common, and return the registration of the component.

    Its type token; below it nothing that is not named after it or uses another provider than the program's; as outputs
    the public attributes of its class, and no others; in addition to it nothing but what the test itself declares.
    """
    entry = plan.one(type=f"eks-platform:index:{component.__name__}", name=name)
    assert not entry.custom
    assert not entry.remote
    assert set(entry.outputs) == set(outputs_of(component))
    for child in plan.descendants(entry):
        assert child.name == name or child.name.startswith(f"{name}-"), label(child)
        if child.custom and child.type.startswith(("aws:", "kubernetes:")):
            assert child.options.provider, label(child)
            assert plan.by_urn[child.options.provider].name == child.type.partition(":")[0], label(child)
    return entry
