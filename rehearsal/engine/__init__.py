"""The real Pulumi engine on the fake cloud: CLI, language host, provider doubles, rehearsals, timelines."""
