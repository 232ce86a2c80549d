"""A Kubernetes cluster that runs: a real API server with its controllers and scheduler, and stand-ins for the rest."""
