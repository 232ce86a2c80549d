"""Writes facts/instance_types.py from EC2's API model in botocore: `python -m tools.instance_types`."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

import botocore.session

TABLE: Final = Path(__file__).resolve().parent.parent / "facts" / "instance_types.py"
LONGEST_LINE: Final = 120


def families() -> dict[str, list[str]]:
    """Return the sizes of each instance family that the API knows."""
    shape: Any = botocore.session.get_session().get_service_model("ec2").shape_for("InstanceType")
    found: dict[str, list[str]] = defaultdict(list)
    for family, _, size in sorted(name.partition(".") for name in shape.enum):
        found[family].append(size)
    return found


def table(sizes: dict[str, list[str]]) -> str:
    """Return the text of the table: a line for the families that have the same sizes."""
    by_sizes: dict[str, list[str]] = defaultdict(list)
    for family, its in sizes.items():
        by_sizes[" ".join(sorted(its, key=_order))].append(family)
    lines = (line for text, names in sorted(by_sizes.items(), key=lambda it: it[1]) for line in _lines(names, text))
    return "\n".join(lines)


def _lines(names: list[str], sizes: str) -> Iterator[str]:
    """Yield the line of families of the same sizes: as several lines where it is too long for one."""
    together = " ".join(sorted(names))
    for family in [together] if len(f"{together}: {sizes}") <= LONGEST_LINE else sorted(names):
        yield from (f"{family}: {part}" for part in wrap(sizes, LONGEST_LINE - len(family) - 2))


def _order(size: str) -> tuple[int, int, str]:
    small = ("nano", "micro", "small", "medium", "large", "xlarge")
    number = re.match("[0-9]+", size)
    return (small.index(size), 0, "") if size in small else (len(small), int(number[0]) if number else 10_000, size)


def main() -> None:
    """Replace what is between the quotes of the table."""
    text = TABLE.read_text("utf-8")
    before, _, rest = text.partition('"""\\\n')
    TABLE.write_text(f'{before}"""\\\n{table(families())}\n"""{rest.partition(chr(10) + chr(34) * 3)[2]}', "utf-8")


if __name__ == "__main__":
    main()
