import json

import pytest

from harness.engine.process import FailedError
from rehearsal.engine.rehearse import Rehearsal
from tests.engine.conftest import Program

pytestmark = pytest.mark.engine

NETWORK = """
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=in_aws)
subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block=config.get("cidr") or "10.0.0.0/24", opts=in_aws)
role = aws.iam.Role("role", assume_role_policy="{}", tags={"Own": "yes"}, opts=in_aws)
named = aws.iam.Role("named", name=config.get("name") or "chosen", assume_role_policy="{}", opts=in_aws)
aws.iam.RolePolicyAttachment("attachment", role=role.name, policy_arn="arn:aws:iam::aws:policy/P", opts=in_aws)
pulumi.export("vpc", vpc.id)
pulumi.export("subnet", subnet.id)
pulumi.export("tags", role.tags_all)
"""

EVERYTHING = ["attachment", "aws", "named", "role", "small-test", "subnet", "vpc"]


def _operations(rehearsal: Rehearsal) -> dict[str, str]:
    return {urn.rsplit("::", 1)[-1]: operation for urn, operation in rehearsal.changes().items()}


def _phases(rehearsal: Rehearsal, operation: str, phase: str) -> list[str]:
    return [e.name for e in rehearsal.events() if (e.operation, e.phase) == (operation, phase)]


def test_a_stack_comes_up_stays_and_goes(program: Program) -> None:
    rehearsal = program(NETWORK)

    assert sorted(_operations(rehearsal)) == EVERYTHING
    assert rehearsal.cloud() == []
    rehearsal.up()
    assert sorted(resource.name for resource in rehearsal.cloud()) == [
        n for n in EVERYTHING if n not in ("aws", "small-test")
    ]
    first = rehearsal.outputs()
    assert "7 unchanged" in rehearsal.up().stdout
    assert "7 unchanged" in rehearsal.refresh().stdout

    rehearsal.change({"cidr": "10.0.1.0/24", "name": "other", "provider": {"default_tags": {"tags": {"Team": "a"}}}})
    assert _operations(rehearsal) == {
        "aws": "update",
        "vpc": "update",
        "role": "update",
        "subnet": "replace",
        "named": "replace",
    }
    rehearsal.up()
    second = rehearsal.outputs()
    assert second["vpc"] == first["vpc"]
    assert second["subnet"] != first["subnet"]
    assert second["tags"] == {"Own": "yes", "Team": "a"}
    assert sorted(_phases(rehearsal, "delete", "end")) == ["named", "subnet"]

    rehearsal.destroy()
    assert rehearsal.cloud() == []
    assert rehearsal.deployment().get("resources") is None


def test_a_name_that_the_program_chose_is_given_free_before_it_is_taken_again(program: Program) -> None:
    rehearsal = program("""
        vpcs = [aws.ec2.Vpc(name, cidr_block="10.0.0.0/16", opts=in_aws) for name in ("first", "second")]
        chosen = vpcs[1] if config.get_bool("move") else vpcs[0]
        aws.ec2.SecurityGroup("named", name="named", vpc_id=chosen.id, opts=in_aws)
        aws.ec2.SecurityGroup("free", vpc_id=chosen.id, opts=in_aws)
    """)
    rehearsal.up()
    before = len(rehearsal.events())
    rehearsal.change({"move": True})
    rehearsal.up()

    steps = [(e.name, e.operation) for e in rehearsal.events()[before:] if e.phase == "end"]
    assert steps.index(("named", "delete")) < steps.index(("named", "create"))
    assert steps.index(("free", "create")) < steps.index(("free", "delete"))


MISTAKES = """
mistake = config.require("mistake")
if mistake == "type":
    pulumi.CustomResource("aws:ec2/vpcc:Vpcc", "x", {"cidrBlock": "10.0.0.0/16"}, in_aws)
if mistake == "property":
    options = {"http_tokens": "required", "http_hop_limit": 1}
    aws.ec2.LaunchTemplate("x", metadata_options=options, opts=in_aws)
if mistake == "invoke":
    pulumi.runtime.invoke("aws:ec2/getNothing:getNothing", {}, pulumi.InvokeOptions(provider=provider))
"""


def test_what_the_sdk_does_not_know_is_an_error_that_names_it(program: Program) -> None:
    rehearsal = program(MISTAKES)
    for mistake, named in (
        ("type", "aws:ec2/vpcc:Vpcc"),
        ("property", "metadataOptions.http_hop_limit"),
        ("invoke", "aws:ec2/getNothing:getNothing"),
    ):
        rehearsal.change({"mistake": mistake})
        with pytest.raises(FailedError, match=named):
            rehearsal.up()


def test_another_account_is_refused(program: Program) -> None:
    rehearsal = program(NETWORK, '{"small:provider": {"allowed_account_ids": ["222233334444"]}}')

    with pytest.raises(FailedError, match="AWS account ID not allowed: 111122223333"):
        rehearsal.up()
    assert rehearsal.cloud() == []


