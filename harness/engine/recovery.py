"""What a person does to a stack's state after the CLI was killed in the middle of a creation.

Such a resource may be there or not, and Pulumi cannot know: the state says that a creation is pending. A person looks
for it in the cloud, by its tags or its name, and writes its id into the exported state.
https://www.pulumi.com/docs/support/troubleshooting/common-issues/update-conflicts/

`pulumi refresh --import-pending-creates` is meant for this, but the engine drops what it is given (seen in 3.259).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Deployment = dict[str, Any]


def with_found(deployment: Deployment, found: Mapping[str, str]) -> Deployment:
    """Return an exported deployment without pending operations.

    found: the ids of what was being made and is there, by URN; `pulumi refresh` then reads the rest. A deletion that is
    pending needs no care: the next destroy finds the resource gone or deletes it.
    """
    pending = [operation["resource"] for operation in deployment.get("pending_operations") or []]
    known = {(entry["urn"], entry.get("id")) for entry in deployment.get("resources") or []}
    adopted = [
        {**entry, "id": found[entry["urn"]], "outputs": entry.get("inputs", {})}
        for entry in pending
        if entry["urn"] in found and (entry["urn"], found[entry["urn"]]) not in known
    ]
    rest = {key: value for key, value in deployment.items() if key != "pending_operations"}
    return {**rest, "resources": [*(deployment.get("resources") or []), *adopted]}
