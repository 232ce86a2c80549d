"""The monitor records what the engine would get, and answers as it would."""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pytest
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import set_root_resource
from pulumi_kubernetes.yaml.v2 import ConfigGroup

from harness import RefusedError
from harness.component import UnsupportedInputError
from harness.deployment import Update
from harness.kind import UnmodelledError
from harness.monitor import RecordingMonitor
from harness.plan import Message, Plan, names
from harness.properties import UNKNOWN, Secret, as_outputs, encode
from harness.sdk import UnknownPropertyError
from rehearsal.cloud import MODEL
from rehearsal.record import record

Declare = Callable[[pulumi.ResourceOptions], Any]


def recorded(declare: Declare, *, unknown: bool = False, **options: Any) -> Plan:
    def program() -> None:
        provider = aws.Provider("aws", region="ap-northeast-1", allowed_account_ids=["222233334444"])
        declare(pulumi.ResourceOptions(provider=provider))

    return record(program, unknown=unknown, **options)


def vpc(name: str, opts: pulumi.ResourceOptions, **inputs: Any) -> aws.ec2.Vpc:
    return aws.ec2.Vpc(name, cidr_block="10.0.0.0/16", opts=opts, **inputs)


def provided(opts: pulumi.ResourceOptions) -> list[pulumi.ProviderResource]:
    return [opts.provider] if opts.provider else []


class Parts(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("test:index:Parts", name, {}, opts)
        self.log = aws.cloudwatch.LogGroup(f"{name}-log", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"arn": self.log.arn})


def test_dependencies_of_each_property_are_recorded() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        net = vpc("net", opts)
        log = aws.cloudwatch.LogGroup("log", opts=opts)
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[log]))
        aws.ec2.Subnet("sub", vpc_id=net.id, cidr_block="10.0.0.0/24", opts=after)

    plan = recorded(declare)
    subnet = plan.one(name="sub")
    assert names(plan, subnet.property_dependencies["vpcId"]) == {"net"}
    assert names(plan, subnet.property_dependencies.get("cidrBlock", ())) == set()
    assert names(plan, subnet.dependencies) == {"net", "log"}
    assert names(plan, subnet.depends_on) == {"log"}
    assert subnet.inputs["vpcId"] == plan.one(name="net").id


def test_every_option_is_recorded() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        net = vpc("net", opts)
        own = pulumi.ResourceOptions(
            protect=True,
            retain_on_delete=True,
            delete_before_replace=True,
            deleted_with=net,
            ignore_changes=["cidr_block"],
            replace_on_changes=["tags"],
            additional_secret_outputs=["arn"],
            aliases=[pulumi.Alias(name="old"), "urn:pulumi:dev::p::t::older"],
            custom_timeouts=pulumi.CustomTimeouts(create="30m"),
            import_="vpc-1",
        )
        vpc("other", pulumi.ResourceOptions.merge(opts, own))

    plan = recorded(declare)
    other, provider = plan.one(name="other"), plan.one(name="aws")
    shown = other.to_json()["options"]
    assert shown.pop("version").startswith("7.")
    assert shown == {
        "protect": True,
        "retainOnDelete": True,
        "deleteBeforeReplace": True,
        "deletedWith": plan.one(name="net").urn,
        "provider": provider.urn,
        "aliases": [{"name": "old"}, "urn:pulumi:dev::p::t::older"],
        "ignoreChanges": ["cidrBlock"],
        "replaceOnChanges": ["tags"],
        "additionalSecretOutputs": ["arn"],
        "customTimeouts": {"create": "30m"},
        "importId": "vpc-1",
    }
    assert isinstance(other.outputs["arn"], Secret)
    assert plan.one(name="net").to_json()["options"].keys() == {"provider", "version"}


def test_children_are_below_their_parents_and_inherit() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(protect=True, retain_on_delete=True, providers=provided(opts))
        Parts("parts", own)

    plan = recorded(declare)
    parts, log = plan.one(name="parts"), plan.one(name="parts-log")
    assert log.parent == parts.urn
    assert parts.parent == plan.one(type="pulumi:pulumi:Stack").urn
    assert log.urn.split("::")[2] == "test:index:Parts$aws:cloudwatch/logGroup:LogGroup"
    assert parts.urn.split("::")[2] == "test:index:Parts"
    assert (log.options.protect, log.options.retain_on_delete) == (True, True)
    assert log.options.provider == plan.one(name="aws").urn
    assert parts.options.providers == {"aws": plan.one(name="aws").urn}
    assert parts.outputs == {"arn": log.outputs["arn"]}
    assert not parts.custom


