"""GitOps: what each set may write to, how it is kept as Git says, and that its end takes all along."""

import copy
import json
from typing import Any, Final

import pytest

from components.delivery.gitops import (
    NAMESPACE,
    THIS_CLUSTER,
    GitOps,
    application_set_spec,
    project_spec,
)
from harness.plan import Plan, Registration
from harness.properties import reveal
from settings import GitCredential, GitOpsSet
from settings import GitOps as GitOpsSettings
from tests import upstream
from tests.components.given import on_cluster
from tests.components.recording import assert_shape, label, labels, recorded, waits_for
from tests.plans import run_program

REPOSITORY = "https://github.com/example-jp/applications.git"


def _set(**changes: Any) -> GitOpsSet:
    """Return the settings of a set; changes: settings under the names of a stack file."""
    section = {
        "repository": REPOSITORY,
        "path": "apps/*",
        "namespacePrefix": "app-",
        "kinds": ["Service", "apps/Deployment", "traefik.io/*"],
    }
    return GitOpsSet.model_validate_json(json.dumps({**section, **changes}))


OPERATIONS = _set(
    repository="ssh://git@github.com/example-jp/operations",
    revision="production",
    path="*",
    namespacePrefix="ops-",
    kinds=["*/*"],
    clusterKinds=["scheduling.k8s.io/PriorityClass", "storage.k8s.io/*"],
    podSecurity="baseline",
    prune=False,
    selfHeal=False,
    retry={"limit": 0, "backoff": "1m", "factor": 3, "maxBackoff": "1h"},
)
SETS: Final = {"applications": _set(), "operations": OPERATIONS}
LOGINS: Final = {
    name: GitCredential.model_validate_json(json.dumps(section))
    for name, section in {
        "https": {"url": "https://github.com/example-jp", "username": "ci", "password": "hunter2"},
        "ssh": {"url": "ssh://git@github.com/example-jp/operations", "sshPrivateKey": "hunter3"},
        "app": {
            "url": "https://github.example.jp/a",
            "githubApp": {
                "id": 12,
                "installationId": 34,
                "privateKey": "hunter4",
                "enterpriseUrl": "https://github.example.jp/api/v3",
            },
        },
    }.items()
}


def _plan(*, unknown: bool = False) -> Plan:
    settings = GitOpsSettings(sets=SETS)
    return recorded(
        lambda opts: GitOps("git", settings, on_cluster(), credentials=LOGINS, opts=opts),
        unknown=unknown,
    )


def _of(plan: Plan, kind: str) -> dict[str, Registration]:
    found = plan.find(type=f"kubernetes:argoproj.io/v1alpha1:{kind}")
    return {entry.inputs["metadata"]["name"]: entry for entry in found}


def _template(manifests: GitOpsSet) -> dict[str, Any]:
    spec: dict[str, Any] = application_set_spec("applications", manifests, "1.36")["template"]["spec"]
    return spec


def test_each_set_is_a_project_and_an_application_set(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, GitOps, "git")
    for kind in ("AppProject", "ApplicationSet"):
        assert set(_of(plan, kind)) == {"applications", "operations"}
        for name, entry in _of(plan, kind).items():
            assert entry.inputs["metadata"] == {"name": name, "namespace": NAMESPACE}


# --- What it may --------------------------------------------------------------------------------------------------


def test_a_project_is_for_one_repository_and_its_own_namespaces() -> None:
    spec = project_spec(_set())
    assert spec["sourceRepos"] == [REPOSITORY]
    assert spec["destinations"] == [{"server": THIS_CLUSTER, "namespace": "app-*"}]
    assert spec["namespaceResourceWhitelist"] == [
        {"group": "", "kind": "Service"},
        {"group": "apps", "kind": "Deployment"},
        {"group": "traefik.io", "kind": "*"},
    ]


def test_no_cluster_scoped_object_is_allowed_that_is_not_named() -> None:
    # argo-cd #22869: its own namespaces too must be, for `CreateNamespace`.
    own = {"group": "", "kind": "Namespace", "name": "app-*"}
    assert project_spec(_set())["clusterResourceWhitelist"] == [own]
    assert project_spec(OPERATIONS)["clusterResourceWhitelist"] == [
        {**own, "name": "ops-*"},
        {"group": "scheduling.k8s.io", "kind": "PriorityClass"},
        {"group": "storage.k8s.io", "kind": "*"},
    ]


def test_node_pools_are_never_argo_cds() -> None:
    # docs/decisions.md: they stay with the program that takes them down in order.
    denied = project_spec(_set(clusterKinds=["*/*"]))["clusterResourceBlacklist"]
    # The last group is that of the admission policies, which a set could otherwise take away.
    groups = ("karpenter.sh", "karpenter.k8s.aws", "admissionregistration.k8s.io")
    assert denied == [{"group": group, "kind": "*"} for group in groups]


