"""A short list in the form of AWS's price list, for the tests of `make prices`; its numbers are invented."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

COLUMNS: Final = (
    "SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "StartingRange", "EndingRange",
    "Unit", "PricePerUnit", "Currency", "serviceCode", "usageType", "operation",
)  # fmt: skip

Row = tuple[str, str, str, str, str]
"""Usage type, operation, term type, the begin of the tier, price."""

LISTS: Final[Mapping[str, list[Row]]] = {
    "AmazonCloudWatch": [
        ("EUC1-CW:AlarmMonitorUsage", "Unknown", "OnDemand", "0", "0.1"),
        ("EUC1-DataProcessing-Bytes", "PutLogEvents", "OnDemand", "0", "0.63"),
        # The first tier is free: what is paid is the next one.
        ("EUC1-TimedStorage-ByteHrs", "HourlyStorageMetering", "OnDemand", "0", "0.0"),
        ("EUC1-TimedStorage-ByteHrs", "HourlyStorageMetering", "OnDemand", "5", "0.0324"),
        ("EUC1-TimedStorage-ByteHrs", "HourlyStorageMetering", "OnDemand", "50", "0.01"),
    ],
    "AmazonEC2": [
        ("EUC1-EBS:VolumeP-IOPS.gp3", "", "OnDemand", "0", "0.006"),
        ("EUC1-EBS:VolumeP-Throughput.gp3", "", "OnDemand", "0", "48.64"),
        ("EUC1-EBS:VolumeUsage.gp2", "", "OnDemand", "0", "0.119"),
        ("EUC1-EBS:VolumeUsage.gp3", "", "OnDemand", "0", "0.0952"),
        ("EUC1-NatGateway-Hours", "NatGateway", "OnDemand", "0", "0.052"),
        ("EUC1-BoxUsage:m6i.large", "RunInstances", "OnDemand", "0", "0.115"),
        ("EUC1-BoxUsage:m6i.large", "RunInstances:0002", "OnDemand", "0", "0.207"),
        ("EUC1-BoxUsage:m6i.large", "RunInstances", "Reserved", "0", "0.07"),
        ("EUC1-BoxUsage:m6i.4xlarge", "RunInstances", "OnDemand", "0", "0.92"),
        ("EUC1-BoxUsage:g5.xlarge", "RunInstances", "OnDemand", "0", "1.258"),
        ("EUC1-BoxUsage:g5.2xlarge", "RunInstances", "OnDemand", "0", "1.516"),
        ("EUC1-UnusedBox:m6i.large", "RunInstances", "OnDemand", "0", "0.115"),
    ],
    "AmazonEKS": [
        ("EUC1-AmazonEKS-Hours:perCluster", "CreateOperation", "OnDemand", "0", "0.1"),
        ("EUC1-AmazonEKS-Hours:extendedSupport", "ExtendedSupport", "OnDemand", "0", "0.5"),
    ],
    "AmazonVPC": [
        ("EUC1-PublicIPv4:InUseAddress", "", "OnDemand", "0", "0.005"),
        ("EUC1-VpcEndpoint-Hours", "VpcEndpoint", "OnDemand", "0", "0.012"),
    ],
    "AWSELB": [
        ("EUC1-LoadBalancerUsage", "LoadBalancing:Network", "OnDemand", "0", "0.0269"),
        ("EUC1-LoadBalancerUsage", "LoadBalancing:Application", "OnDemand", "0", "0.027"),
    ],
    "awskms": [("eu-central-1-KMS-Keys", "", "OnDemand", "0", "1.0")],
}
"""By service. The form is that of https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file.html."""


@contextmanager
def opened(address: str) -> Iterator[Iterable[str]]:
    """Give the lines of the list at an address of AWS."""
    *_, service, current, region, file = address.split("/")
    assert (current, region, file) == ("current", "eu-central-1", "index.csv")
    yield lines(service, LISTS[service])


def lines(service: str, rows: Iterable[Row]) -> list[str]:
    about = [("FormatVersion", "v1.0"), ("Disclaimer", "None"), ("Publication Date", "2026-11-20T00:00:00Z")]
    body = [
        ("SKU1", "JRTCKXETXF", "SKU1.1", term, "text", "2026-11-01", start, "Inf", "Hrs", price, "USD", service, *names)
        for *names, term, start, price in rows
    ]
    return [",".join(f'"{cell}"' for cell in row) + "\r\n" for row in [*about, COLUMNS, *body]]
