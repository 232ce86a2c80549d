"""Pictures as SVG: text that fits, colours for light and dark, a title and a description for screen readers.

A picture is drawn from strings alone, so the same input gives the same bytes. A browser chooses the colours by
`prefers-color-scheme`; a program that ignores media queries shows the light ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

# fmt: off
_REGULAR: Final = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69,
    61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63,
    59, 82, 59, 59, 52, 64, 34, 64, 84,
)
_BOLD: Final = (
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40, 84,
    84, 84, 58, 100, 77, 76, 73, 83, 68, 68, 82, 84, 37, 37, 77, 64, 100, 84, 85, 73, 85, 77, 72, 68, 81, 77, 110, 77,
    72, 73, 46, 37, 46, 84, 50, 50, 67, 72, 59, 72, 68, 44, 72, 71, 34, 34, 67, 34, 104, 71, 69, 72, 72, 49, 60, 48, 71,
    65, 92, 65, 65, 58, 71, 37, 71, 84,
)
# fmt: on
"""Widths of the ASCII characters from the space on, in hundredths of the size: table `hmtx` of DejaVu Sans 2.37.

It is among the widest of the fonts that browsers take for sans-serif: text that fits in it fits in Arial and Helvetica.
"""

NO_BREAK: Final = "\N{NO-BREAK SPACE}"

FONT: Final = "Verdana, 'DejaVu Sans', Arial, sans-serif"

LIGHT: Final = {
    "paper": "fill:#ffffff",
    "ink": "fill:#1b1f24",
    "muted": "fill:#57606a",
    "line": "stroke:#d0d7de;fill:none",
    "arrow": "stroke:#57606a;stroke-width:1.5;fill:none",
    "head": "fill:#57606a",
    "band": "fill:#f6f8fa;stroke:#d0d7de",
    "card": "fill:#ffffff;stroke:#8c959f",
    "public": "fill:#fff1e5;stroke:#bc4c00",
    "private": "fill:#e6f4ea;stroke:#1a7f37",
    "open": "fill:#ffebe9;stroke:#cf222e;stroke-width:1.5",
    "closed": "fill:#ddf4ff;stroke:#0969da",
    "critical": "fill:#cf222e",
    "slack": "fill:#6aa0cf",
}
"""The classes of a picture's parts, with their looks on a light page."""

DARK: Final = {
    "paper": "fill:#0d1117",
    "ink": "fill:#e6edf3",
    "muted": "fill:#9da7b3",
    "line": "stroke:#30363d",
    "arrow": "stroke:#9da7b3",
    "head": "fill:#9da7b3",
    "band": "fill:#161b22;stroke:#30363d",
    "card": "fill:#0d1117;stroke:#6e7681",
    "public": "fill:#3d2413;stroke:#f0883e",
    "private": "fill:#12301c;stroke:#3fb950",
    "open": "fill:#4a1d1f;stroke:#ff7b72",
    "closed": "fill:#10283f;stroke:#58a6ff",
    "critical": "fill:#ff7b72",
    "slack": "fill:#4f86b8",
}
"""What is different on a dark page."""


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is at most, in the unit of its size; a character beyond ASCII counts as a wide one."""
    table = _BOLD if bold else _REGULAR
    text = text.replace(NO_BREAK, " ")
    return sum(table[ord(it) - 32] if 32 <= ord(it) < 127 else 110 for it in text) * size / 100


def wrapped(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Return the lines of a text that is to be no wider than `width`.

    It breaks at spaces, but not at no-break spaces; a word that is too long for a line breaks after one of - / : . ,
    and where it has none of them, anywhere.
    """
    lines, line = [], ""
    for part in _parts(text, size, width, bold=bold):
        if line and width_of((line + part).rstrip(" "), size, bold=bold) > width:
            lines.append(line.rstrip(" "))
            line = ""
        line += part
    return [*lines, line.rstrip(" ")]


def _parts(text: str, size: float, width: float, *, bold: bool) -> Iterator[str]:
    """Yield the parts between which a text may break, none wider than `width`."""
    for word in re.findall(r"[^ ]+ ?", text):
        too_long = width_of(word.rstrip(" "), size, bold=bold) > width
        for part in re.findall(r"[^-/:.,]*[-/:.,]?", word) if too_long else [word]:
            while width_of(part.rstrip(" "), size, bold=bold) > width and len(part) > 1:
                fits = next(
                    n for n in range(len(part), 0, -1) if n == 1 or width_of(part[:n], size, bold=bold) <= width
                )
                yield part[:fits]
                part = part[fits:]  # noqa: PLW2901
            yield part


def text(
    x: float, y: float, value: str, *, size: float = 11, kind: str = "ink", bold: bool = False, at: str = ""
) -> str:
    """Return a line of text whose baseline begins at x, y. at: "middle" or "end" where x is that instead."""
    weight, anchor = ' font-weight="bold"' if bold else "", f' text-anchor="{at}"' if at else ""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" font-size="{size:g}"{weight}{anchor}>{escape(value)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str, *parts: str, label: str = "") -> str:
    """Return a rectangle and what is in it. label: what a browser shows when the pointer is on it."""
    title = f"<title>{escape(label)}</title>" if label else ""
    shape = f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3"/>'
    return f"<g>{title}{shape}{''.join(parts)}</g>"


def picture(width: float, height: float, title: str, description: str, parts: Iterable[str]) -> str:
    """Return a whole SVG file."""
    dark = "".join(f".{name}{{{look}}}" for name, look in DARK.items())
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
            f' viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="title description"'
            f' font-family="{FONT}" font-size="11">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            "<style>",
            *(f".{name}{{{look}}}" for name, look in LIGHT.items()),
            f"@media (prefers-color-scheme:dark){{{dark}}}",
            "</style>",
            f'<rect class="paper" width="{width:g}" height="{height:g}"/>',
            *parts,
            "</svg>\n",
        ]
    )
