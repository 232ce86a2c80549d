"""Who publishes charts and definitions, on the loopback: repositories, OCI registries and file servers by their names.

A proxy answers for every host that a stack fetches from, so that the program's own URLs hold, with what is in
UPSTREAM_CHARTS and UPSTREAM_FACTS. A program that is to use it needs the proxy's address and the authority that its
certificate is from (`Publishers.variables`).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import ssl
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from rehearsal.program import read_configuration
from tools.upstream import wanted
from tools.upstream.cache import CHARTS, FACTS, absence, folder

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
LAYER: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
"""https://helm.sh/docs/topics/registries/#helm-chart-manifest"""


class NoCopiesError(RuntimeError):
    """There are no copies of upstream's charts or files; the message says how to get them."""


@dataclass(frozen=True)
class Answer:
    """What a publisher sends: its media type and its bytes."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """The content's digest, as a registry names it."""
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"


class Publishers:
    """All publishers of one stack: what they have, and the proxy by which they are reached.

    asked: what was asked of them, a URL each. missing: what they did not have.
    """

    def __init__(self, hosts: frozenset[str], certificate: Path, port: int, copies: tuple[Path, Path]) -> None:
        self.copies: Final = copies
        self.hosts: Final = hosts
        self.certificate: Final = certificate
        self.port: Final = port
        self.asked: Final[list[str]] = []
        self.missing: Final[list[str]] = []
        self._blobs: Final[dict[str, Answer]] = {}

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables by which a program in Go reaches the publishers, and nothing else outside."""
        return {"HTTPS_PROXY": f"http://127.0.0.1:{self.port}", "SSL_CERT_FILE": str(self.certificate)}

    def answer(self, host: str, path: str) -> Answer | None:
        """Return what is at a path of a host; None where nothing is."""
        found = self._answer(host, path)
        self.asked.append(f"https://{host}{path}")
        if found is None:
            self.missing.append(f"https://{host}{path}")
        return found

    def _answer(self, host: str, path: str) -> Answer | None:
        if path == "/v2/":
            return Answer("application/json", b"{}")
        if blob := re.fullmatch(r"/v2/.+/(?:blobs|manifests)/(sha256:[0-9a-f]+)", path):
            return self._blobs.get(blob[1])
        if manifest := re.fullmatch(r"/v2/(?:.+/)?([^/]+)/manifests/([^/]+)", path):
            # A tag has no plus sign: https://helm.sh/docs/topics/registries/#limitations
            return self._manifest(manifest[1], manifest[2].replace("_", "+"))
        if path.endswith("/index.yaml"):
            return Answer("application/yaml", json.dumps(index(self.copies[0])).encode())
        if archive := re.fullmatch(r".*/([^/]+)-(v?\d[^/]*)\.tgz", path):
            packed = package(self.copies[0], archive[1], archive[2])
            return Answer("application/gzip", packed) if packed else None
        return _file(self.copies[1], f"{host}{path}")

    def _manifest(self, name: str, version: str) -> Answer | None:
        packed = package(self.copies[0], name, version)
        if packed is None:
            return None
        parts = [Answer(CONFIG, json.dumps(charts(self.copies[0])[name, version][1]).encode()), Answer(LAYER, packed)]
        described = [{"mediaType": part.media_type, "digest": part.digest, "size": len(part.content)} for part in parts]
        content = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
        made = Answer(MANIFEST, json.dumps(content).encode())
        self._blobs.update({part.digest: part for part in (*parts, made)})
        return made


@contextmanager
def publishers(scratch: Path, hosts: frozenset[str]) -> Iterator[Publishers]:
    """Serve the publishers with these host names, from a folder for certificates; raises NoCopiesError."""
    copies = _copies(CHARTS), _copies(FACTS)
    certificate, key = _certificate(scratch, hosts)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _Proxy(("127.0.0.1", 0), _Connection) as proxy:
        proxy.context = context
        proxy.publishers = Publishers(hosts, certificate, proxy.server_address[1], copies)
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy.publishers
        finally:
            proxy.shutdown()
            thread.join()


def _copies(variable: str) -> Path:
    found = folder(variable)
    if found is None:
        raise NoCopiesError(absence(variable))
    return found


def hosts_of(stack: str, project: Path) -> frozenset[str]:
    """Return the host names that a stack fetches charts and files from: the publishers', or its own mirrors."""
    configuration = read_configuration(stack, root=project)
    own = configuration.section("charts")
    mirrors = [str(own[key]) for key in ("registry", "files") if own.get(key)]
    published = [*(chart.repository for chart in wanted.charts(project)), *(file.url for file in wanted.FILES)]
    return frozenset(str(urlsplit(url).hostname) for url in (*published, *mirrors))


