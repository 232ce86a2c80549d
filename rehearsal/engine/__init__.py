"""This platform on the real Pulumi engine: providers, refusals, rehearsals, timelines."""
