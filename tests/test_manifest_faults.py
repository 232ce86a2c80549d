"""Whatever lies below `manifests/` previews, or is refused by one message; nothing ends in a traceback."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import pytest
import yaml

from components.delivery.workloads import Workloads
from facts import kinds, manifests
from harness.plan import Plan
from settings import Workloads as WorkloadsSettings
from settings.problems import SettingsError
from tests.components.given import on_cluster
from tests.components.recording import needs, recorded
from tests.settings_files import changed, read

Write = Callable[[Mapping[str, str]], None]

NAMESPACE: Final = "{apiVersion: v1, kind: Namespace, metadata: {name: app-x}}\n---\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Put files into a `manifests/` of the test's own."""
    monkeypatch.setattr(manifests, "ROOT", tmp_path)

    def files(texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(dedent(text).encode("utf-8", "surrogateescape"))

    _forget()
    yield files
    _forget()


def _forget() -> None:
    manifests.folders.cache_clear()
    manifests.read.cache_clear()


def _kustomization(*files: str) -> str:
    return yaml.safe_dump(
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": files}
    )


def _folder(objects: str) -> dict[str, str]:
    return {"x/kustomization.yaml": _kustomization("x.yaml"), "x/x.yaml": objects}


def _problems(*folders: str, **sections: Any) -> list[str]:
    try:
        read(changed({"name": "", "set": {"workloads": {"folders": list(folders or ("x",))}, **sections}}))
    except SettingsError as error:
        return [str(problem).removeprefix("eks-platform:workloads.") for problem in error.problems]
    return []


def _plan(*folders: str) -> Plan:
    return recorded(
        lambda opts: Workloads("apps", WorkloadsSettings(folders=list(folders or ("x",))), on_cluster(), opts=opts)
    )


# --- Every object of Kubernetes -----------------------------------------------------------------------------------

KINDS: Final = sorted(
    (group, kind, namespaced)
    for namespaced, table in ((False, kinds.CLUSTER_KINDS), (True, kinds.NAMESPACED_KINDS))
    for group, found in table.items()
    for kind in found
    if kind != "Namespace"
)


def _object(group: str, kind: str, *, namespaced: bool) -> dict[str, Any]:
    version = f"{group}/{kinds.versions(group)[0]}".lstrip("/")
    metadata = {"name": "one", **({"namespace": "app-x"} if namespaced else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **REQUIRED.get(kind, {})}


LABELS: Final = {"matchLabels": {"app": "x"}}
TEMPLATE: Final = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "x", "image": "x:1"}]}}
# What the SDK requests.
REQUIRED: Final[dict[str, dict[str, Any]]] = {
    "CSIDriver": {"spec": {}},
    "CSINode": {"spec": {"drivers": []}},
    "CSIStorageCapacity": {"storageClassName": "x"},
    "CertificateSigningRequest": {"spec": {"request": "eA==", "signerName": "x/y"}},
    "ClusterRoleBinding": {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "x"}},
    "ControllerRevision": {"revision": 1, "data": {}},
    "FlowSchema": {"spec": {"priorityLevelConfiguration": {"name": "x"}}},
    "PriorityLevelConfiguration": {"spec": {"type": "Exempt"}},
    "ValidatingAdmissionPolicyBinding": {"spec": {"policyName": "x", "validationActions": ["Deny"]}},
    "CronJob": {"spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": TEMPLATE}}}},
    "CustomResourceDefinition": {
        "spec": {"group": "example.jp", "names": {"kind": "X", "plural": "xs"}, "scope": "Cluster", "versions": []}
    },
    "DaemonSet": {"spec": {"selector": LABELS, "template": TEMPLATE}},
    "Deployment": {"spec": {"selector": LABELS, "template": TEMPLATE}},
    "DeviceClass": {"spec": {}},
    "EndpointSlice": {"addressType": "IPv4", "endpoints": []},
    "Event": {"involvedObject": {"name": "x"}},
    "HorizontalPodAutoscaler": {"spec": {"maxReplicas": 2, "scaleTargetRef": {"kind": "Deployment", "name": "x"}}},
    "IPAddress": {"spec": {"parentRef": {"name": "x", "resource": "services"}}},
    "Job": {"spec": {"template": TEMPLATE}},
    "PriorityClass": {"value": 1},
    "ReplicaSet": {"spec": {"selector": LABELS}},
    "ResourceClaim": {"spec": {}},
    "ResourceClaimTemplate": {"spec": {"spec": {}}},
    "ResourceSlice": {"spec": {"driver": "x", "pool": {"name": "x", "generation": 1, "resourceSliceCount": 1}}},
    "RoleBinding": {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"}},
    "RuntimeClass": {"handler": "x"},
    "StatefulSet": {"spec": {"selector": LABELS, "serviceName": "x", "template": TEMPLATE}},
    "StorageClass": {"provisioner": "x"},
    "VolumeAttachment": {"spec": {"attacher": "x", "nodeName": "x", "source": {}}},
    "VolumeAttributesClass": {"driverName": "x"},
}


