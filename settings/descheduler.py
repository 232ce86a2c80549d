"""Settings of the descheduler: how often pods that would fit elsewhere are moved, and how many at once."""

from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.values import Duration


class Descheduler(Settings):
    """The descheduler, which evicts pods that the scheduler would place on another node today."""

    interval: Duration = Field("5m", description="How often it looks for pods that are in the wrong place.")
    max_evictions_per_node: Annotated[int, Field(ge=1, le=250)] = Field(
        5, description="The most pods that it evicts from one node each time."
    )
