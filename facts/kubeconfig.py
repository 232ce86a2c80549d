"""The kubeconfig of an EKS cluster."""

import json


def kubeconfig(cluster_name: str, region: str, endpoint: str, certificate_authority: str) -> str:
    """Return a kubeconfig, as JSON, that asks the AWS CLI for a token: it holds no secret.

    endpoint: the API server's URL. certificate_authority: its certificate in base64, as EKS gives it.
    """
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", cluster_name, "--region", region, "--output", "json"],
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": cluster_name,
                    "cluster": {"server": endpoint, "certificate-authority-data": certificate_authority},
                }
            ],
            "users": [{"name": cluster_name, "user": {"exec": command}}],
            "contexts": [{"name": cluster_name, "context": {"cluster": cluster_name, "user": cluster_name}}],
            "current-context": cluster_name,
        }
    )
