"""Writes what is generated from the code: JSON Schemas of stack files and outputs, tables and pictures of documents.

`python -m tools.generate` writes, `python -m tools.generate --check` says which files are stale.
"""

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from pydantic.alias_generators import to_camel

import settings
from facts.contract import CONTRACT_VERSION
from harness.story import Story
from policy.rule import Rule
from policy.rules import RULES
from rehearsal.program import run_program
from settings.expected import MEANINGS
from settings.immutable import IMMUTABLE
from tools import peers
from tools.graph import EXAMPLES, picture
from tools.picture import draw as draw_architecture
from tools.structure import arrows_picture, rooms_table
from tools.timeline import draw as draw_timeline

ROOT: Final = Path(__file__).resolve().parent.parent
Schema = dict[str, Any]

PICTURED: Final = "dev"
"""The example whose pictures README shows."""

RECORDED: Final = ROOT / "docs" / "pictures" / "simulation.json"
"""A scenario as it once went: `make simulate PROJECT=examples/stacks STACK=private SCENARIO=killed-upgrade`."""


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write the generated files below `root`, or with `--check` name those that are stale; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail when a file is stale")
    check = parser.parse_args(arguments).check
    files = generated(root)
    stale = {path: text for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(root)} is stale: run make docs", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(path.relative_to(root))
    return int(check and bool(stale))


def generated(root: Path) -> dict[Path, str]:
    """Return the text of each generated file. Raises ValueError where a page lacks the place for a table."""
    schema = stack_file_schema(read_project(root))
    outputs = (root / "outputs.py").read_text("utf-8")
    reference, policies, architecture = (
        root / "docs" / f"{name}.md" for name in ("reference", "policies", "architecture")
    )
    # A fork may have deleted the page.
    examples = {root / "examples" / "peers.md": peers.page(peers.read(root))} if (root / peers.FOLDER).exists() else {}
    return {
        **examples,
        root / "settings.schema.json": _json(schema),
        root / "outputs.schema.json": _json(outputs_schema(outputs, read_project(root))),
        reference: _with_tables(
            reference,
            settings=settings_tables(schema),
            immutable=immutable_table(),
            outputs=outputs_table(outputs),
        ),
        policies: _with_tables(policies, policies=policies_table(RULES)),
        architecture: _with_tables(architecture, layers=arrows_picture(), files=rooms_table(), graph=picture()),
        **pictures(root / "docs" / "pictures"),
    }


def _json(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def pictures(folder: Path) -> dict[Path, str]:
    """Return the SVG pictures of README, by file: those of a stack of the examples, which no fork edits."""
    plan = run_program(PICTURED, root=EXAMPLES)
    return {
        folder / "architecture.svg": draw_architecture(plan),
        folder / "timeline.svg": draw_timeline(plan),
        folder / "simulation.svg": Story.recorded(json.loads(RECORDED.read_text("utf-8"))).picture(),
    }


def _with_tables(page: Path, **tables: str) -> str:
    """Return a page with the text between `<!-- name:begin -->` and `<!-- name:end -->` replaced, for each table."""
    text = page.read_text("utf-8")
    for name, table in tables.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            raise ValueError(f"{page.name} has no place for a table between {begin} and {end}")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
    return text


# --- Schema of a stack file ---------------------------------------------------------------------------------------


def read_project(root: Path) -> str:
    """Return the name of the Pulumi project in `root`."""
    return str(yaml.safe_load((root / "Pulumi.yaml").read_text("utf-8"))["name"])


def stack_file_schema(project: str) -> Schema:
    """Return the JSON Schema of `Pulumi.<stack>.yaml` in a project, in the draft that editors know best.

    It says what each setting may be by itself; how settings fit together is checked when a stack file is read.
    https://www.pulumi.com/docs/iac/concepts/config/#structured-configuration, https://json-schema.org/draft-07
    """
    namespace = project.replace(".", r"\.")  # a name holds nothing else with a meaning
    stack = _tidy(settings.Stack.model_json_schema(ref_template="#/definitions/{model}"))
    definitions = stack.pop("$defs")
    sections = {f"{project}:{key}": section for key, section in stack["properties"].items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Stack file of {project}",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": sections,
                # Keys of other namespaces, such as pulumi:disable-default-providers, are Pulumi's and its plugins'.
                "patternProperties": {f"^(?!{namespace}:)[^:]+:": {}},
                "additionalProperties": False,
                "required": [f"{project}:{key}" for key in stack["required"]],
            },
            "secretsprovider": {"type": "string", "description": "What encrypts the secrets of this file."},
            "encryptedkey": {"type": "string", "description": "Key of the secrets, encrypted by the secrets provider."},
            "encryptionsalt": {"type": "string", "description": "Salt of the passphrase that encrypts the secrets."},
            "environment": {"description": "Pulumi ESC environments."},
        },
        "additionalProperties": False,
        "required": ["config"],
        "definitions": definitions,
    }


