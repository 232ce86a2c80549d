"""PodNamespace: the name of a namespace, which what creates pods there has only once something can run them."""

import pulumi
from pulumi_aws.cloudwatch import LogGroup

from components.common.pod_namespace import PodNamespace, without_pods
from tests.components.recording import Probe, carried, probed, recorded


def test_what_takes_its_name_waits_for_what_runs_its_pods(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        nodes, more_nodes = LogGroup("nodes", opts=opts), LogGroup("more-nodes", opts=opts)
        Probe(namespace=PodNamespace("shop", [nodes, more_nodes]).ready)

    plan = recorded(declare, unknown=unknown)
    # In a first preview too, or it would show what has the namespace in its name as replaced.
    assert probed(plan, "namespace") == "shop"
    assert carried(plan, "namespace") == {"LogGroup nodes", "LogGroup more-nodes"}


def test_without_pods_nothing_is_waited_for(unknown: bool) -> None:
    plan = recorded(lambda _opts: Probe(namespace=without_pods("definitions").ready), unknown=unknown)
    assert probed(plan, "namespace") == "definitions"
    assert carried(plan, "namespace") == set()
