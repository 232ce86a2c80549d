"""The platform as an application team sees it: the outputs of its stack, of a contract version that we know."""

from typing import Any, Final

import pulumi

KNOWN_CONTRACTS: Final = frozenset({1})


class Platform:
    """The outputs of a platform stack. Whatever is made from one waits for the contract version to be checked."""

    def __init__(self, stack: str) -> None:
        """Refer to the platform `stack` ("<organization>/<project>/<stack>")."""
        self._stack = stack
        self._reference = pulumi.StackReference(stack)
        self._contract = self._reference.get_output("contractVersion").apply(self._known)

    def __getitem__(self, name: str) -> pulumi.Output[Any]:
        """Return an output of the platform by its name; a missing one is an error."""
        return pulumi.Output.all(self._contract, self._reference.require_output(name)).apply(lambda both: both[1])

    def _known(self, version: object) -> object:
        if version not in KNOWN_CONTRACTS:
            known = ", ".join(str(known) for known in sorted(KNOWN_CONTRACTS))
            # The engine hands every number over as a float.
            found = f"{version:g}" if isinstance(version, float) else version
            raise pulumi.RunError(
                f"the platform {self._stack} has contract version {found}, this stack knows {known}: "
                "read the platform's notes on the newer contract before you add it to KNOWN_CONTRACTS"
            )
        return version