def without_copies(stack: str, project: Path, root: Path) -> list[str]:
    """Return the releases of a stack's `extraCharts` whose charts are not in a folder of copies."""
    configuration = read_configuration(stack, root=project)
    extra = configuration.section("extraCharts")
    there = charts(root)
    return [name for name, chart in extra.items() if (chart.get("chart") or name, chart["version"]) not in there]


# --- What there is ------------------------------------------------------------------------------------------------


@cache
def charts(root: Path) -> dict[tuple[str, str], tuple[Path, dict[str, Any]]]:
    """Return the charts in a folder of copies by name and version: the folder, and what Chart.yaml says."""
    manifests = sorted(root.glob("*/Chart.yaml"))
    described = [(path.parent, dict(yaml.safe_load(path.read_text("utf-8")))) for path in manifests]
    return {(str(chart["name"]), str(chart["version"])): (path, chart) for path, chart in described}


@cache
def package(root: Path, name: str, version: str) -> bytes | None:
    """Return a chart as `helm package` packs it; None where there is no copy of it at this version."""
    found = charts(root).get((name, version))
    if found is None:
        return None
    packed = io.BytesIO()
    # Without a time, so that a chart has one digest.
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for path in sorted(path for path in found[0].rglob("*") if path.is_file() and _is_published(found[0], path)):
            member = tarfile.TarInfo(f"{name}/{path.relative_to(found[0]).as_posix()}")
            content = path.read_bytes()
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _is_published(root: Path, path: Path) -> bool:
    """Return whether a file of a copy goes into the package: not one that .helmignore names as a file.

    https://helm.sh/docs/chart_template_guide/helm_ignore_file/
    """
    ignore = root / ".helmignore"
    patterns = ignore.read_text("utf-8").split() if ignore.is_file() else []
    relative = path.relative_to(root).as_posix()
    return not any(fnmatchcase(relative, it) or fnmatchcase(path.name, it) for it in patterns)


def index(root: Path) -> dict[str, Any]:
    """Return the index of a repository that has every chart there is.

    https://helm.sh/docs/topics/chart_repository/#the-index-file
    """
    entries: dict[str, list[dict[str, Any]]] = {}
    for (name, version), (_, chart) in charts(root).items():
        entries.setdefault(name, []).append({**chart, "urls": [f"{name}-{version}.tgz"]})
    return {"apiVersion": "v1", "entries": entries}


def _file(root: Path, address: str) -> Answer | None:
    """Return a file by its publisher's URL without the scheme, which a mirror has below a path of its own."""
    for file in wanted.FILES:
        path = root / file.path
        if f"/{address}".endswith(f"/{file.url.removeprefix('https://')}") and path.is_file():
            return Answer("text/plain; charset=utf-8", path.read_bytes())
    return None


# --- The proxy ----------------------------------------------------------------------------------------------------


def _certificate(scratch: Path, hosts: frozenset[str]) -> tuple[Path, Path]:
    """Return the files of a certificate for all hosts, its own authority, and of its key."""
    certificate, key = scratch / "publishers.pem", scratch / "publishers.key"
    names = ",".join(f"DNS:{host}" for host in sorted(hosts))
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=publishers", "-addext", f"subjectAltName={names}"),
        *("-keyout", str(key), "-out", str(certificate)),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


class _Proxy(ThreadingHTTPServer):
    context: ssl.SSLContext
    publishers: Publishers
    daemon_threads = True


class _Connection(BaseHTTPRequestHandler):
    """A connection to the proxy: a tunnel to one host, whose requests the publishers answer."""

    protocol_version = "HTTP/1.1"
    server: _Proxy
    host = ""

    def do_CONNECT(self) -> None:
        """Open the tunnel, if there is such a publisher, and answer what comes through it."""
        host = self.path.rpartition(":")[0]
        if host not in self.server.publishers.hosts:
            self.server.publishers.missing.append(f"https://{host}")
            self.send_error(502, f"nothing here publishes as {host}")
            return
        self.send_response(200)
        self.end_headers()
        inside = type("_Inside", (_Connection,), {"host": host})
        with self.server.context.wrap_socket(self.connection, server_side=True) as tunnel:
            inside(tunnel, self.client_address, self.server)
        self.close_connection = True

    def do_GET(self) -> None:
        """Answer a request inside a tunnel."""
        path = urlsplit(self.path).path
        found = self.server.publishers.answer(self.host, path) if self.host else None
        if found is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", found.media_type)
        self.send_header("Content-Length", str(len(found.content)))
        self.send_header("Docker-Content-Digest", found.digest)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(found.content)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Print nothing: `Publishers.asked` has it."""
