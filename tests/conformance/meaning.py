"""What is meant by the objects that are installed: rules, each with the objects that break it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from harness.plan import Plan
from harness.properties import reveal
from tests.conformance.bundles import Bundle, Object, label_of
from tests.conformance.helm import all_releases
from tests.conformance.pods import (
    Workload,
    fargate_takes,
    finds_a_node,
    is_fargate,
    node_kinds,
    selected,
    selects,
    workloads,
)
from tests.plans import setting

Rule = Callable[[Bundle], Iterator[str]]

RULES: Final[dict[str, Rule]] = {}
"""The rules by name. What they return begins with the object's label (see `label_of`)."""

STACK_RULES: Final[dict[str, Rule]] = {}
"""Likewise, of stacks alone."""

EXCEPTIONS: Final[dict[tuple[str, str], str]] = {
    (
        "services_stay_inside",
        f"Service app-nginx/nginx-{name}",
    ): "a sample of just that, for stacks that add it"
    for name in ("alb-instance", "nlb", "node-port")
}
"""Rules that an object may break, by the rule's name and the object's label, each with the reason."""


def rule(rules: dict[str, Rule]) -> Callable[[Rule], Rule]:
    """Add a function to rules by its name."""

    def add(function: Rule) -> Rule:
        rules[function.__name__] = function
        return function

    return add


def problems(found: Bundle, name: str) -> list[str]:
    """Return what breaks a rule in a bundle, without the exceptions."""
    excepted = {label for rule_, label in EXCEPTIONS if rule_ == name}
    every = {**RULES, **STACK_RULES}[name](found)
    return [problem for problem in every if problem.partition(":")[0] not in excepted]


def _label(workload: Workload) -> str:
    return label_of(workload.item)


# --- Pods ---------------------------------------------------------------------------------------------------------


