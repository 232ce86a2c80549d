"""What the API server refuses in namespaces that are not the platform's: ValidatingAdmissionPolicies, written in CEL.

The API server evaluates them itself, without a webhook that could be down and without a pod. They apply to every
request: of a developer, of Argo CD's controller, of a controller of Kubernetes, or of this program. The name of a
namespace alone decides whether it is exempt and which level of Pod Security it may have: a name cannot be changed, but
everybody with write access to the namespace can set its labels.
https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

API: Final = "admissionregistration.k8s.io/v1"
"""GA since Kubernetes 1.30."""

KUBERNETES_NAMESPACES: Final = ("kube-system", "kube-public", "kube-node-lease")
EKS_NAMESPACES: Final = ("amazon-cloudwatch", "amazon-guardduty", "aws-observability")
"""Of EKS add-ons, and of the configuration of Fargate's logging.

https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html"""

LEVELS: Final = ("privileged", "baseline", "restricted")
"""Pod Security Standards, each stricter than the one before."""
ENFORCE: Final = "pod-security.kubernetes.io/enforce"
OLDEST_STANDARD: Final = 30
"""Minor of Kubernetes: `restricted` of an early minor, which any namespace may choose, allows more than today's."""

CLASSES: Final = ("service.k8s.aws/nlb", "eks.amazonaws.com/nlb")
"""Of the AWS Load Balancer Controller and of EKS Auto Mode.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/service/nlb/,
https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html"""

BASELINE_CAPABILITIES: Final = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
    *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)
"""https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline"""


