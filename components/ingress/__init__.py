"""The way from users to workloads."""