@rule(RULES)
def pods_have_nothing_of_their_node(bundle: Bundle) -> Iterator[str]:
    """No privileges, and no network, process table, port or folder of the node."""
    for workload in workloads(bundle.objects):
        spec = workload.spec
        found = [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
        found += [f"hostPath {volume['name']}" for volume in spec.get("volumes") or [] if "hostPath" in volume]
        for container in workload.containers:
            found += [f"hostPort {port['hostPort']}" for port in container.get("ports") or [] if port.get("hostPort")]
            found += ["privileged"] * bool((container.get("securityContext") or {}).get("privileged"))
        yield from (f"{_label(workload)}: {what}" for what in found)


@rule(RULES)
def pods_are_restricted(bundle: Bundle) -> Iterator[str]:
    """What the Pod Security Standard `restricted` asks of containers beyond that, and a root file system to read only.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    """
    for workload in workloads(bundle.objects):
        for container in workload.containers:
            context = {**(workload.spec.get("securityContext") or {}), **(container.get("securityContext") or {})}
            wanted = {
                "runAsNonRoot": context.get("runAsNonRoot") is True,
                "seccompProfile": (context.get("seccompProfile") or {}).get("type") in ("RuntimeDefault", "Localhost"),
                "allowPrivilegeEscalation": context.get("allowPrivilegeEscalation") is False,
                "capabilities": (context.get("capabilities") or {}).get("drop") == ["ALL"],
                "readOnlyRootFilesystem": context.get("readOnlyRootFilesystem") is True,
            }
            yield from (f"{_label(workload)}: {container['name']}: {key}" for key, met in wanted.items() if not met)


@rule(RULES)
def containers_have_requests(bundle: Bundle) -> Iterator[str]:
    """CPU and memory are requested, and memory is limited to what is requested: nobody else's memory is lent."""
    for workload in workloads(bundle.objects):
        for container in workload.containers:
            resources = container.get("resources") or {}
            requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
            missing = [f"no {key} request" for key in ("cpu", "memory") if not requests.get(key)]
            if limits.get("memory") != requests.get("memory"):
                missing.append("memory limit is not the request")
            yield from (f"{_label(workload)}: {container['name']}: {what}" for what in missing)


@rule(RULES)
def images_are_pinned(bundle: Bundle) -> Iterator[str]:
    """Each image has a digest, or a tag that is a version."""
    for workload in workloads(bundle.objects):
        for container in workload.containers:
            if not re.search(r"@sha256:[0-9a-f]{64}$|:v?\d+\.\d+[\w.-]*$", container["image"]):
                yield f"{_label(workload)}: {container['image']}"


# --- Availability -------------------------------------------------------------------------------------------------


@rule(RULES)
def replicas_survive_drains_and_zones(bundle: Bundle) -> Iterator[str]:
    """Whatever has replicas is spread over zones, and has one budget that lets a drain go on."""
    budgets = [item for item in bundle.objects if item["kind"] == "PodDisruptionBudget"]
    for workload in workloads(bundle.objects):
        if workload.replicas is None or workload.replicas < 2:
            continue
        chosen = [
            item["spec"]
            for item in budgets
            if item["metadata"]["namespace"] == workload.namespace
            if selects(item["spec"]["selector"], workload.labels)
        ]
        if len(chosen) != 1:
            yield f"{_label(workload)}: {len(chosen)} budgets"
        yield from (f"{_label(workload)}: {spec} blocks" for spec in chosen if _blocks(spec, workload.replicas))
        spread = [
            term["topologyKey"]
            for term in workload.spec.get("topologySpreadConstraints") or []
            if selects(term.get("labelSelector"), workload.labels)
        ]
        if "topology.kubernetes.io/zone" not in spread:
            yield f"{_label(workload)}: not spread over zones"


def _blocks(budget: Mapping[str, Any], replicas: int) -> bool:
    least = budget.get("minAvailable")
    most = budget.get("maxUnavailable")
    return most in (0, "0", "0%") or least == "100%" or (isinstance(least, int) and least >= replicas)


@rule(RULES)
def selectors_find_pods(bundle: Bundle) -> Iterator[str]:
    """Budgets, network policies, Services, autoscalers and spread constraints are about pods that there are."""
    found = workloads(bundle.objects)
    names = {(one.kind, one.namespace, one.name) for one in found}
    for item in bundle.objects:
        namespace = item["metadata"].get("namespace", "")
        for selector in _pod_selectors(item):
            # A policy for all pods of a team's namespace is there before the first of them.
            if not selector and item["kind"] == "NetworkPolicy":
                continue
            if not any(selected(selector, namespace, found)):
                yield f"{label_of(item)}: selects nothing"
        if item["kind"] == "HorizontalPodAutoscaler":
            target = item["spec"]["scaleTargetRef"]
            if (target["kind"], namespace, target["name"]) not in names:
                yield f"{label_of(item)}: scales nothing"
    for workload in found:
        for term in workload.spec.get("topologySpreadConstraints") or []:
            if not selects(term.get("labelSelector"), workload.labels):
                yield f"{_label(workload)}: spreads other pods over {term['topologyKey']}"


def _pod_selectors(item: Object) -> Iterator[Mapping[str, Any]]:
    """Return the label selectors by which an object of Kubernetes' own finds pods of its namespace."""
    if item["kind"] == "PodDisruptionBudget":
        yield item["spec"]["selector"]
    elif item["kind"] == "NetworkPolicy":
        yield item["spec"]["podSelector"]
    elif item["kind"] == "Service" and item["spec"].get("selector"):
        yield {"matchLabels": item["spec"]["selector"]}


# --- What objects refer to ----------------------------------------------------------------------------------------


@rule(RULES)
def services_stay_inside(bundle: Bundle) -> Iterator[str]:
    """The ALB in front is the platform's alone: no Service makes a load balancer or opens a port of the nodes."""
    for item in bundle.objects:
        if item["kind"] == "Service" and item["spec"].get("type", "ClusterIP") != "ClusterIP":
            yield f"{label_of(item)}: {item['spec']['type']}"


@rule(RULES)
def services_lead_to_ports(bundle: Bundle) -> Iterator[str]:
    """The target ports of a Service are ports of the containers that it leads to."""
    found = workloads(bundle.objects)
    for item in bundle.objects:
        if item["kind"] != "Service" or not item["spec"].get("selector"):
            continue
        ports = {
            known
            for one in selected({"matchLabels": item["spec"]["selector"]}, item["metadata"]["namespace"], found)
            for container in one.containers
            for port in container.get("ports") or []
            for known in (port.get("name"), port["containerPort"])
        }
        for port in item["spec"]["ports"]:
            if port.get("targetPort", port["port"]) not in ports:
                yield f"{label_of(item)}: nothing listens on {port.get('targetPort', port['port'])}"


@rule(RULES)
def backends_exist(bundle: Bundle) -> Iterator[str]:
    """Each Service, with its port, that a route, a target group or a webhook names is there."""
    services = {
        (item["metadata"]["namespace"], item["metadata"]["name"]): {
            known for port in item["spec"]["ports"] for known in (port.get("name"), port["port"])
        }
        for item in bundle.objects
        if item["kind"] == "Service"
    }
    for item in bundle.objects:
        for namespace, name, port in _backends(item):
            if port not in services.get((namespace, name), set()):
                yield f"{label_of(item)}: no Service {namespace}/{name} with port {port}"


def _backends(item: Object) -> Iterator[tuple[str, str, Any]]:
    """Return the namespace, name and port, by number or name, of each Service that an object leads to."""
    namespace, spec = item["metadata"].get("namespace", ""), item.get("spec") or {}
    if item["kind"] == "Ingress":
        paths = [path["backend"] for one in spec.get("rules", []) for path in one["http"]["paths"]]
        default = [spec["defaultBackend"]] if "defaultBackend" in spec else []
        for service in (backend["service"] for backend in (*paths, *default)):
            yield namespace, service["name"], next(iter(service["port"].values()))
    elif item["kind"] == "IngressRoute":
        for service in (service for route in spec["routes"] for service in route.get("services", [])):
            # Traefik's own services, such as api@internal, are of another kind.
            if service.get("kind", "Service") == "Service":
                yield service.get("namespace", namespace), service["name"], service["port"]
    elif item["kind"] == "TargetGroupBinding":
        yield namespace, spec["serviceRef"]["name"], spec["serviceRef"]["port"]
    elif item["kind"].endswith("WebhookConfiguration"):
        for service in (hook["clientConfig"]["service"] for hook in item["webhooks"] or []):
            yield service["namespace"], service["name"], service.get("port", 443)


@rule(RULES)
def rights_are_of_somebody(bundle: Bundle) -> Iterator[str]:
    """Each binding is of a role and of service accounts that there are."""
    there = {(item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in bundle.objects}
    for item in bundle.objects:
        if not item["kind"].endswith("RoleBinding"):
            continue
        role = item["roleRef"]
        namespace = item["metadata"].get("namespace", "") if role["kind"] == "Role" else ""
        if (role["kind"], namespace, role["name"]) not in there and role["name"] not in BUILT_IN_ROLES:
            yield f"{label_of(item)}: no {role['kind']} {role['name']}"
        for subject in item.get("subjects") or []:
            account = (subject["kind"], subject.get("namespace", namespace), subject["name"])
            if subject["kind"] == "ServiceAccount" and account not in there:
                yield f"{label_of(item)}: no ServiceAccount {account[1]}/{subject['name']}"


BUILT_IN_ROLES: Final = frozenset(
    {"edit", "extension-apiserver-authentication-reader", "system:auth-delegator", "view"}
)
"""Roles of Kubernetes' own that controllers and teams are bound to.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/#other-component-roles"""


AUTO_MODE: Final = "eks.amazonaws.com"
"""The group of node classes of EKS Auto Mode, which installs the definition of NodePools too.

https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html"""


@rule(RULES)
def custom_resources_are_defined(bundle: Bundle) -> Iterator[str]:
    """The kind of each custom resource is installed with it, or by one of the stacks that it may be installed on."""
    below = [platform.definitions for platform in bundle.platforms] or [()]
    yield from min((list(_undefined(bundle, definitions)) for definitions in below), key=len)


def _undefined(bundle: Bundle, below: tuple[Object, ...]) -> Iterator[str]:
    definitions = (*bundle.definitions, *below)
    defined = {(found["spec"]["group"], found["spec"]["names"]["kind"]) for found in definitions}
    for item in bundle.objects:
        group = item["apiVersion"].partition("/")[0]
        if item["kind"] == "NodePool" and _node_class_group(item) == AUTO_MODE:
            continue
        # Kubernetes' own groups have no dot, or are below k8s.io; custom resources below k8s.io are in deeper groups.
        own = "." not in group or re.fullmatch(r"[a-z-]+(\.authorization)?\.k8s\.io", group)
        if not own and (group, item["kind"]) not in defined:
            yield f"{label_of(item)}: nothing installs {item['apiVersion']}"


def _node_class_group(pool: Object) -> object:
    """Return the group of a pool's node class; None if the pool names none."""
    node = pool["spec"].get("template", {}).get("spec", {})
    return node.get("nodeClassRef", {}).get("group")


# --- IAM ----------------------------------------------------------------------------------------------------------

ADDON_ACCOUNTS: Final = {
    ("kube-system", "aws-node"): "vpc-cni",
    ("kube-system", "ebs-csi-controller-sa"): "aws-ebs-csi-driver",
    ("amazon-cloudwatch", "cloudwatch-agent"): "amazon-cloudwatch-observability",
    ("kube-system", "s3-csi-driver-sa"): "aws-mountpoint-s3-csi-driver",
}
"""Service accounts that EKS add-ons bring, which are in no chart, with the add-on's name.

https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html"""

ROLE_ANNOTATION: Final = "eks.amazonaws.com/role-arn"
APPLICATION_ROLE: Final = "eks-platform:index:WorkloadRole$"


@rule(RULES)
def roles_and_service_accounts_agree(bundle: Bundle) -> Iterator[str]:
    """Each service account that a role trusts is used by pods; with IRSA it names the role, and no other one does.

    Pods of applications are deployed by their teams, and are not seen here.
    """
    if bundle.plan is None:
        return
    accounts = {
        (item["metadata"]["namespace"], item["metadata"]["name"]): item
        for item in bundle.objects
        if item["kind"] == "ServiceAccount"
    }
    used = {(one.namespace, one.account) for one in workloads(bundle.objects)}
    addons = {entry.inputs["addonName"] for entry in bundle.plan.find(type="aws:eks/addon:Addon")}
    unseen = {it.namespace for it in all_releases(bundle.plan, bundle.minor) if it.name not in bundle.rendered}
    trusted, associated = _trusted(bundle.plan), _associated(bundle.plan)
    of_applications = {
        reveal(entry.outputs)["arn"]
        for entry in bundle.plan.find(type="aws:iam/role:Role")
        if APPLICATION_ROLE in entry.urn
    }
    for role, pairs in (*trusted.items(), *associated.items()):
        for pair in pairs:
            if ADDON_ACCOUNTS.get(pair) not in (None, *addons):
                yield f"{role}: there is no add-on {ADDON_ACCOUNTS[pair]}"
            elif pair in ADDON_ACCOUNTS or pair[0] in unseen or role in of_applications:
                continue
            elif not (_matches(pair, accounts) and _matches(pair, used)):
                yield f"{role}: no pod has the service account {pair[0]}/{pair[1]}"
    for pair, item in accounts.items():
        named = (item["metadata"].get("annotations") or {}).get(ROLE_ANNOTATION)
        wanted = [arn for arn, pairs in trusted.items() if any(_matches(one, [pair]) for one in pairs)]
        if (named not in wanted) if wanted else named:
            yield f"{label_of(item)}: has the role {named}, is trusted by {wanted}"


def _matches(pattern: tuple[str, str], pairs: Any) -> bool:
    return any(fnmatchcase(pair[0], pattern[0]) and fnmatchcase(pair[1], pattern[1]) for pair in pairs)


def _trusted(plan: Plan) -> dict[str, list[tuple[str, str]]]:
    """Return the service accounts that may assume each role with their token, by the role's ARN."""
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in plan.find(type="aws:iam/role:Role"):
        trust = json.loads(reveal(entry.inputs)["assumeRolePolicy"])
        for condition in (statement.get("Condition", {}) for statement in trust["Statement"]):
            for key, value in (pair for operator in condition.values() for pair in operator.items()):
                if key.endswith(":sub"):
                    subjects = [value] if isinstance(value, str) else value
                    pairs = [subject.removeprefix("system:serviceaccount:").split(":") for subject in subjects]
                    found.setdefault(reveal(entry.outputs)["arn"], []).extend((pair[0], pair[1]) for pair in pairs)
    return found


def _associated(plan: Plan) -> dict[str, list[tuple[str, str]]]:
    """Return the service accounts that get each role by Pod Identity, by the role's ARN."""
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in plan.find(type="aws:eks/podIdentityAssociation:PodIdentityAssociation"):
        inputs = reveal(entry.inputs)
        found.setdefault(inputs["roleArn"], []).append((inputs["namespace"], inputs["serviceAccount"]))
    return found


# --- Stacks -------------------------------------------------------------------------------------------------------


def _of_releases(bundle: Bundle) -> list[Workload]:
    """Return the workloads that Helm releases install: the platform's own."""
    return [one for objects in bundle.rendered.values() for one in workloads(objects)]


@rule(STACK_RULES)
def the_platforms_pods_find_a_node(bundle: Bundle) -> Iterator[str]:
    """A managed node group or a Fargate profile takes each pod; Karpenter's nodes do not count."""
    assert bundle.plan is not None
    for workload in _of_releases(bundle):
        if not finds_a_node(bundle.plan, workload):
            yield f"{_label(workload)}: none of {[kind.name for kind in node_kinds(bundle.plan)]} takes it"


@rule(STACK_RULES)
def the_platforms_pods_are_put_where_the_settings_say(bundle: Bundle) -> Iterator[str]:
    """The labels and tolerations of `operationsPods` are in each pod."""
    wanted = setting(bundle.name, "operationsPods")
    for workload in _of_releases(bundle):
        selector = workload.spec.get("nodeSelector") or {}
        missing = {key: value for key, value in wanted.get("nodeSelector", {}).items() if selector.get(key) != value}
        keys = {toleration.get("key") for toleration in workload.spec.get("tolerations") or []}
        taints = [taint["key"] for taint in wanted.get("tolerations", [])]
        missing |= {key: "not tolerated" for key in taints if key not in keys}
        yield from (f"{_label(workload)}: {key}: {value}" for key, value in missing.items())


@rule(STACK_RULES)
def the_platforms_pods_go_before_others(bundle: Bundle) -> Iterator[str]:
    """Where a node is full, applications wait for the platform, not the other way round."""
    for workload in _of_releases(bundle):
        if workload.spec.get("priorityClassName") not in ("system-cluster-critical", "system-node-critical"):
            yield f"{_label(workload)}: priority class {workload.spec.get('priorityClassName')}"


KUBELET_PORT: Final = 10250


@rule(STACK_RULES)
def pods_fit_fargate(bundle: Bundle) -> Iterator[str]:
    """On Fargate there are no DaemonSets, a profile takes each pod, and the kubelet has its port in the pod's network.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate.html#fargate-considerations
    """
    if not is_fargate(bundle):
        return
    assert bundle.plan is not None
    for workload in workloads(bundle.objects):
        if workload.kind == "DaemonSet":
            yield f"{_label(workload)}: a DaemonSet"
        if not fargate_takes(bundle.plan, workload):
            yield f"{_label(workload)}: no profile takes it"
        for container in workload.containers:
            ports = {port["containerPort"] for port in container.get("ports") or []}
            words = [*(container.get("command") or []), *(container.get("args") or [])]
            if KUBELET_PORT in ports or any(re.search(rf"\b{KUBELET_PORT}$", word) for word in words):
                yield f"{_label(workload)}: {container['name']}: the kubelet's port"


def _load_balancer_controller(plan: Plan) -> set[str]:
    known = reveal(plan.exports)
    return {
        f"--cluster-name={known['clusterName']}",
        f"--aws-region={known['region']}",
        f"--aws-vpc-id={known['vpcId']}",
        "--ingress-class=alb",
    }


def _karpenter(plan: Plan) -> set[str]:
    known = reveal(plan.exports)
    # The queue is that to which the events of interrupted instances go.
    (queue,) = {reveal(entry.inputs)["arn"] for entry in plan.find(type="aws:cloudwatch/eventTarget:EventTarget")}
    return {
        f"CLUSTER_NAME={known['clusterName']}",
        f"CLUSTER_ENDPOINT={known['clusterEndpoint']}",
        f"INTERRUPTION_QUEUE={queue.rpartition(':')[2]}",
        f"AWS_REGION={known['region']}",
    }


def _traefik(plan: Plan) -> set[str]:
    return {
        "--entryPoints.web.address=:8000/tcp",
        "--ping=true",
        "--global.checkNewVersion=false",
        "--accesslog.format=json",
    }


def _cluster_autoscaler(plan: Plan) -> set[str]:
    tags = "k8s.io/cluster-autoscaler/enabled", f"k8s.io/cluster-autoscaler/{reveal(plan.exports)['clusterName']}"
    return {"--cloud-provider=aws", f"--node-group-auto-discovery=asg:tag={','.join(tags)}"}


def _external_dns(plan: Plan) -> set[str]:
    # Records of another owner are left alone, and none is deleted.
    owner = reveal(plan.exports)["clusterName"]
    return {"--provider=aws", "--registry=txt", f"--txt-owner-id={owner}", "--policy=upsert-only"}


ARGUMENTS: Final[dict[str, Callable[[Plan], set[str]]]] = {
    "aws-load-balancer-controller": _load_balancer_controller,
    "cluster-autoscaler": _cluster_autoscaler,
    "external-dns": _external_dns,
    "karpenter": _karpenter,
    "traefik": _traefik,
}
"""What the controllers of a release must be told, as arguments or as "NAME=value" of their environment."""


@rule(STACK_RULES)
def controllers_are_told_what_they_need(bundle: Bundle) -> Iterator[str]:
    """What ARGUMENTS requires is in a container of the release."""
    assert bundle.plan is not None
    for release, objects in bundle.rendered.items():
        if release in ARGUMENTS:
            containers = [container for one in workloads(objects) for container in one.containers]
            told = {
                word
                for container in containers
                for word in [*(container.get("command") or []), *(container.get("args") or [])]
            }
            told |= {
                f"{env['name']}={env['value']}"
                for container in containers
                for env in container.get("env") or []
                if "value" in env
            }
            yield from (f"{release}: not told {word}" for word in sorted(ARGUMENTS[release](bundle.plan) - told))
