"""Rules about charts that a team adds. The section may hold secrets, so no message shows a value of it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import versions
from facts import iam_documents
from policy.exceptions import EXTRA_CHART
from policy.model import Resource
from policy.patterns import POWERFUL, every_resource
from policy.rule import Level, violations
from policy.rules import RULES
from policy.rules.pods import RELEASE
from policy.rules.supply import FLOATING, floats
from policy.rules.workloads import ENFORCE, NAMESPACE
from settings.addons import AddonRole
from settings.extra_charts import ChartRole, ExtraChart, PolicyStatement, before, creator_of_namespace
from settings.namespaces import own_namespaces
from settings.node_access import NodeRole
from settings.problems import Problem, encrypting, place
from settings.rules.registry import rule
from settings.values import PodSecurity
from settings.workload_roles import WorkloadRights

PLATFORM_CHARTS: Final = frozenset(chart.name for chart in vars(versions).values() if isinstance(chart, versions.Chart))
"""What this program installs itself, some of it only where its own section is set."""
ASKED: Final = [it for it in RULES if it.development is Level.MANDATORY and it.name != "image-tag"]
"""The policies that hold in every stack; what image-tag refuses is found below with its place."""
LONGEST_POLICY: Final = iam_documents.MANAGED_POLICY_LIMIT
OTHERS_NAMESPACES: Final = ("default", "kube-public", "kube-node-lease")


@rule
def _extra_charts(extra_charts: dict[str, ExtraChart]) -> Iterator[Problem]:
    for name, chart in extra_charts.items():
        for path, used in ((place("extraCharts", name), name), (place("extraCharts", name, "chart"), chart.chart)):
            if used in PLATFORM_CHARTS:
                yield Problem(path, "a chart of the platform", "expected another: this one has settings of its own")


@rule
def _namespaces_of_extra_charts(extra_charts: dict[str, ExtraChart], sections: Mapping[str, Any]) -> Iterator[Problem]:
    own = own_namespaces(sections)
    first = [name for name in extra_charts if creator_of_namespace(extra_charts, name) == name]
    times = Counter(extra_charts[name].namespace_name(name) for name in first)
    for name, chart in extra_charts.items():
        namespace, path = chart.namespace_name(name), place("extraCharts", name)
        if namespace in own:
            if chart.pod_security:
                yield Problem(f"{path}.podSecurity", "set", "expected none: the namespace is one of the platform's")
        elif namespace in OTHERS_NAMESPACES or namespace.startswith("kube-"):
            yield Problem(f"{path}.namespace", "Kubernetes' own", "expected one for this chart, or one of the platform")
        elif name not in first:
            if chart.pod_security:
                found = "set for a namespace that another chart creates"
                yield Problem(f"{path}.podSecurity", found, "expected it at the chart that is installed first")
        elif times[namespace] > 1:
            expected = "expected a namespace of its own, or the other chart in `after`"
            yield Problem(f"{path}.namespace", "used by two charts", expected)


@rule
def _order_of_extra_charts(extra_charts: dict[str, ExtraChart]) -> Iterator[Problem]:
    for name, chart in extra_charts.items():
        path = place("extraCharts", name, "after")
        for index, other in enumerate(chart.after):
            if other not in extra_charts:
                expected = "expected the name of another chart of extraCharts"
                yield Problem(f"{path}[{index}]", "the name of no chart", expected)
            elif chart.after.index(other) < index:
                yield Problem(f"{path}[{index}]", "listed twice", "expected it once")
        if name in before(extra_charts, name):
            yield Problem(path, "a chart that waits for itself", "expected an order without a circle")


@rule
def _roles_of_extra_charts(extra_charts: dict[str, ExtraChart]) -> Iterator[Problem]:
    for name, chart in extra_charts.items():
        if chart.role:
            if not chart.role.statements and not chart.role.managed_policies:
                path = place("extraCharts", name, "role")
                yield Problem(path, "a role that may do nothing", "expected statements or managedPolicies")
            yield from rights(place("extraCharts", name, "role"), chart.role)


def rights(path: str, role: AddonRole | ChartRole | NodeRole | WorkloadRights) -> Iterator[Problem]:
    """Yield what is wrong with the policies of a role at a path."""
    times = Counter(statement.sid for statement in role.statements)
    for index, statement in enumerate(role.statements):
        at = f"{path}.statements[{index}]"
        if times[statement.sid] > 1:
            yield Problem(f"{at}.sid", "used twice", "expected one of its own")
        if isinstance(statement, PolicyStatement):
            yield from _resources(at, statement)
    if iam_documents.policy_size(iam_documents.extra_chart(role.statements)) > LONGEST_POLICY:
        yield Problem(f"{path}.statements", "too long", f"expected at most {LONGEST_POLICY} characters of policy")
    for arn, number in Counter(role.managed_policies).items():
        index = role.managed_policies.index(arn)
        if POWERFUL.search(arn):
            yield Problem(f"{path}.managedPolicies[{index}]", "for administrators", "expected what it needs alone")
        if number > 1:
            yield Problem(f"{path}.managedPolicies[{index}]", "listed twice", "expected it once")
    own = iam_documents.NODE_POLICIES if isinstance(role, NodeRole) else ()
    yield from policy_names(f"{path}.managedPolicies", role.managed_policies, (*own, *STATEMENTS))


STATEMENTS: Final = ("rights", "chart")
"""How the program names the policy that it makes of a role's statements, for this role alone."""


