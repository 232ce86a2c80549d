"""What AWS says of the size and form of each input that the program's types have.

`python -m tests.schemas.limits` writes it to rehearsal/cloud/limits.json, from where the fake cloud, which has neither
cfn-lint nor botocore, refuses what AWS refuses. Lists of allowed values stay out of that file: AWS adds to them, and a
preview must not refuse an instance type for being new.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import rehearsal.cloud.limits
from tests.schemas.counterparts import TYPES, input_paths, key_and_value_nodes, request_nodes, schema_node
from tests.schemas.words import words_of

FILE: Final = Path(rehearsal.cloud.limits.__file__).with_name("limits.json")

Words = dict[str, Any]

IN_PROSE: Final[Mapping[tuple[str, str], Words]] = {
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
    ("aws:lb/loadBalancer:LoadBalancer", "name"): {
        "maxLength": 32,
        "patterns": ["^(?!internal-)[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$"],
    },
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
    ("aws:lb/targetGroup:TargetGroup", "name"): {
        "maxLength": 32,
        "patterns": ["^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$"],
    },
    # https://docs.aws.amazon.com/eks/latest/userguide/create-managed-node-group.html
    ("aws:eks/nodeGroup:NodeGroup", "nodeGroupName"): {
        "maxLength": 63,
        "patterns": ["^[A-Za-z0-9][-A-Za-z0-9_]*$"],
    },
    # https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html#create-fargate-profile
    ("aws:eks/fargateProfile:FargateProfile", "fargateProfileName"): {
        "maxLength": 100,
        "patterns": ["^[A-Za-z0-9][-A-Za-z0-9_]*$"],
    },
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
    ("aws:ec2/launchTemplate:LaunchTemplate", "name"): {
        "minLength": 3,
        "maxLength": 128,
        "patterns": [r"^[A-Za-z0-9().\-/_]+$"],
    },
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    ("aws:ec2/securityGroup:SecurityGroup", "name"): {
        "maxLength": 255,
        "patterns": [r"^(?!sg-)[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+$"],
    },
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
    **{
        (f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule", "description"): {
            "maxLength": 255,
            "patterns": [r"^[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*$"],
        }
        for way in ("Ingress", "Egress")
    },
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    ("aws:sqs/queue:Queue", "name"): {"maxLength": 80, "patterns": [r"^[A-Za-z0-9_-]+(\.fifo)?$"]},
    # https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    ("aws:sns/topic:Topic", "name"): {"patterns": [r"^[A-Za-z0-9_-]+(\.fifo)?$"]},
}
"""Limits that stand in AWS's documentation alone: neither a schema nor an API model has them."""


def words_for(type_: str, path: str) -> Words:
    """Return what AWS says of an input in one: the strictest of what its sources say."""
    schema = schema_node(type_, path)
    said = [words_of(schema[1])] if schema else []
    said += [_whole(words_of(node)) for node in request_nodes(type_, path)]
    return merged([*said, IN_PROSE.get((type_, path), {})])


def words_for_keys_and_values(type_: str, path: str) -> tuple[Words, Words]:
    """Return what AWS says of the keys and of the values of a mapping; of tags the API's word, if it has one.

    The schemas of tags are each copied from another's, and narrower than the API, which is what the provider speaks to.
    """
    schema, api = key_and_value_nodes(type_, path)
    pairs = api if path == "tags" and any(words_of(node) for pair in api for node in pair) else [*schema, *api]
    return merged(words_of(key) for key, _ in pairs), merged(words_of(value) for _, value in pairs)


def _whole(words: Words) -> Words:
    """Return the words of an API model, whose patterns are of the whole value."""
    if "pattern" not in words:
        return words
    bare = re.sub(r"^\^|(?<!\\)\$$", "", words["pattern"])
    return {**words, "pattern": f"^({bare})$" if _has_choice(bare) else f"^{bare}$"}


def _has_choice(pattern: str) -> bool:
    """Return whether a pattern is several at its top: `a|b`, and not `(a|b)`."""
    outside = re.sub(r"\\.|\[(\\.|[^\]\\])*\]", "", pattern)
    while "(" in outside and (inner := re.sub(r"\([^()]*\)", "", outside)) != outside:
        outside = inner
    return "|" in outside


def merged(said: Iterable[Words]) -> Words:
    """Return the strictest of several sources' words; their patterns hold side by side."""
    result: Words = {}
    for words in said:
        for key, value in words.items():
            if key in ("pattern", "patterns"):
                patterns = [value] if key == "pattern" else value
                result["patterns"] = [*dict.fromkeys([*result.get("patterns", []), *patterns])]
            elif key == "enum":
                result["enum"] = [*dict.fromkeys([*result.get("enum", []), *value])]
            elif key.startswith("min"):
                result[key] = max(value, result.get(key, value))
            else:
                result[key] = min(value, result.get(key, value))
    return result


@cache
def all_words(type_: str) -> dict[str, Words]:
    """Return what AWS says of each input of a type, by its path."""
    found: dict[str, Words] = {}
    for path in input_paths(type_):
        found[path] = words_for(type_, path)
        if f"{path}[]" not in input_paths(type_):
            # A list of one object is the object to Pulumi, whose keys nobody counts.
            if any(other.startswith(f"{path}.") for other in input_paths(type_)):
                found[path].pop("maxItems", None)
            found[f"{path}{{key}}"], found[f"{path}{{value}}"] = words_for_keys_and_values(type_, path)
    return {path: words for path, words in found.items() if words}


def limits() -> dict[str, dict[str, Words]]:
    """Return the table of the fake cloud: sizes, and patterns that Python's `re` reads."""
    return {
        type_: found
        for type_ in TYPES
        if (found := {path: kept for path, words in all_words(type_).items() if (kept := _pinned(words))})
    }


def _pinned(words: Words) -> Words:
    # The provider leaves an empty list out of a request, and a length of none says nothing.
    kept = {key: value for key, value in words.items() if key not in ("enum", "patterns", "minItems")}
    kept = {key: value for key, value in kept.items() if value or key != "minLength"}
    patterns = [pattern for pattern in words.get("patterns", []) if _is_readable(pattern)]
    return {**kept, "patterns": patterns} if patterns else kept


def _is_readable(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def text() -> str:
    """Return the file: an input a line."""
    lines = [
        f"  {json.dumps(type_)}: {{\n"
        + ",\n".join(f"    {json.dumps(path)}: {json.dumps(words)}" for path, words in sorted(found.items()))
        + "\n  }"
        for type_, found in limits().items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
