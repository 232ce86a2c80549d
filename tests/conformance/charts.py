"""Which values a chart knows. Helm takes any other without a word, unless a schema of the chart's forbids it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

HANDED_THROUGH: Final[dict[str, dict[str, str]]] = {
    "argo-cd": {
        "configs.params": "the template argo-cd.config.params in _helpers.tpl",
        "global.nodeSelector": "each workload, as the default of its own",
    },
    "traefik": {"ports.web.http.tls": "the arguments of each entry point in _podtemplate.tpl"},
}
"""By chart: values that it knows in a way that `unknown_keys` does not see, each with where it uses them."""


def unknown_keys(chart: Path, values: Mapping[str, Any]) -> list[str]:
    """Return the dotted paths of keys in `values` that a chart does not know.

    chart: its folder. A key is known where the chart's values.yaml has it, commented out included; where a template
    names its path; and below an object that is empty by default or that a template takes whole, as by `toYaml`.
    """
    default, text, templates = _read(chart)
    reader = _Chart(text, templates, HANDED_THROUGH.get(chart.name, {}))
    return list(reader.unknown(values, default, ()))


class _Chart:
    def __init__(self, text: str, templates: str, handed_through: Mapping[str, str]) -> None:
        self._lines = text.splitlines()
        self._templates = templates
        self._handed_through = handed_through

    def unknown(self, values: Mapping[str, Any], default: Any, above: tuple[str, ...]) -> Iterator[str]:
        """Return the unknown keys of `values`. default: the node of values.yaml at the path `above`, or None."""
        known = _children(default)
        for key, value in values.items():
            path = (*above, key)
            if key in known:
                if isinstance(value, Mapping) and _children(known[key]) and not self._whole(path):
                    yield from self.unknown(value, known[key], path)
            elif not (self._named(path) or self._ranged(above) or self._commented(key, default, above)):
                yield ".".join(path)

    def _named(self, path: tuple[str, ...]) -> bool:
        dotted = ".".join(path)
        return dotted in self._handed_through or self._in_templates(rf"\.Values\.{re.escape(dotted)}(?!\w)")

    def _ranged(self, path: tuple[str, ...]) -> bool:
        """Return whether a template goes through the keys of a path, so that their names are free."""
        return self._in_templates(rf"range\s[^}}]*{_reference(path)}\s*\)?\s*-?}}}}")

    def _whole(self, path: tuple[str, ...]) -> bool:
        """Return whether a template takes all that is below a path, whatever it is."""
        at = _reference(path)
        return ".".join(path) in self._handed_through or any(
            self._in_templates(pattern)
            for pattern in (
                rf"to(?:Yaml|Json)\s+\(?\s*\$?{at}",
                rf"{at}\s*\|\s*to(?:Yaml|Json)",
                rf"with\s+\$?{at}\s*-?}}}}[^{{]*{{{{-?\s*(?:tpl\s+\()?toYaml\s+\.",
            )
        )

    def _in_templates(self, pattern: str) -> bool:
        return re.search(pattern, self._templates) is not None

    def _commented(self, key: str, default: Any, above: tuple[str, ...]) -> bool:
        """Return whether values.yaml shows a key as a comment where it would be."""
        name = re.escape(key)
        if not above:
            return any(re.match(rf"#\s?{name}:", line) for line in self._lines)
        # The node begins with its first key, and ends where the next one begins: comments after its last key are in it.
        start = default.start_mark.line
        while self._lines[start - 1].lstrip().startswith("#"):
            start -= 1
        block = self._lines[start : default.end_mark.line]
        return any(re.match(rf"\s+#+\s*{name}:", line) for line in block)


def _reference(path: tuple[str, ...]) -> str:
    """Return the pattern of a path's value in a template, and of nothing below it."""
    return rf"\.Values\.{re.escape('.'.join(path))}(?![\w.])"


def _children(node: Any) -> dict[str, Any]:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


@cache
def _read(chart: Path) -> tuple[Any, str, str]:
    assert chart.is_dir(), f"UPSTREAM_CHARTS has no {chart.name}: run `make upstream`"
    text = (chart / "values.yaml").read_text()
    # Subcharts' templates read values of their own.
    templates = [file.read_text() for file in sorted(chart.glob("templates/**/*")) if file.is_file()]
    return yaml.compose(text, Loader=yaml.SafeLoader), text, "\n".join(templates)
