"""What `make audit` asks OSV, on answers in the format that it documents, from a server on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import versions
from tools import osv

TRAEFIK = osv.Pin("Go", "github.com/traefik/traefik/v3", versions.TRAEFIK.app_version.removeprefix("v"), "")


@contextmanager
def _server(answers: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve the answers in their order; yields the URL and what is asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/querybatch"
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(answers[len(asked) - 1]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _vulns(*ids: str) -> list[dict[str, str]]:
    return [{"id": it, "modified": "2026-11-01T00:00:00Z"} for it in ids]


def test_each_kind_of_pin_is_asked_for_and_read_where_it_stands() -> None:
    found = osv.pins()
    assert any((pin.name, pin.version) == (TRAEFIK.name, TRAEFIK.version) for pin in found)
    assert {pin.ecosystem for pin in found} == {"Go", "GitHub Actions"}
    tools = {pin.where for pin in found if pin.where.endswith("go.mod")}
    assert tools == {path.relative_to(osv.ROOT).as_posix() for path in osv.ROOT.glob("tools/**/go.mod")}
    workflows = {pin.name for pin in found if pin.ecosystem == "GitHub Actions"}
    assert {"actions/checkout", "pulumi/actions"} <= workflows
    kubernetes = {pin.version for pin in found if pin.name == "k8s.io/kubernetes" and "kube-proxy" in pin.where}
    assert len(kubernetes) == len(versions.ADDONS)


def test_modules_of_a_go_mod_are_read_as_they_are_built(tmp_path: Path) -> None:
    (tmp_path / "tools" / "a").mkdir(parents=True)
    (tmp_path / "tools" / "a" / "go.mod").write_text(
        "module eks-platform/tools/a\n\ngo 1.26.3\n\nrequire example.jp/one v1.2.3\n\nrequire (\n"
        "\texample.jp/two v0.0.0-20250102033503-faa5f7b0171c // indirect\n\texample.jp/old v1.0.0\n)\n\n"
        "replace example.jp/old => example.jp/new v2.0.0\n"
    )
    found = {(pin.name, pin.version) for pin in osv.pins(tmp_path) if pin.where == "tools/a/go.mod"}
    assert found == {
        ("example.jp/one", "1.2.3"),
        ("example.jp/two", "0.0.0-20250102033503-faa5f7b0171c"),
        ("example.jp/new", "2.0.0"),
        ("stdlib", "1.26.3"),
    }


def test_every_chart_and_add_on_has_a_module_or_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    charts = {chart.name for chart in vars(versions).values() if isinstance(chart, versions.Chart)}
    assert osv.MODULES.keys() | osv.NO_MODULE.keys() == charts | set(versions.ADDON_NAMES)
    assert not osv.MODULES.keys() & osv.NO_MODULE.keys()
    monkeypatch.setattr(osv, "MODULES", {})
    with pytest.raises(osv.AuditError, match="expected its Go module in MODULES"):
        osv.pins()


def test_vulnerabilities_of_each_pin_are_found_page_by_page() -> None:
    other = osv.Pin("GitHub Actions", "actions/checkout", "7.0.1", "")
    answers: list[dict[str, Any]] = [
        {"results": [{"vulns": _vulns("GHSA-1"), "next_page_token": "more"}, {}]},
        {"results": [{"vulns": _vulns("GO-2026-2")}]},
    ]
    with _server(answers) as (url, asked):
        assert osv.vulnerabilities([TRAEFIK, other], url) == {TRAEFIK: ["GHSA-1", "GO-2026-2"]}
    first, second = asked
    assert first["queries"][0] == {
        "package": {"ecosystem": "Go", "name": TRAEFIK.name},
        "version": TRAEFIK.version,
    }
    assert [query["page_token"] for query in second["queries"]] == ["more"]


def test_an_answer_that_leaves_a_question_out_is_an_error() -> None:
    with _server([{"results": []}]) as (url, _), pytest.raises(osv.AuditError, match="answered 0 of 1"):
        osv.vulnerabilities([TRAEFIK], url)


def test_more_pins_than_a_batch_takes_are_asked_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osv, "BATCH", 1)
    with _server([{"results": [{}]}, {"results": [{}]}]) as (url, asked):
        assert osv.vulnerabilities([TRAEFIK, osv.Pin("Go", "stdlib", "1.26.3", "")], url) == {}
    assert [len(batch["queries"]) for batch in asked] == [1, 1]


def test_what_is_accepted_must_be_found() -> None:
    found = {TRAEFIK: ["GHSA-1", "GHSA-2"]}
    assert osv.report(found, {"GHSA-1": "not used"}) == [f"{TRAEFIK}: https://osv.dev/vulnerability/GHSA-2"]
    assert osv.report({}, {"GHSA-1": "not used"}) == ["GHSA-1 is accepted in tools/osv.py and not found: remove it"]
    assert all(
        len(reason.split()) > 3
        for reason in (*osv.NO_MODULE.values(), *osv.ACCEPTED.values(), *osv.AS_PUBLISHED.values())
    )


def test_the_exit_code_tells_what_was_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(osv, "pins", lambda: [TRAEFIK])
    answers: list[dict[str, Any]] = [
        {"results": [{}]},
        {"results": [{"vulns": _vulns("GHSA-1")}]},
        {"results": []},
    ]
    with _server(answers) as (url, _):
        assert [osv.main(url), osv.main(url), osv.main(url)] == [0, 1, 2]
    assert "https://osv.dev/vulnerability/GHSA-1" in capsys.readouterr().out
    assert osv.main("http://127.0.0.1:1") == 2


def test_what_a_publisher_pins_is_counted_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = osv.AS_PUBLISHED
    assert (osv.ROOT / file).is_file()
    monkeypatch.setattr(osv, "pins", lambda: [osv.Pin("Go", "a.example/b", "1.0.0", file)])
    with _server([{"results": [{"vulns": _vulns("GHSA-1")}]}]) as (url, _):
        assert osv.main(url) == 0
    said = capsys.readouterr().out
    assert f"1 vulnerabilities in {file} are left" in said
    assert "GHSA-1" not in said
