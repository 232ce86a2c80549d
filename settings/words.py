"""How messages show values, list choices, and find the choice that is spelled like what was found."""

import json
import re
from collections.abc import Collection
from difflib import SequenceMatcher, get_close_matches
from typing import Final

PRIVATE_KEY: Final = r'-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|(?="?$))'
"""A private key, of which the end may be missing: files often have it next to its certificate.

https://www.rfc-editor.org/rfc/rfc7468#section-10"""


def shown(value: object) -> str:
    """Return a value as JSON in one line of at most 80 characters.

    Control characters are escaped; a password in a URL and a private key in PEM are left out.
    """
    text = "".join(
        character if character.isprintable() else character.encode("unicode_escape", "backslashreplace").decode()
        for character in json.dumps(value, ensure_ascii=False, default=str)
    )
    text = re.sub(r"(://[^\s/@:\"]*):[^\s/@\"]*@", r"\1:[secret]@", text)
    text = re.sub(PRIVATE_KEY, "[secret]", text)
    return text if len(text) <= 80 else f"{text[:77]}..."


def either(values: Collection[object]) -> str:
    """Return values as a sentence lists them: "a, b or c"."""
    *others, last = [str(value) for value in values]
    return f"{', '.join(others)} or {last}" if others else last


def suggestion(key: str, known: Collection[str]) -> str:
    """Return what to write instead of an unknown key: the known one that is like it, or all of them."""
    close = alike(key, known)
    return f"did you mean {close[0]}?" if close else f"expected {either(sorted(known))}"


def alike(key: str, known: Collection[str]) -> list[str]:
    """Return the known key that a key is like, whatever its case and its separators; empty for none."""
    names = {re.sub("[-_]", "", name).lower(): name for name in known}
    return [names[close] for close in get_close_matches(re.sub("[-_]", "", key[:64]).lower(), names, n=1)]


def nearest(found: str, known: Collection[str]) -> list[str]:
    """Return the known values that are spelled most like what was found: several where they are equally like it.

    Where none is, return those that it abbreviates: `production` for `prod`.
    """
    text = found[:64].lower()
    spelled = {name.lower(): name for name in known}
    likeness = {name: SequenceMatcher(None, text, name).ratio() for name in get_close_matches(text, spelled)}
    if not likeness and len(text) > 2:
        return sorted(spelled[name] for name in spelled if name.startswith(text))
    return sorted(spelled[name] for name, ratio in likeness.items() if ratio == max(likeness.values()))


def did_you_mean(found: str, known: Collection[str]) -> str:
    """Return "; did you mean a or b?" for the known values that are spelled like what was found; empty for none."""
    close = nearest(found, known)
    return f"; did you mean {either(close)}?" if close else ""
