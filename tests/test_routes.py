"""Whose route answers a request, by Traefik's own order: for the platform's hosts never a team's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest

from components.ingress.traefik import PRIORITY, PROVIDERS, PlatformRoute, platform_routes
from facts.interfaces import ARGO_CD_SERVICE as SERVICE
from harness.plan import Plan
from harness.properties import reveal
from tests.plans import STACKS, plan_of

HIGHEST: Final = 2**63 - 1 - 1000
"""Traefik ignores a route with a higher priority than this.

https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/http/routing/rules-and-priority/#priority-calculation,
`maxUserPriority` in https://github.com/traefik/traefik/blob/v3.7.13/pkg/server/router/router.go"""


@dataclass(frozen=True)
class Route:
    """A router of Traefik's."""

    rule: str
    priority: int = 0
    """0: the length of the rule."""
    provider: str = "kubernetescrd"
    service: str = "a team's"


@dataclass(frozen=True)
class Request:
    """What rules look at."""

    host: str
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)


def matches(rule: str, request: Request) -> bool:
    """Tell whether a rule of Host, PathPrefix and Header, with ! && || and no brackets, is for a request."""
    return any(all(_matches(part, request) for part in side.split("&&")) for side in rule.split("||"))


def _matches(matcher: str, request: Request) -> bool:
    found = re.fullmatch(r"\s*(!?)(\w+)\((.*)\)\s*", matcher)
    assert found, matcher
    values = re.findall("`([^`]*)`", found[3])
    answer = {
        "Host": request.host in values,
        "HostRegexp": re.search(values[0], request.host) is not None,
        "PathPrefix": request.path.startswith(values[0]),
        "Header": request.headers.get(values[0]) == values[-1],
    }[found[2]]
    return bool(answer != bool(found[1]))


def answering(routes: list[Route], request: Request, precedence: list[str]) -> set[str]:
    """Return the services of the routes of which one answers a request; several where Traefik's order is any.

    The highest priority first, then the provider's place (`routes.Less` in
    https://github.com/traefik/traefik/blob/v3.7.13/pkg/muxer/http/mux.go).
    """
    found = [route for route in routes if route.priority <= HIGHEST and matches(route.rule, request)]
    order = [(route.priority or len(route.rule), -precedence.index(route.provider)) for route in found]
    return {route.service for route, place in zip(found, order, strict=True) if place == max(order)}


def routes_of(plan: Plan) -> Iterator[Route]:
    """Yield the HTTP routes of a stack: those in Traefik's file, and IngressRoutes."""
    for release in plan.find(type="kubernetes:helm.sh/v3:Release"):
        if release.inputs["name"] == "traefik":
            content = reveal(release.inputs)["values"]["providers"].get("file", {}).get("content", {}).get("http", {})
            for router in content.get("routers", {}).values():
                (server,) = content["services"][router["service"]]["loadBalancer"]["servers"]
                yield Route(router["rule"], int(router["priority"]), "file", server["url"].partition("://")[2])
    for entry in plan.find(type="kubernetes:traefik.io/v1alpha1:IngressRoute"):
        inputs = reveal(entry.inputs)
        for route in inputs["spec"]["routes"]:
            service = f"{route['services'][0]['name']}.{inputs['metadata']['namespace']}.svc.cluster.local:80"
            yield Route(route["match"], route.get("priority", 0), "kubernetescrd", service)


def precedence_of(plan: Plan) -> list[str]:
    """Return the providers of a stack's Traefik, the first one first; without a setting in Traefik's own order."""
    (values,) = [
        reveal(release.inputs)["values"]
        for release in plan.find(type="kubernetes:helm.sh/v3:Release")
        if release.inputs["name"] == "traefik"
    ]
    return list(values["providers"].get("precedence", ["kubernetesgateway", "kubernetescrd", "kubernetes", "file"]))


HOST: Final = "argocd.example.jp"
LOGIN: Final = Request(HOST, "/api/v1/session")
GRPC: Final = Request(HOST, "/application.ApplicationService/Get", {"Content-Type": "application/grpc"})