@pytest.mark.parametrize(("group", "kind", "namespaced"), KINDS)
def test_every_object_of_kubernetes_previews(write: Write, group: str, kind: str, namespaced: bool) -> None:
    item = _object(group, kind, namespaced=namespaced)
    item.update({"eventTime": "2026-01-01T00:00:00Z", "involvedObject": None} if group == "events.k8s.io" else {})
    write(_folder(NAMESPACE + yaml.safe_dump(item)))
    assert _problems() == []
    plan = _plan()
    made = plan.one(name=f"apps-{'app-x-' if namespaced else ''}{kind.lower()}-one")
    assert needs(plan, made) == ({"Namespace apps-namespace-app-x"} if namespaced else set())


def test_a_custom_resource_previews_with_and_without_a_namespace(write: Write) -> None:
    write(
        _folder(
            """
            {apiVersion: example.jp/v1, kind: Thing, metadata: {name: one}}
            ---
            {apiVersion: example.jp/v1, kind: Thing, metadata: {name: one, namespace: app-x}}
            """
        )
    )
    assert _problems() == []
    assert [entry.name for entry in _plan() if entry.type == "kubernetes:example.jp/v1:Thing"] == [
        "apps-thing-one",
        "apps-app-x-thing-one",
    ]


def test_what_admission_asks_for_comes_first(write: Write) -> None:
    asked = [
        _object("", "ServiceAccount", namespaced=True),
        _object("", "ResourceQuota", namespaced=True),
        _object("scheduling.k8s.io", "PriorityClass", namespaced=False),
    ]
    other = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "one", "namespace": "app-y"}}
    write(_folder(NAMESPACE + yaml.safe_dump_all([_object("apps", "Deployment", namespaced=True), *asked, other])))
    plan = _plan()
    assert needs(plan, plan.one(name="apps-app-x-deployment-one")) == {
        "Namespace apps-namespace-app-x",
        "ServiceAccount apps-app-x-serviceaccount-one",
        "ResourceQuota apps-app-x-resourcequota-one",
        "PriorityClass apps-priorityclass-one",
    }


def test_empty_documents_and_dates_are_read_as_kubectl_reads_them(write: Write) -> None:
    write(
        _folder(
            """
            ---
            # Nothing here.
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: one, namespace: app-x, labels: null}
            data: {day: 2026-01-01}
            ---
            """
        )
    )
    assert _problems() == []
    assert manifests.objects("x")[0]["data"] == {"day": "2026-01-01"}


# --- What is refused ----------------------------------------------------------------------------------------------


OF_THE_FOLDER: Final = "expected a YAML file of this folder such as hello.yaml"


@pytest.mark.parametrize(
    ("resources", "found"),
    [
        ("[../y]", f"resources[0]: ../y: {OF_THE_FOLDER}"),
        ("[y]", f"resources[0]: y: {OF_THE_FOLDER}"),
        ("[/x.yaml]", f"resources[0]: /x.yaml: {OF_THE_FOLDER}"),
        ("[../y/y.yaml]", f"resources[0]: ../y/y.yaml: {OF_THE_FOLDER}"),
        ("['https://example.jp/x.yaml']", f"resources[0]: https://example.jp/x.yaml: {OF_THE_FOLDER}"),
        ("[kustomization.yaml]", f"resources[0]: kustomization.yaml: {OF_THE_FOLDER}"),
        ("[{a: 1}]", f"resources[0]: {{'a': 1}}: {OF_THE_FOLDER}"),
        ("[absent.yaml]", "resources[0]: absent.yaml: expected a file that exists"),
        ("[x.yaml, x.yaml]", "resources[1]: x.yaml: expected it once"),
        ("[]", "resources: []: expected a list of files of this folder"),
        ("x.yaml", "resources: 'x.yaml': expected a list of files of this folder"),
    ],
)
def test_a_kustomization_lists_files_of_its_folder(write: Write, resources: str, found: str) -> None:
    write({"y/y.yaml": NAMESPACE, "x/x.yaml": NAMESPACE, "x/kustomization.yaml": f"resources: {resources}"})
    assert _problems() == [f"folders[0]: x/kustomization.yaml: {found}"]
    with pytest.raises(manifests.ManifestError, match=r"x/kustomization\.yaml"):
        manifests.objects("x")