@dataclass(frozen=True)
class Guard:
    """The parameters of the policies.

    exempt: namespaces to which no policy applies; `*` and `?` match, here and below. levels: the least Pod Security
    Standard of namespaces; the first pattern that matches counts. otherwise: that of all others. hosts: host names that
    belong to the platform. public: namespaces that may have load balancers of their own in the internet. dedicated:
    namespaces that may have an ALB of their own there.
    node_labels, taints: the labels of the platform's own nodes, and the keys of their taints. stores: the namespaces
    that may use each ClusterSecretStore.
    """

    exempt: Sequence[str] = ()
    levels: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = "restricted"
    hosts: Sequence[str] = ()
    public: Sequence[str] = ()
    dedicated: Sequence[str] = ()
    node_labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    stores: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One expression that must be true, and what the user reads where it is not. computed: the message is CEL, too."""

    expression: str
    message: str
    computed: bool = False


@dataclass(frozen=True)
class Policy:
    """One ValidatingAdmissionPolicy.

    reason: why it exists. source: the page with the reason. resources: "group/resource", "" as group for core. checks:
    what must hold. variables: expressions that the checks share, in order. conditions: when it applies, in addition to
    the namespace.
    """

    name: str
    reason: str
    source: str
    resources: tuple[str, ...]
    checks: tuple[Check, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)


def objects(guard: Guard, actions: Sequence[str]) -> list[dict[str, Any]]:
    """Return the policies and their bindings as Kubernetes objects.

    actions: what happens to a request that a policy does not allow: "Deny", "Warn", "Audit".
    """
    return [item for policy in policies(guard) for item in as_objects(policy, guard, actions)]


def as_objects(policy: Policy, guard: Guard, actions: Sequence[str]) -> list[dict[str, Any]]:
    """Return one policy and its binding as Kubernetes objects; see `objects`."""
    return [_policy(policy, guard), _binding(policy.name, actions)]


def policies(guard: Guard) -> list[Policy]:
    """Return the policies that a platform needs: without hosts, nodes or stores of its own there are fewer."""
    found = [_namespaces(guard), _pods_host(guard), _pods_place(guard), _load_balancers(guard), _tcp_routes()]
    if guard.hosts:
        found += [_names(guard), _ingresses(guard), _gateway_routes(guard), _ingress_routes(guard)]
    found.append(_other_providers())
    if guard.stores:
        found.append(_secret_stores(guard))
    return found


NAMESPACES: Final = ("/namespaces", "/namespaces/status", "/namespaces/finalize")


# --- Namespaces ---------------------------------------------------------------------------------------------------


def _namespaces(guard: Guard) -> Policy:
    labels = "has({0}.metadata.labels) && '{1}' in {0}.metadata.labels ? {0}.metadata.labels['{1}'] : ''"
    version = f"{ENFORCE}-version"
    least = "".join(
        f"object.metadata.name.matches({text(pattern([name]))}) ? '{level}' : " for name, level in guard.levels.items()
    )
    ranks = ", ".join(f"'{level}': {rank}" for rank, level in enumerate(LEVELS))
    return Policy(
        "platform-namespaces",
        "Without the label, any user who can create pods in the namespace can create privileged ones.",
        "https://kubernetes.io/docs/concepts/security/pod-security-admission/",
        # The subresources take labels, too.
        NAMESPACES,
        (
            Check(
                "!variables.changed || (variables.level in variables.ranks && "
                "variables.ranks[variables.level] >= variables.ranks[variables.least])",
                f"'namespace ' + object.metadata.name + ' needs the label {ENFORCE}: ' + variables.least"
                " + (variables.least == 'restricted' ? '' : ', or a stricter level')",
                computed=True,
            ),
            Check(
                "!variables.changed || variables.version == '' || variables.version == 'latest' || "
                f"(variables.version.matches('^v1[.][0-9]+$') && int(variables.version.substring(3)) >= "
                f"{OLDEST_STANDARD})",
                f"the label {version} must be absent, latest, or v1.{OLDEST_STANDARD} or newer: "
                "an old standard allows what today's refuses",
            ),
        ),
        {
            "ranks": f"{{{ranks}}}",
            "least": f"{least}'{guard.otherwise}'",
            "level": labels.format("object", ENFORCE),
            "version": labels.format("object", version),
            # Other changes of existing namespaces are allowed, so that a new policy stops no controller.
            "changed": "request.operation == 'CREATE' || variables.level != "
            f"({labels.format('oldObject', ENFORCE)}) || variables.version != ({labels.format('oldObject', version)})",
        },
    )


# --- Pods, and what makes them ------------------------------------------------------------------------------------

WORKLOADS: Final = (
    *("/pods", "/pods/ephemeralcontainers", "/replicationcontrollers", "apps/deployments", "apps/daemonsets"),
    *("apps/replicasets", "apps/statefulsets", "batch/jobs", "batch/cronjobs"),
)
"""Pods are checked whatever creates them; their controllers are checked too, so that the author sees the message."""

_SPEC: Final = (
    "request.kind.kind == 'Pod' ? dyn({0}).spec : request.kind.kind == 'CronJob' ? "
    "dyn({0}).spec.jobTemplate.spec.template.spec : dyn({0}).spec.template.spec"
)
POD: Final[Mapping[str, str]] = {
    "pod": _SPEC.format("object"),
    "changed": f"request.operation == 'CREATE' || variables.pod != ({_SPEC.format('oldObject')})",
    "containers": "variables.pod.containers"
    " + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])"
    " + (has(variables.pod.ephemeralContainers) ? variables.pod.ephemeralContainers : [])",
}
"""The pod's spec; whether the request changes it; its containers of all kinds."""


def _pods_host(guard: Guard) -> Policy:
    capabilities = ", ".join(f"'{name}'" for name in BASELINE_CAPABILITIES)
    privileged = [name for name, level in guard.levels.items() if level == "privileged"]
    return Policy(
        "platform-pods-host",
        "Such a pod has root access to its node, and can read the secrets of all pods there. Pod Security refuses it "
        "where the namespace has a level; this holds in namespaces without one, such as `default`, too.",
        "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
        WORKLOADS,
        (
            _pod_check(
                "['hostNetwork', 'hostPID', 'hostIPC'].all(key, !(key in variables.pod) || !variables.pod[key])",
                "hostNetwork, hostPID and hostIPC are for the platform's own pods",
            ),
            _pod_check(
                "!has(variables.pod.volumes) || variables.pod.volumes.all(it, !has(it.hostPath))",
                "hostPath volumes are for the platform's own pods: use an emptyDir or a PersistentVolumeClaim",
            ),
            _pod_check(
                "variables.containers.all(it, !has(it.securityContext) || ("
                "(!has(it.securityContext.privileged) || !it.securityContext.privileged) && "
                "(!has(it.securityContext.capabilities) || !has(it.securityContext.capabilities.add) || "
                f"it.securityContext.capabilities.add.all(name, name in [{capabilities}]))))",
                "privileged containers, and capabilities beyond the Pod Security Standard baseline, are for the "
                "platform's own pods",
            ),
            _pod_check(
                "variables.containers.all(it, !has(it.ports) || it.ports.all(port, !has(port.hostPort) || "
                "port.hostPort == 0))",
                "ports of the node (hostPort) are for the platform's own pods: use a Service",
            ),
        ),
        POD,
        {"unprivileged-namespace": f"!request.namespace.matches({text(pattern(privileged))})"} if privileged else {},
    )