def test_the_account_of_the_role_that_the_provider_assumes_counts(program: Program) -> None:
    assumed = {"assume_roles": [{"roleArn": "arn:aws:iam::222233334444:role/records"}]}
    allowed = {"allowed_account_ids": ["222233334444"]}
    rehearsal = program(NETWORK, json.dumps({"small:provider": {**assumed, **allowed}}))
    rehearsal.up()
    rehearsal.change({"provider": {**assumed, "allowed_account_ids": ["111122223333"]}})

    with pytest.raises(FailedError, match="AWS account ID not allowed: 222233334444"):
        rehearsal.up()


def test_a_stack_converges_though_every_creation_and_deletion_fails_once(program: Program) -> None:
    rehearsal = program(NETWORK)
    failing = rehearsal.failing_once("create", "delete")
    runs = [rehearsal.up("--continue-on-error", check=False, behaviour=failing).code for _ in range(3)]
    clean = rehearsal.up().stdout

    assert [bool(code) for code in runs] == [True, True, False]
    assert "7 unchanged" in clean
    assert sorted(_phases(rehearsal, "create", "failed")) == ["attachment", "named", "role", "subnet", "vpc"]

    runs = [rehearsal.destroy("--continue-on-error", check=False, behaviour=failing).code for _ in range(3)]
    assert [bool(code) for code in runs] == [True, True, False]
    assert rehearsal.cloud() == []


def test_an_update_fails_once_and_then_goes_through(program: Program) -> None:
    rehearsal = program(NETWORK)
    rehearsal.up()
    rehearsal.change({"provider": {"default_tags": {"tags": {"Team": "a"}}}})
    failing = rehearsal.failing_once("update")

    runs = [rehearsal.up("--continue-on-error", check=False, behaviour=failing).code for _ in range(3)]

    assert [bool(code) for code in runs] == [True, True, False]
    assert rehearsal.outputs()["tags"] == {"Own": "yes", "Team": "a"}
    assert sorted(_phases(rehearsal, "update", "failed")) == ["named", "role", "subnet", "vpc"]


@pytest.mark.parametrize("made", [False, True], ids=["before", "after"])
def test_an_interrupted_creation_is_neither_forgotten_nor_doubled(program: Program, made: bool) -> None:
    rehearsal = program(NETWORK)
    held = rehearsal.hold("vpc", "create", made=made)
    with rehearsal.start("up", "--yes", "--skip-preview", behaviour=held) as process:
        process.wait_until_held(held)
        process.interrupt()
        assert process.finish().code
    rehearsal.up()

    assert sorted(resource.name for resource in rehearsal.cloud()) == ["attachment", "named", "role", "subnet", "vpc"]
    rehearsal.destroy()
    assert rehearsal.cloud() == []


@pytest.mark.parametrize("made", [False, True], ids=["before", "after"])
def test_after_a_kill_the_recovery_neither_forgets_nor_doubles_anything(program: Program, made: bool) -> None:
    rehearsal = program(NETWORK)
    held = rehearsal.hold("vpc", "create", made=made)
    with rehearsal.start("up", "--yes", "--skip-preview", behaviour=held) as process:
        process.wait_until_held(held)
        process.kill()
    # The second where the file backend was killed while it wrote next to the state.
    with pytest.raises(FailedError, match=r"locked|failed to load checkpoint: EOF"):
        rehearsal.up()
    rehearsal.recover()
    rehearsal.up()

    assert sorted(resource.name for resource in rehearsal.cloud()) == ["attachment", "named", "role", "subnet", "vpc"]
    held = rehearsal.hold("subnet", "delete", made=made)
    with rehearsal.start("destroy", "--yes", "--skip-preview", behaviour=held) as process:
        process.wait_until_held(held)
        process.kill()
    rehearsal.recover()
    rehearsal.destroy()
    assert rehearsal.cloud() == []