@pytest.mark.parametrize("text", ["", "---\n", "[]", "resources: [x.yaml]\n---\nresources: [x.yaml]", "a: [", "\udcff"])
def test_a_kustomization_that_is_none_is_refused(write: Write, text: str) -> None:
    write({"x/x.yaml": NAMESPACE, "x/kustomization.yaml": text})
    (problem,) = _problems() if text != "[]" else _problems()[:1]
    assert problem.startswith("folders[0]: x/kustomization.yaml: ")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("namespace: app-y", "expected metadata.namespace in each object"),
        ("patches: []", "expected the files as they are to be applied"),
        ("images: []", "expected the images in the files"),
        ("configMapGenerator: []", "expected a ConfigMap in a file under resources"),
        ("commonLabels: {a: b}", "expected the labels in the files"),
        ("zebra: 1", "expected nothing but apiVersion, kind and resources"),
    ],
)
def test_a_field_of_a_kustomization_that_is_not_followed_is_refused(write: Write, field: str, expected: str) -> None:
    write({"x/x.yaml": NAMESPACE, "x/kustomization.yaml": f"{_kustomization('x.yaml')}{field}\n"})
    name = field.partition(":")[0]
    assert _problems() == [f"folders[0]: x/kustomization.yaml: {name}, which is not supported: {expected}"]


def test_a_component_of_kustomize_is_refused(write: Write) -> None:
    write({"x/x.yaml": NAMESPACE, "x/kustomization.yaml": "kind: Component\nresources: [x.yaml]"})
    assert _problems() == ["folders[0]: x/kustomization.yaml: kind: Component: expected Kustomization"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- a", "a document that is ['a']: expected an object of Kubernetes"),
        ("text", "a document that is 'text': expected an object of Kubernetes"),
        ("a: [", "did not find expected node content in line 2: expected YAML"),
        ("{a: 1, a: 2}", "the key a again in line 1: expected YAML"),
        ("{1: 1}", "the key 1 is not text in line 1: expected YAML"),
        ("{a: 1}", "an object: no apiVersion or no kind: expected both, such as apps/v1 and Deployment"),
        ("{apiVersion: 1, kind: Pod}", "Pod: no apiVersion or no kind: expected both, such as apps/v1 and Deployment"),
        (
            "{apiVersion: v1, kind: List, items: []}",
            "List: a list: expected its items, each as a document of the file",
        ),
        (
            "{apiVersion: v1, kind: Pod}",
            "Pod: no metadata.name: expected a name: without one there would be another object after each change",
        ),
        (
            "{apiVersion: v1, kind: Pod, metadata: {generateName: a-, namespace: app-x}}",
            "Pod: no metadata.name: expected a name: without one there would be another object after each change",
        ),
        (
            "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
            "Pod a: no metadata.namespace: expected one: otherwise kubectl's current namespace decides",
        ),
        (
            "{apiVersion: traefik.io/v1alpha1, kind: IngressRoute, metadata: {name: a}}",
            "IngressRoute a: no metadata.namespace: expected one: otherwise kubectl's current namespace decides",
        ),
        (
            "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: a, namespace: app-x}}",
            "PriorityClass a: metadata.namespace: app-x: expected none: a PriorityClass is in no namespace",
        ),
        (
            "{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: a, namespace: app-x}}",
            "NodePool a: metadata.namespace: app-x: expected none: a NodePool is in no namespace",
        ),
        (
            "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: 1}}",
            "Pod a: metadata.namespace: 1: expected a namespace's name",
        ),
        (
            "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: app-x, annotations: {a: true}}}",
            "Pod a: metadata.annotations: expected texts by their keys: put numbers, true and false in quotes",
        ),
        (
            "{apiVersion: batch/v1, kind: Cronjob, metadata: {name: a, namespace: app-x}}",
            "Cronjob a: apiVersion: batch/v1: expected a kind that Kubernetes has there: did you mean CronJob?",
        ),
        (
            "{apiVersion: v1, kind: Deployment, metadata: {name: a, namespace: app-x}}",
            "Deployment a: apiVersion: v1: expected a kind that Kubernetes has there: Deployment is in apps/v1",
        ),
        (
            "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a, namespace: app-x}}",
            "PodDisruptionBudget a: apiVersion: policy/v1beta1: expected policy/v1: EKS serves no other",
        ),
    ],
)
def test_an_object_that_cannot_be_applied_is_refused(write: Write, text: str, found: str) -> None:
    write(_folder(text))
    assert _problems() == [f"folders[0]: x/x.yaml: {found}"]


