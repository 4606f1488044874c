"""The checked-in schemas are current, the examples fit them, and they agree with what decoding accepts (CONTRACT 8)."""

import json
from functools import cache
from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml

import schemas
from schemas.decode import decode
from schemas.events import EVENTS, Event
from schemas.generate import documents, write
from schemas.outputs import EMISSIONS
from schemas.policy import DEFAULT_YAML
from schemas.topics import CATALOGUE

HERE = Path(schemas.__file__).parent
GENERATED, EXAMPLES = HERE / "generated", HERE / "examples"


@cache
def validator(name):
    schema = json.loads((GENERATED / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def examples(topic):
    return [json.loads(line) for line in (EXAMPLES / f"{topic}.jsonl").read_text("utf-8").splitlines()]


INPUT_EXAMPLES = [(topic, event) for topic in EVENTS for event in examples(topic)]


def test_the_checked_in_documents_are_what_the_types_make():
    held = {path.name: path.read_text("utf-8") for path in GENERATED.iterdir()}
    assert held == documents(), "run python -m schemas.generate and commit what it writes"


def test_there_is_a_schema_and_an_example_file_for_every_topic():
    assert {f"{topic}.schema.json" for topic in CATALOGUE} < set(documents())
    assert {path.stem for path in EXAMPLES.iterdir()} == set(CATALOGUE)


def test_the_documents_are_written_into_a_new_folder(tmp_path):
    write(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / "email.schema.json").read_text("utf-8") == documents()["email.schema.json"]


@pytest.mark.parametrize("topic", CATALOGUE)
def test_every_example_fits_the_schema_of_its_topic(topic):
    check = validator(topic)
    for event in examples(topic):
        check.validate(event)


def test_every_type_has_an_example_with_all_its_fields_and_one_with_the_least():
    for topic, kinds in EVENTS.items():
        for kind in kinds:
            name = kind.action.removeprefix(f"{topic}.")
            given = [set(event) - {"type"} for event in examples(topic) if event["type"] == name]
            required = {field.name for field in msgspec.structs.fields(kind) if field.required}
            assert set(kind.__struct_fields__) in given
            assert required in given


def test_every_example_decodes():
    for topic, event in INPUT_EXAMPLES:
        assert isinstance(decode(topic, json.dumps(event).encode()), Event), event


def test_every_kind_of_emission_has_an_example():
    types = {event["type"] for kind in EMISSIONS for event in examples(kind.topic)}
    assert types == {kind.type for kind in EMISSIONS}


WRONG = [None, 5, -1, 4.5, "", "x", True, [], {}, "2026-11-21T09:30:00Z", "19.99", "NaN", 4.0, "high", {"a": 1}]


@pytest.mark.parametrize("kind", [kind for kinds in EVENTS.values() for kind in kinds], ids=lambda kind: kind.action)
def test_schema_and_decoding_accept_the_same(kind):
    definition = validator(kind.topic).schema["$defs"][kind.__name__]
    check = jsonschema.Draft202012Validator(definition)
    event = next(event for event in examples(kind.topic) if kind.action.endswith(f".{event['type']}"))
    for name in event:
        for value in WRONG:
            changed = {**event, name: value}
            decoded = isinstance(decode(kind.topic, json.dumps(changed).encode()), Event)
            assert check.is_valid(changed) == decoded, (name, value)


def test_unknown_fields_are_allowed():
    for topic, event in INPUT_EXAMPLES:
        validator(topic).validate({**event, "anything": {"else": [1]}})


def test_the_default_policy_fits_the_schema_of_policies():
    validator("policy").validate(yaml.safe_load(DEFAULT_YAML))


EMAIL = {"topic": "email"}


@pytest.mark.parametrize(
    ("policy", "valid"),
    [
        ({}, True),
        ({"version": 2}, True),
        ({"triggers": {"promoter": {"enabled": False}}}, True),
        ({"triggers": {"promotor": {}}}, False),
        ({"triggers": {"stage_changed": {"cooldown": "1d"}}}, False),
        ({"score": {"half_life": 14}}, False),
        ({"segments": {"s": {"attribute": "country", "in": ["NO"]}}}, True),
        ({"segments": {"s": {"attribute": "country"}}}, False),
        ({"segments": {"s": {"all": [{"not": {"state": "value.orders", "at_least": 2}}]}}}, True),
        ({"segments": {"s": {"attribute": "a", "state": "score", "equals": 1}}}, False),
        ({"rules": [{"name": "r", "when": {"count": {"topic": "email"}, "at_least": 1, "within": "1d"}}]}, True),
        ({"rules": [{"name": "r", "when": {"count": {"topic": "email"}, "at_least": 1}}]}, False),
        ({"rules": [{"name": "r", "when": {"absence": EMAIL, "for": "1d", "since": EMAIL}}]}, True),
        ({"rules": [{"name": "r", "when": {"sum": {"topic": "purchases"}, "at_least": 1, "within": "1d"}}]}, False),
    ],
)  # fmt: skip
def test_the_schema_of_policies_knows_their_shape(policy, valid):
    assert validator("policy").is_valid(policy) == valid


def test_the_asyncapi_document_has_every_topic_and_refers_to_schemas_that_are_there():
    document = json.loads((GENERATED / "asyncapi.json").read_text("utf-8"))
    assert document["asyncapi"].startswith("3.")
    assert set(document["channels"]) == set(CATALOGUE)
    assert {one["channel"]["$ref"].removeprefix("#/channels/") for one in document["operations"].values()} == set(
        CATALOGUE
    )
    for topic, channel in document["channels"].items():
        assert channel["messages"]
        for message in channel["messages"].values():
            file, path = message["payload"]["$ref"].split("#/$defs/")
            schema = json.loads((GENERATED / file).read_text("utf-8"))
            assert file == f"./{topic}.schema.json"
            assert path in schema["$defs"]
