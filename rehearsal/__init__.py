"""The stack without an AWS account: one description of the cloud, for tests, a preview and the real engine."""


class RehearsalError(Exception):
    """The rehearsal cannot go on, or the real thing would not; the message says why."""