def _tidy(schema: Any) -> Any:
    """Return pydantic's schema in the form that helps who writes a stack file."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "password":
        # That of a secret which may be absent is outside of its choices.
        return _SECRET | {key: value for key, value in schema.items() if key == "description"}
    # Titles repeat the keys, and absent is better said by leaving a key out than by null.
    tidy = {key: _tidy(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if tidy.get("default", 0) is None:
        (choice,) = (option for option in tidy.pop("anyOf") if option != {"type": "null"})
        del tidy["default"]
        return {**choice, **tidy}
    if isinstance(tidy.get("default"), list):
        tidy["default"] = [_without_null(item) for item in tidy["default"]]
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    if "description" in tidy and isinstance(tidy["description"], str):
        tidy["description"] = " ".join(tidy["description"].split("\n\n")[0].split())
    if tidy.get("pattern") in MEANINGS:
        # What VS Code and other editors with its YAML support show instead of the pattern.
        tidy["patternErrorMessage"] = f"expected {MEANINGS[tidy['pattern']]}"
    if "default" in tidy and isinstance(tidy.get("description"), str):
        # Editors show no default when the pointer is on a key, but they show this instead of the description.
        tidy["markdownDescription"] = f"{tidy['description']}\n\nDefault: {_default(tidy['default'])}"
    return tidy


_SECRET: Final[Schema] = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "additionalProperties": False,
    "required": ["secure"],
}
"""An encrypted value, as `pulumi config set --secret` writes it."""


def _is_secret(schema: Schema) -> bool:
    return bool(schema.get("properties") == _SECRET["properties"])


def _without_null(value: Any) -> Any:
    """Return a default without the keys that would be left out."""
    return {key: item for key, item in value.items() if item not in (None, [])} if isinstance(value, Mapping) else value


# --- Table of the settings ----------------------------------------------------------------------------------------


def settings_tables(schema: Schema) -> str:
    """Return the settings as Markdown, a table for each section."""
    config = schema["properties"]["config"]
    return "\n\n".join(
        "\n".join(
            [
                f"#### `{name}`",
                "",
                " ".join([_meaning(section, schema), *(["Required."] if name in config["required"] else [])]),
                "",
                _table(("Key", "Type", "Default", "Meaning"), _rows(section, schema, "")),
            ]
        )
        for name, section in config["properties"].items()
    )


def _rows(section: Schema, schema: Schema, way: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each setting below a section: key, type, default, meaning."""
    model = _resolved(section, schema)
    if _is_secret(model):
        return
    for below in model.get("patternProperties", {}).values():
        yield from _rows(below, schema, f"{way}<name>.")
    for key, field in model.get("properties", {}).items():
        required = key in model.get("required", [])
        default = "required" if required else _default(field["default"]) if "default" in field else ""
        yield f"`{way}{key}`", _type(field, schema), default, _meaning(field, schema)
        yield from _rows(field, schema, f"{way}{key}.")
        yield from _rows(field.get("items", {}), schema, f"{way}{key}[].")


def _resolved(schema: Schema, root: Schema) -> Schema:
    if "$ref" in schema:
        definition: Schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
        return definition
    return schema


def _meaning(field: Schema, schema: Schema) -> str:
    return str(field.get("description") or _resolved(field, schema).get("description", ""))


def _default(value: Any) -> str:
    if value in ([], {}):
        return "empty"
    if isinstance(value, bool | int) or value == "":
        return f"`{json.dumps(value)}`"
    return f"`{value if isinstance(value, str) else _flow(value)}`"


def _flow(value: Any) -> str:
    """Return a list or an object as YAML writes it in one line, without the keys of an object that are empty."""
    if isinstance(value, list):
        return f"[{', '.join(_flow(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items() if item not in ([], {}))}}}"
    return str(value)


