"""All sections of a stack file, and how they are read."""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from ipaddress import IPv4Network
from typing import Any, Final, get_args

import pulumi
from pulumi import runtime
from pydantic import BaseModel, Field, SecretStr, ValidationError, create_model
from pydantic.alias_generators import to_camel

import versions
from facts.proxy import Proxy
from settings.addons import Addons
from settings.admission import Admission
from settings.argo_cd import ArgoCd, GitCredential, GitOps
from settings.base import Settings
from settings.charts import OPTIONAL_CHARTS, Charts
from settings.cluster import Access, Cluster
from settings.cluster_autoscaler import ClusterAutoscaler
from settings.compute import FargateProfile, NodeGroup, OperationsPods
from settings.deployed import deployed
from settings.descheduler import Descheduler
from settings.dns import CertManager, ExternalDns
from settings.encryption import Encryption
from settings.expansion import expanded
from settings.expected import accepted, models
from settings.external_secrets import ExternalSecrets
from settings.extra_charts import ExtraChart, creator_of_namespace
from settings.immutable import immutable_changes
from settings.ingress import Domain, Ingress, Scheme, Traefik
from settings.karpenter import Karpenter
from settings.namespaces import own_namespaces, platform_namespaces
from settings.network import Network
from settings.observability import Observability
from settings.platform import Platform
from settings.problems import HIDDEN, Problem, SettingsError, place, problems_of
from settings.proxy import proxy_of
from settings.rules import broken_rules
from settings.rules.hybrid import remote_networks
from settings.stack_file import stack_file
from settings.storage import Storage
from settings.teams import OPTIONAL_RESOURCES, TRAEFIK_RESOURCES, Team, TeamNamespace
from settings.values import Label, Namespace, NodeGroupName, PodSecurity, ReleaseName, TeamName
from settings.words import alike, nearest, shown, suggestion
from settings.workload_roles import WorkloadRole
from settings.workloads import Workloads
from settings.zones import zones_in_use


