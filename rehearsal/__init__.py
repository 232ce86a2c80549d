"""The platform without an AWS account: how AWS, EKS and Kubernetes answer, and what they refuse, for `harness`."""
