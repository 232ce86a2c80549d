"""The control plane and who may use it."""
