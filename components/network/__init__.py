"""The network of the stack."""