class Stack(Settings):
    """All sections of a stack's settings."""

    platform: Platform
    network: Network
    cluster: Cluster = Field(default_factory=Cluster)
    access: Access
    addons: Addons = Field(default_factory=Addons)
    storage: Storage = Field(default_factory=Storage)
    operations_pods: OperationsPods = Field(default_factory=OperationsPods)
    node_groups: dict[NodeGroupName, NodeGroup] = Field({}, description="Managed node groups by name.")
    fargate_profiles: dict[Label, FargateProfile] = Field({}, description="Fargate profiles by name.")
    karpenter: Karpenter | None = None
    cluster_autoscaler: ClusterAutoscaler | None = None
    descheduler: Descheduler | None = None
    traefik: Traefik = Field(default_factory=Traefik)
    ingress: Ingress = Field(default_factory=Ingress)
    external_secrets: ExternalSecrets | None = None
    external_dns: ExternalDns | None = None
    cert_manager: CertManager | None = None
    charts: Charts = Field(default_factory=Charts)
    extra_charts: dict[ReleaseName, ExtraChart] = Field(
        {}, description="Helm charts to install in addition to those of the platform, by release name."
    )
    workloads: Workloads | None = None
    argo_cd: ArgoCd | None = None
    git_ops: GitOps | None = None
    git_credentials: dict[Label, GitCredential] = Field({}, description="Logins to private Git repositories by name.")
    observability: Observability | None = None
    encryption: Encryption = Field(default_factory=Encryption)
    admission: Admission = Field(default_factory=Admission)
    team_namespaces: dict[Namespace, TeamNamespace] = Field(
        {}, description="Namespaces for teams, with access rights, quotas and network policies, by name."
    )
    workload_roles: dict[ReleaseName, WorkloadRole] = Field(
        {}, description="IAM roles for the service accounts of applications, by name."
    )
    teams: dict[TeamName, Team] = Field(
        {}, description="Teams with everything that they get: access, namespaces, secrets and deployments, by name."
    )

    @property
    def platform_on_fargate(self) -> bool:
        """Whether the platform's own pods run on Fargate, Karpenter's among them."""
        return self.cluster.platform_on_fargate(self.node_groups)

    @property
    def fargate_only(self) -> bool:
        """Whether there are no nodes at all."""
        return self.platform_on_fargate and not self.karpenter

    @property
    def internet(self) -> bool:
        """Whether the VPC of the stack's own has a way to or from the internet."""
        return not self.network.isolated or self.ingress.scheme is Scheme.INTERNET_FACING

    @property
    def ranges_outside_the_vpc(self) -> dict[str, IPv4Network]:
        """The ranges that EKS refuses if they overlap one of the VPC's, by setting."""
        services, hybrid = self.cluster.service_cidr, self.cluster.hybrid_nodes
        found = {"cluster.serviceCidr": services} if services else {}
        return found | (remote_networks(hybrid) if hybrid else {})

    @property
    def public_node_groups(self) -> bool:
        """Whether some nodes are in the public subnets of a VPC whose other nodes are in private ones."""
        classes = self.karpenter.all_node_classes.values() if self.karpenter else []
        return any(nodes.public for nodes in (*self.node_groups.values(), *classes))

    @property
    def proxy(self) -> Proxy | None:
        """The HTTP proxy of nodes and controllers, with what is reached without it; None: they use none."""
        return proxy_of(self.platform, self.network, self.cluster)

    @property
    def interface_hosts(self) -> list[str]:
        """The host names of the platform's own interfaces."""
        return [self.argo_cd.host] if self.argo_cd and self.argo_cd.host else []

    @property
    def load_balancer_names(self) -> list[str]:
        """The names with a record that leads to the ALB: those of the domains, and each interface's own."""
        return [name for domain in self.ingress.domains for name in self.names_in(domain)]

    def names_in(self, domain: Domain) -> list[str]:
        """Return the names of `load_balancer_names` whose records are in the zone of a domain."""
        hosts = [host for host in self.interface_hosts if domain.covers(host)]
        return list(dict.fromkeys((*domain.names, *hosts)))

    @property
    def provisioners(self) -> list[str]:
        """Who makes compute for pods, by the names under which they report to Kubernetes."""
        runs = {"karpenter": self.karpenter, "fargate-scheduler": self.fargate_profiles}
        return [name for name, section in runs.items() if section]

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of the platform's own pods."""
        return platform_namespaces(self._sections())

    def _sections(self) -> dict[str, Any]:
        return {section: getattr(self, section) for section in type(self).model_fields}

    def pod_security_of(self, release: str) -> PodSecurity | None:
        """Return the Pod Security Standard of the namespace made for an added chart.

        None: none is made for it, because it is in one of the platform's, or in that of a chart before it.
        """
        chart = self.extra_charts[release]
        if chart.namespace_name(release) in own_namespaces(self._sections()):
            return None
        if creator_of_namespace(self.extra_charts, release) != release:
            return None
        return chart.pod_security or PodSecurity.RESTRICTED

    @property
    def platform_hosts(self) -> list[str]:
        """The host names that no team may route or publish."""
        return list(dict.fromkeys((*self.interface_hosts, *self.admission.reserved_hosts)))

    @property
    def pod_security_levels(self) -> dict[str, str]:
        """The least Pod Security Standard of namespaces, by name or pattern; the first that matches counts."""
        teams = {name: team.pod_security.value for name, team in self.team_namespaces.items()}
        sets = self.git_ops.sets.values() if self.git_ops else ()
        levels = {it.namespace_prefix: it.pod_security.value for it in sets if it.namespace_prefix}
        return teams | {f"{prefix}*": level for prefix, level in levels.items()}

    @property
    def team_resources(self) -> dict[str, list[str]]:
        """The kinds that teams may use in addition to Kubernetes' own: API group to plural names."""
        optional = {"gateway": self.traefik.gateway_api, "secrets": self.external_secrets, "dns": self.cert_manager}
        found = {**TRAEFIK_RESOURCES}
        for key, present in optional.items():
            found |= OPTIONAL_RESOURCES[key] if present else {}
        for chart in self.extra_charts.values():
            for resource in chart.team_resources:
                group, _, plural = resource.partition("/")
                found[group] = [*found.get(group, []), plural]
        return found

    @property
    def store_namespaces(self) -> dict[str, list[str]]:
        """The namespaces that may use each ClusterSecretStore."""
        stores = self.external_secrets.stores if self.external_secrets else {}
        return {name: store.namespaces for name, store in stores.items()}

    @property
    def fargate_profiles_in_order(self) -> dict[str, FargateProfile]:
        """The profiles in the order in which they are made, one at a time: first those of the platform's own pods.

        Pulumi hands over the keys of a stack file in alphabetical order, whatever the order there.
        """

        def later(profile: FargateProfile) -> list[bool]:
            return [not any(fnmatchcase(need, it.namespace) for it in profile.selectors) for need in self.namespaces]

        return dict(sorted(self.fargate_profiles.items(), key=lambda item: later(item[1])))

    @property
    def addon_versions(self) -> dict[str, str]:
        """The add-ons of the stack and their versions."""
        return {
            name: self.addons.versions.get(name, versions.addon_version(name, self.cluster.version))
            for name in self.addons.installed(
                control_plane_only=self.cluster.control_plane_only,
                fargate_only=self.fargate_only,
                auto_mode=self.cluster.auto_mode is not None,
                observability=self.observability is not None,
            )
        }

    @property
    def installed_versions(self) -> dict[str, str]:
        """The versions of all that the stack installs in the cluster, by chart or add-on."""
        karpenter = {versions.KARPENTER.name: self.karpenter.version} if self.karpenter else {}
        without_pods = self.cluster.control_plane_only
        charts = [] if without_pods else [versions.AWS_LOAD_BALANCER_CONTROLLER, versions.TRAEFIK]
        charts += [chart for section, chart in OPTIONAL_CHARTS.items() if getattr(self, section)]
        extra = {name: chart.version for name, chart in self.extra_charts.items()}
        added = {name: addon.version for name, addon in self.addons.more.items()}
        return {**self.addon_versions, **added, **{chart.name: chart.version for chart in charts}, **karpenter, **extra}


