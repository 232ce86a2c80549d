"""A test harness for Pulumi programs in Python: a recorder, a fake cloud, and provider doubles for the real engine.

README.md says what it is made of, and what a project brings.
"""


class HarnessError(Exception):
    """The program cannot be run further, or the real engine or cloud would refuse it; the message says why."""


class RefusedError(HarnessError):
    """The real engine or cloud would refuse the request; the message says why."""
