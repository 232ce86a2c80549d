"""What a managed collector of Amazon Managed Service for Prometheus reads in a cluster."""

from typing import Any, Final

_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  # a path
_API: Final = {
    "scheme": "https",
    "authorization": {"credentials_file": _TOKEN},
    "tls_config": {"ca_file": "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", "insecure_skip_verify": True},
}
_ANNOTATION: Final = "__meta_kubernetes_pod_annotation_prometheus_io_"


def scrape_configuration(cluster: str, interval_seconds: int) -> dict[str, Any]:
    """Return the configuration: the API server, the kubelets, their cAdvisors, and pods that ask for it by annotations.

    cluster: value of the label `cluster` of every metric. interval_seconds: the time between two readings.
    https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector-how-to.html#AMP-collector-configuration
    """
    return {
        "global": {"scrape_interval": f"{interval_seconds}s", "external_labels": {"cluster": cluster}},
        "scrape_configs": [
            {
                "job_name": "apiserver",
                "kubernetes_sd_configs": [{"role": "endpoints"}],
                **_API,
                "relabel_configs": [
                    {
                        "source_labels": [
                            "__meta_kubernetes_namespace",
                            "__meta_kubernetes_service_name",
                            "__meta_kubernetes_endpoint_port_name",
                        ],
                        "action": "keep",
                        "regex": "default;kubernetes;https",
                    }
                ],
            },
            _kubelets("kubelet", "metrics"),
            _kubelets("cadvisor", "metrics/cadvisor"),
            {
                "job_name": "pods",
                "kubernetes_sd_configs": [{"role": "pod"}],
                "relabel_configs": [
                    {"source_labels": [f"{_ANNOTATION}scrape"], "action": "keep", "regex": "true"},
                    {
                        "source_labels": [f"{_ANNOTATION}path"],
                        "action": "replace",
                        "regex": "(.+)",
                        "target_label": "__metrics_path__",
                    },
                    {
                        "source_labels": ["__address__", f"{_ANNOTATION}port"],
                        "action": "replace",
                        "regex": r"([^:]+)(?::\d+)?;(\d+)",
                        "replacement": "$1:$2",
                        "target_label": "__address__",
                    },
                    *(
                        {"source_labels": [f"__meta_kubernetes_{label}"], "action": "replace", "target_label": target}
                        for label, target in (("namespace", "namespace"), ("pod_name", "pod"))
                    ),
                ],
            },
        ],
    }


def _kubelets(job: str, path: str) -> dict[str, Any]:
    """Return a job that reads the kubelets through the API server, which the collector reaches without a rule."""
    return {
        "job_name": job,
        "kubernetes_sd_configs": [{"role": "node"}],
        **_API,
        "relabel_configs": [
            {"action": "labelmap", "regex": "__meta_kubernetes_node_label_(.+)"},
            {"target_label": "__address__", "replacement": "kubernetes.default.svc:443"},
            {
                "source_labels": ["__meta_kubernetes_node_name"],
                "action": "replace",
                "regex": "(.+)",
                "target_label": "__metrics_path__",
                "replacement": f"/api/v1/nodes/$1/proxy/{path}",
            },
        ],
    }
