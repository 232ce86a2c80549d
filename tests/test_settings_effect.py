"""Every setting does something: a changed one changes a resource, and no more than it should."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from itertools import combinations
from typing import Any, Final, get_args, get_origin

import pulumi
import pytest
from pydantic import BaseModel

import settings
from harness.plan import Plan, Registration, show
from harness.program import merge
from harness.properties import reveal
from policy.rule import Level, violations
from policy.rules import RULES
from rehearsal.policies import environment_of, resources_of
from tests.plans import run_program

Config = dict[str, Any]
KEY: Final = "arn:aws:kms:ap-northeast-1:777788889999:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

# --- Stacks that settings are changed in --------------------------------------------------------------------------

# All of them are `fargate`, the smallest of the stack files, with changes: each run then takes little time.
STACK: Final = "fargate"
APPS: Final[Config] = {
    "repository": "https://github.com/example-jp/apps.git",
    "path": "apps/*",
    "namespacePrefix": "app-",
}
SYSTEM_SELECTORS: Final = [{"namespace": "kube-system"}, {"namespace": "traefik"}]
# What watches or runs so much that it would change with most settings has a stack of its own.
QUIET: Final[Config] = {"observability": None, "workloads": None, "admission": {"mode": "off"}}
SHARED: Final[Config] = {
    "network": {
        "existing": {
            "vpcId": None,
            "privateSubnets": None,
            "publicSubnets": None,
            "stack": "organization/eks-platform/staging",
            "zones": ["ap-northeast-1a", "ap-northeast-1c"],
        }
    },
    "platform": {"account": "111122223333"},
    "access": {
        "deployer": "arn:aws:iam::111122223333:role/platform-deployer",
        "entries": {"platform-team": {"principal": "arn:aws:iam::111122223333:role/platform-team"}},
    },
}
RESERVED: Final = "arn:aws:resource-groups:ap-northeast-1:111122223333:group/p5"
SECURITY_RULE: Final[Config] = {"cidr": "10.7.0.0/16", "fromPort": 7001, "toPort": 8000}
NODE_STATEMENT: Final[Config] = {
    "sid": "Pull",
    "actions": ["ecr:CreateRepository"],
    "resources": ["arn:aws:ecr:ap-northeast-1:111122223333:repository/hub/*"],
}
SYSTEM_PODS: Final[Config] = {"tolerations": [{"key": "CriticalAddonsOnly"}]}
LOGIN_HTTPS: Final[Config] = {"certificate": "arn:aws:acm:ap-northeast-1:777788889999:certificate/0f1e2d3c"}
COGNITO: Final[Config] = {
    "userPool": "arn:aws:cognito-idp:ap-northeast-1:111122223333:userpool/ap-northeast-1_One",
    "clientId": "a",
    "domain": "login",
}
OIDC: Final[Config] = {
    "issuer": "https://login.example.jp",
    "authorizationEndpoint": "https://login.example.jp/authorize",
    "tokenEndpoint": "https://login.example.jp/token",
    "userInfoEndpoint": "https://login.example.jp/userinfo",
    "secretName": "login",
}
BASES: Final[dict[str, Config]] = {
    "fargate": {**QUIET},
    "workloads": {"observability": None, "admission": {"mode": "off"}},
    "admission": {"observability": None, "workloads": None},
    "auto-less": {
        **QUIET,
        "fargateProfiles": None,
        "nodeGroups": {"operations": {"instanceTypes": ["m5.large"]}},
        "addons": {"ebsCsi": True},
    },
    "shared": {**QUIET, **SHARED},
    "nodes": {
        **QUIET,
        "fargateProfiles": None,
        "nodeGroups": {
            "operations": {"instanceTypes": ["m5.large"], "labels": {"role": "operations"}, "perZone": True},
            "workers": {
                "instanceTypes": ["m5.large"],
                "taints": [{"key": "system", "value": "true"}],
                "zones": ["ap-northeast-1c"],
            },
        },
        "karpenter": {
            "nodePools": {
                "general": {
                    "categories": ["c", "m"],
                    "taints": [{"key": "batch", "value": "true"}],
                    "budgets": [{"nodes": "10%"}, {"nodes": "1", "schedule": "@daily", "duration": "9h"}],
                }
            }
        },
        "operationsPods": {"tolerations": [{"key": "system", "value": "true"}]},
        "clusterAutoscaler": {},
        "descheduler": {},
    },
    "network": {
        **QUIET,
        "network": {"existing": None, "cidr": "10.0.0.0/16", "zones": ["ap-northeast-1a", "ap-northeast-1c"]},
        "fargateProfiles": None,
        "nodeGroups": {"operations": {"instanceTypes": ["m5.large"]}},
    },
    "games": {
        **QUIET,
        "network": {
            "existing": None,
            "cidr": "10.0.0.0/16",
            "zones": ["ap-northeast-1a", "ap-northeast-1c"],
            "nodeSubnets": {
                "first": {"zone": "ap-northeast-1a", "cidr": "10.0.24.0/24", "public": True},
                "second": {"zone": "ap-northeast-1c", "cidr": "10.0.88.0/24"},
            },
        },
        "fargateProfiles": None,
        "cluster": {"securityRules": {"games": SECURITY_RULE}},
        "nodeGroups": {
            "operations": {"instanceTypes": ["m5.large"]},
            "workers": {
                "instanceTypes": ["m5.large"],
                "securityRules": {"games": SECURITY_RULE},
                "role": {"statements": [NODE_STATEMENT]},
            },
        },
        "karpenter": {
            "nodePools": {"general": {"categories": ["c", "m"]}},
            "securityRules": {"games": SECURITY_RULE},
            "role": {"statements": [NODE_STATEMENT]},
        },
    },
    "named": {
        **QUIET,
        "network": {"existing": {"nodeSubnets": {"first": "subnet-0a1b2c3d4e5f60007"}}},
        "fargateProfiles": None,
        "nodeGroups": {"operations": {"instanceTypes": ["m5.large"], "subnets": ["first"]}},
    },
    "domain": {
        **QUIET,
        "ingress": {"owner": "program", "domain": {"name": "example.jp", "hostedZoneId": "Z0123456789EXAMPLE"}},
    },
    "more domains": {
        **QUIET,
        "ingress": {
            "owner": "program",
            "domain": {"name": "example.jp", "hostedZoneId": "Z0123456789EXAMPLE"},
            "moreDomains": [{"name": "example.com", "hostedZoneId": "Z0123456789ANOTHER"}],
        },
    },
    "login": {**QUIET, "ingress": {"owner": "program", **LOGIN_HTTPS, "login": {"cognito": COGNITO}}},
    "oidc login": {**QUIET, "ingress": {**LOGIN_HTTPS, "login": {"oidc": OIDC}}},
    "logs": {**QUIET, "ingress": {"accessLogs": {"bucket": "example-logs"}}},
    "argo cd": {
        **QUIET,
        "ingress": {
            "owner": "program",
            "domain": {"name": "*.example.jp", "hostedZoneId": "Z0123456789EXAMPLE"},
            # Names of the same certificate, that there is nothing to add for another host.
            "certificate": "arn:aws:acm:ap-northeast-1:777788889999:certificate/0f1e2d3c",
        },
        "fargateProfiles": {"all": {"selectors": [{"namespace": "*"}]}},
        "argoCd": {
            "host": "argocd.example.jp",
            "sso": {"issuer": "https://login.example.jp", "clientId": "argocd", "admins": ["platform-team"]},
        },
        "gitOps": {"sets": {"apps": APPS}},
        "teamNamespaces": {"app-shop": {}},
        "gitCredentials": {
            "https": {"url": "https://github.com/example-jp", "username": "ci", "password": {"secure": "AAAA"}}
        },
    },
    "git by ssh": {
        **QUIET,
        "fargateProfiles": {"all": {"selectors": [{"namespace": "*"}]}},
        "argoCd": {},
        "gitOps": {"sets": {"apps": {**APPS, "repository": "ssh://git@github.com/example-jp/apps.git"}}},
        "gitCredentials": {"ssh": {"url": "ssh://git@github.com/example-jp", "sshPrivateKey": {"secure": "AAAA"}}},
    },
    "hub": {
        **QUIET,
        "fargateProfiles": {"all": {"selectors": [{"namespace": "*"}]}},
        "argoCd": {"metadata": {}},
        "gitOps": {"sets": {"apps": {**APPS, "clusters": ["in-cluster"]}}},
    },
    "git by app": {
        **QUIET,
        "fargateProfiles": {"all": {"selectors": [{"namespace": "*"}]}},
        "argoCd": {},
        "gitOps": {"sets": {"apps": APPS}},
        "gitCredentials": {
            "app": {
                "url": "https://github.com/example-jp",
                "githubApp": {"id": 1, "installationId": 2, "privateKey": {"secure": "AAAA"}},
            }
        },
    },
    "secrets": {
        **QUIET,
        "fargateProfiles": {"platform": {"selectors": [*SYSTEM_SELECTORS, {"namespace": "external-secrets"}]}},
        "externalSecrets": {
            "stores": {"one": {"service": "parameter-store", "path": "/dev/", "namespaces": ["app-*"]}},
        },
    },
    "records": {
        **QUIET,
        "fargateProfiles": {
            "platform": {"selectors": [*SYSTEM_SELECTORS, {"namespace": "external-dns"}, {"namespace": "cert-manager"}]}
        },
        "externalDns": {"domains": ["example.jp"], "hostedZoneIds": ["Z0123456789EXAMPLE"]},
        "certManager": {
            "issuers": {
                "one": {"email": "team@example.jp", "hostedZoneId": "Z0123456789EXAMPLE", "domains": ["example.jp"]}
            }
        },
    },
    "charts": {
        **QUIET,
        "charts": {"registry": "oci://charts.example.jp", "username": "reader", "password": {"secure": "AAAA"}},
    },
    "alarms": {
        "workloads": None,
        "admission": {"mode": "off"},
        "network": {"existing": None, "cidr": "10.0.0.0/16", "zones": ["ap-northeast-1a", "ap-northeast-1c"]},
        "fargateProfiles": None,
        "nodeGroups": {"operations": {"instanceTypes": ["m5.large"]}},
        "karpenter": {"nodePools": {"general": {"categories": ["c", "m"]}}},
    },
}

BASES["capabilities"] = {
    **QUIET,
    "cluster": {
        "capabilities": {
            "ack": {},
            "kro": {},
            "argoCd": {
                "identityCenter": "arn:aws:sso:::instance/ssoins-0123456789abcdef",
                "admins": ["08017340-8041-7093-3ffa-0123456789ab"],
            },
        }
    },
}

PROXY: Final[Config] = {"proxy": {"url": "http://proxy.example.com:3128"}}
BASES["proxy"] = {
    **BASES["network"],
    "network": {**BASES["network"]["network"], **PROXY},
    "nodeGroups": {"operations": {"instanceTypes": ["m5.large"], "image": "al2023"}},
}

BASES["hybrid"] = {**BASES["auto-less"], "cluster": {"hybridNodes": {"nodeNetworks": ["10.80.0.0/16"]}}}

BASES["people"] = {
    **QUIET,
    "access": {
        "oidc": {
            "issuer": "https://login.example.jp",
            "clientId": "kubernetes",
            "groups": {"operators": {"group": "operators", "role": "admin"}},
        }
    },
}

BASES["teams"] = {
    **QUIET,
    "access": {"entries": {"platform-team": {"rights": [{"role": "view", "namespaces": ["app-*"]}]}}},
    "teamNamespaces": {
        "app-other": {},
        "app-shop": {
            "editors": ["team-shop"],
            "quota": {"cpu": "8", "memory": "8Gi", "pods": 8, "volumes": 8, "loadBalancers": 8},
            "defaults": {"cpuLimit": "2"},
            "maximum": {"cpu": "4", "memory": "4Gi", "volume": "4Gi"},
        },
    },
    "workloadRoles": {
        "shop": {
            "serviceAccounts": [{"namespace": "app-shop", "name": "shop"}],
            "statements": [
                {"sid": "All", "actions": ["sqs:ListQueues"], "resources": ["*"], "reason": "it lists all queues"}
            ],
        }
    },
}

# A role by Pod Identity, which leads to another one.
BASES["pod identity"] = {
    **BASES["auto-less"],
    "cluster": {"identity": "pod-identity"},
    "teamNamespaces": {"app-shop": {}},
    "workloadRoles": {
        "shop": {
            "serviceAccounts": [{"namespace": "app-shop", "name": "shop"}],
            "existingRole": "arn:aws:iam::777788889999:role/shop",
            "targetRole": "arn:aws:iam::123456789012:role/queues",
        }
    },
}

# The same by one entry, and what else a team gets.
BASES["team"] = {
    **QUIET,
    "fargateProfiles": {"all": {"selectors": [{"namespace": "*"}]}},
    "argoCd": {},
    "externalSecrets": {},
    "teams": {
        "shop": {
            "principals": ["arn:aws:iam::777788889999:role/team-shop"],
            "namespaces": {
                "app-shop": {
                    key: value
                    for key, value in BASES["teams"]["teamNamespaces"]["app-shop"].items()
                    if key != "editors"
                }
            },
            "secrets": {"service": "parameter-store", "path": "/dev/"},
            "gitOps": {key: value for key, value in APPS.items() if key != "namespacePrefix"},
            "role": {
                "serviceAccount": "shop",
                "statements": BASES["teams"]["workloadRoles"]["shop"]["statements"],
            },
        }
    },
}

# Auto Mode with a pool of the stack's own.
BASES["auto"] = {
    **QUIET,
    "fargateProfiles": None,
    "addons": {"ebsCsi": True},
    "cluster": {
        "identity": "pod-identity",
        "autoMode": {
            "nodeClasses": {"own": {}, "second": {}},
            "pools": {
                "own": {"nodeClass": "own", "taints": [{"key": "batch", "value": "true"}]},
                "first": {"nodeClass": "own"},
                "second": {"nodeClass": "second"},
            },
        },
    },
}

BASES["storage classes"] = {**BASES["auto-less"], "addons": {"ebsCsi": True, "storageClasses": {"fast": {}}}}

# An add-on that the platform does not install itself.
BASES["added add-on"] = {
    **BASES["auto-less"],
    "cluster": {"identity": "pod-identity"},
    "addons": {
        "ebsCsi": True,
        "more": {
            "aws-efs-csi-driver": {
                "version": "v3.4.2-eksbuild.1",
                "role": {
                    "serviceAccounts": ["efs-csi-controller-sa"],
                    "managedPolicies": ["arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy"],
                    "statements": [
                        {
                            "sid": "All",
                            "actions": ["s3:ListAllMyBuckets"],
                            "resources": ["*"],
                            "reason": "it lists all buckets",
                        }
                    ],
                },
            }
        },
    },
}

BASES["prometheus"] = {**BASES["auto-less"], "observability": {"prometheus": {}}}

BASES["grafana"] = {
    **BASES["auto-less"],
    "observability": {"grafana": {"admins": ["64c8a4d8-1011-70b7-2f6b-52e1a2c3d4e5"]}},
}

BASES["file systems"] = {**BASES["added add-on"], "storage": {"efs": {"shared": {}}}}

_FSX_DRIVER: Final = {
    "version": "v1.9.0-eksbuild.1",
    "role": {"serviceAccounts": ["fsx"], "managedPolicies": ["arn:aws:iam::aws:policy/AmazonFSxFullAccess"]},
}
BASES["fsx"] = {
    **BASES["auto-less"],
    "addons": {"more": {"aws-fsx-csi-driver": _FSX_DRIVER}},
    "storage": {"fsx": {"training": {"zone": "ap-northeast-1a"}}},
}

# A chart of a team in a stack with nodes.
BASES["extra chart"] = {
    **BASES["nodes"],
    "extraCharts": {
        "keda": {
            "repository": "https://kedacore.github.io/charts",
            "version": "2.20.2",
            "role": {
                "serviceAccount": "keda-operator",
                "statements": [
                    {
                        "sid": "All",
                        "actions": ["sqs:GetQueueAttributes"],
                        "resources": ["*"],
                        "reason": "it requires all",
                    }
                ],
            },
            "values": {"log": "info"},
            "secretValues": {"token": {"secure": "AAAA"}},
        }
    },
}

# A second chart in addition to the first.
BASES["two charts"] = {
    **BASES["extra chart"],
    "extraCharts": {
        **BASES["extra chart"]["extraCharts"],
        "http": {"repository": "https://kedacore.github.io/charts", "chart": "keda-add-ons-http", "version": "0.14.0"},
    },
}


@dataclass(frozen=True)
class Effect:
    """What a changed setting does.

    change: merged into the configuration of `base`. changes: what is then different: properties of resources such as
    "NodeGroup.instanceTypes", resources that come ("+Tag") and go ("-Tag"), exports ("output.name"). along: settings
    that must change together with it. others: whether more is different than `changes` lists. alone: whether it is
    changed in a run of its own, because it takes away what others change.
    """

    change: Config
    changes: tuple[str, ...]
    base: str = "fargate"
    along: tuple[str, ...] = ()
    others: bool = False
    alone: bool = False


def _node_group(*changes: str, **change: Any) -> Effect:
    return Effect({"nodeGroups": {"workers": change}}, changes, "nodes")


def _nodes_of_games(*changes: str, **change: Any) -> Effect:
    return Effect({"nodeGroups": {"workers": change}}, changes, "games")


def _rules(path: str, config: Callable[[Config], Config]) -> dict[str, Effect]:
    """Return the effects of the security rules at a path. config: takes rules to what is merged into a stack."""
    changes: dict[str, tuple[Config, str]] = {
        "protocol": ({"protocol": "udp"}, "ipProtocol"),
        "fromPort": ({"fromPort": 7000}, "fromPort"),
        "toPort": ({"toPort": 9000}, "toPort"),
        "cidr": ({"cidr": "10.8.0.0/16"}, "cidrIpv4"),
    }
    found = {
        f"{path}.*.{key}": Effect(config({"games": change}), (f"SecurityGroupIngressRule.{input_}",), "games")
        for key, (change, input_) in changes.items()
    }
    for key, peer, input_ in (
        ("prefixList", "pl-0a1b2c3d4e5f60001", "prefixListId"),
        ("securityGroup", "sg-0a1b2c3d4e5f60001", "referencedSecurityGroupId"),
    ):
        found[f"{path}.*.{key}"] = Effect(
            config({"games": {"cidr": None, key: peer}}),
            ("SecurityGroupIngressRule.cidrIpv4", f"SecurityGroupIngressRule.{input_}"),
            "games",
            along=(f"{path}.*.cidr",),
        )
    return found


def _of_nodes(path: str, config: Callable[[Config], Config], template: str) -> dict[str, Effect]:
    """Return the effects of what node groups and Karpenter's nodes have in common, but for their subnets and tags.

    template: the type of the resource that names the security groups.
    """
    groups = {"LaunchTemplate": "vpcSecurityGroupIds", "EC2NodeClass": "spec.securityGroupSelectorTerms"}[template]
    statement = NODE_STATEMENT
    of_statement: Config = {
        "sid": {**statement, "sid": "Other"},
        "actions": {**statement, "actions": ["ecr:BatchImportUpstreamImage"]},
        "resources": {**statement, "resources": ["arn:aws:ecr:ap-northeast-1:111122223333:repository/quay/*"]},
        "conditions": {**statement, "conditions": {"StringEquals": {"aws:ResourceAccount": ["111122223333"]}}},
    }
    return {
        **_rules(f"{path}.securityRules", lambda rules: config({"securityRules": rules})),
        f"{path}.securityRules.*.reason": Effect(
            config({"securityRules": {"games": {"cidr": "0.0.0.0/0", "reason": "Players connect."}}}),
            ("SecurityGroupIngressRule.cidrIpv4", "SecurityGroupIngressRule.description"),
            "games",
            along=(f"{path}.securityRules.*.cidr",),
        ),
        f"{path}.securityGroups": Effect(
            config({"securityGroups": ["sg-0a1b2c3d4e5f60001"]}), (f"{template}.{groups}",), "games"
        ),
        f"{path}.role.managedPolicies": Effect(
            config({"role": {"managedPolicies": ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]}}),
            ("+RolePolicyAttachment",),
            "games",
        ),
        **{
            f"{path}.role.statements[].{key}": Effect(
                config({"role": {"statements": [changed]}}), ("Policy.policy",), "games"
            )
            for key, changed in of_statement.items()
        },
    }


def _pool(*changes: str, **change: Any) -> Effect:
    change = {"karpenter": {"nodePools": {"general": change}}}
    return Effect(change, tuple(f"NodePool.{path}" for path in changes), "nodes")


def _chart(*changes: str, others: bool = False, **change: Any) -> Effect:
    return Effect({"extraCharts": {"keda": change}}, changes, "extra chart", others=others)


def _statement(*changes: str, **change: Any) -> Effect:
    old = BASES["extra chart"]["extraCharts"]["keda"]["role"]["statements"][0]
    return _chart(*changes, role={"statements": [{**old, **change}]})


def _threshold(**change: int) -> Effect:
    return Effect({"observability": {"alarms": {"thresholds": change}}}, ("MetricAlarm.threshold",), "alarms")


def _pods(*changes: str, **change: Any) -> Effect:
    return Effect({"operationsPods": change}, ("Addon.configurationValues", *changes), "nodes")


def _ingress(*changes: str, alone: bool = False, **change: Any) -> Effect:
    return Effect({"ingress": change}, changes, "domain", alone=alone)


def _more_domain(*changes: str, others: bool = False, **change: Any) -> Effect:
    old = BASES["more domains"]["ingress"]["moreDomains"][0]
    return Effect({"ingress": {"moreDomains": [{**old, **change}]}}, changes, "more domains", others=others)


def _cognito(input_: str, **change: Any) -> Effect:
    path = f"Listener.defaultActions[0].authenticateCognito.{input_}"
    return Effect({"ingress": {"login": {"cognito": change}}}, (path,), "login")


def _admission(*changes: str, alone: bool = False, **change: Any) -> Effect:
    return Effect({"admission": change}, changes, "admission", alone=alone)


def _right(*changes: str, **change: Any) -> Effect:
    old = BASES["teams"]["access"]["entries"]["platform-team"]["rights"][0]
    return Effect({"access": {"entries": {"platform-team": {"rights": [{**old, **change}]}}}}, changes, "teams")


GROUP: Final = "08017340-8041-7093-3ffa-0123456789ab"
IDENTITY_CENTER: Final = "Capability.configuration.argoCd"


def _capability(key: str, *changes: str, **change: Any) -> Effect:
    return Effect({"cluster": {"capabilities": {key: change}}}, changes, "capabilities", alone=True)


def _hybrid(*changes: str, **change: Any) -> Effect:
    return Effect({"cluster": {"hybridNodes": change}}, changes, "hybrid", alone=True)


def _oidc(path: str, *changes: str, **change: Any) -> Effect:
    return Effect({"access": {"oidc": change}}, (f"IdentityProviderConfig.oidc.{path}", *changes), "people")


def _team(*changes: str, **change: Any) -> Effect:
    return Effect({"teamNamespaces": {"app-shop": change}}, changes, "teams")


def _workload(*changes: str, **change: Any) -> Effect:
    return Effect({"workloadRoles": {"shop": change}}, changes, "teams", alone=True)


def _workload_statement(**change: Any) -> Effect:
    old = BASES["teams"]["workloadRoles"]["shop"]["statements"][0]
    return _workload("Policy.policy", statements=[{**old, **change}])


def _quota(hard: str, **change: Any) -> Effect:
    return _team(f"ResourceQuota.spec.hard.{hard}", quota=change)


def _auto_class(*changes: str, **change: Any) -> Effect:
    return Effect({"cluster": {"autoMode": {"nodeClasses": {"own": change}}}}, changes, "auto", alone=True)


def _auto_pool(path: str, **change: Any) -> Effect:
    change = {"cluster": {"autoMode": {"pools": {"own": change}}}}
    return Effect(change, (f"NodePool.{path}",), "auto", alone=True)


def _storage_class(*changes: str, **change: Any) -> Effect:
    return Effect({"addons": {"storageClasses": {"fast": change}}}, changes, "storage classes", alone=True)


def _added_addon(*changes: str, **change: Any) -> Effect:
    return Effect({"addons": {"more": {"aws-efs-csi-driver": change}}}, changes, "added add-on", alone=True)


def _added_addon_statement(**change: Any) -> Effect:
    old = BASES["added add-on"]["addons"]["more"]["aws-efs-csi-driver"]["role"]["statements"][0]
    return _added_addon("Policy.policy", role={"statements": [{**old, **change}]})


def _prometheus(*changes: str, **change: Any) -> Effect:
    return Effect({"observability": {"prometheus": change}}, changes, "prometheus", alone=True)


def _fsx(*changes: str, **change: Any) -> Effect:
    return Effect({"storage": {"fsx": {"training": change}}}, changes, "fsx", alone=True)


def _grafana(*changes: str, **change: Any) -> Effect:
    return Effect({"observability": {"grafana": change}}, changes, "grafana", alone=True)


def _file_system(*changes: str, **change: Any) -> Effect:
    return Effect({"storage": {"efs": {"shared": change}}}, changes, "file systems", alone=True)


def _argo_cd(*changes: str, **change: Any) -> Effect:
    return Effect({"argoCd": change}, changes, "argo cd")


def _sso(*changes: str, **change: Any) -> Effect:
    return Effect({"argoCd": {"sso": change}}, tuple(f"Release.values.configs.{path}" for path in changes), "argo cd")


def _git(*changes: str, **change: Any) -> Effect:
    return Effect({"gitOps": {"sets": {"apps": change}}}, changes, "argo cd")


def _app(key: str, **change: Any) -> Effect:
    return Effect({"gitCredentials": {"app": {"githubApp": change}}}, (f"Secret.stringData.{key}",), "git by app")


def _autoscaler(argument: str, **change: Any) -> Effect:
    return Effect({"clusterAutoscaler": change}, (f"Release.values.extraArgs.{argument}",), "nodes")


def _records(change_in: str, **change: Any) -> Effect:
    return Effect({"externalDns": change}, (change_in, "Policy.policy"), "records")


def _issuer(path: str, *changes: str, **change: Any) -> Effect:
    change = {"certManager": {"issuers": {"one": change}}}
    return Effect(change, (f"ClusterIssuer.spec.acme.{path}", *changes), "records")


def _store(*changes: str, **change: Any) -> Effect:
    return Effect({"externalSecrets": {"stores": {"one": change}}}, changes, "secrets")


ZONE_ROLE: Final = "arn:aws:iam::444455556666:role/records"
LIMITS: Final = "LimitRange.spec.limits[0]"
STORE: Final = "ClusterSecretStore.spec.provider"
OTHER_ACCOUNT: Final = {
    "platform": {"account": "123456789012"},
    "access": {"deployer": "arn:aws:iam::123456789012:role/platform-deployer"},
}
OTHER_REGION: Final = {
    "platform": {"region": "us-east-1"},
    "network": {"cidr": "10.0.0.0/16", "zones": ["us-east-1a", "us-east-1b"]},
}
ANNOTATIONS: Final = "Ingress.metadata.annotations.alb.ingress.kubernetes.io"
CLASS: Final = "Release.values.ingressClassParams.spec"
TRUSTED: Final = "Release.values.ports.web.forwardedHeaders.trustedIPs"
REQUIREMENTS: Final = "spec.template.spec.requirements"
TAINT: Final = "spec.template.spec.taints[0]"
BUDGETS: Final = "spec.disruption.budgets"

APPLICATION: Final = "ApplicationSet.spec.template.spec"
SYNC: Final = f"{APPLICATION}.syncPolicy"

EFFECTS: Final[dict[str, Effect]] = {
    # -- Platform
    "platform.name": Effect({"platform": {"name": "other"}}, ("-Cluster", "+Cluster", "output.name"), others=True),
    "platform.region": Effect(
        OTHER_REGION,
        ("aws.region", "kubernetes.clusterIdentifier", "Release.values.region", "+Subnet", "-Subnet", "output.region"),
        "network",
        along=("network.cidr", "network.zones"),
        others=True,
    ),
    "platform.account": Effect(
        OTHER_ACCOUNT, ("aws.allowedAccountIds", "Key.policy"), along=("access.deployer",), others=True
    ),
    "platform.tags": Effect(
        {"platform": {"tags": {"CostCenter": "platform"}}},
        (
            "aws.defaultTags",
            "Release.values.defaultTags.CostCenter",
            f"{CLASS}.tags",
            "EC2NodeClass.spec.tags.CostCenter",
            "LaunchTemplate.tagSpecifications[0].tags.CostCenter",
            "LaunchTemplate.tagSpecifications[1].tags.CostCenter",
        ),
        "nodes",
    ),
    "platform.permissionsBoundary": Effect(
        {"platform": {"permissionsBoundary": "arn:aws:iam::111122223333:policy/platform-boundary"}},
        ("Role.permissionsBoundary",),
    ),
    "platform.iamPath": Effect(
        {"platform": {"iamPath": "/teams/platform/"}},
        (
            "Role.path",
            "Policy.path",
            "RolePolicyAttachment.policyArn",
            "Cluster.roleArn",
            "FargateProfile.podExecutionRoleArn",
            "Release.values.serviceAccount.annotations.eks.amazonaws.com/role-arn",
        ),
    ),
    "platform.protect": Effect(
        {"platform": {"protect": True}},
        # The last one is inside of the component that makes the cluster.
        ("Vpc.options.protect", "Key.options.protect", "Cluster.options.protect", "kubernetes.options.protect"),
        "network",
    ),
    # -- Network
    "network.cidr": Effect(
        {"network": {"cidr": "10.1.0.0/16"}},
        ("Vpc.cidrBlock", "Subnet.cidrBlock", f"{TRUSTED}[0]", f"{TRUSTED}[1]"),
        "network",
    ),
    "network.zones": Effect(
        {"network": {"zones": ["ap-northeast-1a", "ap-northeast-1d"]}},
        ("+Subnet", "-Subnet", "NodeGroup.subnetIds[1]", "output.privateSubnetIds[1]"),
        "network",
        others=True,
    ),
    "network.zoneCount": Effect(
        {"network": {"zones": None, "zoneCount": 3}},
        ("+Subnet", "NodeGroup.subnetIds", "output.privateSubnetIds"),
        "network",
        along=("network.zones",),
        others=True,
    ),
    "network.nat": Effect(
        {"network": {"nat": "per-zone"}},
        ("+Eip", "+NatGateway", "Route.natGatewayId", "output.natAddresses"),
        "network",
    ),
    "network.natAddresses": Effect(
        {"network": {"natAddresses": {"ap-northeast-1a": ["eipalloc-0a1b2c3d4e5f60001"]}}},
        ("NatGateway.allocationId", "NatGateway.secondaryAllocationIds", "-Eip", "output.natAddresses[0]"),
        "network",
        alone=True,
    ),
    "network.publicNodes": Effect(
        {"network": {"nat": "none", "publicNodes": True}},
        ("-NatGateway", "-Subnet", "Subnet.mapPublicIpOnLaunch", "output.privateSubnetIds"),
        "network",
        along=("network.nat",),
        others=True,
    ),
    "network.nodeSubnets.*.zone": Effect(
        {"network": {"nodeSubnets": {"second": {"zone": "ap-northeast-1a"}}}}, ("Subnet.availabilityZone",), "games"
    ),
    "network.nodeSubnets.*.cidr": Effect(
        {"network": {"nodeSubnets": {"second": {"cidr": "10.0.89.0/24"}}}}, ("Subnet.cidrBlock",), "games"
    ),
    "network.nodeSubnets.*.public": Effect(
        {"network": {"nodeSubnets": {"second": {"public": True}}}},
        ("Subnet.mapPublicIpOnLaunch", "-RouteTable", "-Route"),
        "games",
        others=True,
    ),
    "network.existing.nodeSubnets": Effect(
        {"network": {"existing": {"nodeSubnets": {"first": "subnet-0a1b2c3d4e5f60009"}}}},
        ("NodeGroup.subnetIds[0]",),
        "named",
    ),
    "network.podCidr": Effect(
        {"network": {"podCidr": "100.64.0.0/16"}},
        (
            "+VpcIpv4CidrBlockAssociation",
            "+Subnet",
            "+RouteTableAssociation",
            "Addon.configurationValues",
            "output.podSubnets.ap-northeast-1a",
            "output.podSubnets.ap-northeast-1c",
        ),
        "network",
    ),
    "network.interfaceEndpoints": Effect(
        {"network": {"interfaceEndpoints": ["sts"]}},
        ("+VpcEndpoint", "+SecurityGroup", "+SecurityGroupIngressRule"),
        "network",
    ),
    "network.proxy.url": Effect(
        {"network": {"proxy": {"url": "http://proxy.example.com:8080"}}},
        ("LaunchTemplate.userData", "Release.values.env.HTTP_PROXY", "Release.values.env.HTTPS_PROXY"),
        "proxy",
    ),
    "network.proxy.noProxy": Effect(
        {"network": {"proxy": {"noProxy": [".example.com"]}}},
        ("LaunchTemplate.userData", "Release.values.env.NO_PROXY"),
        "proxy",
    ),
    "network.flowLogs.retentionDays": Effect(
        {"network": {"flowLogs": {"retentionDays": 7}}}, ("+FlowLog", "+LogGroup", "+Role", "+RolePolicy"), "network"
    ),
    "network.ipFamily": Effect(
        {"network": {"ipFamily": "ipv6"}},
        (
            "Vpc.assignGeneratedIpv6CidrBlock",
            "Subnet.ipv6CidrBlock",
            "Cluster.kubernetesNetworkConfig",
            f"{ANNOTATIONS}/ip-address-type",
            "+EgressOnlyInternetGateway",
            "+Policy",
        ),
        "network",
        others=True,
    ),
    "cluster.autoMode.nodePools": Effect(
        {"cluster": {"autoMode": {"nodePools": ["system"]}}, "nodeGroups": None, "operationsPods": SYSTEM_PODS},
        ("Cluster.computeConfig", "-NodeGroup", "-Addon", "StorageClass.provisioner"),
        "auto-less",
        along=("nodeGroups", "operationsPods.tolerations"),
        others=True,
    ),
    "network.existing.stack": Effect(
        SHARED,
        ("+StackReference", "-Tag", "Cluster.vpcConfig.subnetIds[0]", "output.vpcId"),
        along=(
            "network.existing.vpcId",
            "network.existing.privateSubnets",
            "network.existing.publicSubnets",
            "network.existing.zones",
            "platform.account",
            "access.deployer",
            "access.entries.*.principal",
        ),
        others=True,
    ),
    "network.existing.zones": Effect(
        {"network": {"existing": {"zones": ["ap-northeast-1a", "ap-northeast-1d"]}}},
        ("Cluster.vpcConfig.subnetIds[1]", "FargateProfile.subnetIds[1]", "output.privateSubnetIds[1]"),
        "shared",
        others=True,
    ),
    "network.existing.vpcId": Effect(
        {"network": {"existing": {"vpcId": "vpc-00000000000000001"}}},
        ("Policy.policy", "Release.values.vpcId", "SecurityGroup.vpcId", "output.vpcId"),
    ),
    "network.existing.privateSubnets": Effect(
        {"network": {"existing": {"privateSubnets": {"ap-northeast-1a": "subnet-00000000000000001"}}}},
        (
            "+Tag",
            "-Tag",
            "Cluster.vpcConfig.subnetIds[0]",
            "FargateProfile.subnetIds[0]",
            "output.privateSubnetIds[0]",
            "output.privateSubnets.ap-northeast-1a",
        ),
    ),
    "network.existing.controlPlaneSubnets": Effect(
        {
            "network": {
                "existing": {
                    "controlPlaneSubnets": {
                        "ap-northeast-1a": "subnet-00000000000000001",
                        "ap-northeast-1c": "subnet-00000000000000002",
                    }
                }
            }
        },
        ("Cluster.vpcConfig.subnetIds[0]", "Cluster.vpcConfig.subnetIds[1]"),
    ),
    "network.existing.publicSubnets": Effect(
        {"network": {"existing": {"publicSubnets": {"ap-northeast-1a": "subnet-00000000000000001"}}}},
        (
            "+Tag",
            "-Tag",
            f"{ANNOTATIONS}/subnets",
            f"{TRUSTED}[0]",
            "output.publicSubnetIds[0]",
            "output.publicSubnets.ap-northeast-1a",
        ),
    ),
    # -- Cluster
    "cluster.autoMode.nodeClasses.*.subnets": _auto_class(
        "NodeClass.spec.subnetSelectorTerms", subnets=["subnet-0123456789abcdef0"]
    ),
    "cluster.autoMode.nodeClasses.*.diskGib": _auto_class("NodeClass.spec.ephemeralStorage.size", diskGib=100),
    "cluster.autoMode.nodeClasses.*.diskIops": _auto_class("NodeClass.spec.ephemeralStorage.iops", diskIops=4000),
    "cluster.autoMode.nodeClasses.*.diskThroughput": _auto_class(
        "NodeClass.spec.ephemeralStorage.throughput", diskThroughput=250
    ),
    "cluster.autoMode.nodeClasses.*.networkPolicy": _auto_class(
        "NodeClass.spec.networkPolicy", networkPolicy="DefaultDeny"
    ),
    "cluster.autoMode.pools.*.nodeClass": _auto_pool("spec.template.spec.nodeClassRef.name", nodeClass="second"),
    "cluster.autoMode.pools.*.gpuLimit": _auto_pool("spec.limits.nvidia.com/gpu", gpuLimit=8),
    "cluster.autoMode.pools.*.capacityTypes": _auto_pool(f"{REQUIREMENTS}[0].values[0]", capacityTypes=["spot"]),
    "cluster.autoMode.pools.*.categories": _auto_pool(REQUIREMENTS, categories=["r"]),
    "cluster.autoMode.pools.*.families": _auto_pool(REQUIREMENTS, families=["m7i"]),
    "cluster.autoMode.pools.*.instanceTypes": _auto_pool(REQUIREMENTS, instanceTypes=["m7i.large"]),
    "cluster.autoMode.pools.*.minGeneration": _auto_pool(REQUIREMENTS, minGeneration=6),
    "cluster.autoMode.pools.*.architectures": _auto_pool(f"{REQUIREMENTS}[1].values[0]", architectures=["arm64"]),
    "cluster.autoMode.pools.*.zones": _auto_pool(REQUIREMENTS, zones=["ap-northeast-1a"]),
    "cluster.autoMode.pools.*.cpuLimit": _auto_pool("spec.limits.cpu", cpuLimit="200"),
    "cluster.autoMode.pools.*.memoryLimit": _auto_pool("spec.limits.memory", memoryLimit="800Gi"),
    "cluster.autoMode.pools.*.weight": _auto_pool("spec.weight", weight=10),
    "cluster.autoMode.pools.*.labels": _auto_pool("spec.template.metadata.labels.team", labels={"team": "shop"}),
    "cluster.autoMode.pools.*.taints[].key": _auto_pool(f"{TAINT}.key", taints=[{"key": "other", "value": "true"}]),
    "cluster.autoMode.pools.*.taints[].value": _auto_pool(
        f"{TAINT}.value", taints=[{"key": "batch", "value": "other"}]
    ),
    "cluster.autoMode.pools.*.taints[].effect": _auto_pool(
        f"{TAINT}.effect", taints=[{"key": "batch", "value": "true", "effect": "NoExecute"}]
    ),
    "cluster.autoMode.pools.*.consolidateAfter": _auto_pool("spec.disruption.consolidateAfter", consolidateAfter="5m"),
    "cluster.autoMode.pools.*.expireAfter": _auto_pool("spec.template.spec.expireAfter", expireAfter="24h"),
    "cluster.version": Effect(
        {"cluster": {"version": "1.35"}},
        (
            "Cluster.version",
            "Addon.addonVersion",
            "NodeGroup.version",
            "Release.values.image.tag",
            "Namespace.metadata.labels.pod-security.kubernetes.io/enforce-version",
            "Namespace.metadata.labels.pod-security.kubernetes.io/warn-version",
            "Namespace.metadata.labels.pod-security.kubernetes.io/audit-version",
            "output.kubernetesVersion",
            "output.versions.coredns",
            "output.versions.kube-proxy",
        ),
        "nodes",
    ),
    "cluster.privateAccess": Effect(
        {"cluster": {"privateAccess": {"runners": "10.200.0.0/24"}}}, ("+SecurityGroupIngressRule",)
    ),
    "cluster.publicAccess": Effect(
        {"cluster": {"publicAccess": {"office-osaka": "192.0.2.128/25"}}}, ("Cluster.vpcConfig.publicAccessCidrs[0]",)
    ),
    "cluster.logs": Effect({"cluster": {"logs": ["api"]}}, ("Cluster.enabledClusterLogTypes",)),
    "cluster.logRetentionDays": Effect({"cluster": {"logRetentionDays": 30}}, ("LogGroup.retentionInDays",)),
    "cluster.securityGroups": Effect(
        {"cluster": {"securityGroups": ["sg-0a1b2c3d4e5f60001"]}}, ("Cluster.vpcConfig.securityGroupIds",)
    ),
    "cluster.capabilities.ack.managedPolicies": _capability(
        "ack", "+RolePolicyAttachment", managedPolicies=["arn:aws:iam::aws:policy/AmazonS3FullAccess"]
    ),
    "cluster.capabilities.kro.role": _capability("kro", "+AccessPolicyAssociation", role="edit"),
    "cluster.capabilities.argoCd.identityCenter": _capability(
        "argoCd",
        f"{IDENTITY_CENTER}.awsIdc.idcInstanceArn",
        identityCenter="arn:aws:sso:::instance/ssoins-1123456789abcdef",
    ),
    "cluster.capabilities.argoCd.identityCenterRegion": _capability(
        "argoCd", f"{IDENTITY_CENTER}.awsIdc.idcRegion", identityCenterRegion="us-east-1"
    ),
    "cluster.capabilities.argoCd.admins": _capability(
        "argoCd", f"{IDENTITY_CENTER}.rbacRoleMappings[0].identities[0].id", admins=[GROUP.replace("0801", "1801")]
    ),
    "cluster.capabilities.argoCd.editors": _capability(
        "argoCd", f"{IDENTITY_CENTER}.rbacRoleMappings", editors=[GROUP.replace("0801", "2801")]
    ),
    "cluster.capabilities.argoCd.viewers": _capability(
        "argoCd", f"{IDENTITY_CENTER}.rbacRoleMappings", viewers=[GROUP.replace("0801", "3801")]
    ),
    "cluster.capabilities.argoCd.role": _capability("argoCd", "+AccessPolicyAssociation", role="admin"),
    "cluster.capabilities.argoCd.managedPolicies": _capability(
        "argoCd", "+RolePolicyAttachment", managedPolicies=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
    ),
    "cluster.hybridNodes.nodeNetworks": _hybrid(
        "Cluster.remoteNetworkConfig.remoteNodeNetworks.cidrs",
        "+SecurityGroupIngressRule",
        nodeNetworks=["10.80.0.0/16", "10.90.0.0/16"],
    ),
    "cluster.hybridNodes.podNetworks": _hybrid(
        "Cluster.remoteNetworkConfig.remotePodNetworks", "+SecurityGroupIngressRule", podNetworks=["10.81.0.0/16"]
    ),
    "cluster.hybridNodes.certificates": _hybrid(
        *("+TrustAnchor", "+Profile", "-RolePolicyAttachment", "Role.assumeRolePolicy", "RolePolicy.policy"),
        "output.hybridNodes.profileArn",
        "output.hybridNodes.trustAnchorArn",
        certificates="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    ),
    "cluster.serviceCidr": Effect({"cluster": {"serviceCidr": "192.168.0.0/16"}}, ("Cluster.kubernetesNetworkConfig",)),
    "cluster.controlPlaneOnly": Effect(
        {"cluster": {"controlPlaneOnly": True}, "nodeGroups": None},
        ("-NodeGroup", "-Release", "-Ingress", "-Addon"),
        "network",
        along=("nodeGroups",),
        others=True,
    ),
    "cluster.zonalShift": Effect({"cluster": {"zonalShift": True}}, ("Cluster.zonalShiftConfig",)),
    "cluster.scalingTier": Effect({"cluster": {"scalingTier": "tier-xl"}}, ("Cluster.controlPlaneScalingConfig",)),
    "cluster.secretsKey": Effect(
        {"cluster": {"secretsKey": "arn:aws:kms:ap-northeast-1:777788889999:key/0f1e2d3c"}},
        ("-Key", "-Alias", "Cluster.encryptionConfig.provider.keyArn", "RolePolicy.policy"),
    ),
    "cluster.tags": Effect({"cluster": {"tags": {"Own": "1"}}}, ("Cluster.tags.Own",)),
    "cluster.securityGroupTags": Effect({"cluster": {"securityGroupTags": {"Own": "1"}}}, ("+Tag",), "nodes"),
    **_rules("cluster.securityRules", lambda rules: {"cluster": {"securityRules": rules}}),
    "cluster.deletionProtection": Effect({"cluster": {"deletionProtection": True}}, ("Cluster.deletionProtection",)),
    "cluster.support": Effect({"cluster": {"support": "extended"}}, ("Cluster.upgradePolicy.supportType",)),
    "cluster.identity": Effect(
        {"cluster": {"identity": "pod-identity"}},
        (
            "+PodIdentityAssociation",
            "Addon.serviceAccountRoleArn",
            "Release.values.serviceAccount.annotations.eks.amazonaws.com/role-arn",
        ),
        "nodes",
        others=True,
    ),
    # -- Admission
    "admission.mode": _admission("ValidatingAdmissionPolicyBinding.spec.validationActions[0]", mode="warn"),
    "admission.exemptNamespaces": _admission(
        "ValidatingAdmissionPolicy.spec.matchConditions[0].expression", exemptNamespaces=["ops-*"]
    ),
    "admission.podSecurity": _admission(
        "ValidatingAdmissionPolicy.spec.variables[1].expression", podSecurity="baseline", alone=True
    ),
    "admission.reservedHosts": _admission(
        "+ValidatingAdmissionPolicy", "+ValidatingAdmissionPolicyBinding", reservedHosts=["status.example.jp"]
    ),
    "admission.publicLoadBalancers": _admission(
        "ValidatingAdmissionPolicy.spec.validations[2].expression",
        "ValidatingAdmissionPolicy.spec.validations[3].expression",
        publicLoadBalancers=["app-game"],
    ),
    # -- Access
    # Entries and rights are named after their principal, rights after their policy too.
    "access.deployer": Effect(
        {"access": {"deployer": "arn:aws:iam::777788889999:role/another-deployer"}},
        ("+AccessEntry", "+AccessPolicyAssociation", "-AccessEntry", "-AccessPolicyAssociation"),
    ),
    "access.entries.*.principal": Effect(
        {"access": {"entries": {"platform-team": {"principal": "arn:aws:iam::777788889999:role/another-team"}}}},
        ("+AccessEntry", "+AccessPolicyAssociation", "-AccessEntry", "-AccessPolicyAssociation"),
    ),
    "access.entries.*.role": Effect(
        {"access": {"entries": {"platform-team": {"role": "view"}}}},
        ("+AccessPolicyAssociation", "-AccessPolicyAssociation"),
    ),
    "access.entries.*.type": Effect(
        {"access": {"entries": {"nodes": {"principal": "arn:aws:iam::777788889999:role/nodes", "type": "ec2-linux"}}}},
        ("+AccessEntry",),
        along=("access.entries.*.principal",),
    ),
    "access.oidc.issuer": _oidc("issuerUrl", issuer="https://other.example.jp"),
    "access.oidc.clientId": _oidc("clientId", clientId="other"),
    "access.oidc.usernameClaim": _oidc("usernameClaim", usernameClaim="sub"),
    "access.oidc.usernamePrefix": _oidc("usernamePrefix", usernamePrefix="-"),
    "access.oidc.groupsClaim": _oidc("groupsClaim", groupsClaim="roles"),
    "access.oidc.groupsPrefix": _oidc("groupsPrefix", "ClusterRoleBinding.subjects[0].name", groupsPrefix="people:"),
    "access.oidc.requiredClaims": _oidc("requiredClaims", requiredClaims={"hd": "example.jp"}),
    "access.oidc.groups.*.group": Effect(
        {"access": {"oidc": {"groups": {"operators": {"group": "other"}}}}},
        ("ClusterRoleBinding.subjects[0].name",),
        "people",
    ),
    "access.oidc.groups.*.role": Effect(
        {"access": {"oidc": {"groups": {"operators": {"role": "view"}}}}},
        ("ClusterRoleBinding.roleRef.name",),
        "people",
    ),
    "access.entries.*.groups": Effect(
        {"access": {"entries": {"platform-team": {"groups": ["platform"]}}}}, ("AccessEntry.kubernetesGroups",)
    ),
    "access.entries.*.rights[].role": _right("+AccessPolicyAssociation", "-AccessPolicyAssociation", role="edit"),
    "access.entries.*.rights[].namespaces": _right(
        "AccessPolicyAssociation.accessScope.namespaces[0]", namespaces=["web-*"]
    ),
    # -- Teams
    "teamNamespaces.*.editors": _team("RoleBinding.subjects[0].name", editors=["others"]),
    "teamNamespaces.*.viewers": _team("+RoleBinding", viewers=["others"]),
    "teamNamespaces.*.podSecurity": _team(
        *(f"Namespace.metadata.labels.pod-security.kubernetes.io/{mode}" for mode in ("enforce", "warn", "audit")),
        podSecurity="baseline",
    ),
    "teamNamespaces.*.quota.cpu": _quota("requests.cpu", cpu="9"),
    "teamNamespaces.*.quota.memory": _quota("requests.memory", memory="9Gi"),
    "teamNamespaces.*.quota.pods": _quota("pods", pods=9),
    "teamNamespaces.*.quota.volumes": _quota("persistentvolumeclaims", volumes=9),
    "teamNamespaces.*.quota.loadBalancers": _quota("services.loadbalancers", loadBalancers=9),
    "teamNamespaces.*.defaults.cpu": _team(f"{LIMITS}.defaultRequest.cpu", defaults={"cpu": "70m"}),
    "teamNamespaces.*.defaults.memory": _team(
        f"{LIMITS}.defaultRequest.memory", f"{LIMITS}.default.memory", defaults={"memory": "70Mi"}
    ),
    "teamNamespaces.*.isolated": replace(_team("-NetworkPolicy", isolated=False), alone=True),
    "teamNamespaces.*.quota.cpuLimits": _quota("limits.cpu", cpuLimits="9"),
    "teamNamespaces.*.quota.memoryLimits": _quota("limits.memory", memoryLimits="9Gi"),
    "teamNamespaces.*.quota.storage": _quota("requests.storage", storage="9Gi"),
    "teamNamespaces.*.quota.devices": _quota("requests.nvidia.com/gpu", devices={"nvidia.com/gpu": 1}),
    "teamNamespaces.*.quota.objects": _quota("secrets", objects={"secrets": 9}),
    "teamNamespaces.*.defaults.cpuLimit": _team(f"{LIMITS}.default.cpu", defaults={"cpuLimit": "1"}),
    "teamNamespaces.*.maximum.cpu": _team(f"{LIMITS}.max.cpu", maximum={"cpu": "2"}),
    "teamNamespaces.*.maximum.memory": _team(f"{LIMITS}.max.memory", maximum={"memory": "2Gi"}),
    "teamNamespaces.*.maximum.volume": _team("LimitRange.spec.limits[1].max.storage", maximum={"volume": "2Gi"}),
    "teamNamespaces.*.allowedNamespaces": _team("NetworkPolicy.spec.ingress[0].from", allowedNamespaces=["monitoring"]),
    "teamNamespaces.*.labels": _team("Namespace.metadata.labels.cost-center", labels={"cost-center": "shop"}),
    "teamNamespaces.*.annotations": _team("Namespace.metadata.annotations", annotations={"example.jp/owner": "shop"}),
    "workloadRoles.*.serviceAccounts[].namespace": _workload(
        "Role.assumeRolePolicy",
        "-ServiceAccount",
        "+ServiceAccount",
        serviceAccounts=[{"namespace": "app-other", "name": "shop"}],
    ),
    "workloadRoles.*.serviceAccounts[].name": _workload(
        "Role.assumeRolePolicy",
        "-ServiceAccount",
        "+ServiceAccount",
        serviceAccounts=[{"namespace": "app-shop", "name": "other"}],
    ),
    "workloadRoles.*.statements[].sid": _workload_statement(sid="Queues"),
    "workloadRoles.*.statements[].actions": _workload_statement(actions=["sns:ListTopics"]),
    "workloadRoles.*.statements[].resources": _workload_statement(
        resources=["arn:aws:sqs:ap-northeast-1:777788889999:a"], reason=None
    ),
    "workloadRoles.*.statements[].conditions": _workload_statement(
        conditions={"StringEquals": {"aws:ResourceAccount": ["777788889999"]}}
    ),
    "workloadRoles.*.managedPolicies": _workload(
        "+RolePolicyAttachment", managedPolicies=["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]
    ),
    "workloadRoles.*.targetRole": _workload(
        "+Policy", "+RolePolicyAttachment", targetRole="arn:aws:iam::123456789012:role/queues"
    ),
    "workloadRoles.*.existingRole": replace(
        _workload(
            *("-Role", "-Policy", "-RolePolicyAttachment", "output.workloadRoleArns.shop"),
            "ServiceAccount.metadata.annotations.eks.amazonaws.com/role-arn",
            existingRole="arn:aws:iam::777788889999:role/shop",
            statements=[],
        ),
        along=("workloadRoles.*.statements",),
    ),
    "workloadRoles.*.sessionTags": Effect(
        {"workloadRoles": {"shop": {"sessionTags": False}}},
        ("PodIdentityAssociation.disableSessionTags",),
        "pod identity",
    ),
    "workloadRoles.*.createServiceAccounts": _workload("-ServiceAccount", createServiceAccounts=False),
    "teams.*.role.serviceAccount": Effect(
        {"teams": {"shop": {"role": {"serviceAccount": "other"}}}},
        ("Role.assumeRolePolicy", "-ServiceAccount", "+ServiceAccount"),
        "team",
        alone=True,
    ),
    "teams.*.principals": Effect(
        {"teams": {"shop": {"principals": ["arn:aws:iam::777788889999:role/others"]}}},
        ("+AccessEntry", "-AccessEntry"),
        "team",
    ),
    "teams.*.viewers": Effect(
        {"teams": {"shop": {"viewers": ["arn:aws:iam::777788889999:role/viewers"]}}},
        ("+AccessEntry", "+RoleBinding"),
        "team",
        alone=True,
    ),
    "access.entries.*.namespaces": Effect(
        {"access": {"entries": {"platform-team": {"namespaces": ["app-*"]}}}},
        # An administrator of namespaces has another policy than one of the cluster.
        ("+AccessPolicyAssociation", "-AccessPolicyAssociation"),
    ),
    # -- Add-ons and where pods run
    "addons.versions": Effect(
        {"addons": {"versions": {"coredns": "v1.14.0-eksbuild.1"}}}, ("Addon.addonVersion", "output.versions.coredns")
    ),
    "addons.values": Effect({"addons": {"values": {"coredns": {"replicaCount": 3}}}}, ("Addon.configurationValues",)),
    "addons.more.*.version": _added_addon(
        "Addon.addonVersion", "output.versions.aws-efs-csi-driver", version="v3.4.3-eksbuild.1"
    ),
    "addons.more.*.namespace": _added_addon(
        "+PodIdentityAssociation", "-PodIdentityAssociation", "Role.assumeRolePolicy", namespace="storage"
    ),
    "addons.more.*.role.serviceAccounts": _added_addon(
        "+PodIdentityAssociation", "Role.assumeRolePolicy", role={"serviceAccounts": ["efs-csi-controller-sa", "other"]}
    ),
    "addons.more.*.role.statements[].sid": _added_addon_statement(sid="Own"),
    "addons.more.*.role.statements[].actions": _added_addon_statement(actions=["s3:GetAccountPublicAccessBlock"]),
    "addons.more.*.role.statements[].resources": _added_addon_statement(
        resources=["arn:aws:s3:::example"], actions=["s3:ListBucket"], reason=None
    ),
    "addons.more.*.role.statements[].conditions": _added_addon_statement(
        conditions={"StringEquals": {"aws:ResourceAccount": ["777788889999"]}}
    ),
    "addons.more.*.role.managedPolicies": _added_addon(
        "+RolePolicyAttachment",
        "-RolePolicyAttachment",
        role={"managedPolicies": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]},
    ),
    "addons.more.*.values": _added_addon("Addon.configurationValues", values={"controller": {"replicaCount": 3}}),
    "addons.ebsCsi": Effect(
        {"addons": {"ebsCsi": True}},
        ("+Addon", "+Role", "+RolePolicyAttachment", "+StorageClass", "output.versions.aws-ebs-csi-driver"),
        "nodes",
    ),
    "observability.prometheus.workspace": _prometheus(
        "Scraper.destination.amp.workspaceArn",
        "-Workspace",
        workspace="arn:aws:aps:ap-northeast-1:111122223333:workspace/ws-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    ),
    "observability.prometheus.key": _prometheus(
        "Workspace.kmsKeyArn",
        key="arn:aws:kms:ap-northeast-1:111122223333:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    ),
    "observability.prometheus.intervalSeconds": _prometheus("Scraper.scrapeConfiguration", intervalSeconds=30),
    "observability.grafana.version": _grafana("Workspace.grafanaVersion", version="10.4"),
    "observability.grafana.admins": _grafana(
        "RoleAssociation.groupIds",
        admins=["64c8a4d8-1011-70b7-2f6b-52e1a2c3d4e5", "64c8a4d8-2022-70b7-2f6b-52e1a2c3d4e5"],
    ),
    "observability.grafana.editors": _grafana("+RoleAssociation", editors=["64c8a4d8-2022-70b7-2f6b-52e1a2c3d4e5"]),
    "observability.grafana.viewers": _grafana("+RoleAssociation", viewers=["64c8a4d8-2022-70b7-2f6b-52e1a2c3d4e5"]),
    "observability.grafana.roles": _grafana("+RolePolicy", roles={"other": "arn:aws:iam::444455556666:role/reader"}),
    "observability.metricsReader": Effect(
        {"observability": {"metricsReader": "arn:aws:iam::444455556666:role/grafana"}},
        ("+Role", "+RolePolicy", "output.metricsReaderRoleArn"),
        "grafana",
        alone=True,
    ),
    "storage.fsx.*.zone": _fsx("StorageClass.parameters.subnetId", zone="ap-northeast-1c"),
    "storage.fsx.*.deployment": _fsx(
        "StorageClass.parameters.automaticBackupRetentionDays",
        "StorageClass.parameters.deploymentType",
        "StorageClass.parameters.perUnitStorageThroughput",
        deployment="scratch",
    ),
    "storage.fsx.*.throughput": _fsx("StorageClass.parameters.perUnitStorageThroughput", throughput=250),
    "storage.fsx.*.key": _fsx(
        "StorageClass.parameters.kmsKeyId",
        key="arn:aws:kms:ap-northeast-1:111122223333:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    ),
    "storage.fsx.*.backupDays": _fsx("StorageClass.parameters.automaticBackupRetentionDays", backupDays=7),
    "storage.fsx.*.reclaim": _fsx("StorageClass.reclaimPolicy", reclaim="Retain"),
    "storage.efs.*.key": _file_system(
        "FileSystem.kmsKeyId", key="arn:aws:kms:ap-northeast-1:111122223333:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    ),
    "storage.efs.*.throughput": _file_system("FileSystem.throughputMode", throughput="bursting"),
    "storage.efs.*.backup": _file_system("BackupPolicy.backupPolicy.status", backup=False),
    "storage.efs.*.reclaim": _file_system("StorageClass.reclaimPolicy", reclaim="Retain"),
    "addons.storageClasses.*.type": _storage_class("StorageClass.parameters.type", type="gp2"),
    "addons.storageClasses.*.iops": _storage_class("StorageClass.parameters.iops", iops=4000),
    "addons.storageClasses.*.throughput": _storage_class("StorageClass.parameters.throughput", throughput=250),
    "addons.storageClasses.*.key": _storage_class(
        "StorageClass.parameters.kmsKeyId", "+Policy", "+RolePolicyAttachment", key=KEY
    ),
    "addons.storageClasses.*.fsType": _storage_class("StorageClass.parameters.csi.storage.k8s.io/fstype", fsType="xfs"),
    "addons.storageClasses.*.reclaim": _storage_class("StorageClass.reclaimPolicy", reclaim="Retain"),
    "addons.storageClasses.*.default": _storage_class("StorageClass.metadata.annotations", default=True),
    "addons.metricsServer": Effect(
        {"addons": {"metricsServer": False}, "traefik": {"maxReplicas": 3}},
        ("-Addon", "Release.values.autoscaling.maxReplicas", "output.versions.metrics-server"),
        along=("traefik.maxReplicas",),
        alone=True,
    ),
    "addons.snapshotController": Effect(
        {"addons": {"ebsCsi": True, "snapshotController": True}},
        (
            "+Addon",
            "+Role",
            "+RolePolicyAttachment",
            "+StorageClass",
            "+VolumeSnapshotClass",
            "output.versions.aws-ebs-csi-driver",
            "output.versions.snapshot-controller",
        ),
        "nodes",
        along=("addons.ebsCsi",),
    ),
    "addons.nodeMonitoringAgent": Effect(
        {"addons": {"nodeMonitoringAgent": False}},
        ("-Addon", "output.versions.eks-node-monitoring-agent"),
        "nodes",
        alone=True,
    ),
    "operationsPods.nodeSelector": _pods("Release.values.nodeSelector", nodeSelector={"role": "operations"}),
    "operationsPods.tolerations[].key": _pods(
        "Release.values.tolerations[0].key", tolerations=[{"key": "other", "value": "true"}]
    ),
    "operationsPods.tolerations[].value": _pods(
        "Release.values.tolerations[0].value", tolerations=[{"key": "system", "value": "other"}]
    ),
    "operationsPods.tolerations[].effect": _pods(
        "Release.values.tolerations[0].effect",
        tolerations=[{"key": "system", "value": "true", "effect": "NoExecute"}],
    ),
    # -- Node groups
    "nodeGroups.*.instanceTypes": _node_group("NodeGroup.instanceTypes[0]", instanceTypes=["m7i.large"]),
    "nodeGroups.*.capacity": _node_group("NodeGroup.capacityType", capacity="spot"),
    "nodeGroups.*.image": _node_group(
        "NodeGroup.amiType", "NodeGroup.releaseVersion", "LaunchTemplate.blockDeviceMappings", image="al2023"
    ),
    "nodeGroups.*.architecture": Effect(
        {"nodeGroups": {"workers": {"architecture": "arm64", "instanceTypes": ["m7g.large"]}}},
        ("NodeGroup.amiType", "NodeGroup.instanceTypes[0]"),
        "nodes",
        along=("nodeGroups.*.instanceTypes",),
    ),
    "nodeGroups.*.release": _node_group("NodeGroup.releaseVersion", release="1.65.0-0f1e2d3c"),
    "nodeGroups.*.min": _node_group(
        # Without `desired` a group begins with its fewest nodes.
        "NodeGroup.scalingConfig.minSize",
        "NodeGroup.scalingConfig.desiredSize",
        min=2,
    ),
    "nodeGroups.*.max": _node_group("NodeGroup.scalingConfig.maxSize", max=9),
    "nodeGroups.*.desired": _node_group("NodeGroup.scalingConfig.desiredSize", desired=3),
    "nodeGroups.*.diskGib": _node_group("LaunchTemplate.blockDeviceMappings[1].ebs.volumeSize", diskGib=80),
    "nodeGroups.*.kubelet.shutdownGracePeriod": _node_group(
        "LaunchTemplate.userData", kubelet={"shutdownGracePeriod": "30s"}
    ),
    "nodeGroups.*.labels": _node_group("NodeGroup.labels.team", labels={"team": "a"}),
    "nodeGroups.*.taints[].key": _node_group("NodeGroup.taints[0].key", taints=[{"key": "other", "value": "true"}]),
    "nodeGroups.*.taints[].value": _node_group(
        "NodeGroup.taints[0].value", taints=[{"key": "system", "value": "other"}]
    ),
    "nodeGroups.*.taints[].effect": _node_group(
        "NodeGroup.taints[0].effect", taints=[{"key": "system", "value": "true", "effect": "NoExecute"}]
    ),
    "nodeGroups.*.zones": _node_group("NodeGroup.subnetIds[0]", zones=["ap-northeast-1a"]),
    "nodeGroups.*.perZone": Effect(
        {"nodeGroups": {"workers": {"perZone": True}}}, ("-NodeGroup", "+NodeGroup"), "nodes", alone=True
    ),
    "nodeGroups.*.maxUnavailable": _node_group(
        "NodeGroup.updateConfig.maxUnavailable",
        "NodeGroup.updateConfig.maxUnavailablePercentage",
        maxUnavailable="2",
    ),
    "nodeGroups.*.customImage.id": Effect(
        {"nodeGroups": {"workers": {"customImage": {"id": "ami-0123456789abcdef0"}}}},
        (
            *("NodeGroup.amiType", "NodeGroup.releaseVersion", "NodeGroup.version"),
            *("LaunchTemplate.imageId", "LaunchTemplate.userData"),
        ),
        "nodes",
        alone=True,
    ),
    "nodeGroups.*.maxPods": Effect(
        {"nodeGroups": {"workers": {"maxPods": 110, "customImage": {"id": "ami-0123456789abcdef0"}}}},
        ("LaunchTemplate.userData",),
        "nodes",
        along=("nodeGroups.*.customImage.id",),
        others=True,
    ),
    "nodeGroups.*.updateStrategy": _node_group("NodeGroup.updateConfig.updateStrategy", updateStrategy="minimal"),
    "nodeGroups.*.repairLimits.maxUnhealthy": _node_group(
        "NodeGroup.nodeRepairConfig.maxUnhealthyNodeThresholdCount", repairLimits={"maxUnhealthy": "3"}
    ),
    "nodeGroups.*.repairLimits.maxParallel": _node_group(
        "NodeGroup.nodeRepairConfig.maxParallelNodesRepairedPercentage", repairLimits={"maxParallel": "15%"}
    ),
    **{
        f"nodeGroups.*.repairLimits.overrides[].{field}": _node_group(
            "NodeGroup.nodeRepairConfig.nodeRepairConfigOverrides",
            repairLimits={
                "overrides": [
                    {"condition": "KernelReady", "reason": "ForkFailedOutOfPIDs", "action": "Reboot", "waitMinutes": 9}
                ]
            },
        )
        for field in ("condition", "reason", "action", "waitMinutes")
    },
    "nodeGroups.*.metadataHops": _node_group("LaunchTemplate.metadataOptions.httpPutResponseHopLimit", metadataHops=2),
    "nodeGroups.*.forceUpdateVersion": _node_group("NodeGroup.forceUpdateVersion", forceUpdateVersion=True),
    "nodeGroups.*.timeouts.create": _node_group("NodeGroup.options.customTimeouts.create", timeouts={"create": "30m"}),
    "nodeGroups.*.timeouts.update": _node_group("NodeGroup.options.customTimeouts.update", timeouts={"update": "3h"}),
    "nodeGroups.*.timeouts.delete": _node_group("NodeGroup.options.customTimeouts.delete", timeouts={"delete": "30m"}),
    # Limits of repairs require repairs.
    "nodeGroups.*.repair": replace(_node_group("NodeGroup.nodeRepairConfig.enabled", repair=False), alone=True),
    "nodeGroups.*.efa": Effect(
        {"nodeGroups": {"workers": {"efa": True, "instanceTypes": ["g5.8xlarge"]}}},
        ("LaunchTemplate.networkInterfaces", "LaunchTemplate.placement", "+PlacementGroup", "+SecurityGroup"),
        "nodes",
        along=("nodeGroups.*.instanceTypes",),
        others=True,
    ),
    # Alone: Spot instances, which others change to, are not reserved.
    "nodeGroups.*.reservation.id": Effect(
        {"nodeGroups": {"workers": {"reservation": {"id": "cr-0123456789abcdef0"}}}},
        ("LaunchTemplate.capacityReservationSpecification",),
        "nodes",
        alone=True,
    ),
    "nodeGroups.*.reservation.resourceGroup": Effect(
        {"nodeGroups": {"workers": {"reservation": {"resourceGroup": RESERVED}}}},
        ("LaunchTemplate.capacityReservationSpecification",),
        "nodes",
        alone=True,
    ),
    "nodeGroups.*.public": Effect(
        {"nodeGroups": {"workers": {"public": True}}},
        ("NodeGroup.subnetIds[0]", "NodeGroup.subnetIds[1]", "Subnet.mapPublicIpOnLaunch"),
        "games",
        alone=True,
    ),
    "nodeGroups.*.subnets": Effect(
        {"nodeGroups": {"workers": {"subnets": ["second"]}}}, ("NodeGroup.subnetIds",), "games", alone=True
    ),
    **_of_nodes("nodeGroups.*", lambda change: {"nodeGroups": {"workers": change}}, "LaunchTemplate"),
    "nodeGroups.*.tags": _nodes_of_games(
        "NodeGroup.tags",
        "LaunchTemplate.tagSpecifications[0].tags.Own",
        "LaunchTemplate.tagSpecifications[1].tags.Own",
        tags={"Own": "1"},
    ),
    # -- Fargate
    "fargateProfiles.*.selectors[].namespace": Effect(
        {"fargateProfiles": {"apps": {"selectors": [{"namespace": "team-*"}]}}},
        ("FargateProfile.selectors[0].namespace",),
    ),
    "fargateProfiles.*.selectors[].labels": Effect(
        {"fargateProfiles": {"apps": {"selectors": [{"namespace": "app-*", "labels": {"on": "fargate"}}]}}},
        ("FargateProfile.selectors[0].labels.on",),
    ),
    # -- Karpenter
    "karpenter.public": Effect(
        {"karpenter": {"public": True}},
        ("EC2NodeClass.spec.associatePublicIPAddress", "Subnet.mapPublicIpOnLaunch"),
        "games",
        others=True,
    ),
    "karpenter.subnets": Effect(
        {"karpenter": {"subnets": ["second"]}}, ("EC2NodeClass.spec.subnetSelectorTerms",), "games", alone=True
    ),
    **_of_nodes("karpenter", lambda change: {"karpenter": change}, "EC2NodeClass"),
    "karpenter.tags": Effect({"karpenter": {"tags": {"Own": "1"}}}, ("EC2NodeClass.spec.tags.Own",), "games"),
    "karpenter.version": Effect(
        {"karpenter": {"version": "1.14.0"}}, ("Release.version", "output.versions.karpenter"), "nodes"
    ),
    "karpenter.image": Effect(
        {"karpenter": {"image": "al2023"}},
        ("EC2NodeClass.spec.amiSelectorTerms[0].alias", "EC2NodeClass.spec.blockDeviceMappings"),
        "nodes",
    ),
    "karpenter.imageVersion": Effect(
        {"karpenter": {"imageVersion": "v1.65.0"}}, ("EC2NodeClass.spec.amiSelectorTerms[0].alias",), "nodes"
    ),
    "karpenter.diskGib": Effect(
        {"karpenter": {"diskGib": 80}}, ("EC2NodeClass.spec.blockDeviceMappings[1].ebs.volumeSize",), "nodes"
    ),
    "karpenter.maxPods": Effect(
        {"karpenter": {"maxPods": 110, "nodePools": {"general": {"sizes": ["large"], "minGeneration": 5}}}},
        ("EC2NodeClass.spec.kubelet", f"NodePool.{REQUIREMENTS}"),
        "nodes",
        along=("karpenter.nodePools.*.sizes", "karpenter.nodePools.*.minGeneration"),
        alone=True,
    ),
    "karpenter.nodeRepair": Effect(
        {"karpenter": {"nodeRepair": True}}, ("Release.values.settings.featureGates.nodeRepair",), "nodes"
    ),
    "karpenter.kubelet.shutdownGracePeriod": Effect(
        {"karpenter": {"kubelet": {"shutdownGracePeriod": "30s"}}}, ("EC2NodeClass.spec.userData",), "nodes"
    ),
    "karpenter.nodeClasses.*.diskGib": Effect(
        {"karpenter": {"nodeClasses": {"large": {"diskGib": 200}}}}, ("+EC2NodeClass",), "nodes", alone=True
    ),
    "karpenter.nodePools.*.nodeClass": Effect(
        {"karpenter": {"nodeClasses": {"large": {"diskGib": 200}}, "nodePools": {"general": {"nodeClass": "large"}}}},
        ("+EC2NodeClass", "NodePool.spec.template.spec.nodeClassRef.name"),
        "nodes",
        along=("karpenter.nodeClasses.*.diskGib",),
        alone=True,
    ),
    "karpenter.nodePools.*.capacityTypes": _pool(f"{REQUIREMENTS}[0].values", capacityTypes=["spot"]),
    "karpenter.nodePools.*.architectures": _pool(f"{REQUIREMENTS}[1].values[0]", architectures=["arm64"]),
    "karpenter.nodePools.*.categories": _pool(f"{REQUIREMENTS}[3].values", categories=["r"]),
    # One more requirement is another list.
    "karpenter.nodePools.*.families": _pool(REQUIREMENTS, families=["m7i"]),
    "karpenter.nodePools.*.minGeneration": _pool(REQUIREMENTS, minGeneration=6),
    "karpenter.nodePools.*.sizes": _pool(f"{REQUIREMENTS}[4].operator", f"{REQUIREMENTS}[4].values", sizes=["large"]),
    "karpenter.nodePools.*.zones": _pool(REQUIREMENTS, zones=["ap-northeast-1a"]),
    "karpenter.nodePools.*.instanceTypes": Effect(
        {"karpenter": {"nodePools": {"general": {"categories": None, "instanceTypes": ["m7i.large"]}}}},
        (f"NodePool.{REQUIREMENTS}",),
        "nodes",
        along=("karpenter.nodePools.*.categories",),
    ),
    "karpenter.nodePools.*.cpuLimit": _pool("spec.limits.cpu", cpuLimit="8"),
    "karpenter.nodePools.*.gpuLimit": _pool("spec.limits.nvidia.com/gpu", gpuLimit=8),
    "karpenter.nodePools.*.memoryLimit": _pool("spec.limits.memory", memoryLimit="8Gi"),
    "karpenter.nodePools.*.weight": _pool("spec.weight", weight=7),
    "karpenter.nodePools.*.labels": _pool("spec.template.metadata.labels.team", labels={"team": "a"}),
    "karpenter.nodePools.*.taints[].key": _pool(f"{TAINT}.key", taints=[{"key": "other", "value": "true"}]),
    "karpenter.nodePools.*.taints[].value": _pool(f"{TAINT}.value", taints=[{"key": "batch", "value": "other"}]),
    "karpenter.nodePools.*.taints[].effect": _pool(
        f"{TAINT}.effect", taints=[{"key": "batch", "value": "true", "effect": "NoExecute"}]
    ),
    "karpenter.nodePools.*.startupTaints[].key": _pool(
        "spec.template.spec.startupTaints", startupTaints=[{"key": "agent.example.jp/not-ready"}]
    ),
    "karpenter.nodePools.*.startupTaints[].value": _pool(
        "spec.template.spec.startupTaints", startupTaints=[{"key": "agent.example.jp/not-ready", "value": "true"}]
    ),
    "karpenter.nodePools.*.startupTaints[].effect": _pool(
        "spec.template.spec.startupTaints", startupTaints=[{"key": "agent.example.jp/not-ready", "effect": "NoExecute"}]
    ),
    "karpenter.nodePools.*.consolidation": _pool("spec.disruption.consolidationPolicy", consolidation="WhenEmpty"),
    "karpenter.nodePools.*.consolidateAfter": _pool("spec.disruption.consolidateAfter", consolidateAfter="5m"),
    "karpenter.nodePools.*.expireAfter": _pool("spec.template.spec.expireAfter", expireAfter="72h"),
    "karpenter.nodePools.*.terminationGracePeriod": _pool(
        "spec.template.spec.terminationGracePeriod",
        "options.customTimeouts.delete",
        terminationGracePeriod="2h",
    ),
    "karpenter.nodePools.*.budgets[].nodes": _pool(
        f"{BUDGETS}[0].nodes", budgets=[{"nodes": "20%"}, {"nodes": "1", "schedule": "@daily", "duration": "9h"}]
    ),
    "karpenter.nodePools.*.budgets[].reasons": _pool(
        f"{BUDGETS}[0].reasons",
        budgets=[{"nodes": "10%", "reasons": ["Drifted"]}, {"nodes": "1", "schedule": "@daily", "duration": "9h"}],
    ),
    "karpenter.nodePools.*.budgets[].schedule": _pool(
        f"{BUDGETS}[1].schedule", budgets=[{"nodes": "10%"}, {"nodes": "1", "schedule": "@weekly", "duration": "9h"}]
    ),
    "karpenter.nodePools.*.budgets[].duration": _pool(
        f"{BUDGETS}[1].duration", budgets=[{"nodes": "10%"}, {"nodes": "1", "schedule": "@daily", "duration": "2h"}]
    ),
    # -- Traefik
    "traefik.minReplicas": Effect({"traefik": {"minReplicas": 5}}, ("Release.values.autoscaling.minReplicas",)),
    "traefik.maxReplicas": Effect({"traefik": {"maxReplicas": 9}}, ("Release.values.autoscaling.maxReplicas",)),
    "traefik.cpuTargetPercent": Effect(
        {"traefik": {"cpuTargetPercent": 50}},
        ("Release.values.autoscaling.metrics[0].resource.target.averageUtilization",),
    ),
    "traefik.cpu": Effect({"traefik": {"cpu": "1"}}, ("Release.values.resources.requests.cpu",)),
    "traefik.memory": Effect(
        {"traefik": {"memory": "1Gi"}},
        ("Release.values.resources.requests.memory", "Release.values.resources.limits.memory"),
    ),
    "traefik.readTimeout": Effect(
        {"traefik": {"readTimeout": 900}},
        ("Release.values.ports.web.transport.respondingTimeouts.readTimeout",),
    ),
    "traefik.gatewayApi": Effect(
        {"traefik": {"gatewayApi": True}},
        (
            "+CustomResourceDefinition",
            "ClusterRole.rules",
            "Release.values.gateway",
            "Release.values.gatewayClass",
            "Release.values.providers.kubernetesGateway",
        ),
    ),
    # -- Ingress
    "ingress.owner": Effect(
        {"ingress": {"owner": "program"}},
        ("-Ingress", "+LoadBalancer", "+Listener", "+TargetGroup", "+TargetGroupBinding", "output.ingressDnsName"),
        others=True,
    ),
    "ingress.scheme": _ingress(
        "LoadBalancer.internal",
        "LoadBalancer.subnets[0]",
        "LoadBalancer.subnets[1]",
        # Its name begins with "internal-".
        "Record.aliases[0].name",
        "output.ingressDnsName",
        f"{TRUSTED}[0]",
        f"{TRUSTED}[1]",
        scheme="internal",
    ),
    "ingress.domain.name": _ingress(
        "+Record",
        "-Record",
        "Certificate.domainName",
        "Certificate.tags.Name",
        "CertificateValidation.validationRecordFqdns[0]",
        "output.ingressHosts[0]",
        "Release.values.providers.kubernetesIngress.ingressEndpoint.hostname",
        domain={"name": "example.com"},
        alone=True,
    ),
    "ingress.domain.hostedZoneId": _ingress(
        "Record.zoneId", "output.hostedZoneId", domain={"hostedZoneId": "Z0123456789ANOTHER"}
    ),
    "ingress.domain.alternatives": _ingress(
        "+Record",
        "Certificate.subjectAlternativeNames",
        "output.ingressHosts",
        domain={"alternatives": ["*.example.jp"]},
    ),
    "ingress.domain.weight": _ingress("Record.setIdentifier", "Record.weightedRoutingPolicies", domain={"weight": 100}),
    "ingress.domain.zoneRole": _ingress("+aws", "Record.options.provider", domain={"zoneRole": ZONE_ROLE}),
    "ingress.login.cognito.userPool": _cognito(
        "userPoolArn", userPool="arn:aws:cognito-idp:ap-northeast-1:111122223333:userpool/ap-northeast-1_Two"
    ),
    "ingress.login.cognito.clientId": _cognito("userPoolClientId", clientId="b"),
    "ingress.login.cognito.domain": _cognito("userPoolDomain", domain="login.example.jp"),
    **{
        f"ingress.login.oidc.{key}": Effect(
            {"ingress": {"login": {"oidc": {key: "https://id.example.jp/oauth2"}}}},
            (f"{ANNOTATIONS}/auth-idp-oidc",),
            "oidc login",
        )
        for key in ("issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint")
    },
    "ingress.login.oidc.secretName": Effect(
        {"ingress": {"login": {"oidc": {"secretName": "another"}}}},
        (f"{ANNOTATIONS}/auth-idp-oidc", "Role.rules[0].resourceNames[0]"),
        "oidc login",
    ),
    "ingress.login.scope": Effect(
        {"ingress": {"login": {"scope": "openid email"}}}, (f"{ANNOTATIONS}/auth-scope",), "oidc login"
    ),
    "ingress.login.sessionTimeout": Effect(
        {"ingress": {"login": {"sessionTimeout": 60}}}, (f"{ANNOTATIONS}/auth-session-timeout",), "oidc login"
    ),
    "ingress.login.unauthenticated": Effect(
        {"ingress": {"login": {"unauthenticated": "deny"}}},
        (f"{ANNOTATIONS}/auth-on-unauthenticated-request",),
        "oidc login",
    ),
    "ingress.moreDomains[].name": _more_domain("+Record", "-Record", others=True, name="example.net"),
    "ingress.moreDomains[].hostedZoneId": _more_domain("Record.zoneId", hostedZoneId="Z0123456789THIRD"),
    "ingress.moreDomains[].alternatives": _more_domain(
        "+Record", "Certificate.subjectAlternativeNames", "output.ingressHosts", alternatives=["*.example.com"]
    ),
    "ingress.moreDomains[].weight": _more_domain("Record.setIdentifier", "Record.weightedRoutingPolicies", weight=7),
    "ingress.moreDomains[].zoneRole": _more_domain("+aws", "Record.options.provider", zoneRole=ZONE_ROLE),
    "ingress.moreDomains[].certificate": _more_domain(
        "-Certificate",
        "-CertificateValidation",
        "-Record",
        "ListenerCertificate.certificateArn",
        certificate="arn:aws:acm:ap-northeast-1:777788889999:certificate/1f1e2d3c",
    ),
    "ingress.certificate": _ingress(
        "-Certificate",
        "-CertificateValidation",
        "-Record",
        "Listener.certificateArn",
        certificate="arn:aws:acm:ap-northeast-1:777788889999:certificate/0f1e2d3c",
        alone=True,
    ),
    "ingress.tlsPolicy": _ingress(
        "Listener.sslPolicy", f"{CLASS}.sslPolicy", tlsPolicy="ELBSecurityPolicy-TLS13-1-3-2021-06"
    ),
    "ingress.allowed": _ingress("+SecurityGroupIngressRule", "-SecurityGroupIngressRule", allowed=["192.0.2.0/24"]),
    "ingress.webAcl": _ingress(
        "+WebAclAssociation",
        f"{CLASS}.wafv2AclArn",
        webAcl="arn:aws:wafv2:ap-northeast-1:777788889999:regional/webacl/front/0f1e2d3c",
    ),
    "ingress.targetProtocol": Effect(
        {"ingress": {"targetProtocol": "HTTPS"}},
        (
            "+Issuer",
            "+Certificate",
            "Release.values.ports.web.http",
            "Release.values.tlsStore",
            f"{ANNOTATIONS}/backend-protocol",
            f"{ANNOTATIONS}/healthcheck-protocol",
        ),
        "records",
    ),
    "ingress.idleTimeout": _ingress(
        "LoadBalancer.idleTimeout",
        "Release.values.ports.web.transport.respondingTimeouts.idleTimeout",
        idleTimeout=300,
    ),
    "ingress.dedicated.namespaces": Effect(
        {"ingress": {"dedicated": {"namespaces": ["app-nginx"]}}},
        (f"{CLASS}.namespaceSelector.matchExpressions[0].values",),
        "domain",
    ),
    "ingress.dedicated.scheme": Effect(
        {"ingress": {"dedicated": {"namespaces": ["app-nginx"], "scheme": "internal"}}},
        (f"{CLASS}.namespaceSelector.matchExpressions[0].values", f"{CLASS}.scheme"),
        "domain",
        along=("ingress.dedicated.namespaces",),
    ),
    "ingress.deletionProtection": _ingress("LoadBalancer.enableDeletionProtection", deletionProtection=True),
    "ingress.accessLogs.bucket": Effect(
        {"ingress": {"accessLogs": {"bucket": "other-logs"}}}, (f"{ANNOTATIONS}/load-balancer-attributes",), "logs"
    ),
    "ingress.accessLogs.prefix": Effect(
        {"ingress": {"accessLogs": {"prefix": "platform"}}}, (f"{ANNOTATIONS}/load-balancer-attributes",), "logs"
    ),
    # -- Workloads
    "workloads.folders": Effect(
        {"workloads": {"folders": ["hello"]}},
        ("+Deployment", "-Deployment", "+Namespace", "-Namespace", "-HorizontalPodAutoscaler"),
        "workloads",
        others=True,
    ),
    # -- Cluster Autoscaler
    "clusterAutoscaler.expander": _autoscaler("expander", expander="most-pods"),
    "clusterAutoscaler.scaleDownUnneeded": _autoscaler("scale-down-unneeded-time", scaleDownUnneeded="30m"),
    "clusterAutoscaler.scaleDownUtilizationPercent": _autoscaler(
        "scale-down-utilization-threshold", scaleDownUtilizationPercent=65
    ),
    # -- Descheduler
    "descheduler.interval": Effect(
        {"descheduler": {"interval": "1h"}}, ("Release.values.deschedulingInterval",), "nodes"
    ),
    "descheduler.maxEvictionsPerNode": Effect(
        {"descheduler": {"maxEvictionsPerNode": 9}},
        ("Release.values.deschedulerPolicy.maxNoOfPodsToEvictPerNode",),
        "nodes",
    ),
    # -- ExternalDNS and cert-manager
    "externalDns.domains": _records("Release.values.domainFilters[0]", domains=["example.com"]),
    "externalDns.hostedZoneIds": _records(
        "Release.values.extraArgs.zone-id-filter[0]", hostedZoneIds=["Z0123456789ANOTHER"]
    ),
    "externalDns.zoneRole": Effect(
        {"externalDns": {"zoneRole": ZONE_ROLE}},
        (
            "Release.values.extraArgs.aws-assume-role",
            "+Policy",
            "-Policy",
            "+RolePolicyAttachment",
            "-RolePolicyAttachment",
        ),
        "records",
        alone=True,
    ),
    "externalDns.policy": _records("Release.values.policy", policy="sync"),
    "externalDns.sources": Effect(
        {"externalDns": {"sources": ["traefik-proxy"]}}, ("Release.values.sources",), "records"
    ),
    "certManager.recursiveNameServers": Effect(
        {"certManager": {"recursiveNameServers": ["1.1.1.1:53"]}},
        ("Release.values.dns01RecursiveNameservers", "Release.values.dns01RecursiveNameserversOnly"),
        "records",
    ),
    "certManager.issuers.*.server": _issuer("server", server="letsencrypt-staging"),
    "certManager.issuers.*.email": _issuer("email", email="another@example.jp"),
    "certManager.issuers.*.hostedZoneId": _issuer(
        "solvers[0].dns01.route53.hostedZoneID", "Policy.policy", hostedZoneId="Z0123456789ANOTHER"
    ),
    "certManager.issuers.*.zoneRole": Effect(
        {"certManager": {"issuers": {"one": {"zoneRole": ZONE_ROLE}}}},
        (
            "ClusterIssuer.spec.acme.solvers[0].dns01.route53.role",
            "+Policy",
            "-Policy",
            "+RolePolicyAttachment",
            "-RolePolicyAttachment",
        ),
        "records",
        alone=True,
    ),
    "certManager.issuers.*.domains": _issuer(
        "solvers[0].selector.dnsZones[0]", "Policy.policy", domains=["example.com"]
    ),
    # -- External Secrets Operator
    "externalSecrets.stores.*.service": _store(f"{STORE}.aws.service", "RolePolicy.policy", service="secrets-manager"),
    "externalSecrets.stores.*.path": _store(f"{STORE}.aws.prefix", "RolePolicy.policy", path="/test/"),
    "externalSecrets.stores.*.namespaces": _store(
        "ClusterSecretStore.spec.conditions[0].namespaceRegexes[0]", namespaces=["team-*"]
    ),
    # -- Charts
    "charts.registry": Effect(
        {"charts": {"registry": "https://charts.example.jp"}},
        ("Release.chart", "Release.repositoryOpts.repo"),
        "charts",
    ),
    "extraCharts.*.repository": _chart("Release.repositoryOpts.repo", repository="https://charts.example.jp"),
    "extraCharts.*.chart": _chart("Release.chart", chart="keda-fork"),
    "extraCharts.*.version": _chart("Release.version", "output.versions.keda", version="2.20.1"),
    "extraCharts.*.namespace": _chart(
        "Namespace.metadata.name", "Release.namespace", "Role.assumeRolePolicy", others=True, namespace="scaling"
    ),
    "extraCharts.*.podSecurity": _chart(
        *(f"Namespace.metadata.labels.pod-security.kubernetes.io/{mode}" for mode in ("enforce", "warn", "audit")),
        podSecurity="baseline",
    ),
    "extraCharts.*.operationsNodes": _chart("Release.values.tolerations", operationsNodes=False),
    "extraCharts.*.role.serviceAccount": _chart("Role.assumeRolePolicy", role={"serviceAccount": "operator"}),
    "extraCharts.*.role.annotations": _chart(
        "Release.values.operator", "Release.values.serviceAccount", role={"annotations": "operator.annotations"}
    ),
    "extraCharts.*.role.statements[].sid": _statement("Policy.policy", sid="Queues"),
    "extraCharts.*.role.statements[].actions": _statement("Policy.policy", actions=["sqs:ListQueues"]),
    "extraCharts.*.role.statements[].resources": _statement(
        "Policy.policy", resources=["arn:aws:sqs:ap-northeast-1:777788889999:a"], reason=None
    ),
    "extraCharts.*.role.statements[].conditions": _statement(
        "Policy.policy", conditions={"StringEquals": {"aws:ResourceAccount": ["777788889999"]}}
    ),
    "extraCharts.*.role.managedPolicies": _chart(
        "+RolePolicyAttachment", role={"managedPolicies": ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]}
    ),
    # What is installed first creates the namespace; the order itself is tested in tests/test_recipes.py.
    "extraCharts.*.after": Effect(
        {"extraCharts": {"http": {"namespace": "keda", "after": ["keda"]}}},
        ("-Namespace", "Release.namespace"),
        "two charts",
        along=("extraCharts.*.namespace",),
    ),
    "extraCharts.*.stackValues": _chart("Release.values.network", stackValues={"network.id": "vpcId"}),
    "extraCharts.*.teamResources": _chart(
        "ClusterRole.rules", teamResources=["keda.sh/scaledobjects", "keda.sh/scaledjobs"]
    ),
    "extraCharts.*.values": _chart("Release.values.log", values={"log": "debug"}),
    # -- Argo CD
    "argoCd.host": _argo_cd(
        "Release.values.providers.file.content.http.routers.argocd-grpc.rule",
        "Release.values.providers.file.content.http.routers.argocd-web.rule",
        "Release.values.global.domain",
        "+Record",
        "-Record",
        host="cd.example.jp",
    ),
    "access.argoCdHub": Effect(
        {"access": {"argoCdHub": "arn:aws:iam::123456789012:role/hub"}},
        ("+Role", "+AccessEntry", "+AccessPolicyAssociation", "output.argoCdAccessRoleArn"),
    ),
    "argoCd.hub": Effect(
        {"argoCd": {"hub": True}},
        (
            "+Role",
            "Release.values.controller.serviceAccount",
            "Release.values.server.serviceAccount",
            "output.argoCdRoleArn",
        ),
        "hub",
    ),
    "argoCd.metadata.labels": Effect(
        {"argoCd": {"metadata": {"labels": {"environment": "dev"}}}}, ("Secret.metadata.labels.environment",), "hub"
    ),
    "argoCd.metadata.annotations": Effect(
        {"argoCd": {"metadata": {"annotations": {"repo": "a"}}}}, ("Secret.metadata.annotations.repo",), "hub"
    ),
    "gitOps.sets.*.clusters": Effect(
        {"gitOps": {"sets": {"apps": {"clusters": []}}}},
        (
            *(f"AppProject.spec.destinations[0].{key}" for key in ("name", "server")),
            *(f"ApplicationSet.spec.generators[0].{key}" for key in ("matrix", "git")),
            "ApplicationSet.spec.template.metadata.name",
            *(f"ApplicationSet.spec.template.spec.destination.{key}" for key in ("name", "server")),
        ),
        "hub",
    ),
    "gitOps.sets.*.clusterValues": Effect(
        {"gitOps": {"sets": {"apps": {"clusterValues": True}}}},
        ("ApplicationSet.spec.template.spec.source.helm",),
        "hub",
        alone=True,
    ),
    "argoCd.gitKnownHosts": _argo_cd("Release.values.configs.ssh", gitKnownHosts=["git.example.jp ssh-ed25519 AAAA"]),
    "argoCd.gitCertificates": _argo_cd(
        "Release.values.configs.tls",
        gitCertificates={"git.example.jp": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"},
    ),
    "argoCd.sso.issuer": _sso("cm.oidc.config", issuer="https://other.example.jp"),
    "argoCd.sso.clientId": _sso("cm.oidc.config", clientId="another"),
    "argoCd.sso.admins": _sso("rbac.policy.csv", admins=["on-call"]),
    "argoCd.sso.readers": _sso("rbac.policy.csv", readers=["developers"]),
    # -- GitOps
    "gitOps.sets.*.repository": _git(
        "AppProject.spec.sourceRepos[0]",
        "ApplicationSet.spec.generators[0].git.repoURL",
        f"{APPLICATION}.source.repoURL",
        repository="https://github.com/example-jp/others.git",
    ),
    "gitOps.sets.*.revision": _git(
        "ApplicationSet.spec.generators[0].git.revision", f"{APPLICATION}.source.targetRevision", revision="v1"
    ),
    "gitOps.sets.*.path": _git("ApplicationSet.spec.generators[0].git.directories[0].path", path="*"),
    "gitOps.sets.*.namespacePrefix": _git(
        "AppProject.spec.destinations[0].namespace",
        "AppProject.spec.clusterResourceWhitelist[0].name",
        f"{APPLICATION}.destination.namespace",
        namespacePrefix="team-",
    ),
    "gitOps.sets.*.namespaces": Effect(
        {"gitOps": {"sets": {"apps": {"namespacePrefix": None, "namespaces": ["app-shop"]}}}},
        (
            "AppProject.spec.destinations[0].namespace",
            "AppProject.spec.clusterResourceWhitelist",
            f"{APPLICATION}.destination.namespace",
            f"{SYNC}.managedNamespaceMetadata",
        ),
        "argo cd",
        along=("gitOps.sets.*.namespacePrefix",),
        others=True,
    ),
    "gitOps.sets.*.kinds": _git("AppProject.spec.namespaceResourceWhitelist", kinds=["*/*"]),
    "gitOps.sets.*.clusterKinds": _git(
        "AppProject.spec.clusterResourceWhitelist", clusterKinds=["storage.k8s.io/StorageClass"]
    ),
    "gitOps.sets.*.podSecurity": _git(
        *(
            f"{SYNC}.managedNamespaceMetadata.labels.pod-security.kubernetes.io/{mode}"
            for mode in ("enforce", "warn", "audit")
        ),
        podSecurity="baseline",
    ),
    "gitOps.sets.*.prune": _git(f"{SYNC}.automated.prune", prune=False),
    "gitOps.sets.*.selfHeal": _git(f"{SYNC}.automated.selfHeal", selfHeal=False),
    "gitOps.sets.*.retry.limit": _git(f"{SYNC}.retry.limit", retry={"limit": 1}),
    "gitOps.sets.*.retry.backoff": _git(f"{SYNC}.retry.backoff.duration", retry={"backoff": "1m"}),
    "gitOps.sets.*.retry.factor": _git(f"{SYNC}.retry.backoff.factor", retry={"factor": 3}),
    "gitOps.sets.*.retry.maxBackoff": _git(f"{SYNC}.retry.backoff.maxDuration", retry={"maxBackoff": "1h"}),
    "gitCredentials.*.url": Effect(
        {"gitCredentials": {"https": {"url": "https://github.com/example"}}}, ("Secret.stringData.url",), "argo cd"
    ),
    "gitCredentials.*.githubApp.id": _app("githubAppID", id=3),
    "gitCredentials.*.githubApp.installationId": _app("githubAppInstallationID", installationId=4),
    "gitCredentials.*.githubApp.enterpriseUrl": _app(
        "githubAppEnterpriseBaseUrl", enterpriseUrl="https://github.example.jp/api/v3"
    ),
    "gitCredentials.*.username": Effect(
        {"gitCredentials": {"https": {"username": "other"}}}, ("Secret.stringData.username",), "argo cd"
    ),
    "charts.images": Effect(
        {"charts": {"images": "registry.example.jp/mirror"}},
        (
            "Release.values.image.repository",
            "Release.values.image.registry",
            "Release.values.controller.image.repository",
        ),
        "nodes",
    ),
    "charts.values": Effect(
        {"charts": {"values": {"traefik": {"log": {"level": "DEBUG"}}}}}, ("Release.values.log.level",)
    ),
    "charts.username": Effect({"charts": {"username": "other"}}, ("Release.repositoryOpts.username",), "charts"),
    # -- Keys
    "encryption.logs": Effect({"encryption": {"logs": KEY}}, ("LogGroup.kmsKeyId",), "alarms"),
    "encryption.volumes": Effect(
        {"encryption": {"volumes": KEY}},
        (
            *(f"LaunchTemplate.blockDeviceMappings[{number}].ebs.kmsKeyId" for number in (0, 1)),
            *(f"EC2NodeClass.spec.blockDeviceMappings[{number}].ebs.kmsKeyID" for number in (0, 1)),
            *("+Policy", "+RolePolicyAttachment"),
        ),
        "nodes",
        others=True,
    ),
    "encryption.queue": Effect(
        {"encryption": {"queue": KEY}},
        ("Queue.kmsMasterKeyId", "Queue.sqsManagedSseEnabled", "+Policy", "+RolePolicyAttachment"),
        "nodes",
        others=True,
    ),
    # -- Observability
    "observability.retentionDays": Effect(
        {"observability": {"retentionDays": 7}}, ("LogGroup.retentionInDays",), "alarms"
    ),
    "observability.alarms.emails": Effect(
        {"observability": {"alarms": {"emails": {"on-call": "on-call@example.jp"}}}}, ("+TopicSubscription",), "alarms"
    ),
    "observability.alarms.webhooks": Effect(
        {"observability": {"alarms": {"webhooks": {"pager": {"secure": "AAAA"}}}}}, ("+TopicSubscription",), "alarms"
    ),
    "observability.alarms.thresholds.loadBalancerErrors": _threshold(loadBalancerErrors=7),
    "observability.alarms.thresholds.targetErrors": _threshold(targetErrors=7),
    "observability.alarms.thresholds.unhealthyTargets": _threshold(unhealthyTargets=7),
    "observability.alarms.thresholds.failedNodes": _threshold(failedNodes=7),
    "observability.alarms.thresholds.containerRestarts": _threshold(containerRestarts=7),
    "observability.alarms.thresholds.unschedulablePods": _threshold(unschedulablePods=7),
    "observability.alarms.thresholds.provisioningFailures": _threshold(provisioningFailures=7),
    "observability.alarms.thresholds.interruptionAge": _threshold(interruptionAge=60),
    "observability.alarms.thresholds.natPortErrors": _threshold(natPortErrors=7),
}


# Settings whose change is seen otherwise, by tests of their own below.
SEEN_OTHERWISE: set[str] = {
    # tests/policy/test_environments.py
    "platform.environment",
    # tests/review/test_budget.py
    "platform.monthlyBudget",
    "charts.files",
    "network.existing.tagging",
    "charts.password",
    "extraCharts.*.secretValues",
    "addons.more.*.role.statements[].reason",
    "extraCharts.*.role.statements[].reason",
    "workloadRoles.*.statements[].reason",
    "teams.*.role.statements[].reason",
    "gitCredentials.*.password",
    "gitCredentials.*.sshPrivateKey",
    "gitCredentials.*.githubApp.privateKey",
    # tests/components/delivery/test_clusters.py
    "argoCd.clusters.*.stack",
    "argoCd.clusters.*.labels",
    "argoCd.clusters.*.annotations",
}


def _leaves(annotation: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted paths of all settings below a type: `*` stands for a key, `[]` for an item."""
    origin, args = get_origin(annotation), get_args(annotation)
    models = [choice for choice in args if isinstance(choice, type) and issubclass(choice, BaseModel)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from _leaves(field.annotation, f"{path}.{field.alias}" if path else str(field.alias))
    elif models:
        suffix = ".*" if origin is dict else "[]" if origin is list else ""
        for model in models:
            yield from _leaves(model, f"{path}{suffix}")
    else:
        yield path


def _as_team(path: str, section: str, setting: Callable[[Config], Config]) -> dict[str, Effect]:
    """Return the effects of a team's settings, which are those of the entries that they stand for.

    path, section: the settings of a team, and those that they stand for. setting: takes a change of the latter out.
    """
    *_, last = path.strip(".*").split(".")
    model: dict[str, Any] = {
        "namespaces": settings.NamespaceShare,
        "secrets": settings.TeamSecrets,
        "gitOps": settings.Repository,
        "role": settings.WorkloadRights,
    }
    found: dict[str, Effect] = {}
    for leaf in _leaves(model[last]):
        if f"{section}.*.{leaf}" in SEEN_OTHERWISE:
            continue
        effect = EFFECTS[f"{section}.*.{leaf}"]
        change = setting(effect.change)
        inner: Config = {"namespaces": {"app-shop": change}} if last == "namespaces" else {last: change}
        along = tuple(other.replace(f"{section}.*", path) for other in effect.along)
        found[f"{path}.{leaf}"] = replace(effect, change={"teams": {"shop": inner}}, base="team", along=along)
    return found


EFFECTS.update(
    {
        **_as_team("teams.*.namespaces.*", "teamNamespaces", lambda change: change["teamNamespaces"]["app-shop"]),
        **_as_team("teams.*.secrets", "externalSecrets.stores", lambda it: it["externalSecrets"]["stores"]["one"]),
        **_as_team("teams.*.role", "workloadRoles", lambda change: change["workloadRoles"]["shop"]),
        **_as_team("teams.*.gitOps", "gitOps.sets", lambda change: change["gitOps"]["sets"]["apps"]),
    }
)


# What node groups and node classes share, and each node class, is tried in tests/components/compute/test_node_setup.py,
# test_node_group.py and test_node_pools.py, which take a fraction of the time that a run for each would.
SEEN_OTHERWISE |= {
    f"{path}.{leaf}"
    for path, model in (
        ("nodeGroups.*", settings.NodeSettings),
        ("karpenter", settings.NodeSettings),
        ("karpenter.nodeClasses.*", settings.NodeClass),
    )
    for leaf in _leaves(model)
} - EFFECTS.keys()


def test_every_setting_is_in_the_table() -> None:
    found = list(_leaves(settings.Stack))
    assert len(found) > 90
    assert set(found) == EFFECTS.keys() | SEEN_OTHERWISE, "add to EFFECTS what a changed value of the setting changes"
    assert not EFFECTS.keys() & SEEN_OTHERWISE


@pytest.mark.parametrize("setting", EFFECTS)
def test_an_entry_changes_its_setting_and_no_other(setting: str) -> None:
    effect = EFFECTS[setting]
    patterns = [path.partition("[]")[0] for path in (setting, *effect.along)]
    touched = list(_touched(effect.change))
    for path in touched:
        assert any(fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}.*") for pattern in patterns), path
    for pattern in patterns:
        assert any(fnmatchcase(path, f"{pattern}*") for path in touched), pattern


def _touched(change: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in change.items():
        if isinstance(value, Mapping):
            yield from _touched(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


# --- Runs ---------------------------------------------------------------------------------------------------------


def _runs() -> list[list[str]]:
    """Return which settings are changed together: those of one stack that differ in what they touch and change.

    A run of the program for each would take longer than all other tests together.
    """
    runs: list[list[str]] = []
    for setting, effect in EFFECTS.items():
        fitting = (run for run in runs if all(_apart(effect, EFFECTS[other]) for other in run))
        run = next(fitting, None)
        if run is None:
            runs.append(run := [])
        run.append(setting)
    return runs


def _apart(one: Effect, other: Effect) -> bool:
    alone = one.others or one.alone or other.others or other.alone
    same = set(one.changes) & set(other.changes) or set(_touched(one.change)) & set(_touched(other.change))
    # A list that becomes longer hides what is different in its items.
    inside = any(a.startswith(b) or b.startswith(a) for a in one.changes for b in other.changes)
    return one.base == other.base and not (alone or same or inside)


RUNS: Final = _runs()


@cache
def _base(name: str) -> Plan:
    return run_program(STACK, config=BASES[name])


@cache
def _outcome(number: int) -> frozenset[str]:
    """Return what is different after the changes of a run."""
    return frozenset(_differences(_base(EFFECTS[RUNS[number][0]].base), _changed_plan(number)))


@cache
def _changed_plan(number: int) -> Plan:
    """Return the plan with the changes of a run."""
    effects = [EFFECTS[setting] for setting in RUNS[number]]
    config = BASES[effects[0].base]
    for effect in effects:
        config = merge(config, effect.change)
    return run_program(STACK, config=config)


@pytest.mark.parametrize("setting", EFFECTS)
def test_a_changed_setting_changes_a_resource(setting: str) -> None:
    number = next(index for index, run in enumerate(RUNS) if setting in run)
    assert set(EFFECTS[setting].changes) - _outcome(number) == set(), (
        f"these did not change; if stack {EFFECTS[setting].base!r} has no such resource, choose another `base`"
    )


@pytest.mark.parametrize("number", range(len(RUNS)))
def test_nothing_else_changes(number: int) -> None:
    effects = [EFFECTS[setting] for setting in RUNS[number]]
    expected = {change for effect in effects for change in effect.changes}
    if not effects[0].others:
        assert set(_outcome(number)) == expected, RUNS[number]


# --- Policies -----------------------------------------------------------------------------------------------------


def _broken_policies(plan: Plan) -> set[str]:
    found = violations(resources_of(plan), RULES, environment_of(plan))
    return {f"{entry.rule.name}: {entry.problem}" for entry in found if entry.level is Level.MANDATORY}


@pytest.mark.parametrize("base", BASES)
def test_no_stack_that_settings_are_changed_in_breaks_a_policy(base: str) -> None:
    assert _broken_policies(_base(base)) == set()


@pytest.mark.parametrize("number", range(len(RUNS)))
def test_no_changed_setting_breaks_a_policy(number: int) -> None:
    assert _broken_policies(_changed_plan(number)) == set(), RUNS[number]


def test_settings_that_are_changed_together_are_seen_apart() -> None:
    assert sum(len(run) for run in RUNS) == len(EFFECTS)
    for run in RUNS:
        for one, other in combinations(run, 2):
            assert not set(EFFECTS[one].changes) & set(EFFECTS[other].changes)


# --- What is different --------------------------------------------------------------------------------------------


def _differences(before: Plan, after: Plan) -> set[str]:
    """Return what is different between two plans; resources by the last part of their type."""
    old, new = ({entry.urn: entry for entry in plan if entry.custom} for plan in (before, after))
    found = {f"-{_kind(old[urn])}" for urn in old.keys() - new.keys()}
    found |= {f"+{_kind(new[urn])}" for urn in new.keys() - old.keys()}
    for urn in old.keys() & new.keys():
        found |= {f"{_kind(new[urn])}.{path}" for path in _changed(_state(old[urn]), _state(new[urn]))}
    return found | {f"output.{path}" for path in _changed(show(before.exports), show(after.exports))}


def _kind(entry: Registration) -> str:
    return entry.type.rpartition(":")[2]


def _state(entry: Registration) -> dict[str, Any]:
    return {**reveal(entry.inputs), "options": entry.options.to_json()}


def _changed(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted paths at which two values differ."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in old.keys() | new.keys():
            yield from _changed(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _changed(*pair, f"{path}[{index}]")
    else:
        yield path


# --- Seen otherwise -----------------------------------------------------------------------------------------------


def test_tags_of_an_existing_network_are_checked_instead_of_put_there() -> None:
    # network.existing.tagging: the subnets of the fake cloud have no tags.
    assert _base("fargate").counts["aws:ec2/tag:Tag"] > 0
    with pytest.raises(pulumi.RunError, match="subnet-0a1b2c3d4e5f60001 lacks"):
        run_program(STACK, config={"network": {"existing": {"tagging": "check"}}})


def test_tags_reach_volumes_of_claims_too() -> None:
    # platform.tags, where there is an EBS driver.
    plan = run_program(STACK, config=merge(BASES["auto-less"], EFFECTS["platform.tags"].change))
    driver = plan.one(type="aws:eks/addon:Addon", name="platform-fargate-addons-aws-ebs-csi-driver")
    tags = json.loads(driver.inputs["configurationValues"])["controller"]["extraVolumeTags"]
    assert tags.keys() == {"Project", "Stack", "ManagedBy", "CostCenter"}


def test_files_come_from_the_companys_mirror() -> None:
    # charts.files: Pulumi's Kubernetes provider fetches them, and what is in them is the same.
    plan = run_program(STACK, config={"charts": {"files": "https://files.example.jp/mirror"}})
    group = plan.one(type="kubernetes:yaml/v2:ConfigGroup")
    assert {url.split("/raw.")[0] for url in group.inputs["files"]} == {"https://files.example.jp/mirror"}


def test_another_password_reaches_helm(monkeypatch: pytest.MonkeyPatch) -> None:
    # charts.password: what stands for it where the key is missing is always the same.
    before = _base("charts")
    monkeypatch.setattr("harness.program.PLACEHOLDER", "another")
    assert _differences(before, run_program(STACK, config=BASES["charts"])) == {"Release.repositoryOpts.password"}


def test_another_secret_value_reaches_helm(monkeypatch: pytest.MonkeyPatch) -> None:
    # extraCharts.*.secretValues
    before = _base("extra chart")
    monkeypatch.setattr("harness.program.PLACEHOLDER", "another")
    assert _differences(before, run_program(STACK, config=BASES["extra chart"])) == {"Release.values.token"}


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ("extra chart", _statement(reason=None).change),
        ("added add-on", _added_addon_statement(reason=None).change),
        ("teams", _workload_statement(reason=None).change),
    ],
)
def test_a_role_for_every_resource_needs_a_reason(base: str, change: Config) -> None:
    # ...statements[].reason: it is for readers of the stack file.
    with pytest.raises(pulumi.RunError, match=r"statements\[0\].reason: missing"):
        run_program(STACK, config=merge(BASES[base], change))


@pytest.mark.parametrize(
    ("base", "key"),
    [("argo cd", "password"), ("git by ssh", "sshPrivateKey"), ("git by app", "githubAppPrivateKey")],
)
def test_another_login_to_git_reaches_argo_cd(base: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # gitCredentials.*.password, .sshPrivateKey and .githubApp.privateKey: likewise.
    before = _base(base)
    monkeypatch.setattr("harness.program.PLACEHOLDER", "another")
    assert _differences(before, run_program(STACK, config=BASES[base])) == {f"Secret.stringData.{key}"}
