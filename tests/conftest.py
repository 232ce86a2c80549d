"""What all tests share."""

import pulumi
import pytest
from hypothesis import settings

from rehearsal.record import PROJECT

# How long an example takes says nothing about the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# Importing a package of an SDK imports all its classes, and deprecated ones warn then, though nobody here uses them.
WARNINGS = (
    "ignore:NodeGroup uses AWS EC2 LaunchConfiguration:DeprecationWarning:pulumi_eks",
    "ignore:aws\\.[\\w/.]+ has been deprecated in favor of:DeprecationWarning:pulumi_aws",
)


def pytest_configure(config: pytest.Config) -> None:
    """Let these warnings pass, any other is an error; outside of a program, the project is that of the examples."""
    pulumi.runtime.settings.SETTINGS.project = PROJECT
    for warning in WARNINGS:
        config.addinivalue_line("filterwarnings", warning)