ATTACKS: Final = [
    Route(rule, priority, provider)
    for rule in (
        "PathPrefix(`/api`)",
        "PathPrefix(`/`)",
        "HostRegexp(`.*`)",
        f"Host(`{HOST}`)",
        f"Host(`{HOST}`) && PathPrefix(`/api/v1/session`) || Header(`Content-Type`, `application/grpc`)",
    )
    for priority in (0, 12, HIGHEST - 1, HIGHEST, HIGHEST + 1)
    for provider in PROVIDERS[1:]
]
"""Routes that a team may write. The first has the length 18: more than the 10 that Argo CD's route once had."""


@pytest.mark.parametrize("request_", [LOGIN, GRPC, Request(HOST)], ids=["login", "grpc", "start"])
@pytest.mark.parametrize("stack", STACKS)
def test_no_route_of_a_team_takes_a_request_for_the_platforms_host(stack: str, request_: Request) -> None:
    plan = plan_of(stack)
    routes = list(routes_of(plan))
    if not any(f"Host(`{HOST}`)" in route.rule for route in routes):
        pytest.skip("the stack has no Argo CD with that host")
    for attack in ATTACKS:
        assert answering([*routes, attack], request_, precedence_of(plan)) == {SERVICE}, attack


def test_a_stack_has_such_a_host() -> None:
    assert any(f"Host(`{HOST}`)" in route.rule for stack in STACKS for route in routes_of(plan_of(stack)))


def test_teams_keep_their_own_hosts() -> None:
    routes = [*routes_of(plan_of("prod")), Route("Host(`shop.example.jp`)", service="shop")]
    assert answering(routes, Request("shop.example.jp", "/api"), list(PROVIDERS)) == {"shop"}


@pytest.mark.parametrize(
    ("ours", "precedence"),
    [
        (Route(f"Host(`{HOST}`)", 10, service=SERVICE), PROVIDERS),
        (Route(f"Host(`{HOST}`)", HIGHEST, service=SERVICE), PROVIDERS),
        (Route(f"Host(`{HOST}`)", HIGHEST, "file", SERVICE), (*PROVIDERS[1:], "file")),
        (Route(f"Host(`{HOST}`)", HIGHEST + 1, "file", SERVICE), PROVIDERS),
    ],
    ids=["low", "of the same provider", "of the last provider", "too high"],
)
def test_each_half_of_it_is_needed(ours: Route, precedence: tuple[str, ...]) -> None:
    found = [answering([ours, attack], LOGIN, list(precedence)) for attack in ATTACKS]
    assert any(services != {SERVICE} for services in found)


def test_the_highest_priority_is_not_rounded() -> None:
    # A number of JSON is a float for Pulumi and for Helm: 9223372036854774784, below what a team may write.
    assert int(PRIORITY) == HIGHEST
    assert int(float(PRIORITY)) != HIGHEST
    routers = platform_routes([PlatformRoute("argocd", HOST, SERVICE)])["http"]["routers"]
    assert {router["priority"] for router in routers.values()} == {PRIORITY}


def test_web_and_grpc_are_on_one_host() -> None:
    http = platform_routes([PlatformRoute("argocd", HOST, SERVICE)])["http"]
    web, grpc = http["routers"].values()
    assert (web["entryPoints"], grpc["entryPoints"]) == (["web"], ["web"])
    assert [matches(web["rule"], request) for request in (LOGIN, GRPC)] == [True, False]
    assert [matches(grpc["rule"], request) for request in (LOGIN, GRPC)] == [False, True]
    assert http["services"][web["service"]] == {"loadBalancer": {"servers": [{"url": f"http://{SERVICE}"}]}}
    assert http["services"][grpc["service"]] == {"loadBalancer": {"servers": [{"url": f"h2c://{SERVICE}"}]}}
    # Whether there is TLS is the entry point's own: routes are the same with and without it.
    assert not {"tls"} & {*web, *grpc}
