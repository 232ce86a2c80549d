"""The kubeconfig: what kubectl and the Kubernetes provider read, and no secret in it."""

import json

import yaml

from facts.kubeconfig import kubeconfig

TEXT = kubeconfig("dev", "ap-northeast-1", "https://EXAMPLE.gr7.ap-northeast-1.eks.amazonaws.com", "Q0E=")


def test_the_current_context_leads_to_the_cluster_and_its_user() -> None:
    config = json.loads(TEXT)
    assert (config["apiVersion"], config["kind"]) == ("v1", "Config")
    (context,) = [entry["context"] for entry in config["contexts"] if entry["name"] == config["current-context"]]
    (cluster,) = [entry["cluster"] for entry in config["clusters"] if entry["name"] == context["cluster"]]
    (user,) = [entry["user"] for entry in config["users"] if entry["name"] == context["user"]]
    assert cluster == {
        "server": "https://EXAMPLE.gr7.ap-northeast-1.eks.amazonaws.com",
        "certificate-authority-data": "Q0E=",
    }
    assert list(user) == ["exec"]


def test_the_token_comes_from_the_aws_cli_and_is_not_kept() -> None:
    (user,) = json.loads(TEXT)["users"]
    command = user["user"]["exec"]
    assert command["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    line = " ".join([command["command"], *command["args"]])
    assert line == "aws eks get-token --cluster-name dev --region ap-northeast-1 --output json"


def test_clusters_can_be_told_apart_when_several_files_are_merged() -> None:
    config = json.loads(TEXT)
    assert {entry["name"] for key in ("clusters", "users", "contexts") for entry in config[key]} == {"dev"}


def test_it_is_yaml_as_well() -> None:
    assert yaml.safe_load(TEXT) == json.loads(TEXT)
