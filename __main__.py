"""The stack: its layers, and the layers that each depends on.

A layer is declared in `layer.py` of its folder in `components/`, from the settings and from the layers below it.
"""

from components.common.where import location
from components.compute.layer import compute_layer
from components.control_plane.layer import control_plane_layer
from components.delivery.layer import delivery_layer
from components.ingress.layer import ingress_layer
from components.network.layer import network_layer
from components.observability.layer import node_log_groups, observability_layer
from components.services.layer import services_layer
from outputs import export, platform_outputs
from settings import stack_settings

settings = stack_settings()

where = location(settings)
network = network_layer(settings, where=where)
control_plane = control_plane_layer(settings, where=where, network=network)
logs = node_log_groups(settings, where=where)
compute = compute_layer(settings, where=where, network=network, control_plane=control_plane, node_log_groups=logs)
services = services_layer(settings, where=where, network=network, control_plane=control_plane, compute=compute)
ingress = ingress_layer(
    settings, where=where, network=network, control_plane=control_plane, compute=compute, services=services
)
delivery = delivery_layer(
    settings, where=where, control_plane=control_plane, compute=compute, services=services, ingress=ingress
)
observability = observability_layer(
    settings, where=where, network=network, control_plane=control_plane, compute=compute, ingress=ingress
)

export(
    platform_outputs(
        settings,
        where=where,
        network=network,
        control_plane=control_plane,
        ingress=ingress,
        delivery=delivery,
        observability=observability,
    )
)
