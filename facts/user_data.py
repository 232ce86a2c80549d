"""User data of nodes: the text from which a node's operating system reads its settings when it starts."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

BOUNDARY: Final = "==EKS-NODE=="
"""Separates the parts of multipart user data. No part may have a line that begins with it."""


@dataclass(frozen=True)
class Part:
    """A part of multipart user data. content_type: its MIME type. text: its content."""

    content_type: str
    text: str


@dataclass(frozen=True)
class Mount:
    """A disk that a script mounts. device: such as /dev/xvdb. path: where it is mounted.

    empty: whether it is formatted first, and then gets what the folder of the image holds.
    """

    device: str
    path: str
    empty: bool


def multipart(parts: Sequence[Part]) -> str:
    """Return the parts as one MIME document, the form that EKS requires so that it can add a part of its own.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data
    """
    lines = ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"', ""]
    for part in parts:
        lines += [f"--{BOUNDARY}", f"Content-Type: {part.content_type}", "", part.text.rstrip("\n"), ""]
    return "\n".join([*lines, f"--{BOUNDARY}--", ""])


def node_config(spec: Mapping[str, Any]) -> Part:
    """Return the part from which `nodeadm` of Amazon Linux 2023 reads its settings.

    https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/
    """
    document = {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": spec}
    return Part("application/node.eks.aws", f"---\n{yaml.safe_dump(document, sort_keys=False, width=10_000)}")


def mounts(disks: Sequence[Mount]) -> Part:
    """Return a script that mounts disks before containerd and the kubelet start.

    cloud-init runs it once, before the unit nodeadm-run starts both:
    https://github.com/awslabs/amazon-eks-ami/blob/main/templates/al2023/runtime/rootfs/etc/systemd/system/nodeadm-run.service
    """
    lines = [
        "#!/bin/bash",
        "set -euo pipefail",
        "# A node that lacks a disk must not join: its pods would fill the disk of the system.",
        "trap 'systemctl mask nodeadm-run.service' ERR",
    ]
    for disk in disks:
        lines += ["", f"udevadm wait --timeout=120 {disk.device}", f"mkdir -p {disk.path}"]
        if disk.empty:
            # The image holds what it starts with, such as the pause image of containerd, in the folder.
            # https://github.com/awslabs/amazon-eks-ami/blob/main/templates/al2023/provisioners/cache-pause-container.sh
            lines += [
                f"mkfs.xfs {disk.device}",
                "staging=$(mktemp -d)",
                f'mount {disk.device} "$staging"',
                f'cp -a {disk.path}/. "$staging"',
                'umount "$staging"',
            ]
        lines += [
            f'echo "UUID=$(blkid -s UUID -o value {disk.device}) {disk.path} auto defaults 0 0" >> /etc/fstab',
            f"mount {disk.path}",
        ]
    return Part('text/x-shellscript; charset="us-ascii"', "\n".join(lines))


def boot_script(commands: str) -> Part:
    """Return a script with bash commands. A node on which one of them fails does not join its cluster.

    cloud-init runs it as it does that of `mounts`. The commands are in a shell of their own, whose exit and traps do
    not end this one.
    """
    lines = [
        "#!/bin/bash",
        "trap '[ $? = 0 ] || systemctl mask nodeadm-run.service' EXIT",
        "(",
        "set -euo pipefail",
        commands.rstrip("\n"),
        ")",
    ]
    return Part('text/x-shellscript; charset="us-ascii"', "\n".join(lines))


def toml(document: Mapping[str, Any]) -> str:
    """Return a document as TOML (https://toml.io/en/v1.0.0), the form of Bottlerocket's user data.

    document: texts, numbers, booleans, lists and mappings of them; None is left out.
    """
    return "\n".join(_table((), document)).lstrip("\n") + "\n"


def _table(path: Sequence[str], table: Mapping[str, Any]) -> list[str]:
    values = {key: value for key, value in table.items() if value is not None and not isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in values.items()]
    header = [] if not path or not (values or not table) else ["", f"[{'.'.join(map(_key, path))}]"]
    below = [line for key, value in table.items() if isinstance(value, Mapping) for line in _table((*path, key), value)]
    return [*header, *lines, *below]


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # JSON escapes all that TOML does, except for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
