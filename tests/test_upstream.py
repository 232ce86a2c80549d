"""`make upstream` pulls what conformance reads, and takes nothing that is not what its digest says."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import versions
from harness.build import NoToolError
from rehearsal.program import ROOT
from tests import upstream as copies
from tests.conformance import bundles
from tests.conformance.conftest import unless_built
from tests.conformance.helm import NO_COPY, Release, all_releases
from tests.plans import EXAMPLES, OWN, plan_of
from tests.publisher import Publisher, publishing
from tools.build import HELM
from tools.upstream import cache, lock
from tools.upstream import pull as pulling
from tools.upstream.__main__ import main, update
from tools.upstream.lock import Digest
from tools.upstream.pull import PullError, pull
from tools.upstream.wanted import FILES, Chart, File, charts, platform_charts

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: games.example.jp}
spec: {group: example.jp, names: {kind: Game, plural: games}, scope: Namespaced, versions: []}
"""
CHART = {
    "Chart.yaml": "{apiVersion: v2, name: game, version: 1.0.0}",
    "values.yaml": "replicas: 1\n",
    "templates/map.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: game}}\n",
    "crds/games.yaml": DEFINITION,
}


@pytest.fixture
def helm() -> Path:
    return unless_built(HELM)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing() as found:
        yield found


@pytest.fixture
def archive(helm: Path, tmp_path: Path) -> Path:
    """A chart, as `helm package` makes it."""
    return _archive(helm, tmp_path, CHART)