def test_the_providers_account_region_and_tags_hold() -> None:
    def program() -> None:
        tokyo = aws.Provider("tokyo", region="ap-northeast-1", default_tags={"tags": {"Team": "platform"}})
        osaka = aws.Provider("osaka", region="ap-northeast-3", allowed_account_ids=["222233334444"])
        vpc("a", pulumi.ResourceOptions(provider=tokyo), tags={"Name": "a"})
        vpc("b", pulumi.ResourceOptions(provider=osaka))
        zones = aws.get_availability_zones(opts=pulumi.InvokeOptions(provider=osaka))
        pulumi.export("zones", zones.names)

    plan = record(program)
    assert plan.one(name="a").outputs["arn"].startswith("arn:aws:ec2:ap-northeast-1:111122223333:vpc/")
    assert plan.one(name="a").outputs["tagsAll"] == {"Team": "platform", "Name": "a"}
    assert plan.one(name="b").outputs["arn"].startswith("arn:aws:ec2:ap-northeast-3:222233334444:vpc/")
    assert plan.exports["zones"][0] == "ap-northeast-3a"
    (invocation,) = plan.invocations
    assert (invocation.token, invocation.provider) == (
        "aws:index/getAvailabilityZones:getAvailabilityZones",
        plan.one(name="osaka").urn,
    )


def test_a_first_preview_knows_no_computed_value() -> None:
    seen: list[bool] = []

    def declare(opts: pulumi.ResourceOptions) -> None:
        seen.append(pulumi.runtime.is_dry_run())
        net = vpc("net", opts)
        net.arn.apply(lambda _arn: seen.append(True))
        aws.ec2.Subnet("sub", vpc_id=net.id, cidr_block=net.cidr_block, opts=opts)
        pulumi.export("arn", net.arn)
        pulumi.export("cidr", net.cidr_block)

    plan = recorded(declare, unknown=True)
    assert seen == [True]
    assert plan.one(name="net").id is UNKNOWN
    assert plan.one(name="sub").inputs == {"vpcId": UNKNOWN, "cidrBlock": "10.0.0.0/16"}
    assert plan.one(name="sub").unknown_inputs == ["vpcId"]
    assert plan.exports == {"arn": UNKNOWN, "cidr": "10.0.0.0/16"}
    seen.clear()
    assert recorded(declare).exports["arn"].startswith("arn:aws:ec2:")
    assert seen == [False, True]


def test_secrets_stay_marked() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        net = vpc("net", opts, tags={"Token": pulumi.Output.secret("hush")})
        aws.cloudwatch.LogGroup("log", name=net.tags.apply(lambda tags: (tags or {}).get("Token", "")), opts=opts)
        pulumi.export("token", net.tags)

    for unknown in (False, True):
        plan = recorded(declare, unknown=unknown)
        assert plan.one(name="net").inputs["tags"] == {"Token": Secret("hush")}
        assert isinstance(plan.one(name="log").inputs["name"], Secret)
        assert isinstance(plan.exports["token"], Secret)
        assert "hush" not in repr(plan.one(name="net").inputs)
        assert "hush" not in str(plan.to_json())


def test_transforms_run_from_the_inside_out() -> None:
    def tag(key: str) -> Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]:
        def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
            if args.type_ != "aws:cloudwatch/logGroup:LogGroup":
                return None
            tags: Any = args.props.get("tags") or {}
            before = tags.get("Order", "")
            return pulumi.ResourceTransformResult({**args.props, "tags": {"Order": before + key}}, args.opts)

        return transform

    def declare(opts: pulumi.ResourceOptions) -> None:
        pulumi.runtime.register_resource_transform(tag("c"))
        own = pulumi.ResourceOptions(transforms=[tag("b")], providers=provided(opts))
        parts = Parts("parts", own)
        inner = pulumi.ResourceOptions(parent=parts, transforms=[tag("a")])
        aws.cloudwatch.LogGroup("inner", opts=inner)

    plan = recorded(declare)
    assert plan.one(name="inner").inputs["tags"] == {"Order": "abc"}
    assert plan.one(name="parts-log").inputs["tags"] == {"Order": "bc"}


