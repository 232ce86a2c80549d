"""Upstream's charts, definitions and policies: what is pulled, by which digest, and where it is found."""