def _pods_place(guard: Guard) -> Policy:
    checks = [
        _pod_check(
            "!has(variables.pod.priorityClassName) || !variables.pod.priorityClassName.startsWith('system-')",
            "priority classes that begin with system- are for the platform's own pods, which others must not displace",
        ),
        # The scheduler, and with it every taint, is passed over. Of a pod that is there it is the scheduler's own word.
        Check(
            "request.operation == 'UPDATE' || !has(variables.pod.nodeName) || variables.pod.nodeName == ''",
            "nodeName passes over the scheduler and the taints of nodes: use nodeSelector or affinity",
        ),
    ]
    if guard.taints:
        keys = ", ".join(text(key) for key in guard.taints)
        checks.append(
            _pod_check(
                "!has(variables.pod.tolerations) || variables.pod.tolerations.all(it, "
                f"has(it.key) && it.key != '' && !(it.key in [{keys}]))",
                f"the taints {', '.join(guard.taints)} keep nodes for the platform's own pods: a toleration names "
                "another key",
            )
        )
    # Labels that every node has say nothing about whose it is.
    labels = {key: value for key, value in guard.node_labels.items() if not _well_known(key)}
    for key, value in labels.items():
        node, terms = text(key), "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
        affinity = "variables.pod.affinity.nodeAffinity"
        expressions = (
            f"!has(term.matchExpressions) || term.matchExpressions.all(it, it.key != {node} || it.operator in "
            f"['NotIn', 'DoesNotExist'] || (it.operator == 'In' && !({text(value)} in it.values)))"
        )
        checks.append(
            _pod_check(
                f"(!has(variables.pod.nodeSelector) || !({node} in variables.pod.nodeSelector) || "
                f"variables.pod.nodeSelector[{node}] != {text(value)}) && "
                f"(!has(variables.pod.affinity) || !has({affinity}) || !has({affinity}."
                f"requiredDuringSchedulingIgnoredDuringExecution) || {affinity}.{terms}.all(term, {expressions}))",
                f"nodes with the label {key}={value} are for the platform's own pods: select others",
            )
        )
    return Policy(
        "platform-pods-place",
        "The platform's controllers run on dedicated nodes, whose capacity is reserved for them.",
        "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/",
        WORKLOADS,
        tuple(checks),
        POD,
    )


def _pod_check(expression: str, message: str) -> Check:
    return Check(f"!variables.changed || ({expression})", message)


def _well_known(key: str) -> bool:
    """Tell whether a label is one that Kubernetes puts onto every node (`kubernetes.io/arch`)."""
    domain = key.rpartition("/")[0]
    return domain == "kubernetes.io" or domain.endswith(".kubernetes.io")


# --- Load balancers -----------------------------------------------------------------------------------------------

SCHEME: Final = "service.beta.kubernetes.io/aws-load-balancer-scheme"
INTERNAL: Final = "service.beta.kubernetes.io/aws-load-balancer-internal"
"""The older form: any value but "true" is the internet.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/service/annotations/#lb-scheme"""
ALB_SCHEME: Final = "alb.ingress.kubernetes.io/scheme"
ANNOTATIONS: Final = "has(object.metadata.annotations) ? object.metadata.annotations : {}"


