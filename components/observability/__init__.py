"""Logs, metrics, events and alarms."""
