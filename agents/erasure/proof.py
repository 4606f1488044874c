"""All places in order: what the engine holds first, then what others own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agents.erasure.place import Place
from agents.erasure.state import in_changelog, in_figures
from agents.erasure.stores import in_redis, in_rocksdb, in_worker
from agents.erasure.topics import by_retention
from agents.topicadmin import TopicAdmin
from agents.view.keys import address_of

if TYPE_CHECKING:
    from agents.settings import Settings


class NoChangelogError(ValueError):
    """There is no changelog, so nothing can be said.

    Operator action: name the broker (``--bootstrap``) and the ``application_id`` of the workers.
    """


def places(settings: Settings, customer_id: str, workers: Sequence[str], *, topics: bool) -> Iterator[Place]:
    """Everything that is known of where this customer is or was. ``topics`` False leaves out what others own.

    Raises:
        NoChangelogError: no worker has run there.
        ConnectionError: the broker, Redis or a worker does not answer.
        ValueError: an address cannot be one.

    """
    found = TopicAdmin(settings).found()
    changelog = found.get(settings.changelog_topic)
    if changelog is None:
        message = f"no topic {settings.changelog_topic} on {settings.bootstrap_servers}: no worker ran there"
        raise NoChangelogError(message)
    yield from in_changelog(settings, customer_id, changelog.partitions, changelog.config)
    if (rows := found.get(settings.kpi_rows_topic)) is not None:
        yield in_figures(settings, customer_id, rows.partitions)
    yield from in_redis(address_of(settings), settings.view_keys, customer_id)
    yield from in_rocksdb(settings, customer_id)
    token = settings.http_token.get_secret_value() if settings.http_token else None
    if not workers:
        yield Place("workers", "not_looked", "no address: --worker URL")
    for url in workers:
        yield in_worker(url, customer_id, token)
    if topics:
        yield from by_retention(settings, customer_id, found)
    else:
        yield Place("inputs, outputs, dead letters", "not_looked", "--no-topics")
