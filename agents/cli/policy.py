"""``engage policy``: check, compare and test policies."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from agents.cli.options import PathType, events_option, until_option
from agents.cli.problems import Problem, told
from schemas.times import Instant

EPILOG = """\b
Examples:
  engage policy check policy.yaml
  engage policy diff default policy.yaml --events events --details
  engage policy test policy.yaml              its examples, and those in policy.examples.yaml
"""


@click.group(epilog=EPILOG)
def policy() -> None:
    """Check a policy, see what it would change, test it on examples."""


@policy.command()
@click.argument("file", type=PathType())
def check(file: Path) -> None:
    """Say whether FILE is a valid policy and what it changes in the defaults."""
    from agents.policytools import changes
    from schemas.policy import load

    with told():
        found = load(file)
        changed = changes(found)
    for line in changed:
        click.echo(f"  {line}")
    click.echo(f"{file} is valid: version {found.version}, {len(changed)} keys differ from the defaults")


@policy.command("diff")
@click.argument("before", type=PathType())
@click.argument("after", type=PathType())
@events_option
@until_option
@click.option("--details", is_flag=True, help="Every customer and every firing that differs.")
def compare(before: Path, after: Path, events: tuple[Path, ...], until: Instant | None, details: bool) -> None:
    """Run the same events under two policies and show what differs.

    BEFORE and AFTER are policy files; the word "default" stands for the defaults.
    """
    if not events:
        raise click.UsageError("Missing option '--events'.")
    from agents.policyreport import print_diff
    from agents.policytools import diff
    from agents.replay.reading import find_sources
    from schemas.policy import load

    with told():
        policies = [load(None if str(path) == "default" else path) for path in (before, after)]
        found = diff(policies[0], policies[1], find_sources(events), until)
    print_diff(found, str(before), str(after), details, sys.stdout)


@policy.command()
@click.argument("file", type=PathType())
@click.option("--examples", type=PathType(), metavar="FILE", help="Default: <policy>.examples.yaml beside the policy.")
def test(file: Path, examples: Path | None) -> None:
    """Run the examples of FILE: what must fire fires, what must not does not.

    Examples stand under the rules of the policy, or in a file beside it.
    """
    from agents.policyexamples import beside, failures, read_examples, rule_examples
    from schemas.policy import load

    with told():
        found = load(file)
        apart = examples or beside(file)
        stories = rule_examples(found) + (read_examples(apart) if examples or apart.exists() else ())
        results = [(story, failures(story, found)) for story in stories]
    for story, wrong in results:
        click.echo(f"{'FAILED' if wrong else 'ok    '} {story.name}" + "".join(f"\n         {line}" for line in wrong))
    if not results:
        message = f"no examples: put them under the rules of {file}, or into {apart}"
        raise Problem(message)
    failed = sum(bool(wrong) for _, wrong in results)
    if failed:
        message = f"{failed} of {len(results)} examples do not hold under {file}"
        raise Problem(message)
    click.echo(f"{len(results)} examples hold")