def _type(field: Schema, schema: Schema) -> str:
    """Return the type of a setting in words."""
    kind = _resolved(field, schema)
    if "enum" in kind:
        values = [f"`{value}`" for value in kind["enum"]]
        return ", ".join(values if len(values) < 9 else [*values[:3], "...", values[-1]])
    if "pattern" in kind:
        if kind["pattern"] not in MEANINGS:
            raise SystemExit(
                f"no words for the pattern {kind['pattern']}: define the type with `_text(...)` in settings/values.py, "
                "which names what it stands for in messages, in the schema and in docs/reference.md"
            )
        return MEANINGS[kind["pattern"]]
    below: Schema = kind.get("items") or kind.get("additionalProperties") or {}
    below = next(iter(kind.get("patternProperties", {}).values()), below)
    if not below:
        words = {"boolean": "`true`, `false`", "integer": "{minimum} to {maximum}", "object": "keys", "string": "text"}
        return "encrypted text" if _is_secret(kind) else words[kind["type"]].format_map(kind)
    holder = {"array": "list", "object": "by name"}[kind["type"]]
    inner = _resolved(below, schema)
    if _is_secret(inner):
        return f"{holder}: encrypted text"
    return holder if "properties" in inner else f"{holder}: {_type(below, schema)}"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# --- Table of the settings that cannot be changed ---------------------------------------------------------------------


def immutable_table() -> str:
    """Return the settings that no running cluster lets change, as Markdown."""
    rows = ((f"`{setting.path}`", f"[{setting.why}]({setting.source})") for setting in IMMUTABLE)
    return _table(("Setting", "Why"), rows)


# --- Outputs ------------------------------------------------------------------------------------------------------


class Output(NamedTuple):
    """An output of a stack: its name, the type of its value as Python writes it, what it is, whether all have it."""

    name: str
    kind: str
    meaning: str
    always: bool


OUTPUT_TYPES: Final[Mapping[str, tuple[str, Schema]]] = {
    "int": ("number", {"type": "integer"}),
    "str": ("text", {"type": "string"}),
    "list[str]": ("list of text", {"type": "array", "items": {"type": "string"}}),
    "dict[str, str]": ("text by name", {"type": "object", "additionalProperties": {"type": "string"}}),
}
"""The types that outputs have, in words and in JSON Schema."""


def outputs_table(source: str) -> str:
    """Return the outputs of a stack as Markdown, from the source of the class that declares them."""
    rows = (
        (f"`{it.name}`", f"{OUTPUT_TYPES[it.kind][0]}{'' if it.always else ', or absent'}", it.meaning)
        for it in _outputs(source)
    )
    return _table(("Output", "Type", "Meaning"), rows)


def outputs_schema(source: str, project: str) -> Schema:
    """Return the JSON Schema of the outputs of a project's stacks, as `pulumi stack output --json` prints them.

    source: of the class that declares them. Other outputs are allowed: a new one does not change the contract.
    """
    found = list(_outputs(source))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Outputs of a stack of {project}, contract version {CONTRACT_VERSION}",
        "type": "object",
        "properties": {
            it.name: {
                **OUTPUT_TYPES[it.kind][1],
                "description": it.meaning,
                **({"const": CONTRACT_VERSION} if it.name == "contractVersion" else {}),
            }
            for it in found
        },
        "required": [it.name for it in found if it.always],
    }


def _outputs(source: str) -> Iterator[Output]:
    declared = next(
        node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "PlatformOutputs"
    )
    for field, meaning in zip(declared.body, declared.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(meaning, ast.Expr)
            and isinstance(meaning.value, ast.Constant)
        ):
            text = ast.unparse(field.annotation)
            kind = re.sub(r"^pulumi\.Output\[(.*)\]$", r"\1", re.sub(r"^NotRequired\[(.*)\]$", r"\1", text))
            name = to_camel(ast.unparse(field.target))
            yield Output(name, kind, " ".join(str(meaning.value.value).split()), not text.startswith("NotRequired"))


# --- Table of the policies ----------------------------------------------------------------------------------------


def policies_table(rules: Sequence[Rule]) -> str:
    """Return the rules as Markdown, grouped by module."""
    rows = ((f"[`{rule.name}`]({rule.source})", rule.development.value, rule.reason, f"{rule.fix}.") for rule in rules)
    return _table(("Rule", "In development", "Why", "What to do"), rows)


if __name__ == "__main__":
    sys.exit(main())
