"""`make prices`: the table of prices from AWS's public price list."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from rehearsal.program import ROOT
from review import prices, renew
from tests.review.price_list import LISTS, lines, opened


def test_the_lists_become_an_entry() -> None:
    assert renew.entry_of("eu-central-1", opened) == {
        "published": "2026-11-20",
        "prices": {
            "AmazonCloudWatch": {
                "CW:AlarmMonitorUsage": 0.1,
                "DataProcessing-Bytes": 0.63,
                "TimedStorage-ByteHrs": 0.0324,
            },
            "AmazonEC2": {
                "EBS:VolumeP-IOPS.gp3": 0.006,
                "EBS:VolumeP-Throughput.gp3": 48.64,
                "EBS:VolumeUsage.gp2": 0.119,
                "EBS:VolumeUsage.gp3": 0.0952,
                "NatGateway-Hours": 0.052,
            },
            "AmazonEKS": {"AmazonEKS-Hours:extendedSupport": 0.5, "AmazonEKS-Hours:perCluster": 0.1},
            "AmazonVPC": {"PublicIPv4:InUseAddress": 0.005, "VpcEndpoint-Hours": 0.012},
            "AWSELB": {"LoadBalancerUsage": 0.027},
            "awskms": {"KMS-Keys": 1.0},
        },
        # One entry for a family whose sizes are in proportion, one a type for the others.
        "instances": {"g5.2xlarge": 1.516, "g5.xlarge": 1.258, "m6i": 0.115},
    }


def test_a_size_out_of_proportion_keeps_its_own_price() -> None:
    assert renew.compact({"m9.large": 0.1, "m9.xlarge": 0.2, "m9.metal": 5.0, "m9.2xlarge": 0.5}) == {
        "m9": 0.1,
        "m9.2xlarge": 0.5,
        "m9.metal": 5.0,
    }


def test_a_list_without_a_wanted_price_is_refused() -> None:
    @contextmanager
    def without(address: str) -> Any:
        if "/AmazonEKS/" in address:
            yield lines("AmazonEKS", LISTS["AmazonEKS"][:1])
        else:
            with opened(address) as found:
                yield found

    with pytest.raises(renew.UnreadableError, match="AmazonEKS in eu-central-1 has no AmazonEKS-Hours:extendedSupport"):
        renew.entry_of("eu-central-1", without)


@pytest.mark.parametrize("text", ["<html>\r\n", '"Publication Date","2026-11-20"\r\n"SKU","Price"\r\n'])
def test_what_is_no_price_list_is_refused(text: str) -> None:
    with pytest.raises(renew.UnreadableError, match="not a price list of AWS"):
        renew.offers(text.splitlines(keepends=True), frozenset({"NatGateway-Hours"}))


def test_the_command_replaces_one_region_and_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "prices.json"
    table.write_text(json.dumps({"us-west-2": {"published": "2026-01-01"}}))
    monkeypatch.setattr(renew, "TABLE", table)
    monkeypatch.setattr(renew, "ROOT", tmp_path)
    monkeypatch.setattr(renew, "fetched", opened)
    assert renew.main(["eu-central-1"]) == 0
    assert capsys.readouterr().out == "prices.json: prices of eu-central-1\n"
    found = json.loads(table.read_text())
    assert found["us-west-2"] == {"published": "2026-01-01"}
    assert prices.parse("eu-central-1", found["eu-central-1"]).instance("m6i.2xlarge") == pytest.approx(0.46)


def test_without_an_answer_the_table_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "prices.json"
    table.write_text("{}")

    def nobody(address: str) -> Any:
        raise OSError("no route to host")

    monkeypatch.setattr(renew, "TABLE", table)
    monkeypatch.setattr(renew, "fetched", nobody)
    assert renew.main(["eu-central-1"]) == 1
    assert capsys.readouterr().err == "no route to host: the table of prices stays as it is\n"
    assert table.read_text() == "{}"


def test_every_region_of_a_stack_file_has_prices() -> None:
    assert renew.regions_of(ROOT) <= prices.table().keys()


def test_the_table_is_as_the_command_writes_it() -> None:
    text = prices.TABLE.read_text("utf-8")
    assert renew.written(json.loads(text)) == text


@pytest.mark.parametrize("region", prices.table())
def test_a_region_has_each_wanted_price_a_day_and_a_page(region: str) -> None:
    found = prices.table()[region]
    assert {service: {*usages} for service, usages in found.services.items()} == dict(renew.USAGES)
    assert found.services.keys() == prices.PAGES.keys()
    assert len(found.published) == len("2026-01-01")


def test_an_address_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(address: str, timeout: float) -> Any:
        raise URLError("Name or service not known")

    monkeypatch.setattr(renew, "urlopen", refused)
    with (
        pytest.raises(renew.UnreadableError, match=r"^https://prices\.example/a cannot be reached: Name"),
        renew.fetched("https://prices.example/a"),
    ):
        pass
