"""How IAM's wildcards match, and what they cover: for the rules, and for the settings that require a reason."""

import re
from typing import Final

POWERFUL: Final = re.compile(r"/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$")
"""AWS's own policies with which a role may give itself every right."""


def like(pattern: str, value: str) -> bool:
    """Return whether IAM takes a value for a pattern: `*` is any text, `?` any character, all else itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards
    """
    # Position in the pattern after the last `*`, and the position in the value that this `*` was last stretched to.
    at_pattern, at_value, star, stretched = 0, 0, -1, 0
    while at_value < len(value):
        if at_pattern < len(pattern) and pattern[at_pattern] == "*":
            star, stretched = at_pattern, at_value
            at_pattern += 1
        elif at_pattern < len(pattern) and pattern[at_pattern] in ("?", value[at_value]):
            at_pattern, at_value = at_pattern + 1, at_value + 1
        elif star >= 0:
            stretched += 1
            at_pattern, at_value = star + 1, stretched
        else:
            return False
    return not pattern[at_pattern:].strip("*")


def every_resource(pattern: str) -> bool:
    """Return whether a pattern of ARNs covers every resource of a service, or every one of a type.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    if "*" not in pattern and "?" not in pattern:
        return False
    _, _, service, *_, resource = (*pattern.split(":", 5), "", "", "", "", "")[:6]
    if pattern.count(":") < 5 or "*" in service:
        return True
    # In S3 the part before the slash is a name; in other services it is a type.
    kind, separator, name = ("", "", resource) if service == "s3" else _kind_and_name(resource)
    if service == "iam" and not separator:
        # Every resource there has a type, and a slash after it: `role*` covers all roles.
        return True
    return not name.strip("*?/:") or (bool(separator) and "*" in kind)


def _kind_and_name(resource: str) -> tuple[str, str, str]:
    found = re.match(r"([^/:]*)([/:])(.*)", resource, re.DOTALL)
    return (found[1], found[2], found[3]) if found else ("", "", resource)
