"""The policy pack: what every stack must keep to, checked by `pulumi preview`, `pulumi up` and `make preview`."""
