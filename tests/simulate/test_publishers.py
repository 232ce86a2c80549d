"""The publishers of a simulation: they have what the copies have, by the names that a stack fetches it from."""

import http.client
import json
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from rehearsal.simulation.publishers import (
    MANIFEST,
    NoCopiesError,
    Publishers,
    hosts_of,
    package,
    publishers,
    without_copies,
)
from tests.plans import EXAMPLES
from versions import TRAEFIK_CRDS

HOST: Final = "charts.example.jp"
FILES: Final = "files.example.jp"
DEFINITION: Final = TRAEFIK_CRDS[0]

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publishers]:
    """Publishers of one chart and one definition."""
    chart, definition = tmp_path / "charts" / "web", tmp_path / "facts" / "crds" / "traefik" / Path(DEFINITION).name
    for folder in (chart / "templates", definition.parent, tmp_path / "certificates"):
        folder.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.2.3+build.4\n")
    (chart / "templates" / "map.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n")
    definition.write_text("kind: CustomResourceDefinition\n")
    monkeypatch.setenv("UPSTREAM_CHARTS", str(tmp_path / "charts"))
    monkeypatch.setenv("UPSTREAM_FACTS", str(tmp_path / "facts"))
    with publishers(tmp_path / "certificates", frozenset({HOST, FILES})) as found:
        yield found


def test_charts_of_a_stack_without_a_copy_are_named(tmp_path: Path, sources: Publishers) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: platform\nruntime: python\n")
    wanted = {
        "web": {"repository": f"https://{HOST}", "version": "1.2.3+build.4"},
        "other": {"repository": f"https://{HOST}", "version": "2.0.0"},
        "renamed": {"chart": "web", "repository": f"https://{HOST}", "version": "1.2.3+build.4"},
    }
    (tmp_path / "Pulumi.x.yaml").write_text(json.dumps({"config": {"platform:extraCharts": wanted}}))
    assert without_copies("x", tmp_path, sources.copies[0]) == ["other"]


def _get(sources: Publishers, url: str, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    proxy = urlsplit(sources.variables["HTTPS_PROXY"])
    context = ssl.create_default_context(cafile=sources.variables["SSL_CERT_FILE"])
    connection = http.client.HTTPSConnection(str(proxy.hostname), proxy.port, context=context)
    connection.set_tunnel(str(urlsplit(url).hostname), 443)
    connection.request(method, urlsplit(url).path)
    response = connection.getresponse()
    found = response.status, response.read(), dict(response.headers)
    connection.close()
    return found


def test_a_registry_has_a_chart_by_its_tag_and_its_parts_by_their_digests(sources: Publishers) -> None:
    # A plus sign is an underscore in a tag.
    status, body, headers = _get(sources, f"https://{HOST}/v2/any/path/web/manifests/1.2.3_build.4")
    assert (status, headers["Content-Type"]) == (200, MANIFEST)
    manifest = json.loads(body)
    (layer,) = manifest["layers"]
    status, content, _ = _get(sources, f"https://{HOST}/v2/any/path/web/blobs/{layer['digest']}")
    assert (status, len(content)) == (200, layer["size"])
    assert content == package(sources.copies[0], "web", "1.2.3+build.4")
    by_digest = f"https://{HOST}/v2/any/path/web/manifests/{headers['Docker-Content-Digest']}"
    assert _get(sources, by_digest, "HEAD")[:2] == (200, b"")
    assert sources.missing == []


def test_a_repository_has_an_index_that_leads_to_the_chart(sources: Publishers) -> None:
    index = json.loads(_get(sources, f"https://{HOST}/stable/index.yaml")[1])
    (entry,) = index["entries"]["web"]
    status, content, _ = _get(sources, f"https://{HOST}/stable/{entry['urls'][0]}")
    assert (status, content) == (200, package(sources.copies[0], "web", "1.2.3+build.4"))


def test_a_file_is_there_by_its_own_address_and_below_a_mirror_of_it(sources: Publishers) -> None:
    path = DEFINITION.removeprefix("https://")
    assert _get(sources, f"https://{FILES}/mirror/{path}")[:2] == (200, b"kind: CustomResourceDefinition\n")


@pytest.mark.parametrize(
    "path", ["/v2/web/manifests/1.2.4", "/v2/web/blobs/sha256:00", "/web-1.2.4.tgz", "/other.yaml", "/v2/web/tags/list"]
)
def test_what_there_is_no_copy_of_is_not_found(sources: Publishers, path: str) -> None:
    assert _get(sources, f"https://{HOST}{path}")[0] == 404
    assert sources.missing == [f"https://{HOST}{path}"]


def test_nobody_else_is_reached(sources: Publishers) -> None:
    with pytest.raises(OSError, match="502"):
        _get(sources, "https://elsewhere.example.jp/index.yaml")
    assert sources.missing == ["https://elsewhere.example.jp"]


def test_without_copies_it_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UPSTREAM_CHARTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NoCopiesError, match="make upstream"), publishers(tmp_path, frozenset({HOST})):
        pass


def test_the_hosts_are_the_publishers_and_a_stacks_own_mirrors() -> None:
    own = {"888899990000.dkr.ecr.ap-northeast-1.amazonaws.com", "files.example.jp"}
    assert hosts_of("private", EXAMPLES) - hosts_of("dev", EXAMPLES) == own
    assert {"public.ecr.aws", "traefik.github.io", "raw.githubusercontent.com"} <= hosts_of("dev", EXAMPLES)
