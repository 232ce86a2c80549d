"""What makes `pulumi up` wait until a controller says that a custom resource is ready."""

from typing import Final

WAIT_UNTIL_READY: Final = {"pulumi.com/waitFor": "condition=Ready"}
"""Annotation of objects whose controller reports a condition Ready: Pulumi otherwise takes a custom resource for done
once the API server has it, and `up` is green over a store that reads nothing. Creations and updates then end within ten
minutes, or fail with the condition's message; deletions do not ask.

Only where nothing that comes later is needed for it to become true. Of Kubernetes' own kinds and Helm releases Pulumi
knows by itself when they are ready.
https://github.com/pulumi/pulumi-kubernetes/issues/1260, https://github.com/pulumi/pulumi-kubernetes/pull/3135"""
