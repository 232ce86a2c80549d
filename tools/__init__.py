"""Commands for whoever changes the project."""
