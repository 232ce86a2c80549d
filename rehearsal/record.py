"""Runs a function that declares resources, on the model of AWS, EKS and Kubernetes in `rehearsal.cloud`."""

from __future__ import annotations

from functools import partial
from typing import Final

from harness import record as recorder
from rehearsal.cloud import MODEL

PROJECT: Final = "eks-platform"

record: Final = partial(recorder.record, model=MODEL, project=PROJECT)
"""Run a function and return its plan; see `harness.record.record`. The project is this one unless another is given."""
