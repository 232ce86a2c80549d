"""What `pulumi_eks.Cluster` (pulumi-eks 4) registers below itself, in the lean form that this platform requests.

The component's own provider is a Node.js program that talks to AWS. What it makes was recorded on the real engine;
where the recording is silent, the provider's source decides:
https://github.com/pulumi/pulumi-eks/blob/master/nodejs/eks/cluster/cluster.ts

The lean form leaves out what the component would add by itself (node group, security groups, add-ons of the latest
version). `expand` refuses inputs that ask for more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Generator, Mapping
from typing import Any, Final

from harness.component import Child, Expansion, Made, Steps, UnsupportedInputError
from harness.properties import UNKNOWN, Properties, Reference, has_unknown, reveal

TYPE: Final = "eks:index:Cluster"

_LEAN: Final[dict[str, Any]] = {
    "skipDefaultNodeGroup": True,
    "skipDefaultSecurityGroups": True,
    "useDefaultVpcCni": True,
    "authenticationMode": "API",
}
"""Inputs that must have this value."""

_ABSENT: Final = (
    "fargate",
    "instanceRole",
    "instanceRoles",
    "createInstanceRole",
    "creationRoleProvider",
    "nodeGroupOptions",
    "providerCredentialOpts",
    "roleMappings",
    "storageClasses",
    "userMappings",
)
"""Inputs that make the component register more than `expand` knows; false is as good as nothing."""

_IGNORED_CHANGES: Final = ("accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons")
"""The component fixes both at creation."""

_THUMBPRINT: Final = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"
"""Of the certificate authority of EKS' issuers; the real provider reads it from a TLS connection."""


def expand(
    name: str,
    inputs: Properties,
    dependencies: Mapping[str, Collection[str]],
    look_up: Callable[[Reference], Properties],
) -> Steps:
    """Yield the children that the component registers, one after the other; send each one back as it was made.

    name: of the component. inputs: its own, with markers. dependencies: the URNs that each input depends on. look_up:
    gives the outputs of a resource that an input refers to. The generator returns the component's outputs. Raises
    UnsupportedInputError for inputs that ask for more than the lean form.
    """
    _require_lean(inputs)
    role = reveal_reference(inputs.get("serviceRole"))
    needs = {key: frozenset(urns) for key, urns in dependencies.items()}
    group = reveal_reference(inputs.get("clusterSecurityGroup"))
    for key, reference in (("serviceRole", role), ("clusterSecurityGroup", group)):
        if isinstance(reference, Reference):
            needs[key] = needs.get(key, frozenset()) | {reference.urn}
    role_arn = look_up(role).get("arn", UNKNOWN) if isinstance(role, Reference) else UNKNOWN
    cluster = yield _control_plane(name, inputs, needs, role_arn, group)
    on_cluster = frozenset({cluster.urn})
    provider = yield Child(
        "pulumi:providers:kubernetes",
        f"{name}-eks-k8s",
        {"kubeconfig": _json(_kubeconfig(cluster))},
        {"kubeconfig": on_cluster},
    )
    yield from _access_entries(name, inputs, needs, cluster)
    oidc = None
    if inputs.get("createOidcProvider"):
        oidc = yield Child(
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            f"{name}-oidcProvider",
            {"clientIdLists": ["sts.amazonaws.com"], "thumbprintLists": [_THUMBPRINT], "url": _issuer(cluster)},
            {"url": on_cluster},
        )
    return _expansion(inputs, needs, role, (cluster, provider, oidc))


def reveal_reference(value: Any) -> Any:
    """Return a reference even where it is secret; anything else as it is."""
    inner = getattr(value, "value", value)
    return inner if isinstance(inner, Reference) else value


