"""Settings of instances that are reserved, and of the network between them."""

from pydantic import Field

from settings.base import Settings
from settings.values import ReservationId, ResourceGroupArn


class Reservation(Settings):
    """Reserved capacity of EC2: one reservation, or those in a resource group."""

    id: ReservationId | None = Field(None, description="ID of the capacity reservation or of the capacity block.")
    resource_group: ResourceGroupArn | None = Field(
        None, description="ARN of the resource group with the capacity reservations, instead of `id`."
    )
