"""What the tests of components share."""

import pytest


@pytest.fixture(params=[False, True], ids=["known", "unknown"])
def unknown(request: pytest.FixtureRequest) -> bool:
    """Whether computed values are unknown, as in a first preview: both ways in turn."""
    return bool(request.param)