def _load_balancers(guard: Guard) -> Policy:
    balanced = (
        "dyn({0}).spec.type == 'LoadBalancer' && (!has(dyn({0}).spec.loadBalancerClass) || "
        f"!(dyn({{0}}).spec.loadBalancerClass in [{', '.join(text(name) for name in CLASSES)}]))"
    )
    service = "request.kind.kind != 'Service' || "
    public = f"request.namespace.matches({text(pattern(guard.public))})"
    dedicated = f"request.namespace.matches({text(pattern((*guard.public, *guard.dedicated)))})"
    return Policy(
        "platform-load-balancers",
        "Without a class, the cloud provider creates a Classic Load Balancer that the whole internet can reach.",
        "https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html",
        ("/services", "networking.k8s.io/ingresses"),
        (
            Check(
                f"{service}!({balanced.format('object')}) || "
                f"(request.operation == 'UPDATE' && {balanced.format('oldObject')})",
                f"a Service of type LoadBalancer needs loadBalancerClass: {' or '.join(CLASSES)}",
            ),
            Check(
                f"{service}!has(dyn(object).spec.externalIPs) || dyn(object).spec.externalIPs.size() == 0",
                "externalIPs take traffic of the whole cluster that is meant for somebody else: use a load balancer",
            ),
            Check(
                f"{public} || (variables.annotations[?'{SCHEME}'].orValue('') != 'internet-facing' && "
                f"variables.annotations[?'{INTERNAL}'].orValue('true') == 'true')",
                "a load balancer of its own in the internet needs the namespace in admission.publicLoadBalancers: "
                "the way in is Traefik's",
            ),
            Check(
                f"{dedicated} || variables.annotations[?'{ALB_SCHEME}'].orValue('') != 'internet-facing'",
                "an ALB of its own in the internet needs the namespace in ingress.dedicated.namespaces, or in "
                "admission.publicLoadBalancers: the way in is Traefik's",
            ),
        ),
        {"annotations": ANNOTATIONS},
    )


# --- Hosts --------------------------------------------------------------------------------------------------------

HOSTNAMES: Final = (
    "external-dns.alpha.kubernetes.io/hostname",
    "external-dns.alpha.kubernetes.io/internal-hostname",
)
"""Annotations by which ExternalDNS makes a record, whatever the object routes.

https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/"""
ROUTES: Final = ("httproutes", "grpcroutes", "tlsroutes")
_HOSTS_PAGE: Final = (
    "https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/http/routing/rules-and-priority/"
)
_WHOSE: Final = "it belongs to the platform"


def reserved(hosts: Iterable[str]) -> str:
    """Return the regular expression of what leads to one of the hosts: itself, or a wildcard above it."""
    forms = dict.fromkeys(form for host in hosts for form in _covering(host))
    return rf"^({'|'.join(re.escape(form) for form in forms)})[.]?$"


def _covering(host: str) -> list[str]:
    labels = host.split(".")
    return [host, *(".".join(["*", *labels[at:]]) for at in range(1, len(labels) + 1))]


def _free(value: str, guard: Guard) -> str:
    return f"!{value}.lowerAscii().matches({text(reserved(guard.hosts))})"


def _refused_hosts(guard: Guard) -> str:
    return (
        f"the host {' or '.join(guard.hosts)}, or a wildcard that covers it, is not for a namespace of a team: {_WHOSE}"
    )


def _names(guard: Guard) -> Policy:
    return Policy(
        "platform-host-names",
        "ExternalDNS would point the platform's own host names to a load balancer of a team.",
        "https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/",
        (
            *("/services", "/pods", "networking.k8s.io/ingresses", "traefik.io/ingressroutes"),
            *(f"gateway.networking.k8s.io/{kind}" for kind in (*ROUTES, "gateways")),
        ),
        tuple(
            Check(
                f"variables.annotations[?'{key}'].orValue('').split(',').all(it, {_free('it.trim()', guard)})",
                _refused_hosts(guard),
            )
            for key in HOSTNAMES
        ),
        {"annotations": ANNOTATIONS},
    )


