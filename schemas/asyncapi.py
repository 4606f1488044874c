"""The AsyncAPI 3 document: the topics as channels, what the engine receives and sends, and where their schemas are."""

from __future__ import annotations

from typing import Any

from schemas.topics import CATALOGUE, INPUTS

TITLE = "Engagement engine"
VERSION = "1.0.0"


def asyncapi(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The document over the schemas of the topics, which lie beside it as ``<topic>.schema.json``."""
    channels = {name: _channel(name, schema) for name, schema in schemas.items()}
    operations = {
        f"{'receive' if name in INPUTS else 'send'}-{name}": {
            "action": "receive" if name in INPUTS else "send",
            "channel": {"$ref": f"#/channels/{name}"},
        }
        for name in schemas
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": "Customer events in, explained scores and triggers out.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
    }


def _channel(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    topic = CATALOGUE[name]
    return {
        "address": name,
        "description": f"{topic.description}. The message key is the {topic.key}, in UTF-8.",
        "messages": {title: _message(name, title, path) for title, path in _payloads(schema).items()},
        "bindings": {"kafka": {"topic": name, "bindingVersion": "0.5.0"}},
    }


def _payloads(schema: dict[str, Any]) -> dict[str, str]:
    """Each message's title and where its schema stands in the file of its topic."""
    references = [one["$ref"] for one in schema.get("anyOf", [])] or [schema["$ref"]]
    return {reference.rsplit("/", 1)[1]: reference for reference in references}


def _message(topic: str, title: str, path: str) -> dict[str, Any]:
    content = "application/cloudevents+json" if title.endswith("Event") else "application/json"
    return {
        "name": title,
        "contentType": content,
        "payload": {"$ref": f"./{topic}.schema.json{path}"},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
    }
