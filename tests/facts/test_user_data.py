"""User data of nodes: each format is read back by another implementation of it."""

import email
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from facts.user_data import BOUNDARY, Mount, Part, boot_script, mounts, multipart, node_config, toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def _without_mappings_in_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_mappings_in_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_mappings_in_lists(item) for item in value if not isinstance(item, dict)]
    return value


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_toml_is_read_back(document: dict[str, Any]) -> None:
    wanted = _without_mappings_in_lists(document)
    assert tomllib.loads(toml(wanted)) == wanted


def test_toml_leaves_out_what_is_absent() -> None:
    assert tomllib.loads(toml({"a": None, "b": {"c": 1, "d": None}})) == {"b": {"c": 1}}


@given(st.dictionaries(st.text("abcXYZ", min_size=1), st.text("ab:#'\"\\% \n", max_size=30) | st.integers()))
def test_a_multipart_document_is_read_back(spec: dict[str, Any]) -> None:
    parts = [node_config(spec), mounts([Mount("/dev/xvdb", "/mnt/data", empty=True)])]
    message: Any = email.message_from_string(multipart(parts))
    assert message.get_content_type() == "multipart/mixed"
    found = message.get_payload()
    assert [part.get_content_type() for part in found] == ["application/node.eks.aws", "text/x-shellscript"]
    assert yaml.safe_load(found[0].get_payload()) == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": spec,
    }


def test_a_multipart_document_as_text() -> None:
    assert multipart([Part("text/plain", "a\n"), Part("text/plain", "b")]) == (
        f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{BOUNDARY}"\n\n'
        f"--{BOUNDARY}\nContent-Type: text/plain\n\na\n\n"
        f"--{BOUNDARY}\nContent-Type: text/plain\n\nb\n\n--{BOUNDARY}--\n"
    )


def test_an_empty_disk_is_formatted_and_one_from_a_snapshot_is_not() -> None:
    empty = mounts([Mount("/dev/xvdb", "/var/lib/containerd", empty=True)]).text.splitlines()
    full = mounts([Mount("/dev/xvdc", "/mnt/models", empty=False)]).text.splitlines()
    assert "mkfs.xfs /dev/xvdb" in empty
    assert not [line for line in full if line.startswith("mkfs")]
    for lines, path in ((empty, "/var/lib/containerd"), (full, "/mnt/models")):
        assert lines[-1] == f"mount {path}"


def test_the_image_of_the_pause_container_is_kept() -> None:
    """Amazon Linux has it in the folder that the disk is mounted over, and no pod starts without it."""
    lines = mounts([Mount("/dev/xvdb", "/var/lib/containerd", empty=True)]).text.splitlines()
    copy = lines.index('cp -a /var/lib/containerd/. "$staging"')
    assert lines.index("mkfs.xfs /dev/xvdb") < copy < lines.index("mount /var/lib/containerd")


def test_a_node_without_its_disk_does_not_join() -> None:
    lines = mounts([Mount("/dev/xvdb", "/mnt/a", empty=True)]).text.splitlines()
    assert lines[1] == "set -euo pipefail"
    assert "trap 'systemctl mask nodeadm-run.service' ERR" in lines


@pytest.mark.parametrize(
    ("commands", "masked"),
    [
        ("true", False),
        ("exit 0", False),
        ("trap - EXIT\nfalse\ntrue", True),
        ("exit 3", True),
        ("echo $undefined", True),
        ("echo )", True),
        ("cat <<'END'\n$undefined )\nEND", False),
    ],
)
def test_a_node_whose_script_fails_does_not_join(commands: str, *, masked: bool, tmp_path: Path) -> None:
    called = tmp_path / "called"
    (tmp_path / "systemctl").write_text(f'#!/bin/bash\necho "$@" > {called}\n')
    (tmp_path / "systemctl").chmod(0o755)
    script = boot_script(commands).text
    path = f"{tmp_path}:/bin:/usr/bin"
    subprocess.run(["/bin/bash", "-c", script], check=False, env={"PATH": path}, capture_output=True)
    assert called.exists() is masked
    assert not masked or called.read_text() == "mask nodeadm-run.service\n"
