"""Sizes of EC2 instances that are too small for a platform's node."""

from typing import Final

SMALL: Final = ("medium", "micro", "nano", "small")
"""Sizes whose network interfaces give a node eight pods or so, most of them the platform's own DaemonSets.

https://github.com/aws/amazon-vpc-cni-k8s/blob/master/misc/eni-max-pods.txt"""
