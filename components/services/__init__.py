"""Controllers that workloads rely on."""