def _ingresses(guard: Guard) -> Policy:
    """On a dedicated ALB, an Ingress needs no host: requests for the platform's hosts do not reach that ALB."""
    return Policy(
        "platform-ingress-hosts",
        "Without a host, an Ingress receives requests for the platform's own hosts, including passwords.",
        _HOSTS_PAGE,
        ("networking.k8s.io/ingresses",),
        (
            Check(
                "variables.class == 'alb' || (!has(object.spec.defaultBackend) && has(object.spec.rules) && "
                "object.spec.rules.all(it, has(it.host) && it.host != ''))",
                "each rule of an Ingress needs a host, and none may have a defaultBackend: it would take the requests "
                "for every host",
            ),
            Check(
                "(!has(object.spec.rules) || "
                f"object.spec.rules.all(it, !has(it.host) || {_free('it.host', guard)})) && "
                "(!has(object.spec.tls) || object.spec.tls.all(it, !has(it.hosts) || "
                f"it.hosts.all(host, {_free('host', guard)})))",
                _refused_hosts(guard),
            ),
        ),
        {
            "class": "has(object.spec.ingressClassName) ? object.spec.ingressClassName : "
            "has(object.metadata.annotations) && 'kubernetes.io/ingress.class' in object.metadata.annotations ? "
            "object.metadata.annotations['kubernetes.io/ingress.class'] : ''"
        },
    )


def _gateway_routes(guard: Guard) -> Policy:
    gateway = "request.kind.kind == 'Gateway'"
    return Policy(
        "platform-gateway-hosts",
        "Without a host name, a route receives requests for the platform's own hosts, including passwords.",
        "https://gateway-api.sigs.k8s.io/api-types/httproute/#hostnames",
        tuple(f"gateway.networking.k8s.io/{kind}" for kind in (*ROUTES, "gateways")),
        (
            Check(
                f"{gateway} || (has(object.spec.hostnames) && object.spec.hostnames.size() > 0)",
                "a route needs hostnames: without them it takes the requests for every host",
            ),
            Check(
                f"{gateway} ? object.spec.listeners.all(it, !has(it.hostname) || {_free('it.hostname', guard)}) : "
                f"!has(object.spec.hostnames) || object.spec.hostnames.all(it, {_free('it', guard)})",
                _refused_hosts(guard),
            ),
        ),
    )


def _ingress_routes(guard: Guard) -> Policy:
    named = f'[`"]({"|".join(re.escape(host) for host in guard.hosts)})[.]?[`"]'
    hosts = ", ".join(text(host) for host in guard.hosts)
    return Policy(
        "platform-route-hosts",
        "Without a host, a route receives requests for the platform's own hosts, including passwords: Traefik tries "
        "the longest rule first.",
        _HOSTS_PAGE,
        ("traefik.io/ingressroutes",),
        (
            Check(
                f"object.spec.routes.all(it, it.match.matches({text(RULE)}) && (!has(it.syntax) || it.syntax == 'v3'))",
                "each alternative of a rule (between ||) needs Host(`...`) or HostRegexp(`...`) in addition to the "
                "other matchers (between &&), in the syntax v3: "
                "(Host(`a.example.jp`) || Host(`b.example.jp`)) && PathPrefix(`/api`)",
            ),
            Check(
                # In any function of the rule.
                f"object.spec.routes.all(it, !it.match.lowerAscii().matches({text(named)}))",
                _refused_hosts(guard),
            ),
            Check(
                f"object.spec.routes.all(it, it.match.findAll({text(HOST_REGEXP)}).all(found, "
                f"![{hosts}].exists(host, host.matches('(?i)' + found.substring(12, found.size() - 2)))))",
                f"a HostRegexp must not match {' or '.join(guard.hosts)}: {_WHOSE}",
            ),
        ),
    )


def _tcp_routes() -> Policy:
    return Policy(
        "platform-tcp-routes",
        "Traefik tries TCP routes before HTTP routes: HostSNI(`*`) would receive the requests for all hosts.",
        "https://doc.traefik.io/traefik/v3.7/reference/install-configuration/entrypoints/",
        (
            *("traefik.io/ingressroutetcps", "traefik.io/ingressrouteudps"),
            *("gateway.networking.k8s.io/tcproutes", "gateway.networking.k8s.io/udproutes"),
        ),
        (Check("false", "Traefik accepts only HTTP: use an IngressRoute, or a Service with a Network Load Balancer"),),
    )