def load(config: Mapping[str, str], secret_keys: Collection[str] = (), today: date | None = None) -> Stack:
    """Return the settings in a stack's configuration.

    config: the values of the stack as Pulumi hands them over, by full key (`eks-platform:network`); objects are JSON
        text. Keys of other namespaces are left alone.
    secret_keys: the full keys whose value is, or holds, an encrypted one. Their values appear in no message.
    today: the day on which EKS must offer the Kubernetes version; absent: the day it is.
    Raises SettingsError with every problem of the configuration.
    """
    prefix = f"{pulumi.get_project()}:"
    found = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    secret = {key.removeprefix(prefix) for key in secret_keys}
    misplaced = _other_namespaces(config)
    sections, problems = _sections(found, secret, misplaced)
    problems += [*misplaced.values(), *_region_of_provider(config, sections)]
    whole = expanded(sections)
    broken = broken_rules(whole.sections, secret, today or datetime.now(tz=UTC).date())
    problems += [*whole.problems, *map(whole.located, broken)]
    if problems:
        raise SettingsError(sorted(problems, key=lambda problem: problem.path))
    return Stack.model_construct(**whole.sections)


def _other_namespaces(config: Mapping[str, str]) -> dict[str, Problem]:
    """Return a problem for each section that is under a key of another namespace, by the section's key."""
    names = {to_camel(field) for field in Stack.model_fields}
    project, found = pulumi.get_project(), dict[str, Problem]()
    for key in config:
        namespace, _, name = key.rpartition(":")
        misspelled = get_close_matches(namespace, [project], cutoff=0.8) and namespace != project
        if namespace != project and (misspelled or (name in names and f"{project}:{name}" not in config)):
            section = name if name in names else "".join(nearest(name, names)[:1]) or name
            found[section] = Problem(name, "a key of another namespace", f"expected {project}:{section}", namespace)
    return found


