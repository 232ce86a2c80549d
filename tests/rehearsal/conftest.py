"""The small project that the tests of the harness use too."""

from tests.harness.conftest import project

__all__ = ["project"]