def test_one_object_in_two_documents_is_refused(write: Write) -> None:
    scaler = "{apiVersion: autoscaling/%s, kind: HorizontalPodAutoscaler, metadata: {name: a, namespace: app-x}}\n"
    write(
        _folder(NAMESPACE + scaler % "v2")
        | {"y/kustomization.yaml": _kustomization("y.yaml"), "y/y.yaml": NAMESPACE + scaler % "v1"}
    )
    assert _problems("x", "y") == [
        "folders[1]: Namespace app-x again: expected it once: it is in workloads.folders[0] too",
        "folders[1]: HorizontalPodAutoscaler app-x/a again: expected it once: it is in workloads.folders[0] too",
    ]


# --- What nothing would serve -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "kind", "expected"),
    [
        ("cert-manager.io/v1", "Certificate", "certManager: nothing else serves cert-manager.io"),
        ("argoproj.io/v1alpha1", "Application", "argoCd: nothing else serves argoproj.io"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", "traefik.gatewayApi: true"),
        ("snapshot.storage.k8s.io/v1", "VolumeSnapshot", "addons.snapshotController: true"),
        ("external-secrets.io/v1", "SecretStore", "externalSecrets: nothing else serves external-secrets.io"),
        ("karpenter.sh/v1", "NodePool", "karpenter: nothing else serves karpenter.sh"),
    ],
)
def test_a_kind_that_nothing_serves_is_refused(write: Write, version: str, kind: str, expected: str) -> None:
    namespace = "" if kind == "NodePool" else ", namespace: app-x"
    write(_folder(f"{{apiVersion: {version}, kind: {kind}, metadata: {{name: one{namespace}}}}}"))
    case = {"name": "", "stack": "fargate", "set": {"workloads": {"folders": ["x"]}}}
    with pytest.raises(SettingsError) as caught:
        read(changed(case))  # type: ignore[arg-type]
    assert [str(problem) for problem in caught.value.problems] == [
        f"eks-platform:workloads.folders[0]: {kind} one: expected {expected}"
    ]


def test_every_store_that_a_secret_names_must_be_its_namespaces(write: Write) -> None:
    write(
        _folder(
            """
            apiVersion: external-secrets.io/v1
            kind: ExternalSecret
            metadata: {name: one, namespace: app-x}
            spec:
              secretStoreRef: {name: own}
              data:
                - {secretKey: a, remoteRef: {key: a}, sourceRef: {storeRef: {name: other, kind: ClusterSecretStore}}}
            """
        )
    )
    stores = {"secrets": {"service": "secrets-manager", "path": "dev/", "namespaces": ["app-*"]}}
    assert _problems(**{"externalSecrets.stores": stores}) == [
        "folders[0]: ExternalSecret one: expected externalSecrets.stores.other for namespace app-x"
    ]


@pytest.mark.parametrize("kind", ["Pod", "CronJob", "StatefulSet", "DaemonSet"])
def test_whatever_runs_pods_needs_a_place(write: Write, kind: str) -> None:
    group = {"Pod": "", "CronJob": "batch"}.get(kind, "apps")
    write(_folder(yaml.safe_dump(_object(group, kind, namespaced=True) | {"spec": None})))
    case = {"name": "", "stack": "fargate", "set": {"workloads": {"folders": ["x"]}}}
    sections = changed(case)  # type: ignore[arg-type]
    profiles = {"platform": {"selectors": [{"namespace": "kube-system"}, {"namespace": "traefik"}]}}
    with pytest.raises(SettingsError, match="nothing runs pods of app-x"):
        read({**sections, "fargateProfiles": profiles})
