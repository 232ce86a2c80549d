"""What is generated from the code: it is current, and the schema says of a stack file what the program says."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from outputs import PlatformOutputs
from rehearsal.record import PROJECT
from settings.expected import models
from settings.problems import SettingsError
from settings.rules import registry
from settings.stack import Stack
from tests.plans import EXAMPLES, OWN_PARAMETERS, STACKS
from tests.settings_files import ROOT, Case, bad_files, changed, document_of, good_files, put, read, sections_of
from tools import generate

SCHEMA = jsonschema_rs.validator_for(generate.stack_file_schema(PROJECT))
FILES = generate.generated(ROOT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_generated_file_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == FILES[path], "stale: run make docs"


# --- The command --------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "pictures").mkdir(parents=True)
    for name in (
        "outputs.py",
        "outputs.schema.json",
        "settings.schema.json",
        "docs/reference.md",
        "docs/policies.md",
        "docs/architecture.md",
        "docs/pictures/architecture.svg",
        "docs/pictures/simulation.svg",
        "docs/pictures/timeline.svg",
        "Pulumi.yaml",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_stale_files_are_named_and_then_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = project / "docs" / "reference.md"
    page.write_text(page.read_text().replace("`ingressHosts`", "`hosts`") + "\nMore.\n")
    (project / "settings.schema.json").unlink()
    assert generate.main(["--check"], project) == 1
    output = capsys.readouterr()
    assert re.findall(r"^(\S+) is stale", output.err, re.MULTILINE) == ["settings.schema.json", "docs/reference.md"]
    assert "`hosts`" in page.read_text()

    assert generate.main([], project) == 0
    assert generate.main(["--check"], project) == 0
    assert "`ingressHosts`" in page.read_text()
    assert page.read_text().endswith("\nMore.\n")


@pytest.mark.parametrize("marker", ["<!-- settings:begin -->", "<!-- outputs:end -->"])
def test_a_page_without_a_place_for_a_table_is_an_error(project: Path, marker: str) -> None:
    page = project / "docs" / "reference.md"
    page.write_text(page.read_text().replace(marker, ""))
    with pytest.raises(ValueError, match=r"reference\.md has no place for a table"):
        generate.main([], project)


# --- The schema ---------------------------------------------------------------------------------------------------


def document(sections: dict[str, Any]) -> dict[str, Any]:
    return {"config": {f"{PROJECT}:{key}": value for key, value in sections.items()}}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_file_is_valid(stack: str) -> None:
    assert [error.message for error in SCHEMA.iter_errors(document_of(stack))] == []


# An editor does not offer null, which a stack file may have for what is absent.
@pytest.mark.parametrize(
    "case", [case for case in good_files() if "null" not in case["name"]], ids=lambda case: case["name"]
)
def test_the_schema_allows_what_the_program_takes(case: Case) -> None:
    assert [error.message for error in SCHEMA.iter_errors(document(changed(case)))] == []


@pytest.mark.parametrize("file", OWN_PARAMETERS)
def test_a_stack_file_at_the_top_is_valid(file: str) -> None:
    schema = json.loads((ROOT / "settings.schema.json").read_text(encoding="utf-8"))
    found = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(found)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_an_example_points_at_the_schema(stack: str) -> None:
    text = (EXAMPLES / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../../settings.schema.json\n")


DIALECT = re.compile(
    r"\b(absent:|empty:|beside|whoever|somebody|nobody|everybody|for good|comes?|goes?|gone|stands?|of yours|asks?|"
    r"there (is|are)|from then on|at first|reckons?)(?!\w)",
    re.IGNORECASE,
)
"""Words with which a description once had to be read twice."""


def described(model: type[BaseModel], section: str = "") -> dict[str, str]:
    """Return the descriptions of all settings below a model, by their place."""
    found: dict[str, str] = {}
    for field in model.model_fields.values():
        place = f"{section}.{field.alias}".lstrip(".")
        found |= {place: field.description} if field.description else {}
        for inner in models(field.annotation):
            found |= described(inner, place)
    return found


def test_a_description_is_a_whole_sentence_in_plain_english() -> None:
    found = described(Stack)
    assert len(found) > 200
    assert [place for place, text in found.items() if not re.fullmatch(r"[A-Z`].*\.", text)] == []
    assert {place: word[0] for place, text in found.items() if (word := DIALECT.search(text))} == {}


def patterns(schema: Any) -> list[str]:
    """Return every pattern in a schema."""
    if isinstance(schema, list):
        return [found for item in schema for found in patterns(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
    return [*own, *schema.get("patternProperties", {}), *(it for value in schema.values() for it in patterns(value))]


@pytest.mark.filterwarnings("error")
def test_every_validator_can_read_the_patterns() -> None:
    found = patterns(generate.stack_file_schema(PROJECT))
    assert len(found) > 100
    for pattern in found:
        re.compile(pattern)  # check-jsonschema does
        # Escapes that Rust, Python, and ECMA 262 with and without its `u` flag take alike.
        assert not re.search(r"\\[^.*?\[\]\\/|+^$nsx]", pattern), pattern


def check_jsonschema(project: str, folder: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    """Run check-jsonschema, which companies use in CI, on stack files of a project. folder: where the schema is put."""
    schema = folder / f"{project}.schema.json"
    schema.write_text(json.dumps(generate.stack_file_schema(project)), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema)]
    return subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)


def test_check_jsonschema_accepts_every_stack_file(tmp_path: Path) -> None:
    for folder in (ROOT, ROOT / "examples" / "stacks", ROOT / "examples" / "peers", ROOT / "examples" / "recipes"):
        project = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
        checked = check_jsonschema(project, tmp_path, *folder.glob("Pulumi.?*.yaml"))
        assert checked.returncode == 0, checked.stdout


def test_check_jsonschema_names_a_wrong_setting(tmp_path: Path) -> None:
    wrong = tmp_path / "Pulumi.dev.yaml"
    wrong.write_text(yaml.safe_dump({"config": {f"{PROJECT}:platform": {"protected": True}}}), encoding="utf-8")
    checked = check_jsonschema(PROJECT, tmp_path, wrong)
    assert checked.returncode == 1
    assert "'protected' was unexpected" in checked.stdout


# What only the program sees: JSON Schema has no arithmetic on addresses, and a parser has already merged keys.
BEYOND_A_SCHEMA = {
    "a key that stands twice",
    "a range that does not begin at its first address",
    "a range with a prefix of 33",
    "a range with a number of 256",
    "IPv6 ranges that are none",
    "a float for days",  # 90.0 is an integer in JSON Schema
    "a secret in a section that keeps none",
    "a wrong value in a section that keeps no secret",
    "an empty password",
    "a login without a registry",
    "punctuation of other scripts",  # its pattern knows ASCII only
    # It compares no keys of one object with those of another: a team and another section have the same entry.
    "an entry of a team that another section has too",
    "a team's folders in the namespaces of another set",
    "service accounts of roles that others have, or that nobody makes",
}


@pytest.mark.parametrize(
    "case", [case for case in bad_files() if case["name"] not in BEYOND_A_SCHEMA], ids=lambda case: case["name"]
)
def test_the_schema_refuses_what_is_bad_by_itself(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    sections = changed(case)
    monkeypatch.setattr(registry, "RULES", [])
    try:
        read(sections)
    except SettingsError:
        assert not SCHEMA.is_valid(document(sections))


VALUES = st.sampled_from(
    [
        True,
        False,
        0,
        1,
        2,
        30,
        "",
        "10.0.0.0/16",
        "1.36",
        "30m",
        "1Gi",
        "2",
        "none",
        "spot",
        "arm64",
        "部署",
        "a-b",
        "1%",
    ]
)
PLACES = [
    (stack, [section, *way])
    for stack in STACKS
    for section, keys in sections_of(stack).items()
    for way in [[], *[[key] for key in keys]]
]


@settings(deadline=None)
@given(
    place=st.sampled_from(PLACES),
    value=VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(VALUES.map(str), VALUES, max_size=2),
)
def test_the_schema_refuses_no_value_that_the_program_takes(place: tuple[str, list[str | int]], value: Any) -> None:
    stack, way = place
    sections = sections_of(stack)
    put(sections, way, value)
    with contextlib.suppress(SettingsError):
        read(sections)
        assert [error.message for error in SCHEMA.iter_errors(document(sections))] == []


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({"encryptionsalt": "v1:abc=", "secretsprovider": "awskms://alias/pulumi", "encryptedkey": "AQ=="}, True),
        ({"environment": ["platform/dev"]}, True),
        ({"confg": {}}, False),
        ({"config": {}}, False),
    ],
)
def test_what_else_a_stack_file_holds(change: dict[str, Any], *, valid: bool) -> None:
    assert SCHEMA.is_valid(document_of("dev") | change) is valid


@pytest.mark.parametrize(
    ("key", "value", "valid"),
    [
        ("aws:region", "ap-northeast-1", True),
        ("pulumi:tags", {"team": "platform"}, True),
        ("eks-platform:netwrok", {}, False),
        ("network", {}, False),
    ],
)
def test_keys_of_other_namespaces_are_free(key: str, value: Any, *, valid: bool) -> None:
    stack = document_of("dev")
    stack["config"][key] = value
    assert SCHEMA.is_valid(stack) is valid


@pytest.mark.parametrize(
    ("password", "valid"), [({"secure": "AAABAC=="}, True), ("hunter2", False), ({"a": "b"}, False)]
)
def test_a_password_is_encrypted(password: Any, *, valid: bool) -> None:
    charts = {"registry": "oci://registry.example.jp", "username": "ci", "password": password}
    assert SCHEMA.is_valid(document(sections_of("dev") | {"charts": charts})) is valid


def test_every_setting_has_a_meaning_and_what_a_pattern_stands_for() -> None:
    def objects(schema: Any) -> list[dict[str, Any]]:
        if isinstance(schema, list):
            return [found for item in schema for found in objects(item)]
        if isinstance(schema, dict):
            return [schema, *[found for item in schema.values() for found in objects(item)]]
        return []

    schema = generate.stack_file_schema(PROJECT)
    definitions = schema["definitions"]
    for name, definition in definitions.items():
        assert definition["description"].endswith("."), name
        for key, field in definition.get("properties", {}).items():
            described = field if "description" in field else definitions[field["$ref"].rpartition("/")[2]]
            assert described["description"].endswith("."), f"{name}.{key}"
    for found in objects(schema):
        assert "pattern" not in found or found["patternErrorMessage"].startswith("expected ")
        assert "null" not in (found.get("type"), *[option.get("type") for option in found.get("anyOf", [])])


# --- The tables ---------------------------------------------------------------------------------------------------


def rows(table: str) -> dict[str, list[str]]:
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_the_tables_show_settings_as_they_are_written() -> None:
    found = rows(generate.settings_tables(generate.stack_file_schema(PROJECT)))
    nat = (
        "How private subnets reach the internet: not at all, through one NAT gateway in the first zone, through one in "
    )
    nat += "each zone, or through a regional one, which is in all zones."
    assert found["nat"] == ["`none`, `single`, `per-zone`, `regional`", "`single`", nat]
    assert found["entries.<name>.principal"][1] == "required"
    assert found["<name>.taints[].effect"][1] == "`NoSchedule`"
    assert found["nodePools.<name>.budgets"][1] == "`[{nodes: 10%}]`"
    assert found["flowLogs.retentionDays"][:2] == ["`1`, `3`, `5`, ..., `3653`", "`30`"]
    assert found["password"][0] == "encrypted text"
    assert found["zoneCount"][:2] == ["2 to 6", ""]


def test_the_table_of_outputs_has_every_output() -> None:
    found = rows(generate.outputs_table((ROOT / "outputs.py").read_text(encoding="utf-8")))
    assert len(found) == len(PlatformOutputs.__annotations__)
    assert found["hostedZoneId"][0] == "text, or absent"
    assert found["privateSubnetIds"][0] == "list of text"
    assert all(meaning.endswith(".") for _, meaning in found.values())


def test_the_schema_is_written_the_same_each_time() -> None:
    assert json.dumps(generate.stack_file_schema(PROJECT)) == json.dumps(generate.stack_file_schema(PROJECT))


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a schema."""
    if isinstance(schema, list):
        yield from (found for item in schema for found in subschemas(item))
    elif isinstance(schema, dict):
        yield schema
        yield from (found for item in schema.values() for found in subschemas(item))


def test_an_editor_shows_the_default_of_a_setting() -> None:
    schema = generate.stack_file_schema(PROJECT)
    described_ = [it for it in subschemas(schema) if "default" in it and isinstance(it.get("description"), str)]
    assert len(described_) > 100
    for field in described_:
        assert field["markdownDescription"].startswith(f"{field['description']}\n\nDefault: ")
    pool = schema["definitions"]["NodePool"]["properties"]
    assert pool["cpuLimit"]["markdownDescription"].endswith("\n\nDefault: `100`")
    assert pool["labels"]["markdownDescription"].endswith("\n\nDefault: empty")


def test_what_an_editor_offers_is_valid() -> None:
    schema = generate.stack_file_schema(PROJECT)
    offered = [it for it in subschemas(schema) if "defaultSnippets" in it]
    assert [snippet["label"] for it in offered for snippet in it["defaultSnippets"]]
    for field in offered:
        validator = jsonschema_rs.validator_for({**field, "definitions": schema["definitions"]})
        for snippet in field["defaultSnippets"]:
            assert [error.message for error in validator.iter_errors(snippet["body"])] == [], snippet["label"]
