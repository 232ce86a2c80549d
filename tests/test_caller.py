"""Who runs Pulumi is whom `access.deployer` names, by any of the ways in which STS tells it."""

from typing import Final

import pulumi
import pytest

from settings.caller import is_principal
from tests.plans import run_program

IAM: Final = "arn:aws:iam::111122223333"
STS: Final = "arn:aws:sts::111122223333"
SSO: Final = "AWSReservedSSO_Admin_0123456789abcdef"


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        (f"{STS}:assumed-role/deployer/session", f"{IAM}:role/deployer"),
        # STS leaves the path out.
        (f"{STS}:assumed-role/deployer/session", f"{IAM}:role/ci/deploy/deployer"),
        (f"{STS}:assumed-role/{SSO}/taro@example.jp", f"{IAM}:role/aws-reserved/sso.amazonaws.com/{SSO}"),
        (
            f"{STS}:assumed-role/{SSO}/taro@example.jp",
            f"{IAM}:role/aws-reserved/sso.amazonaws.com/ap-northeast-1/{SSO}",
        ),
        (f"{IAM}:user/taro", f"{IAM}:user/taro"),
        (f"{IAM}:user/staff/taro", f"{IAM}:user/staff/taro"),
    ],
)
def test_the_deployer(caller: str, principal: str) -> None:
    assert is_principal(caller, principal)


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        (f"{STS}:assumed-role/deployer/session", f"{IAM}:role/deployer-2"),
        (f"{STS}:assumed-role/other/deployer", f"{IAM}:role/deployer"),
        (f"{STS}:assumed-role/taro/session", f"{IAM}:user/taro"),
        ("arn:aws:sts::999988887777:assumed-role/deployer/session", f"{IAM}:role/deployer"),
        (f"{IAM}:user/deployer", f"{IAM}:role/deployer"),
        (f"{IAM}:user/taro", f"{IAM}:user/staff/taro"),
        (f"{IAM}:root", f"{IAM}:user/root"),
        (f"{STS}:federated-user/taro", f"{IAM}:user/taro"),
    ],
)
def test_somebody_else(caller: str, principal: str) -> None:
    assert not is_principal(caller, principal)


SOMEONE: Final = f"{IAM}:role/someone"


def test_an_update_by_somebody_else_is_refused() -> None:
    place = r"(\S*/)?Pulumi\.dev\.yaml:[0-9]+:[0-9]+"
    message = (
        rf"1 error; nothing was changed\n  {place}: eks-platform:access.deployer: .*platform-deployer: .*{SOMEONE}"
    )
    with pytest.raises(pulumi.RunError, match=message):
        run_program("dev", caller=SOMEONE)


def test_a_preview_by_somebody_else_says_so_and_goes_on() -> None:
    """Pull requests are previewed by a role that may read only."""
    plan = run_program("dev", unknown=True, caller=SOMEONE)
    (warning,) = [message for message in plan.messages if message.severity == "warning"]
    assert "eks-platform:access.deployer" in warning.text
    assert "`pulumi up` would be refused" in warning.text


def test_a_preview_by_the_deployer_has_nothing_to_say() -> None:
    assert not run_program("dev", unknown=True).messages