def _other_providers() -> Policy:
    """`api@internal` is Traefik's own API, with the configuration of every route."""
    routes = "request.kind.kind == 'IngressRoute'"
    return Policy(
        "platform-route-targets",
        "`api@internal` is Traefik's own API, and `@file` or `@kubernetescrd` reaches what belongs to others.",
        "https://doc.traefik.io/traefik/v3.7/reference/install-configuration/providers/overview/",
        (
            *(f"traefik.io/{kind}" for kind in ("ingressroutes", "traefikservices", "middlewares")),
            "gateway.networking.k8s.io/httproutes",
        ),
        (
            Check(
                f"!({routes}) || dyn(object).spec.routes.all(it, "
                "(!has(it.services) || it.services.all(one, !one.name.contains('@'))) && "
                "(!has(it.middlewares) || it.middlewares.all(one, !one.name.contains('@'))))",
                "services and middlewares of a route are those of its own kind: no name with @",
            ),
            Check(
                "request.kind.kind != 'TraefikService' || "
                "((!has(dyn(object).spec.weighted) || !has(dyn(object).spec.weighted.services) || "
                "dyn(object).spec.weighted.services.all(it, !it.name.contains('@'))) && "
                "(!has(dyn(object).spec.highestRandomWeight) || "
                "!has(dyn(object).spec.highestRandomWeight.services) || "
                "dyn(object).spec.highestRandomWeight.services.all(it, !it.name.contains('@'))) && "
                "(!has(dyn(object).spec.mirroring) || (!dyn(object).spec.mirroring.name.contains('@') && "
                "(!has(dyn(object).spec.mirroring.mirrors) || "
                "dyn(object).spec.mirroring.mirrors.all(it, !it.name.contains('@'))))))",
                "services of a TraefikService are those of its own kind: no name with @",
            ),
            Check(
                "request.kind.kind != 'Middleware' || "
                "((!has(dyn(object).spec.chain) || !has(dyn(object).spec.chain.middlewares) || "
                "dyn(object).spec.chain.middlewares.all(it, !it.name.contains('@'))) && "
                "(!has(dyn(object).spec.errors) || !has(dyn(object).spec.errors.service) || "
                "!dyn(object).spec.errors.service.name.contains('@')))",
                "services and middlewares of a Middleware are those of its own kind: no name with @",
            ),
            Check(
                "request.kind.kind != 'HTTPRoute' || !has(dyn(object).spec.rules) || dyn(object).spec.rules.all(rule, "
                "(!has(rule.backendRefs) || rule.backendRefs.all(it, !it.name.contains('@') && "
                f"(!has(it.filters) || it.filters.all(filter, {FILTER})))) && "
                f"(!has(rule.filters) || rule.filters.all(filter, {FILTER})))",
                "backends and filters of a route are those of its own kind: no name with @",
            ),
        ),
    )


FILTER: Final = (
    "(!has(filter.requestMirror) || !filter.requestMirror.backendRef.name.contains('@')) && "
    "(!has(filter.extensionRef) || !filter.extensionRef.name.contains('@'))"
)
"""What holds for a filter of an HTTPRoute that names no object of another provider."""


# --- Traefik's rules ----------------------------------------------------------------------------------------------