def test_an_application_is_in_its_sets_project_and_in_a_namespace_of_its_own() -> None:
    for name, manifests in SETS.items():
        template = application_set_spec(name, manifests, "1.36")["template"]
        assert template["metadata"] == {"name": f"{name}-{{{{.path.basenameNormalized}}}}"}
        assert template["spec"]["project"] == name
        namespace = template["spec"]["destination"]["namespace"]
        assert namespace == f"{manifests.namespace_prefix}{{{{.path.basenameNormalized}}}}"
        # What the project allows.
        (allowed,) = project_spec(manifests)["destinations"]
        assert allowed == {
            "server": template["spec"]["destination"]["server"],
            "namespace": f"{manifests.namespace_prefix}*",
        }


def test_a_set_of_named_namespaces_deploys_to_these_and_makes_none() -> None:
    manifests = _set(namespacePrefix=None, namespaces=["billing", "billing-reports"])
    spec, template = project_spec(manifests), _template(manifests)
    assert [it["namespace"] for it in spec["destinations"]] == ["billing", "billing-reports"]
    assert spec["clusterResourceWhitelist"] == []
    assert template["destination"]["namespace"] == "{{.path.basenameNormalized}}"
    assert template["syncPolicy"]["syncOptions"] == ["ServerSideApply=true"]
    assert "managedNamespaceMetadata" not in template["syncPolicy"]


@pytest.mark.parametrize("standard", ["restricted", "baseline", "privileged"])
def test_namespaces_have_the_pod_security_standard_of_the_settings(standard: str) -> None:
    policy = _template(_set(podSecurity=standard))["syncPolicy"]
    assert policy["managedNamespaceMetadata"] == {
        "labels": {
            "pod-security.kubernetes.io/enforce": standard,
            "pod-security.kubernetes.io/enforce-version": "v1.36",
            "pod-security.kubernetes.io/warn": standard,
            "pod-security.kubernetes.io/warn-version": "v1.36",
            "pod-security.kubernetes.io/audit": standard,
            "pod-security.kubernetes.io/audit-version": "v1.36",
        }
    }
    # Without it Argo CD does not touch the namespace at all.
    assert "CreateNamespace=true" in policy["syncOptions"]


# --- As Git says --------------------------------------------------------------------------------------------------


def test_each_folder_of_the_revision_is_an_application() -> None:
    spec = application_set_spec("applications", OPERATIONS, "1.36")
    assert spec["generators"] == [
        {
            "git": {
                "repoURL": "ssh://git@github.com/example-jp/operations",
                "revision": "production",
                "directories": [{"path": "*"}],
            }
        }
    ]
    assert spec["template"]["spec"]["source"] == {
        "repoURL": "ssh://git@github.com/example-jp/operations",
        "targetRevision": "production",
        "path": "{{.path.path}}",
    }
    # Or a misspelt field would be an empty name, and every folder the same Application.
    assert spec["goTemplateOptions"] == ["missingkey=error"]


@pytest.mark.parametrize(
    ("manifests", "automated", "retry"),
    [
        (_set(), True, {"limit": 5, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}}),
        (OPERATIONS, False, {"limit": 0, "backoff": {"duration": "1m", "factor": 3, "maxDuration": "1h"}}),
    ],
    ids=["defaults", "others"],
)
def test_prune_self_heal_and_retry_are_the_settings(
    manifests: GitOpsSet, automated: bool, retry: dict[str, Any]
) -> None:
    policy = _template(manifests)["syncPolicy"]
    assert policy["automated"] == {"prune": automated, "selfHeal": automated}
    assert policy["retry"] == retry


# --- The end ------------------------------------------------------------------------------------------------------


def test_what_was_deployed_goes_with_its_set() -> None:
    # Argo CD's manual, Application Deletion: else a load balancer of a Service would be left behind.
    spec = application_set_spec("applications", _set(), "1.36")
    assert spec["syncPolicy"] == {"applicationsSync": "sync", "preserveResourcesOnDeletion": False}
    # The controller puts the finalizer on, by this policy.
    assert "finalizers" not in spec["template"]["metadata"]


def test_a_project_outlives_its_applications_and_they_have_time() -> None:
    plan = _plan()
    logins = {label(entry) for entry in plan.find(type="kubernetes:core/v1:Secret")}
    for name, entry in _of(plan, "ApplicationSet").items():
        assert labels(plan, entry.depends_on) == {f"AppProject git-{name}", *logins}
        assert entry.options.custom_timeouts == {"delete": "30m"}


# --- Logins -------------------------------------------------------------------------------------------------------