def _require_lean(inputs: Properties) -> None:
    for key, expected in _LEAN.items():
        if inputs.get(key) != expected:
            raise UnsupportedInputError(f"{TYPE}: {key} must be {expected!r} in a rehearsal, not {inputs.get(key)!r}")
    for key in _ABSENT:
        if inputs.get(key):
            raise UnsupportedInputError(f"{TYPE}: {key} is not part of the lean form that a rehearsal knows")
    if (inputs.get("kubeProxyAddonOptions") or {}).get("enabled") is not False:
        raise UnsupportedInputError(f"{TYPE}: kubeProxyAddonOptions.enabled must be false in a rehearsal")
    if (inputs.get("corednsAddonOptions") or {}).get("enabled"):
        raise UnsupportedInputError(f"{TYPE}: corednsAddonOptions.enabled must not be true in a rehearsal")
    auto = inputs.get("autoMode") or {}
    if auto.get("enabled") and (auto.get("createNodeRole") is not False or "computeConfig" not in auto):
        raise UnsupportedInputError(f"{TYPE}: autoMode must have a computeConfig and no createNodeRole in a rehearsal")
    for key in ("serviceRole", "vpcId"):
        if key not in inputs:
            raise UnsupportedInputError(f"{TYPE}: {key} must be given in a rehearsal")


def _control_plane(
    name: str, inputs: Properties, needs: Mapping[str, frozenset[str]], role_arn: Any, group: Any
) -> Child:
    given: Properties = {
        "name": inputs.get("name"),
        "roleArn": role_arn,
        "version": inputs.get("version"),
        "bootstrapSelfManagedAddons": inputs.get("bootstrapSelfManagedAddons", True),
        "vpcConfig": _present(
            # A group that is given is the control plane's whether the default ones are skipped or not.
            securityGroupIds=[group.id] if isinstance(group, Reference) else None,
            subnetIds=_subnets(inputs),
            endpointPrivateAccess=inputs.get("endpointPrivateAccess"),
            endpointPublicAccess=inputs.get("endpointPublicAccess"),
            publicAccessCidrs=_public_access(inputs),
        ),
        "enabledClusterLogTypes": inputs.get("enabledClusterLogTypes"),
        "encryptionConfig": _encryption(inputs),
        "accessConfig": {
            "authenticationMode": inputs["authenticationMode"],
            "bootstrapClusterCreatorAdminPermissions": True,
        },
        "kubernetesNetworkConfig": _network(inputs),
        **_auto_mode(inputs),
        "upgradePolicy": inputs.get("upgradePolicy"),
        "deletionProtection": inputs.get("deletionProtection"),
        "tags": _merged({"Name": f"{name}-eksCluster"}, inputs.get("clusterTags"), inputs.get("tags")),
    }
    sources = {
        "name": ("name",),
        "roleArn": ("serviceRole",),
        "version": ("version",),
        "vpcConfig": (
            *("subnetIds", "publicSubnetIds", "privateSubnetIds", "publicAccessCidrs", "endpointPublicAccess"),
            "clusterSecurityGroup",
        ),
        "enabledClusterLogTypes": ("enabledClusterLogTypes",),
        "encryptionConfig": ("encryptionConfigKeyArn",),
        "computeConfig": ("autoMode",),
        "kubernetesNetworkConfig": ("kubernetesServiceIpAddressRange", "ipFamily"),
        "upgradePolicy": ("upgradePolicy",),
        "deletionProtection": ("deletionProtection",),
        "tags": ("clusterTags", "tags"),
    }
    needed = {key: frozenset[str]().union(*(needs.get(s, ()) for s in sources.get(key, ()))) for key in given}
    return Child(
        "aws:eks/cluster:Cluster",
        f"{name}-eksCluster",
        _present(**given),
        {key: urns for key, urns in needed.items() if urns},
        ignore_changes=_IGNORED_CHANGES,
    )