def test_a_transform_changes_options_and_keeps_what_is_unknown_or_secret() -> None:
    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
        args.opts.protect = True
        return pulumi.ResourceTransformResult(args.props, args.opts)

    def declare(opts: pulumi.ResourceOptions) -> None:
        net = vpc("net", opts)
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transforms=[transform]))
        aws.ec2.Subnet("sub", vpc_id=net.id, tags={"Token": pulumi.Output.secret("hush")}, opts=own)

    plan = recorded(declare, unknown=True)
    subnet = plan.one(name="sub")
    assert subnet.inputs == {"vpcId": UNKNOWN, "tags": {"Token": Secret("hush")}}
    assert subnet.options.protect
    assert subnet.options.provider == plan.one(name="aws").urn
    assert names(plan, subnet.property_dependencies["vpcId"]) == {"net"}


def test_a_resource_given_as_input_is_its_id() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        role = aws.iam.Role("role", assume_role_policy="{}", opts=opts)
        given: Any = role  # Pulumi takes a resource for its id; the annotation does not say so.
        aws.iam.RolePolicyAttachment("attached", role=given, policy_arn="arn:aws:iam::aws:policy/P", opts=opts)

    plan = recorded(declare)
    assert plan.one(name="attached").inputs["role"] == plan.one(name="role").id
    assert recorded(declare, unknown=True).one(name="attached").inputs["role"] is UNKNOWN


def test_an_existing_resource_is_read() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        net = aws.ec2.Vpc.get("net", "vpc-1", opts=opts)
        aws.ec2.Subnet("sub", vpc_id=net.id, cidr_block=net.cidr_block, opts=opts)

    plan = recorded(declare, existing={"aws:ec2/vpc:Vpc": [{"id": "vpc-1", "cidrBlock": "10.8.0.0/16"}]})
    assert plan.one(name="net").read
    assert plan.one(name="sub").inputs == {"vpcId": "vpc-1", "cidrBlock": "10.8.0.0/16"}


def test_definitions_from_files_are_registered_one_by_one() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        provider = kubernetes.Provider("k", kubeconfig="{}")
        files = [f"https://example.com/crds/traefik.io_{plural}.yaml" for plural in ("middlewares", "tlsstores")]
        ConfigGroup("crds", files=files, opts=pulumi.ResourceOptions(provider=provider))

    plan = recorded(declare)
    children = plan.children(plan.one(name="crds"))
    assert [child.name for child in children] == ["crds:middlewares.traefik.io", "crds:tlsstores.traefik.io"]
    assert {child.options.provider for child in children} == {plan.one(name="k").urn}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"files": ["https://example.com/middlewares.yaml"]}, "is not named <group>_<plural>.yaml"),
        ({"objs": [{"kind": "ConfigMap"}]}, "objs is not known to a rehearsal"),
    ],
)
def test_other_objects_of_a_config_group_are_refused(inputs: dict[str, Any], message: str) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        provider = kubernetes.Provider("k", kubeconfig="{}")
        ConfigGroup("group", opts=pulumi.ResourceOptions(provider=provider), **inputs)

    with pytest.raises(UnsupportedInputError, match=message):
        recorded(declare)


def test_an_output_in_a_request_brings_its_dependencies() -> None:
    output = {**as_outputs(Secret("arn")), "dependencies": ["urn:policy"]}
    monitor = RecordingMonitor(Update(project="p", stack="s", model=MODEL))
    request = resource_pb2.RegisterResourceRequest(
        type="test:index:Parts", name="parts", object=encode({"role": output}), dependencies=["urn:role"]
    )
    request.propertyDependencies["role"].urns.append("urn:role")
    monitor.RegisterResource(request)
    parts = monitor.plan().one(name="parts")
    assert parts.inputs == {"role": Secret("arn")}
    assert parts.property_dependencies == {"role": {"urn:policy", "urn:role"}}
    assert parts.dependencies == {"urn:policy", "urn:role"}


def test_messages_are_recorded() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        net = vpc("net", opts)
        pulumi.log.debug("not this")
        pulumi.log.warn("look out", resource=net)

    plan = recorded(declare)
    assert plan.messages == (Message("warning", "look out", plan.one(name="net").urn),)