def _rule() -> str:
    """Return the regular expression of a rule that names a host whichever of its alternatives matches.

    Regular expressions know no nesting: two levels of parentheses are understood, and what is not understood is
    refused. Go reads the rules: in text between backquotes it drops carriage returns, and between double quotes it
    knows escapes, so that a host is letters, digits, dots and hyphens only.
    https://go.dev/ref/spec#String_literals
    """
    space = r"\s*"
    host = rf'(Host\((`[A-Za-z0-9.-]+`|"[A-Za-z0-9.-]+")\)|{HOST_REGEXP})'
    hosts = rf"({host}|\({space}{host}({space}\|\|{space}{host})*{space}\))"
    literal = r'(`[^`]*`|"([^"\\]|\\.)*")'
    matcher = rf"!?[A-Za-z]+\({space}({literal}({space},{space}{literal})*)?{space}\)"
    inner = rf"!?\({space}{matcher}({space}(&&|\|\|){space}{matcher})*{space}\)"
    part = rf"({matcher}|{inner})"
    group = rf"!?\({space}{part}({space}(&&|\|\|){space}{part})*{space}\)"
    term = rf"({matcher}|{group})"
    alternative = rf"({term}{space}&&{space})*{hosts}({space}&&{space}{term})*"
    return rf"^{space}{alternative}({space}\|\|{space}{alternative})*{space}$"


HOST_REGEXP: Final = r"HostRegexp\(`[^`\r\n]*`\)"
RULE: Final = _rule()


# --- Secrets ------------------------------------------------------------------------------------------------------


def _secret_stores(guard: Guard) -> Policy:
    stores = ", ".join(f"{text(name)}: {text(pattern(namespaces))}" for name, namespaces in guard.stores.items())
    allowed = (
        "(has({0}.kind) && {0}.kind != 'ClusterSecretStore') || !has({0}.name) || !({0}.name in variables.stores) || "
        "request.namespace.matches(variables.stores[{0}.name])"
    )
    source = "!has(it.sourceRef) || !has(it.sourceRef.storeRef) || "
    listed = "!has(dyn(object).spec.{0}) || dyn(object).spec.{0}.all(it, {1})"
    message = "the namespace is not among those of the ClusterSecretStore that it names: see externalSecrets.stores"
    one = allowed.format("dyn(object).spec.secretStoreRef")
    return Policy(
        "platform-secret-stores",
        "A store belongs to one team. The operator refuses others too, but minutes later and only in a status.",
        "https://external-secrets.io/latest/api/clustersecretstore/",
        ("external-secrets.io/externalsecrets", "external-secrets.io/pushsecrets"),
        (
            Check(f"!has(dyn(object).spec.secretStoreRef) || {one}", message),
            *(
                Check(listed.format(key, source + f"({allowed.format('it.sourceRef.storeRef')})"), message)
                for key in ("data", "dataFrom")
            ),
            Check(listed.format("secretStoreRefs", allowed.format("it")), message),
        ),
        {"stores": f"{{{stores}}}"},
    )


# --- Objects ------------------------------------------------------------------------------------------------------


def text(value: str) -> str:
    """Return a string literal of CEL, whose escapes are among those of JSON."""
    return json.dumps(value)


def pattern(namespaces: Collection[str]) -> str:
    """Return the regular expression of namespaces; `*` and `?` match."""
    names = "|".join(re.escape(name).replace(r"\*", ".*").replace(r"\?", ".") for name in namespaces)
    return f"^({names})$"


def _policy(policy: Policy, guard: Guard) -> dict[str, Any]:
    name = "object.metadata.name" if policy.resources == NAMESPACES else "request.namespace"
    exempt = pattern((*KUBERNETES_NAMESPACES, *EKS_NAMESPACES, *guard.exempt))
    conditions = {"namespace-of-a-team": f"!{name}.matches({text(exempt)})", **policy.conditions}
    resources: dict[str, list[str]] = {}
    for resource in policy.resources:
        group, _, kind = resource.partition("/")
        resources.setdefault(group, []).append(kind)
    return {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {
            "name": policy.name,
            "annotations": {"kubernetes.io/description": f"{policy.reason} {policy.source}"},
        },
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [group], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": kinds}
                    for group, kinds in resources.items()
                ]
            },
            "matchConditions": [{"name": key, "expression": value} for key, value in conditions.items()],
            "variables": [{"name": key, "expression": value} for key, value in policy.variables.items()],
            "validations": [
                {
                    "expression": check.expression,
                    "messageExpression" if check.computed else "message": check.message,
                    "reason": "Forbidden",
                }
                for check in policy.checks
            ],
        },
    }


def _binding(name: str, actions: Sequence[str]) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": list(actions)},
    }
