"""The example of an application team's stack on a rehearsed platform: what it knows of it are the outputs."""

import json
from typing import Any, Final

import pytest

from facts.contract import CONTRACT_VERSION
from harness.engine.store import Resource
from rehearsal.engine.refusals import uses
from rehearsal.engine.rehearse import Rehearsal
from rehearsal.program import ROOT
from tests.engine.conftest import Platforms
from tests.engine.journal import label

pytestmark = pytest.mark.engine

EXAMPLE: Final = ROOT / "examples" / "app-team"
ACCOUNT: Final = "kubernetes:core/v1:ServiceAccount"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, platforms: Platforms) -> Rehearsal:
    return platforms("dev").copy(tmp_path_factory.mktemp("platform") / "dev")


@pytest.fixture(scope="module")
def app(platform: Rehearsal) -> Rehearsal:
    """The application's stack, up, on the same backend and in the same cloud as the platform."""
    rehearsal = Rehearsal(platform.folder, "dev", project=EXAMPLE)
    rehearsal.up()
    return rehearsal


def _of_the_app(app: Rehearsal) -> dict[str, Resource]:
    return {label(resource.urn): resource for resource in app.cloud() if f"::{app.project.name}::" in resource.urn}


def test_it_comes_up_by_the_platforms_outputs(app: Rehearsal, platform: Rehearsal) -> None:
    assert set(_of_the_app(app)) == {
        "Role orders",
        "ServiceAccount orders",
        "Deployment orders",
        "PodDisruptionBudget orders",
        "Service orders",
        "IngressRoute orders",
    }
    given = platform.outputs()
    assert {resource.cluster for resource in _of_the_app(app).values()} == {"", given["clusterName"]}
    assert app.outputs()["loadBalancer"] == given["ingressDnsName"]
    assert app.up("--expect-no-changes", check=False).code == 0


def test_only_its_service_account_gets_its_role_and_only_from_this_platform(
    app: Rehearsal, platform: Rehearsal
) -> None:
    made, given = _of_the_app(app), platform.outputs()
    issuer, provider = given["oidcIssuer"], given["oidcProviderArn"]
    (statement,) = json.loads(made["Role orders"].get("assumeRolePolicy"))["Statement"]

    assert provider in {resource.get("arn") for resource in app.cloud() if resource.type == uses.OIDC}
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"] == {"Federated": provider}
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:sub": "system:serviceaccount:app-orders:orders",
            f"{issuer}:aud": "sts.amazonaws.com",
        }
    }
    annotations = made["ServiceAccount orders"].get("metadata.annotations")
    assert annotations == {"eks.amazonaws.com/role-arn": made["Role orders"].get("arn")}


def test_it_goes_and_leaves_the_platform_as_it_was(app: Rehearsal, platforms: Platforms) -> None:
    app.destroy()
    assert app.cloud() == platforms("dev").cloud()


def _with_outputs(platform: Rehearsal, **changed: Any) -> None:
    """Give the platform's stack other outputs, as another version of the platform has them."""
    exported = json.loads(platform.pulumi("stack", "export").stdout)
    stack = next(r for r in exported["deployment"]["resources"] if r["type"] == "pulumi:pulumi:Stack")
    stack["outputs"] |= changed
    path = platform.folder / "changed.json"
    path.write_text(json.dumps(exported))
    platform.pulumi("stack", "import", "--file", str(path))


def test_it_refuses_a_platform_whose_contract_it_does_not_know(
    tmp_path_factory: pytest.TempPathFactory, platforms: Platforms
) -> None:
    platform = platforms("dev").copy(tmp_path_factory.mktemp("newer") / "dev")
    _with_outputs(platform, contractVersion=CONTRACT_VERSION + 1)
    app = Rehearsal(platform.folder, "dev", project=EXAMPLE)
    before = platform.cloud(), platform.events()

    run = app.up(check=False)

    assert run.code == 1
    assert (
        f"error: the platform organization/eks-platform/dev has contract version {CONTRACT_VERSION + 1}, "
        f"this stack knows {CONTRACT_VERSION}"
    ) in run.text
    assert "Traceback" not in run.text
    assert (platform.cloud(), platform.events()) == before
    assert {resource["type"] for resource in app.resources()} <= {
        "pulumi:pulumi:Stack",
        "pulumi:pulumi:StackReference",
        "pulumi:providers:pulumi",
    }