def test_a_login_is_a_secret_that_argo_cd_finds(unknown: bool) -> None:
    secrets = {entry.name: entry.inputs for entry in _plan(unknown=unknown).find(type="kubernetes:core/v1:Secret")}
    assert set(secrets) == {"git-login-https", "git-login-ssh", "git-login-app"}
    for key in LOGINS:
        assert secrets[f"git-login-{key}"]["metadata"] == {
            "name": f"git-{key}",
            "namespace": NAMESPACE,
            "labels": {"argocd.argoproj.io/secret-type": "repo-creds"},
        }
    assert reveal(secrets["git-login-https"]["stringData"]) == {
        "type": "git",
        "url": "https://github.com/example-jp",
        "username": "ci",
        "password": "hunter2",
    }
    assert reveal(secrets["git-login-ssh"]["stringData"]) == {
        "type": "git",
        "url": "ssh://git@github.com/example-jp/operations",
        "sshPrivateKey": "hunter3",
    }
    assert reveal(secrets["git-login-app"]["stringData"]) == {
        "type": "git",
        "url": "https://github.example.jp/a",
        "githubAppID": "12",
        "githubAppInstallationID": "34",
        "githubAppPrivateKey": "hunter4",
        "githubAppEnterpriseBaseUrl": "https://github.example.jp/api/v3",
    }


def test_no_login_is_seen_in_the_clear() -> None:
    for entry in _plan():
        assert "hunter" not in repr(entry.inputs), entry.urn


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
@pytest.mark.parametrize("kind", ["AppProject", "ApplicationSet"])
def test_the_definitions_take_every_object(kind: str) -> None:
    for entry in _of(_plan(), kind).values():
        assert upstream.object_problems(_definition(kind), entry.inputs) == []


@pytest.mark.upstream
@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("template", "spec", "syncPolicy", "automated", "selfheal"), True),
        (("template", "spec", "syncPolicy", "retry", "limit"), "5"),
        (("syncPolicy", "applicationsSync"), "always"),
        (("generators",), [{"git": {"directories": []}}]),
    ],
    ids=["misspelt", "text", "unknown", "no repository"],
)
def test_what_the_definition_would_refuse_is_seen(way: tuple[str, ...], value: Any) -> None:
    body = copy.deepcopy(dict(_of(_plan(), "ApplicationSet")["applications"].inputs))
    target = body["spec"]
    for key in way[:-1]:
        target = target[key]
    target[way[-1]] = value
    assert upstream.object_problems(_definition("ApplicationSet"), body)


def _definition(kind: str) -> Any:
    return upstream.facts("crds", "argo-cd", f"argoproj.io_{kind.lower()}s.yaml")


# --- The Argo CD that EKS runs ------------------------------------------------------------------------------------

ARN: Final = "arn:aws:eks:ap-northeast-1:111122223333:cluster/platform-test"


def test_the_managed_argo_cd_is_told_of_the_cluster(unknown: bool) -> None:
    settings = GitOpsSettings(sets=SETS)
    plan = recorded(
        lambda opts: GitOps("git", settings, on_cluster(), credentials={}, managed_cluster=ARN, opts=opts),
        unknown=unknown,
    )
    (secret,) = plan.find(type="kubernetes:core/v1:Secret")
    assert secret.inputs["metadata"]["labels"] == {"argocd.argoproj.io/secret-type": "cluster"}
    # The address of the API that pods use is not one that EKS accepts.
    assert reveal(secret.inputs)["stringData"] == {"name": "in-cluster", "server": ARN}
    for entry in plan.find(type="kubernetes:argoproj.io/v1alpha1:ApplicationSet"):
        destination = entry.inputs["spec"]["template"]["spec"]["destination"]
        assert (destination["name"], "server" in destination) == ("in-cluster", False)
        # Deleted after what is deployed through it.
        assert secret.urn in entry.dependencies
    for entry in plan.find(type="kubernetes:argoproj.io/v1alpha1:AppProject"):
        assert {it["name"] for it in entry.inputs["spec"]["destinations"]} == {"in-cluster"}


def test_the_managed_argo_cd_outlives_what_it_deploys() -> None:
    argo_cd = {
        "identityCenter": "arn:aws:sso:::instance/ssoins-0123456789abcdef",
        "admins": ["08017340-8041-7093-3ffa-0123456789ab"],
        "role": "admin",
    }
    sets = {"apps": {"repository": REPOSITORY, "path": "*", "namespacePrefix": "web-"}}
    config = {"cluster": {"capabilities": {"argoCd": argo_cd}}, "gitOps": {"sets": sets}}
    plan = run_program("dev", config=config)
    (found,) = plan.find(type="kubernetes:argoproj.io/v1alpha1:ApplicationSet")
    # Without its rights, too, it could delete nothing.
    assert {
        "Capability platform-dev-capability-argocd",
        "AccessPolicyAssociation platform-dev-capability-argocd",
    } <= waits_for(plan, found)
