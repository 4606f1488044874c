"""``engage dead-letters``: what could not be applied; why, and sent again after it was mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import heappush, heappushpop
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agents.cli.options import InstantType, PathType
from agents.cli.problems import told
from agents.cli.settings import connection_options, settings_of
from schemas.deadletters import REASONS
from schemas.topics import INPUTS

if TYPE_CHECKING:
    from agents.deadletters.letter import Filter, Letter
    from agents.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

EPILOG = """\b
Examples:
  engage dead-letters list --bootstrap localhost:9092 --since 2026-11-21 --reason schema
  engage dead-letters list --from out                      of a replay into the folder out
  engage dead-letters show clickstream/2/1043              what was wrong, and would it be taken now?
\b
Mend one and send it again:
  engage dead-letters show clickstream/2/1043 --raw > event.json      edit event.json, then
  engage dead-letters replay clickstream/2/1043 --with event.json
\b
After the engine was updated or a clock was put right, send what is accepted now:
  engage dead-letters replay --reason from_the_future --since 2026-11-21 --dry-run
  engage dead-letters replay --reason from_the_future --since 2026-11-21
\b
The producer used the wrong message key:
  engage dead-letters replay --reason key_mismatch --rekey
"""

source_option = click.option(
    "--from", "source", type=PathType(), metavar="PATH", help="The --out folder of a replay, or its dead-letters.jsonl."
)


def filter_options(command: F) -> F:
    """Which letters: by reason, topic, customer and time."""
    for option in (
        click.option("--until", type=InstantType(), metavar="TIME", help="Refused before TIME."),
        click.option("--since", type=InstantType(), metavar="TIME", help="Refused at TIME or later."),
        click.option("--customer", metavar="ID", help="Of this message key or customer_id."),
        click.option("--topic", "topics", type=click.Choice(INPUTS), multiple=True, help="Sent to it; several count."),
        click.option("--reason", "reasons", type=click.Choice(REASONS), multiple=True, help="Several count."),
    ):
        command = option(command)
    return command


@click.group("dead-letters", epilog=EPILOG)
def dead_letters() -> None:
    """List, show and send again what could not be applied.

    Each dead letter is known by where it was read: topic/partition/offset. The original is kept whole for 90 days.
    """


@dead_letters.command("list")
@connection_options
@source_option
@filter_options
@click.option("--open", "only_open", is_flag=True, help="Only those that were not sent again.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Show the newest of them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, with the original in base64.")
def listing(
    bootstrap_servers: str | None, more: dict[str, str], source: Path | None, only_open: bool, limit: int,
    as_json: bool, **chosen: Any,
) -> None:  # fmt: skip
    """The newest dead letters, and how many there are by topic and reason.

    Time is when a worker refused the record; in a replay's file, the occurred_at that the record claims.
    """
    import orjson

    from agents.deadletters.showing import HEADINGS, row, summary

    settings = settings_of(more, bootstrap_servers=bootstrap_servers)
    wanted, counts = _filter(**chosen), Counter[tuple[str, str, bool]]()
    shown: list[tuple[int, int, Letter]] = []
    with told():
        before = {} if source else _before(settings)
        for number, letter in enumerate(wanted.select(_letters(settings, source, wanted.since))):
            sent = letter.full_id in before
            if sent and only_open:
                continue
            counts[letter.record.topic, letter.record.reason, sent] += 1
            push = heappush if len(shown) < limit else heappushpop
            push(shown, (letter.time or 0, number, letter))
    for _, _, letter in (ordered := sorted(shown, key=lambda item: item[:2])):
        at = before.get(letter.full_id)
        if as_json:
            click.echo(orjson.dumps({**letter.line(), "sent_again": at}))
            continue
        if letter is ordered[0][2]:
            click.echo(click.style(HEADINGS, bold=True))
        click.echo(row(letter, at))
    if not as_json:
        total = counts.total()
        click.echo(f"\n{total:,} dead letters" + (f", the newest {limit} shown" if total > limit else ""))
        for line in summary(counts):
            click.echo(line)


@dead_letters.command()
@click.argument("letter_id", metavar="ID")
@connection_options
@source_option
@click.option("--raw", is_flag=True, help="Only the original value, byte by byte, to edit it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, with the original in base64.")
def show(
    letter_id: str, bootstrap_servers: str | None, more: dict[str, str], source: Path | None, raw: bool, as_json: bool
) -> None:
    """All about one dead letter: what came, what was wrong, what was expected, and whether it would be taken now."""
    import time

    import orjson

    from agents.deadletters.letter import Filter, named
    from agents.deadletters.plan import judge
    from agents.deadletters.showing import letter_lines

    settings = settings_of(more, bootstrap_servers=bootstrap_servers)
    with told():
        before = {} if source else _before(settings)
        letter = named(letter_id, Filter(ids=(letter_id,)).select(_letters(settings, source)))
    at = before.get(letter.full_id)
    if raw:
        click.echo(letter.value or b"", nl=False)
    elif as_json:
        click.echo(orjson.dumps({**letter.line(), "sent_again": at}))
    else:
        key = letter.claimed_customer.encode() if source and letter.claimed_customer else letter.key
        now = judge(letter.record.topic, key, letter.value, int(time.time() * 1000))
        click.echo("\n".join(letter_lines(letter, at, now)))


@dead_letters.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@connection_options
@filter_options
@click.option("--all", "everything", is_flag=True, help="All that there are.")
@click.option("--with", "changed", type=PathType(), metavar="FILE", help="Send this value instead; for one ID.")
@click.option("--rekey", is_flag=True, help="Send key mismatches under the customer_id of their value.")
@click.option("--force", is_flag=True, help="Send also what will be refused again.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and send nothing.")
def replay(
    ids: tuple[str, ...], bootstrap_servers: str | None, more: dict[str, str], everything: bool, changed: Path | None,
    rekey: bool, force: bool, dry_run: bool, **chosen: Any,
) -> int:  # fmt: skip
    """Send dead letters to their topics again: those of these IDs, or all that the options choose.

    Key, headers and value are the original's; the partition is the one where the key belongs. Each letter is sent
    exactly once, however often this is run and wherever it is stopped: what was sent is marked in the same
    transaction. What would be refused again is left out. Exit code 1 when something was left out for that.
    """
    wanted = _filter(ids=ids, **chosen)
    if not (everything or any(getattr(wanted, name) for name in ("ids", "reasons", "topics", "customer")) or (
        wanted.since is not None or wanted.until is not None
    )):  # fmt: skip
        raise click.UsageError("which ones? give IDs, --reason, --topic, --customer, --since, --until, or --all")
    if changed is not None and len(ids) != 1:
        raise click.UsageError("--with goes with exactly one ID")
    settings = settings_of(more, bootstrap_servers=bootstrap_servers)
    with told():
        return _replay(settings, wanted, changed, rekey=rekey, force=force, dry_run=dry_run)


def _replay(
    settings: Settings, wanted: Filter, changed: Path | None, *, rekey: bool, force: bool, dry_run: bool
) -> int:
    import time

    from agents.deadletters.letter import named
    from agents.deadletters.plan import Change, Item, plan
    from agents.deadletters.sending import Sender
    from agents.deadletters.showing import item_line

    change = Change(None if changed is None else changed.read_bytes().removesuffix(b"\n"), rekey, force)
    sender = Sender(settings)
    if not sender.isolated:
        click.echo("engage: the embedded broker isolates nothing: a run that is killed may send some twice", err=True)
    if not dry_run:
        sender.open()
    before, counts = _before(settings, sender.marks), Counter[str]()
    letters: Iterator[Letter] = wanted.select(_letters(settings, None, wanted.since))
    if wanted.ids:
        found = list(letters)
        letters = iter([named(name, found) for name in wanted.ids])

    def tell(item: Item, *, done: bool) -> None:
        counts[item.fate] += 1
        click.echo(item_line(item, sender.target(item), done))

    def chosen() -> Iterator[Item]:
        for letter in letters:
            item = plan(letter, before, int(time.time() * 1000), change)
            if item.fate == "send" and not dry_run:
                yield item
            else:
                tell(item, done=False)

    for batch in sender.send(chosen()):
        for item in batch:
            tell(item, done=True)
    word = "would be sent" if dry_run else "sent"
    click.echo(f"{counts['send']:,} {word}, {counts['refused']:,} refused again, {counts['sent_before']:,} sent before")
    return 1 if counts["refused"] else 0


def _filter(**chosen: Any) -> Filter:
    from agents.deadletters.letter import Filter

    return Filter(**chosen)


def _letters(settings: Settings, source: Path | None, since: int | None = None) -> Iterator[Letter]:
    from agents.deadletters.reading import letters_in, letters_on_broker

    return letters_on_broker(settings, since) if source is None else letters_in(source)


def _before(settings: Settings, partitions: int | None = None) -> dict[str, str]:
    from agents.deadletters.reading import sent_before

    return sent_before(settings, partitions)