def _archive(helm: Path, folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "game" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return _packaged(helm, folder / "game", folder)


def _packaged(helm: Path, chart: Path, folder: Path) -> Path:
    command: list[str | Path] = [helm, "package", chart, "--destination", folder]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Path(said.rpartition(": ")[2].strip())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _game(repository: str) -> Chart:
    return Chart("game", "1.0.0", repository, "game")


# --- What is pulled -----------------------------------------------------------------------------------------------


def test_charts_of_the_program_and_of_stack_files_are_wanted() -> None:
    found = {chart.key: chart for chart in charts(EXAMPLES)}
    assert {chart.name for chart in platform_charts()} == {
        pin.name for pin in vars(versions).values() if isinstance(pin, versions.Chart)
    }
    assert found["keda@2.20.2"] == Chart("keda", "2.20.2", "https://kedacore.github.io/charts", "keda")


def test_every_release_of_an_example_and_every_file_that_it_installs_is_wanted() -> None:
    wanted = {chart.key for chart in charts(EXAMPLES)}
    urls = {file.url for file in FILES}
    for stack in ("dev", "staging", "prod"):
        assert {f"{it.chart}@{it.version}" for it in all_releases(plan_of(stack), "1.36")} <= wanted
    for group in plan_of("dev").find(type=bundles.CONFIG_GROUP):
        assert set(group.inputs["files"]) <= urls


def test_a_companys_own_charts_are_wanted_each_version_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("{name: eks-platform, runtime: python}")
    repository = "https://charts.example.com"
    for stack, section in {
        "one": {"keda": {"repository": repository, "version": "2.20.1"}},
        "two": {
            "again": {"chart": "keda", "repository": repository, "version": "2.20.0"},
            "wrong": {"version": "1.0.0"},
        },
    }.items():
        configuration = {"eks-platform:extraCharts": section, "eks-platform:karpenter": {"version": "1.13.0"}}
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": configuration}))
    platform = set(platform_charts())
    assert {(it.key, it.folder) for it in set(charts(tmp_path)) - platform} == {
        ("keda@2.20.1", "keda"),
        ("keda@2.20.0", "keda@2.20.0"),
        ("karpenter@1.13.0", "karpenter@1.13.0"),
        ("karpenter-crd@1.13.0", "karpenter-crd@1.13.0"),
    }


WITHOUT_INDEX = {"traefik", "karpenter", "karpenter-crd", "cert-manager"}
"""Charts whose digest no index said when the lock file was written: two registries have none, one was out of reach."""


def test_the_lock_file_has_what_is_pinned_and_nothing_else() -> None:
    pinned = lock.read(ROOT, lock.LOCK)
    wanted: list[Chart | File] = [*charts(EXAMPLES), *FILES]
    keys = {item.key for item in wanted}
    unknown = {item.key for item in wanted if isinstance(item, Chart) and item.name in WITHOUT_INDEX}
    renew = "write the lock file again after a pin has changed: make upstream ARGS=--renew"
    assert sorted(pinned.keys() - keys) == [], renew
    assert sorted(keys - pinned.keys() - unknown) == [], renew
    for item in wanted:
        if digest := pinned.get(item.key):
            assert len(digest.sha256) == 64
            assert digest.checked == "tag" if isinstance(item, File) else digest.checked in ("index", "pull")


@pytest.mark.upstream
@pytest.mark.parametrize("file", [file for file in FILES if "gateway-api" not in file.path], ids=lambda file: file.path)
def test_the_lock_file_has_the_digests_of_upstreams_files(file: File) -> None:
    content = copies.facts(*file.path.split("/")).read_bytes()
    assert lock.read(ROOT, lock.LOCK)[file.key].sha256 == _sha256(content)


# --- How it is pulled ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["repository", "registry"])
def test_a_chart_and_its_definitions_are_put_into_the_cache(
    kind: str, publisher: Publisher, archive: Path, tmp_path: Path
) -> None:
    publisher.chart("game", "1.0.0", archive)
    found = pull([_game(getattr(publisher, kind))], {}, tmp_path / "cache")
    digest = _sha256(archive.read_bytes())
    assert found == {"game@1.0.0": Digest(digest, "index" if kind == "repository" else "pull")}
    current = tmp_path / "cache" / "current"
    assert (current / "charts" / "game" / "values.yaml").read_text() == CHART["values.yaml"]
    definition = current / "facts" / "crds" / "game" / "example.jp_games.yaml"
    assert yaml.safe_load(definition.read_text()) == yaml.safe_load(DEFINITION)


def test_a_file_is_put_where_tests_look_for_it(publisher: Publisher, helm: Path, tmp_path: Path) -> None:
    url = publisher.file("/v1/policy.json", b"{}")
    found = pull([File(url, "iam/policy.json")], {}, tmp_path)
    assert found == {url: Digest(_sha256(b"{}"), "tag")}
    assert (tmp_path / "current" / "facts" / "iam" / "policy.json").read_bytes() == b"{}"


def test_what_is_in_the_cache_by_its_digest_is_not_pulled_again(
    publisher: Publisher, archive: Path, tmp_path: Path
) -> None:
    publisher.chart("game", "1.0.0", archive)
    wanted: list[Chart | File] = [_game(publisher.repository), File(publisher.file("/a", b"a"), "a")]
    pinned = pull(wanted, {}, tmp_path / "cache")
    publisher.contents.clear()
    assert pull(wanted, pinned, tmp_path / "cache") == {}
    # One that was changed there is.
    (tmp_path / "cache" / "downloads" / _sha256(b"a")).write_bytes(b"b")
    with pytest.raises(PullError, match="/a: the publisher answers 404"):
        pull(wanted, pinned, tmp_path / "cache")


def test_a_wrong_digest_is_refused_and_the_cache_stays(publisher: Publisher, archive: Path, tmp_path: Path) -> None:
    publisher.chart("game", "1.0.0", archive)
    wanted: list[Chart | File] = [_game(publisher.repository), File(publisher.file("/a", b"a"), "a")]
    pull(wanted, {}, tmp_path / "cache")
    before = sorted(path for path in (tmp_path / "cache" / "current").rglob("*"))
    pins = {item.key: Digest("0" * 64, "index") for item in wanted}
    with pytest.raises(PullError) as caught:
        pull(wanted, pins, tmp_path / "cache")
    first, second = str(caught.value).splitlines()
    assert first == (
        f"game 1.0.0 of {publisher.repository}: the download has sha256 {_sha256(archive.read_bytes())}, expected "
        f"{'0' * 64}. It is not used: ask the publisher what has changed at this version, then delete the entry in the "
        "lock file and pull again"
    )
    assert f"/a: the download has sha256 {_sha256(b'a')}, expected 000" in second
    assert sorted(path for path in (tmp_path / "cache" / "current").rglob("*")) == before
    assert len(list((tmp_path / "cache" / "downloads").iterdir())) == 2


def test_an_archive_that_is_not_what_the_index_says_is_refused(
    publisher: Publisher, archive: Path, tmp_path: Path
) -> None:
    publisher.chart("game", "1.0.0", archive, digest="1" * 64)
    with pytest.raises(PullError, match=f"game 1.0.0 of http://.*: the archive has sha256 .*index says {'1' * 64}"):
        pull([_game(publisher.repository)], {}, tmp_path / "cache")


@pytest.mark.parametrize(
    ("kind", "version", "message"),
    [
        ("repository", "2.0.0", 'Helm could not pull it: chart "game" version "2.0.0" not found in http://'),
        ("registry", "2.0.0", "Helm could not pull it: .*2.0.0: not found"),
    ],
)
def test_a_chart_that_is_not_there_is_named(
    kind: str, version: str, message: str, publisher: Publisher, archive: Path, tmp_path: Path
) -> None:
    publisher.chart("game", "1.0.0", archive)
    with pytest.raises(PullError, match=rf"^game 2\.0\.0 of \S+: {message}"):
        pull([replace(_game(getattr(publisher, kind)), version=version)], {}, tmp_path / "cache")


@pytest.mark.parametrize("kind", ["repository", "registry"])
def test_a_publisher_out_of_reach_is_named(kind: str, helm: Path, tmp_path: Path) -> None:
    with publishing() as gone:
        pass
    wanted: list[Chart | File] = [_game(getattr(gone, kind)), File(f"http://{gone.host}/a", "a")]
    with pytest.raises(PullError) as caught:
        pull(wanted, {}, tmp_path)
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        f"game 1.0.0 of {wanted[0].repository if isinstance(wanted[0], Chart) else ''}: Helm could not"
    )
    assert "connection refused" in first
    assert second.startswith(f"http://{gone.host}/a: cannot be reached: ")
    assert "refused" in second


