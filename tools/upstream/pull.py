"""Pulls charts with Helm and files by HTTPS, checks their digests, and puts what is in them into the cache."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import yaml

import versions
from harness.build import build
from tools.build import HELM
from tools.upstream.lock import Checked, Digest
from tools.upstream.wanted import Chart, File

SECONDS: Final = 60
"""How long a publisher may be silent."""

DEFINITION: Final = "CustomResourceDefinition"

SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    # https://github.com/cert-manager/cert-manager/blob/master/deploy/charts/cert-manager/values.yaml
    "cert-manager": ("--set", "crds.enabled=true"),
}
"""What makes a chart render its definitions, where it does not by itself."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PullError(Exception):
    """Something could not be pulled, or is not what it should be; the message has a line for each."""


def pull(wanted: Sequence[Chart | File], pinned: Mapping[str, Digest], cache: Path) -> dict[str, Digest]:
    """Pull charts and files into `cache`/current; return the digests of those that have none in `pinned`, by key.

    What `cache`/downloads has by its pinned digest is not pulled again. Raises PullError, with the former contents of
    `current` as they were, and NoToolError where there is no Helm.
    """
    downloads = cache / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    helm = build(HELM)
    with ThreadPoolExecutor(max_workers=8) as pool:
        attempts = [pool.submit(_download, item, pinned.get(item.key), downloads, helm) for item in wanted]
    if problems := [str(error) for attempt in attempts if (error := attempt.exception())]:
        raise PullError("\n".join(problems))
    digests = {item.key: attempt.result() for item, attempt in zip(wanted, attempts, strict=True)}
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        fresh = Path(scratch) / "fresh"
        for item in wanted:
            _place(item, downloads / digests[item.key].sha256, fresh)
        for chart in (item for item in wanted if isinstance(item, Chart)):
            # Where the program installs definitions from files, it leaves out those of the chart.
            if not (fresh / "facts" / "crds" / chart.folder).exists():
                _write_definitions(chart, fresh, helm)
        current = cache / "current"
        if current.exists():
            current.rename(Path(scratch) / "former")
        fresh.rename(current)
    return {key: digest for key, digest in digests.items() if key not in pinned}


def _download(item: Chart | File, pin: Digest | None, downloads: Path, helm: Path) -> Digest:
    """Return the digest of a chart's archive, or of a file, that lies in `downloads` under it afterwards."""
    if pin and (downloads / pin.sha256).is_file() and _sha256(downloads / pin.sha256) == pin.sha256:
        return pin
    with tempfile.TemporaryDirectory(dir=downloads) as scratch:
        path = _fetch(item.url, Path(scratch)) if isinstance(item, File) else _helm_pull(item, Path(scratch), helm)
        digest = _sha256(path)
        if pin and digest != pin.sha256:
            raise PullError(
                f"{item}: the download has sha256 {digest}, expected {pin.sha256}. It is not used: ask the publisher "
                "what has changed at this version, then delete the entry in the lock file and pull again"
            )
        found = pin or Digest(digest, _checked(item, digest))
        path.replace(downloads / digest)
    return found


def _fetch(url: str, folder: Path) -> Path:
    path = folder / "file"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as response, path.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(response, file)
    except urllib.error.HTTPError as error:
        raise PullError(f"{url}: the publisher answers {error.code} {error.reason}") from None
    except OSError as error:
        raise PullError(f"{url}: cannot be reached: {getattr(error, 'reason', error)}") from None
    return path


def _helm_pull(chart: Chart, folder: Path, helm: Path) -> Path:
    oci = chart.repository.startswith("oci://")
    source = [f"{chart.repository}/{chart.name}"] if oci else [chart.name, "--repo", chart.repository]
    # A registry on the loopback has no certificate.
    insecure = ["--plain-http"] if chart.repository.startswith("oci://127.0.0.1:") else []
    command: list[str | Path] = [helm, "pull", *source, "--version", chart.version, "--destination", folder, *insecure]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = list(folder.glob("*.tgz"))
    if run.returncode or len(archives) != 1:
        said = run.stderr.strip().splitlines() or ["no archive"]
        raise PullError(f"{chart}: Helm could not pull it: {said[-1].removeprefix('Error: ')}")
    return archives[0]


def _checked(item: Chart | File, digest: str) -> Checked:
    """Return what says that the digest of a first pull is right; raises PullError where the publisher says another."""
    if isinstance(item, File):
        return "tag"
    if item.repository.startswith("oci://"):
        return "pull"
    with tempfile.TemporaryDirectory() as scratch:
        index: Any = yaml.load(_fetch(f"{item.repository}/index.yaml", Path(scratch)).read_text(), Loader=_LOADER)  # noqa: S506  # a safe one
    said = {entry.get("digest") for entry in index["entries"][item.name] if entry["version"] == item.version}
    if said <= {None, ""}:
        return "pull"
    if digest not in {str(one).removeprefix("sha256:") for one in said}:
        raise PullError(f"{item}: the archive has sha256 {digest}, the publisher's index says {said.pop()}")
    return "index"


def _place(item: Chart | File, download: Path, target: Path) -> None:
    if isinstance(item, File):
        path = target / "facts" / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(download, path)
        return
    folder = target / "charts" / item.folder
    with tempfile.TemporaryDirectory(dir=download.parent) as scratch:
        with tarfile.open(download, "r:gz") as archive:
            archive.extractall(scratch, filter="data")
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(scratch) / item.name, folder)


def _write_definitions(chart: Chart, target: Path, helm: Path) -> None:
    """Write the definitions of a chart, those in its `crds` and those that it renders, to a folder of its name."""
    source, folder = target / "charts" / chart.folder, target / "facts" / "crds" / chart.folder
    texts = [path.read_text(encoding="utf-8") for path in sorted(source.glob("crds/**/*.yaml"))]
    command: list[str | Path] = [
        helm, "template", chart.name, source, "--kube-version", versions.DEFAULT_KUBERNETES,
        *SETTINGS.get(chart.name, ()),
    ]  # fmt: skip
    # A chart that fails without values has no definitions among its templates, or they come with a release's values.
    texts.append(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    for item in (item for text in texts for item in yaml.load_all(text, Loader=_LOADER)):
        if item and item.get("kind") == DEFINITION:
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{item['spec']['group']}_{item['spec']['names']['plural']}.yaml"
            (folder / name).write_text(yaml.safe_dump(item), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
