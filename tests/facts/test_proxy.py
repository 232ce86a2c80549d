"""What is reached without the company's HTTP proxy."""

import pytest

from facts.proxy import SERVICE_RANGES, Proxy, endpoint_host, exceptions


@pytest.mark.parametrize(
    ("service", "region", "host"),
    [
        ("ec2", "ap-northeast-1", "ec2.ap-northeast-1.amazonaws.com"),
        # The registry's own name is below it: 111122223333.dkr.ecr...
        ("ecr.dkr", "ap-northeast-1", "dkr.ecr.ap-northeast-1.amazonaws.com"),
        ("ecr.api", "cn-north-1", "api.ecr.cn-north-1.amazonaws.com.cn"),
        ("eks-auth", "eu-west-1", "eks-auth.eu-west-1.api.aws"),
    ],
)
def test_the_host_name_of_an_endpoint(service: str, region: str, host: str) -> None:
    assert endpoint_host(service, region) == host


def test_what_is_near_is_reached_without_the_proxy() -> None:
    found = exceptions(
        "ap-northeast-1",
        ranges=["10.0.0.0/16", "100.64.0.0/16"],
        services="172.16.0.0/16",
        endpoints=["s3", "sts"],
        more=[".example.com", "10.0.0.0/16"],
    )
    assert found == [
        *("localhost", "127.0.0.1", "169.254.169.254", "169.254.170.23", ".internal", ".svc", ".cluster.local"),
        *("10.0.0.0/16", "100.64.0.0/16", "172.16.0.0/16", ".ap-northeast-1.eks.amazonaws.com"),
        *("s3.ap-northeast-1.amazonaws.com", "sts.ap-northeast-1.amazonaws.com", ".example.com"),
    ]


def test_either_of_the_ranges_that_eks_chooses_from() -> None:
    found = exceptions("eu-west-1", ranges=[], services=None, endpoints=[], more=[])
    assert set(SERVICE_RANGES) <= set(found)


def test_programs_are_told_by_their_environment() -> None:
    assert Proxy("http://proxy.example.com:3128", ["localhost", ".svc"]).environment == {
        "HTTP_PROXY": "http://proxy.example.com:3128",
        "HTTPS_PROXY": "http://proxy.example.com:3128",
        "NO_PROXY": "localhost,.svc",
    }
