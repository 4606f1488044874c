"""What is wrong with a policy, in one line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec


class PolicyError(ValueError):
    """The policy cannot be used; the one line names the key and what was expected.

    Operator action: correct the named key in the policy file and start again.
    """


class Place(msgspec.Struct, frozen=True):
    """Where in the policy a value stands: its dotted key."""

    path: str = ""

    def key(self, name: str) -> Place:
        """The place of a key of this object."""
        return Place(f"{self.path}.{name}" if self.path else name)

    def item(self, index: int) -> Place:
        """The place of an item of this list."""
        return Place(f"{self.path}[{index}]")

    def wrong(self, what: str) -> PolicyError:
        """The error that says what is wrong here."""
        line = " ".join(what.split())
        return PolicyError(f"policy: {self.path}: {line}" if self.path else f"policy: {line}")

    def expected(self, what: str, got: object) -> PolicyError:
        """The error of a value that is not what it must be."""
        return self.wrong(f"expected {what}, got {kind(got)}")

    def one_of(self, names: Iterable[str], got: object) -> PolicyError:
        """The error of a value that is none of the names it may be."""
        return self.expected(f"one of {', '.join(names)}", got)

    def just_one(self, names: Iterable[str], given: Iterable[str]) -> PolicyError:
        """The error of an object that does not have exactly one of these keys."""
        return self.wrong(f"expected exactly one of {', '.join(names)}, got {', '.join(given) or 'none'}")

    def unknown(self, name: object, known: Iterable[str]) -> PolicyError:
        """The error of a key that is none of those known, with the nearest as a suggestion."""
        return self.key(str(name)).wrong("unknown key" + _nearest(name, known))

    def no_such(self, noun: str, name: object, known: Iterable[str]) -> PolicyError:
        """The error of a value that names nothing known, with the nearest as a suggestion."""
        return self.wrong(f"no such {noun}: {name}{_nearest(name, known)}")


def _nearest(name: object, known: Iterable[str]) -> str:
    near = get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def kind(value: object) -> str:
    """What a value is called in an error."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return repr(value)