def test_without_helm_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_helm(tool: object) -> Path:
        raise NoToolError("no Go to build helm with")

    monkeypatch.setattr(pulling, "build", no_helm)
    with pytest.raises(NoToolError, match="no Go to build helm with"):
        pull([], {}, tmp_path)


# --- What is trusted ----------------------------------------------------------------------------------------------


def test_the_first_pull_is_written_down_and_the_second_must_get_the_same(
    publisher: Publisher, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher.chart("game", "1.0.0", archive)
    wanted: list[Chart | File] = [_game(publisher.registry)]
    assert update(wanted, tmp_path, tmp_path / "cache") == 0
    digest = Digest(_sha256(archive.read_bytes()), "pull")
    assert lock.read(tmp_path, lock.OWN_LOCK) == {"game@1.0.0": digest}
    assert not (tmp_path / lock.LOCK).exists()
    said = capsys.readouterr().out
    assert f"sha256 {digest.sha256} is new in upstream.own.lock.yaml: trusted on first use, so commit the file" in said

    assert update(wanted, tmp_path, tmp_path / "cache") == 0
    assert "trusted" not in capsys.readouterr().out
    publisher.contents.clear()
    other = dict(CHART, **{"values.yaml": "replicas: 2\n"})
    publisher.chart("game", "1.0.0", _archive(unless_built(HELM), tmp_path / "other", other))
    with pytest.raises(PullError, match=f"expected {digest.sha256}"):
        update(wanted, tmp_path, tmp_path / "another-cache")


def test_a_digest_of_ours_is_written_only_when_asked_for(
    publisher: Publisher, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.chart("game", "1.0.0", archive)
    own = File(publisher.file("/a", b"a"), "a")
    wanted: list[Chart | File] = [_game(publisher.repository), own]
    monkeypatch.setattr("tools.upstream.__main__.charts", lambda *projects: [_game(publisher.repository)])
    lock.write(tmp_path, lock.LOCK, {"gone@1.0.0": Digest("0" * 64, "index")})
    assert update(wanted, tmp_path, tmp_path / "cache", renew=True) == 0
    assert lock.read(tmp_path, lock.LOCK) == {"game@1.0.0": Digest(_sha256(archive.read_bytes()), "index")}
    assert lock.read(tmp_path, lock.OWN_LOCK).keys() == {own.key}


def test_the_command_says_in_lines_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*arguments: Any, **options: Any) -> int:
        raise PullError("one\ntwo")

    monkeypatch.setattr("tools.upstream.__main__.update", fails)
    assert main([]) == 1
    assert capsys.readouterr().err == "one\ntwo\n"


# --- Where it is found --------------------------------------------------------------------------------------------


def test_variables_win_over_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for variable in cache.FOLDERS:
        monkeypatch.delenv(variable, raising=False)
    assert not cache.is_complete()
    with pytest.raises(pytest.skip.Exception, match=r"UPSTREAM_CHARTS is not set .*: run `make upstream`"):
        copies.chart("traefik")
    for name in cache.FOLDERS.values():
        (cache.cache_folder() / "current" / name).mkdir(parents=True)
    assert cache.is_complete()
    assert copies.chart("traefik") == tmp_path / "eks-platform" / "upstream" / "current" / "charts" / "traefik"
    monkeypatch.setenv(cache.CHARTS, "/elsewhere")
    assert copies.chart("traefik") == Path("/elsewhere/traefik")


CERTIFICATES = {"caBundle", "ca.crt", "tls.crt", "tls.key"}


@pytest.fixture
def pulled(publisher: Publisher, helm: Path, tmp_path: Path) -> Path:
    """A cache of everything that there are copies of, pulled from a publisher on the loopback that has these."""
    wanted: list[Chart | File] = []
    for number, chart in enumerate(charts(EXAMPLES)):
        folder = copies.chart(chart.name)
        if folder.is_dir():
            publisher.chart(chart.name, chart.version, _packaged(helm, folder, tmp_path))
            # Every other one as an image.
            wanted.append(replace(chart, repository=publisher.registry if number % 2 else publisher.repository))
    for file in FILES:
        content = copies.facts(*file.path.split("/")).read_bytes()
        wanted.append(replace(file, url=publisher.file(f"/{file.path}", content)))
    assert update(wanted, tmp_path, tmp_path / "cache") == 0
    assert lock.read(tmp_path, lock.OWN_LOCK).keys() == {item.key for item in wanted}
    return tmp_path / "cache" / "current"


@pytest.mark.thorough
@pytest.mark.upstream
def test_what_was_pulled_is_what_conformance_reads_from_the_copies(
    pulled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rendered() -> dict[str, list[dict[str, Any]]]:
        releases: list[Release] = [it for it in all_releases(plan_of("prod"), "1.36") if it.chart not in NO_COPY]
        assert len(releases) > 5
        return {it.name: _masked(it.rendered()) for it in releases}

    def definitions() -> dict[str, Any]:
        items = [yaml.safe_load(path.read_text()) for path in copies.facts("crds").glob("*/*.yaml")]
        return {item["metadata"]["name"]: item["spec"] for item in items}

    objects, known = rendered(), definitions()
    monkeypatch.setenv(cache.CHARTS, str(pulled / "charts"))
    monkeypatch.setenv(cache.FACTS, str(pulled / "facts"))
    assert rendered() == objects
    for name, spec in definitions().items():
        if "argoproj.io" not in name:  # of another patch
            assert spec == known[name], name
    for file in FILES:
        assert (pulled / "facts" / file.path).is_file()


def _masked(value: Any) -> Any:
    """Return a value without the certificates, which a chart makes anew each time."""
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: None if key in CERTIFICATES else _masked(item) for key, item in value.items()}


# --- What was not checked -----------------------------------------------------------------------------------------


def test_a_check_of_the_stack_files_ends_with_what_it_left_out(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in cache.FOLDERS}
    command = [sys.executable, "-m", "pytest", "-m", "own", "tests/conformance/test_helm.py", "-k", "charts_know"]
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**environment, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    reason = "UPSTREAM_CHARTS is not set and the cache has no charts: run `make upstream`"
    assert run.stdout.splitlines()[-1] == f"Not checked: {reason} ({len(OWN)} tests)"


def test_a_companys_chart_that_was_not_pulled_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Chart("keda", "2.20.1", "https://charts.example.com", "keda")
    monkeypatch.setattr("tools.upstream.wanted.named_by", lambda project: [own])
    monkeypatch.setenv(cache.CHARTS, str(tmp_path))
    line = "Not checked: what keda 2.20.1 of https://charts.example.com makes of its values: run `make upstream`"
    assert copies.unchecked([]) == [line]
    for folder, version, found in (("keda", "2.20.2", [line]), ("keda@2.20.1", "2.20.1", [])):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "Chart.yaml").write_text(f"version: {version}\n")
        assert copies.unchecked([]) == found
