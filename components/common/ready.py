"""How `pulumi up` waits until a controller reports that a custom resource is ready."""

from typing import Final

WAIT_UNTIL_READY: Final = {"pulumi.com/waitFor": "condition=Ready"}
"""Annotation of objects whose controller reports a condition Ready. Without it a custom resource is complete for Pulumi
once the API server has stored it, and `pulumi up` succeeds although, for example, a secret store cannot read anything.
With it, creations and updates fail with the condition's message after ten minutes; deletions do not wait.

Use it only where the condition does not depend on a resource that is created later. For Kubernetes' own kinds and for
Helm releases Pulumi checks by itself whether they are ready.
https://github.com/pulumi/pulumi-kubernetes/issues/1260, https://github.com/pulumi/pulumi-kubernetes/pull/3135"""