def _region_of_provider(config: Mapping[str, str], sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for `aws:region` where it differs: this program gives its AWS provider `platform.region`."""
    platform, region = sections.get("platform"), config.get("aws:region")
    if platform and region is not None and region != platform.region:
        setting = f"{pulumi.get_project()}:platform.region"
        expected = f"expected {platform.region}, as {setting} says, or no aws:region: nothing reads it"
        yield Problem("region", shown(region), expected, namespace="aws")


def _sections(
    found: Mapping[str, str], secret: Collection[str], misplaced: Collection[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Validate each section on its own, so that an error in one hides none in another.

    misplaced: the sections that are under another key. Neither they nor those whose key is misspelled are said to be
        missing, and no rule reads them.
    """
    names = {to_camel(field): field for field in Stack.model_fields}
    problems = [_unknown_section(key, names, secret) for key in found if key not in names]
    meant = {*misplaced, *(close for key in found if key not in names for close in alike(key, names))}
    sections: dict[str, Any] = {}
    for key, field in names.items():
        info = Stack.model_fields[field]
        if key not in found and key in meant:
            continue
        if key not in found and not info.is_required():
            sections[field] = info.get_default(call_default_factory=True)
            continue
        keeps_secrets = any(_keeps_secrets(model) for model in models(info.annotation))
        if found.get(key) == "":
            otherwise = "" if info.is_required() else "; or delete the key"
            defaults = ", or {} for what it has by default" if _is_whole_without_values(key, field) else ""
            problems.append(Problem(key, "empty", f"expected {accepted(info.annotation)}{defaults}{otherwise}"))
            continue
        if key in secret and not keeps_secrets:
            problems.append(Problem(key, "encrypted", "expected plain values: nothing in this section is kept secret"))
            continue
        try:
            document = _document(key, found[key]) if key in found else "{}"
            sections[field] = getattr(_only(field).model_validate_json(document), field)
        except ValidationError as error:
            problems += problems_of(error, Stack, key, encrypted=key in secret)
        except _TwiceError as error:
            problems.append(Problem(key, f"key {shown(str(error))} twice", "expected it once"))
        except (ValueError, RecursionError):
            problems.append(
                Problem(key, HIDDEN if keeps_secrets else shown(found[key]), f"expected {accepted(info.annotation)}")
            )
    return sections, problems


def _is_whole_without_values(key: str, field: str) -> bool:
    """Return whether a section may be an empty object."""
    try:
        _only(field).model_validate_json(_document(key, "{}"))
    except ValidationError:
        return False
    return True


def _unknown_section(key: str, names: Collection[str], secret: Collection[str]) -> Problem:
    section = key.partition(".")[0]
    if section in names and re.fullmatch(r"[\w.\[\]-]{1,80}", key, re.ASCII):
        command = f"pulumi config set {'--secret ' if key in secret else ''}--path '{pulumi.get_project()}:{key}'"
        return Problem(key, "unknown key", f"expected it inside {section}: {command}")
    return Problem(place(key), "unknown key", suggestion(key, names))


class _TwiceError(ValueError):
    """A key that occurs twice in an object: a JSON parser would silently use the last one."""


def _document(key: str, text: str) -> str:
    """Return the JSON `text` of a section under its key."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            raise _TwiceError(next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1))
        return values

    return json.dumps({key: json.loads(text, object_pairs_hook=unique)})


def _keeps_secrets(model: type[BaseModel]) -> bool:
    """Tell whether a model, or one inside of it, has a setting that is kept secret."""
    annotations = [field.annotation for field in model.model_fields.values()]
    return any(
        SecretStr in _types(annotation) or any(_keeps_secrets(inner) for inner in models(annotation))
        for annotation in annotations
    )


def _types(annotation: Any) -> set[Any]:
    return {annotation}.union(*(_types(choice) for choice in get_args(annotation)))


@cache
def _only(field: str) -> type[Settings]:
    """Return the model of one section under its key."""
    info = Stack.model_fields[field]
    return create_model("Section", __base__=Settings, **{field: (info.annotation, info)})  # type: ignore[call-overload, no-any-return]


UNSAID: Final = (
    "platform.environment is not set: this stack is checked as production. "
    "Where that is too strict, set it to development (docs/policies.md has what then only advises)"
)


def stack_settings() -> Stack:
    """Return the settings of the stack that is running.

    Raises RunError, which Pulumi shows without a traceback, also where the cluster that runs rules a setting out.
    """
    try:
        stack = load(runtime.get_config_env(), runtime.get_config_secret_keys_env())
        state = deployed()
        # In another region or VPC the zones are others anyway.
        if problems := [*immutable_changes(stack, state)] or [*zones_in_use(stack, state)]:
            raise SettingsError(problems)
    except SettingsError as error:
        raise pulumi.RunError(str(in_file(error, pulumi.get_stack()))) from None
    if stack.platform.environment is None:
        pulumi.log.info(UNSAID)
    return stack


def in_file(error: SettingsError, stack: str) -> SettingsError:
    """Return an error with the place of each problem in the stack file, in the order of its lines.

    Without a stack file the error stays as it is.
    """
    file = stack_file(stack)
    if file is None:
        return error
    outside = file.outside_config([to_camel(field) for field in Stack.model_fields])
    if not file.has_config:
        return SettingsError(list(outside.values()))
    found = [it for it in error.problems if it.found != "missing" or it.path not in outside]
    return SettingsError(sorted([*outside.values(), *map(file.located, found)], key=_line_and_column))


def _line_and_column(problem: Problem) -> tuple[float, float]:
    """Return the place of a problem in the file as a sort key; problems without a place follow all others."""
    *_, line, column = ["", "", *problem.at.split(":")]
    return (float(line), float(column)) if problem.at else (math.inf, math.inf)
