"""Settings of the descheduler: how often pods that would fit elsewhere are moved, and how many at once."""

from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.values import Duration


class Descheduler(Settings):
    """The descheduler, which evicts pods that the scheduler would now place on another node."""

    interval: Duration = Field("5m", description="Time between two searches for pods to move.")
    max_evictions_per_node: Annotated[int, Field(ge=1, le=250)] = Field(
        5, description="Maximum number of pods that are evicted from one node in each run."
    )