def policy_names(path: str, arns: Sequence[str], taken: Collection[str] = ()) -> Iterator[Problem]:
    """Yield the policies whose name another one of the role has: the attachments are named after their policies.

    arns: the policies in the list at `path`. taken: names that the program uses itself.
    """
    first: dict[str, str] = {}
    for index, arn in enumerate(arns):
        name = arn.rpartition("/")[2]
        if name in taken:
            yield Problem(f"{path}[{index}]", name, "expected a policy of another name: the role has this one already")
        elif first.setdefault(name, arn) != arn:
            yield Problem(f"{path}[{index}]", name, f"expected a policy of another name than {first[name]}")


def _resources(path: str, statement: PolicyStatement) -> Iterator[Problem]:
    wide = any(every_resource(resource) for resource in statement.resources)
    many = any("*" in action for action in statement.actions)
    if wide and not statement.reason:
        yield Problem(f"{path}.reason", "missing", "expected why the resources are not ARNs of single ones")
    elif many and not statement.reason:
        yield Problem(f"{path}.reason", "missing", "expected why an action ends in * and is not named in full")
    if "*" in statement.resources and len(statement.resources) > 1:
        yield Problem(f"{path}.resources", "both ARNs and *", "expected either")
    if statement.reason and not wide and not many:
        yield Problem(f"{path}.reason", "set", "expected none: the resources are ARNs and the actions have full names")


@rule
def _policies_of_extra_charts(extra_charts: dict[str, ExtraChart], sections: Mapping[str, Any]) -> Iterator[Problem]:
    """What the policies refuse in the values of a chart in every stack is refused here, before there is a preview."""
    own = own_namespaces(sections)
    for name, chart in extra_charts.items():
        namespace = chart.namespace_name(name)
        creator = extra_charts[creator_of_namespace(extra_charts, name)]
        level = None if namespace in own else creator.pod_security or PodSecurity.RESTRICTED
        broken = {it.rule.name: it.rule for it in violations(_resources_of(chart, namespace, level), ASKED)}
        for refused in broken.values():
            found, fix = f"refused by the policy {refused.name}", refused.fix
            yield Problem(place("extraCharts", name, "values"), found, f"{fix[:1].lower()}{fix[1:]}")


def _resources_of(chart: ExtraChart, namespace: str, level: str | None) -> list[Resource]:
    """Return the release and the namespace of a chart as policies see them."""
    parent = f"urn:pulumi:stack::project::{EXTRA_CHART}$"
    values = {"namespace": namespace, "version": chart.version, "values": chart.values}
    labels = {"name": namespace, "labels": {ENFORCE: level}}
    return [
        Resource(urn=f"{parent}{RELEASE}::release", type=RELEASE, name="release", properties=values),
        *(
            [Resource(urn=f"{parent}{NAMESPACE}::made", type=NAMESPACE, name="made", properties={"metadata": labels})]
            if level
            else []
        ),
    ]


@rule
def _values_of_extra_charts(extra_charts: dict[str, ExtraChart], secret: Collection[str]) -> Iterator[Problem]:
    for name, chart in extra_charts.items():
        path = ("extraCharts", name, "values")
        yield from pinned(path, chart.values)
        for key in chart.secret_values:
            at = place("extraCharts", name, "secretValues", key)
            if "extraCharts" not in secret:
                yield Problem(at, "in the clear", f"expected an encrypted value: {encrypting(at)}")
            if _stands(chart.values, key.split(".")):
                yield Problem(at, "in values too", "expected it once")
        for key in chart.stack_values:
            at = place("extraCharts", name, "stackValues", key)
            if _stands(chart.values, key.split(".")):
                yield Problem(at, "in values too", "expected it once")
            if key in chart.secret_values:
                yield Problem(at, "in secretValues too", "expected it once")


def pinned(path: tuple[str | int, ...], value: Any) -> Iterator[Problem]:
    """Yield a problem for each value that Pulumi does not hand to Helm, or that is another one tomorrow."""
    if value is None:
        yield Problem(place(*path), "null", "expected a value: Helm gets no null from Pulumi")
    elif isinstance(value, str):
        if found := _floating(str(path[-1]).lower(), value):
            yield Problem(place(*path), found, "expected a version")
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from pinned((*path, key), item)


def _floating(key: str, value: str) -> str:
    """Return what is not one version in a value: "latest" anywhere, and whatever the policy image-tag refuses."""
    if value == "latest" or value.endswith(":latest"):
        return "latest"
    if key.endswith("tag") and value in FLOATING:
        return value
    return "an image without a version" if key.endswith("image") and "/" in value and floats(value) else ""


def _stands(values: Any, keys: list[str]) -> bool:
    """Tell whether there is a value at a path, or one on the way that is no object."""
    for key in keys:
        if not isinstance(values, dict):
            return True
        if key not in values:
            return False
        values = values[key]
    return True