@pytest.mark.parametrize("unknown", [False, True])
def test_an_unknown_type_is_refused(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        aws.ec2.Instance("vm", opts=opts)

    with pytest.raises(UnmodelledError, match="aws:ec2/instance:Instance"):
        recorded(declare, unknown=unknown)


@pytest.mark.parametrize("unknown", [False, True])
def test_a_misspelt_key_is_refused(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        misspelt: Any = {"http_token": "required"}
        aws.ec2.LaunchTemplate("nodes", metadata_options=misspelt, opts=opts)

    with pytest.raises(UnknownPropertyError, match=r"metadataOptions\.http_token: is not known"):
        recorded(declare, unknown=unknown)


def test_an_unknown_invoke_is_refused() -> None:
    with pytest.raises(UnmodelledError, match="aws:ec2/getInstance:getInstance"):
        recorded(
            lambda opts: aws.ec2.get_instance(instance_id="i-1", opts=pulumi.InvokeOptions(provider=opts.provider))
        )


def test_a_name_is_taken_once() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        vpc("net", opts)
        vpc("net", opts)

    with pytest.raises(
        RefusedError, match="Duplicate resource URN 'urn:pulumi:dev::eks-platform::aws:ec2/vpc:Vpc::net'"
    ):
        recorded(declare)


def test_default_providers_can_be_ruled_out() -> None:
    with pytest.raises(RefusedError, match="'aws:ec2/vpc:Vpc' must use an explicit provider"):
        recorded(lambda _opts: vpc("net", pulumi.ResourceOptions()), disabled_providers=["aws"])
    with pytest.raises(RefusedError, match="'aws:index/getPartition:getPartition' must use an explicit provider"):
        recorded(lambda _opts: aws.get_partition(), disabled_providers=["aws"])
    assert recorded(lambda opts: vpc("net", opts), disabled_providers=["aws"]).find(name="net")


def test_what_the_program_raises_comes_out() -> None:
    def at_once(_opts: pulumi.ResourceOptions) -> None:
        raise pulumi.RunError("no")

    def later(opts: pulumi.ResourceOptions) -> None:
        net = vpc("net", opts)
        zero = net.arn.apply(lambda arn: 1 // (len(arn) - len(arn)))
        aws.cloudwatch.LogGroup("log", retention_in_days=zero, opts=opts)

    def alone(opts: pulumi.ResourceOptions) -> None:
        vpc("net", opts).arn.apply(lambda arn: 1 // (len(arn) - len(arn)))

    with pytest.raises(pulumi.RunError, match="no"):
        recorded(at_once)
    for declare in (later, alone):
        with pytest.raises(ZeroDivisionError):
            recorded(declare)


def test_the_first_failure_comes_out_not_what_followed_from_it() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        net = vpc("net", opts)
        subnet = aws.ec2.Subnet("sub", vpc_id=net.id, cidr_block="nonsense", opts=opts)
        nat = aws.ec2.NatGateway("nat", subnet_id=subnet.id, opts=opts)
        pulumi.export("address", nat.public_ip)

    with pytest.raises(ValueError, match=r"^'nonsense' does not appear to be an IPv4 or IPv6 network"):
        recorded(declare)


def test_a_program_that_ran_before_does_not_matter() -> None:
    def run() -> None:
        set_root_resource(pulumi.Resource.__new__(pulumi.Resource))
        assert recorded(lambda opts: vpc("net", opts)).find(name="net")

    copy_context().run(run)


def test_one_run_leaves_nothing_to_the_next() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        pulumi.runtime.register_resource_transform(lambda _args: None)
        vpc("net", opts)

    def fail(opts: pulumi.ResourceOptions) -> None:
        vpc("net", opts).arn.apply(lambda _arn: 1 // 0)

    first = recorded(declare, config={"eks-platform:a": "1"})
    with pytest.raises(ZeroDivisionError):
        recorded(fail)
    assert recorded(declare) == first
    assert record(lambda: pulumi.export("a", pulumi.Config("eks-platform").get("a"))).exports == {}
    assert pulumi.runtime.get_root_resource() is None


def test_an_asynchronous_program_runs() -> None:
    async def program() -> None:
        provider = aws.Provider("aws", region="ap-northeast-1")
        net = vpc("net", pulumi.ResourceOptions(provider=provider))
        await net.arn.future()
        pulumi.export("done", True)

    assert record(program).exports == {"done": True}
