"""Who runs Pulumi: it has to be the principal that `access.deployer` names, or Kubernetes refuses every object."""

import pulumi

from settings.problems import Problem, SettingsError
from settings.stack import in_file


def principal_of(caller: str) -> str:
    """Return the IAM principal of a caller's ARN: a session of a role stands for the role.

    STS leaves the role's path out, so that the ARN may lack it.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    _, partition, *_, account, resource = caller.split(":", 5)
    kind, _, rest = resource.partition("/")
    return f"arn:{partition}:iam::{account}:role/{rest.partition('/')[0]}" if kind == "assumed-role" else caller


def is_principal(caller: str, principal: str) -> bool:
    """Return whether a caller, by the ARN that STS gives, acts as an IAM role or user.

    A role's name is unique in its account, whatever its path; that also holds for the roles of IAM Identity Center.
    """
    if ":assumed-role/" not in caller:
        return caller == principal
    beginning, _, path = principal.partition("role/")
    return principal_of(caller) == f"{beginning}role/{path.rpartition('/')[2]}"


def require_deployer(caller: str, deployer: str) -> None:
    """Refuse to change anything as somebody else than the deployer; raises RunError. A preview only says so.

    caller: the ARN that STS gives. deployer: `access.deployer`. EKS lets nobody else in on account of the IAM rights
    they have (terraform-aws-eks #3020): without this an `up` fails at the first object, when the cluster is there.
    """
    if is_principal(caller, deployer):
        return
    expected = f"expected who runs Pulumi, {principal_of(caller)}; assume the deployer's role, or name another deployer"
    error = in_file(SettingsError([Problem("access.deployer", deployer, expected)]), pulumi.get_stack())
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(str(error))
    for problem in error.problems:
        pulumi.log.warn(f"{problem}. `pulumi up` would be refused")
