"""A publisher of charts and files on the loopback: a chart repository, an OCI registry to read from, and files."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import yaml

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"


class Publisher:
    """What is published, by the path of its URL. asked: the paths that were asked for."""

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.contents: dict[str, bytes] = {"/v2/": b"{}"}
        self.types: dict[str, str] = {}
        self.asked: list[str] = []

    @property
    def repository(self) -> str:
        """The URL of the chart repository."""
        return f"http://{self.host}/charts"

    @property
    def registry(self) -> str:
        """The URL of the OCI registry."""
        return f"oci://{self.host}/oci"

    def file(self, path: str, content: bytes) -> str:
        """Publish a file; return its URL."""
        self.contents[path] = content
        return f"http://{self.host}{path}"

    def chart(self, name: str, version: str, archive: Path, digest: str | None = None) -> None:
        """Publish a chart in the repository and in the registry. digest: what the index says, if not the right one."""
        content = archive.read_bytes()
        self.contents[f"/charts/{archive.name}"] = content
        index = yaml.safe_load(self.contents.get("/charts/index.yaml", b"apiVersion: v1\nentries: {}"))
        entry = {
            "apiVersion": "v2", "name": name, "version": version, "digest": digest or _sha256(content),
            "urls": [f"{self.repository}/{archive.name}"],
        }  # fmt: skip
        index["entries"].setdefault(name, []).append(entry)
        self.contents["/charts/index.yaml"] = yaml.safe_dump(index).encode()
        self._publish_image(name, version, content)

    def _publish_image(self, name: str, version: str, content: bytes) -> None:
        # https://github.com/helm/community/blob/main/hips/hip-0006.md
        config = json.dumps({"apiVersion": "v2", "name": name, "version": version}).encode()
        layers = {"vnd.cncf.helm.config.v1+json": config, "vnd.cncf.helm.chart.content.v1.tar+gzip": content}
        parts = [
            {"mediaType": f"application/{kind}", "digest": f"sha256:{_sha256(blob)}", "size": len(blob)}
            for kind, blob in layers.items()
        ]
        described = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
        manifest = json.dumps(described).encode()
        for blob in layers.values():
            self.contents[f"/v2/oci/{name}/blobs/sha256:{_sha256(blob)}"] = blob
        for reference in (version, f"sha256:{_sha256(manifest)}"):
            path = f"/v2/oci/{name}/manifests/{reference}"
            self.contents[path] = manifest
            self.types[path] = MANIFEST


@contextmanager
def publishing() -> Iterator[Publisher]:
    """Publish on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.asked.append(self.path)
            content = publisher.contents.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.send_header("Content-Type", publisher.types.get(self.path, "application/octet-stream"))
            if content:
                self.send_header("Docker-Content-Digest", f"sha256:{_sha256(content)}")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content or b"")

        do_HEAD = do_GET  # noqa: N815  # a name that http.server gives

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher = Publisher(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