def test_what_was_changed_from_outside_shows_in_a_refresh(program: Program) -> None:
    rehearsal = program(NETWORK)
    rehearsal.up()
    with rehearsal.store.change() as cloud:
        cloud.remove(cloud.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")[0])
    rehearsal.refresh()

    assert _operations(rehearsal) == {"attachment": "create"}


CLUSTER = """
import json
import pulumi_eks as eks
import pulumi_kubernetes as kubernetes

vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=in_aws)
subnets = [
    aws.ec2.Subnet(zone, vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=f"ap-northeast-1{zone}",
    opts=in_aws) for i, zone in enumerate("ac")
]
role = aws.iam.Role("role", assume_role_policy="{}", opts=in_aws)
attachment = aws.iam.RolePolicyAttachment(
    "policy", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy", opts=in_aws
)
cluster = eks.Cluster(
    "eks",
    name="small",
    service_role=pulumi.Output.all(attachment.id).apply(lambda _: role),
    vpc_id=vpc.id,
    private_subnet_ids=[subnet.id for subnet in subnets],
    authentication_mode="API",
    skip_default_node_group=True,
    skip_default_security_groups=True,
    use_default_vpc_cni=True,
    kube_proxy_addon_options={"enabled": False},
    coredns_addon_options={"enabled": False},
    create_oidc_provider=False,
    opts=pulumi.ResourceOptions(providers=[provider]),
)
in_cluster = pulumi.ResourceOptions(
    provider=kubernetes.Provider("kubernetes", kubeconfig=cluster.kubeconfig_json, cluster_identifier="small")
)
namespace = kubernetes.core.v1.Namespace("namespace", metadata={"name": "team"}, opts=in_cluster)
values = {"password": config.require_secret("password"), "nested": {"open": "yes"}}
kubernetes.helm.v3.Release(
    "crds", chart="karpenter-crd", namespace=namespace.metadata["name"], values=values, opts=in_cluster
)
pulumi.export("endpoint", cluster.eks_cluster.endpoint)
"""


def test_a_cluster_and_what_is_in_it(program: Program) -> None:
    rehearsal = program(CLUSTER, '{"small:password": {"secure": "v1:of:another-stack"}}')
    rehearsal.up()

    control_plane = next(r for r in rehearsal.resources() if r["type"] == "aws:eks/cluster:Cluster")
    assert {urn.rsplit("::", 1)[-1] for urn in control_plane["dependencies"]} == {"a", "c", "policy", "role"}
    assert rehearsal.outputs()["endpoint"] == control_plane["outputs"]["endpoint"]
    release = next(r for r in rehearsal.resources() if r["type"] == "kubernetes:helm.sh/v3:Release")
    assert release["outputs"]["values"]["nested"] == {"open": "yes"}
    assert set(release["outputs"]["values"]["password"]) >= {"ciphertext"}
    assert "rehearsed-secret" not in json.dumps(rehearsal.deployment())
    assert rehearsal.changes() == {}
    assert "unchanged" in rehearsal.refresh().stdout

    rehearsal.destroy()
    assert rehearsal.cloud() == []


def test_what_the_program_prints_and_raises_reaches_the_user(program: Program) -> None:
    rehearsal = program("""
        print("printed")
        if config.get_bool("refuse"):
            raise pulumi.RunError("refused for a reason")
        if config.get_bool("crash"):
            raise ValueError("crashed")
    """)
    assert "printed" in rehearsal.up().stdout

    rehearsal.change({"refuse": True})
    with pytest.raises(FailedError, match="error: refused for a reason") as refused:
        rehearsal.up()
    assert "Traceback" not in str(refused.value)

    rehearsal.change({"refuse": None, "crash": True})
    with pytest.raises(FailedError, match=r"__main__\.py[\s\S]*ValueError: crashed"):
        rehearsal.up()


PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def no_roles(args, report):
    if args.resource_type == "aws:iam/role:Role":
        report("a role is not allowed here")

PolicyPack(
    "pack",
    policies=[
        ResourceValidationPolicy(
            name="no-roles", description="No roles.", validate=no_roles, enforcement_level=EnforcementLevel.MANDATORY
        )
    ],
)
"""


def test_a_policy_pack_in_python_refuses_a_resource(program: Program) -> None:
    rehearsal = program(NETWORK)
    pack = rehearsal.folder / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.0.1\n")
    (pack / "__main__.py").write_text(PACK)

    with pytest.raises(FailedError, match="a role is not allowed here"):
        rehearsal.pulumi("preview", "--policy-pack", str(pack))


COMPONENT = '''
from typing import TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host


class ThingArgs(TypedDict):
    """Arguments."""

    size: pulumi.Input[int]
    """How big."""


class Thing(pulumi.ComponentResource):
    """A thing."""

    def __init__(self, name: str, args: ThingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("things:index:Thing", name, {}, opts)


component_provider_host(name="things", components=[Thing])
'''


def test_a_component_package_in_python_gives_its_schema(program: Program) -> None:
    rehearsal = program("")
    package = rehearsal.folder / "things"
    package.mkdir()
    (package / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (package / "__main__.py").write_text(COMPONENT)

    schema = json.loads(rehearsal.pulumi("package", "get-schema", str(package), stack=False).stdout)

    assert schema["resources"]["things:index:Thing"]["inputProperties"]["size"]["description"] == "How big."


def test_a_name_that_aws_does_not_take_ends_the_preview(program: Program) -> None:
    rehearsal = program("""
        name = "platform-staging-karpenter-capacity-reservation-interruption"
        rule = aws.cloudwatch.EventRule(name, event_pattern="{}", opts=in_aws)
        aws.cloudwatch.EventTarget(name, rule=rule.name, arn="arn:aws:sqs:ap-northeast-1:111122223333:q", opts=in_aws)
    """)
    with pytest.raises(FailedError, match="has 68 characters, AWS takes at most 64"):
        rehearsal.changes()
