"""The real Pulumi engine on a fake cloud: CLI, language host, provider doubles, sandboxes, timelines."""