def _access_entries(
    name: str, inputs: Properties, needs: Mapping[str, frozenset[str]], cluster: Made
) -> Generator[Child, Made, None]:
    on_cluster = frozenset({cluster.urn})
    on_input = needs.get("accessEntries", frozenset())
    cluster_name = cluster.outputs["name"]
    for key, entry in (inputs.get("accessEntries") or {}).items():
        principal = entry["principalArn"]
        made = yield Child(
            "aws:eks/accessEntry:AccessEntry",
            f"{name}-{key}",
            _present(
                clusterName=cluster_name,
                principalArn=principal,
                kubernetesGroups=entry.get("kubernetesGroups"),
                tags=entry.get("tags"),
                type=entry.get("type"),
                userName=entry.get("username"),
            ),
            {"clusterName": on_cluster, "principalArn": on_input},
            depends_on=on_cluster,
        )
        for policy, association in (entry.get("accessPolicies") or {}).items():
            yield Child(
                "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
                f"{name}-{key}-{policy}",
                _present(
                    accessScope=association["accessScope"],
                    clusterName=cluster_name,
                    policyArn=association["policyArn"],
                    principalArn=principal,
                ),
                {"clusterName": on_cluster, "principalArn": on_input},
                depends_on=frozenset({made.urn}),
                parent=f"{name}-{key}",
            )


def _expansion(
    inputs: Properties,
    needs: Mapping[str, frozenset[str]],
    role: Any,
    made: tuple[Made, Made, Made | None],
) -> Expansion:
    cluster, provider, oidc = made
    issuer, kubeconfig = _issuer(cluster), _kubeconfig(cluster)
    vpc = cluster.outputs.get("vpcConfig")
    group = vpc.get("clusterSecurityGroupId", UNKNOWN) if isinstance(vpc, Mapping) else UNKNOWN
    given = reveal_reference(inputs.get("clusterSecurityGroup"))
    core = _present(
        accessEntries=list((inputs.get("accessEntries") or {}).values()),
        autoModeNodeRoleName="",
        cluster=cluster.reference,
        clusterIamRole=role,
        clusterSecurityGroup=given,
        encryptionConfig=_encryption(inputs),
        endpoint=cluster.outputs["endpoint"],
        instanceRoles=[],
        kubeconfig=kubeconfig,
        nodeGroupOptions=_present(
            nodeAssociatePublicIpAddress=inputs.get("nodeAssociatePublicIpAddress"), version=inputs.get("version")
        ),
        oidcProvider=oidc.reference if oidc else None,
        privateSubnetIds=inputs.get("privateSubnetIds"),
        provider=provider.reference,
        publicSubnetIds=inputs.get("publicSubnetIds"),
        storageClasses={},
        subnetIds=_subnets(inputs),
        tags=inputs.get("tags"),
        vpcId=inputs["vpcId"],
    )
    outputs: Properties = {
        "autoModeNodeRoleName": "",
        "clusterIngressRuleId": "",
        "clusterSecurityGroupId": given.id if isinstance(given, Reference) else group,
        **_present(clusterSecurityGroup=given),
        "core": core,
        "defaultNodeGroupAsgName": "",
        "eksCluster": cluster.reference,
        "fargateProfileId": "",
        "fargateProfileStatus": "",
        "instanceRoles": [],
        "kubeconfig": kubeconfig,
        "kubeconfigJson": _json(kubeconfig),
        "nodeSecurityGroupId": group,
        "oidcIssuer": issuer if issuer is UNKNOWN else issuer.removeprefix("https://"),
        "oidcProviderArn": oidc.outputs["arn"] if oidc else "",
        "oidcProviderUrl": issuer,
    }
    on_cluster = frozenset({cluster.urn})
    of_cluster = ("clusterSecurityGroupId", "eksCluster", "kubeconfig", "kubeconfigJson", "nodeSecurityGroupId")
    dependencies = dict.fromkeys((*of_cluster, "oidcIssuer", "oidcProviderUrl"), on_cluster)
    dependencies["core"] = frozenset(child.urn for child in made if child).union(*needs.values())
    if oidc:
        dependencies["oidcProviderArn"] = frozenset({oidc.urn})
    return Expansion(outputs, dependencies)


def _subnets(inputs: Properties) -> Any:
    if "subnetIds" in inputs:
        return inputs["subnetIds"]
    public, private = inputs.get("publicSubnetIds", []), inputs.get("privateSubnetIds", [])
    if isinstance(public, list) and isinstance(private, list):
        return [*public, *private]
    return UNKNOWN


def _public_access(inputs: Properties) -> Any:
    cidrs = inputs.get("publicAccessCidrs")
    if cidrs and inputs.get("endpointPublicAccess") is False:
        raise UnsupportedInputError("`publicAccessCidrs` can only be set when `endpointPublicAccess` is true")
    return cidrs


def _encryption(inputs: Properties) -> Any:
    key = inputs.get("encryptionConfigKeyArn")
    return {"provider": {"keyArn": key}, "resources": ["secrets"]} if key else None


def _network(inputs: Properties) -> Any:
    family, services = inputs.get("ipFamily"), inputs.get("kubernetesServiceIpAddressRange")
    balancing = {"enabled": True} if _auto_mode(inputs) else None
    if not family and not services and not balancing:
        return None
    return _present(
        elasticLoadBalancing=balancing,
        ipFamily=family or "ipv4",
        serviceIpv4Cidr=None if family == "ipv6" else services,
    )


def _auto_mode(inputs: Properties) -> Properties:
    """Return what is asked of the control plane with Auto Mode; EKS takes all three parts or none."""
    auto = inputs.get("autoMode") or {}
    if not auto.get("enabled"):
        return {}
    return {
        "computeConfig": {"enabled": True, **auto["computeConfig"]},
        "storageConfig": {"blockStorage": {"enabled": True}},
    }


def _merged(*parts: Any) -> Any:
    """Return the union of tags, the last one winning; unknown as a whole if one of them is."""
    given = [part for part in map(reveal, parts) if part]
    if not all(isinstance(part, Mapping) for part in given):
        return UNKNOWN
    return {key: value for part in given for key, value in part.items()}


def _issuer(cluster: Made) -> Any:
    identities = cluster.outputs.get("identities", UNKNOWN)
    return UNKNOWN if has_unknown(identities) else identities[0]["oidcs"][0]["issuer"]


def _json(value: Any) -> Any:
    return UNKNOWN if has_unknown(value) else json.dumps(value, separators=(",", ":"))


def _kubeconfig(cluster: Made) -> Any:
    outputs = cluster.outputs
    arn, endpoint = outputs["arn"], outputs["endpoint"]
    if has_unknown([arn, endpoint, outputs["name"], outputs["certificateAuthority"]]):
        return UNKNOWN
    command = ["--region", arn.split(":")[3], "eks", "get-token", "--cluster-name", outputs["name"], "--output", "json"]
    version = "client.authentication.k8s.io/v1beta1"
    environment = [{"name": "KUBERNETES_EXEC_INFO", "value": f'{{"apiVersion": "{version}"}}'}]
    user = {"apiVersion": version, "command": "aws", "args": command, "env": environment}
    certificate = outputs["certificateAuthority"]["data"]
    server = {"server": endpoint, "certificate-authority-data": certificate}
    return {
        "apiVersion": "v1",
        "clusters": [{"cluster": server, "name": "kubernetes"}],
        "contexts": [{"context": {"cluster": "kubernetes", "user": "aws"}, "name": "aws"}],
        "current-context": "aws",
        "kind": "Config",
        "users": [{"name": "aws", "user": {"exec": user}}],
    }


def _present(**values: Any) -> Properties:
    return {name: value for name, value in values.items() if value is not None}


__all__ = ["TYPE", "Child", "Expansion", "Made", "Steps", "UnsupportedInputError", "expand"]
