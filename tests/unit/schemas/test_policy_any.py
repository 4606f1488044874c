"""Whatever stands in a policy, it is loaded whole or refused in one line; nothing else ever happens."""

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policy import DEFAULT_YAML, Policy, PolicyError, load, merge

DEFAULTS = yaml.safe_load(DEFAULT_YAML)


def paths(value, path=()):
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*path, name))


PATHS = [*paths(DEFAULTS), ("segments", "s"), ("score", "points", "email.sent"), ("tiers", "tin"), ("triggers", "none")]
WORDS = ["1d", "0s", "7d", "attribute", "country", "equals", "count", "topic", "email", "name", "when", "NO", "url", ""]
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=5)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*WORDS, "all", "not", "within", "at_least", "where", "max"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


def outcome(make):
    try:
        policy = make()
    except PolicyError as error:
        line = str(error)
        assert line.startswith("policy: ")
        assert "\n" not in line
        return line
    assert isinstance(policy, Policy)
    return policy


@settings(max_examples=400)
@given(st.sampled_from(PATHS), junk)
def test_any_value_at_any_key_is_taken_or_refused_by_that_key(path, value):
    over = value
    for name in reversed(path):
        over = {name: over}
    result = outcome(lambda: merge(over))
    if isinstance(result, str) and path[0] not in ("tiers", "contact", "fatigue", "score"):
        assert result.startswith(f"policy: {path[0]}")


@settings(max_examples=200)
@given(st.lists(junk, max_size=3))
def test_any_rules_are_taken_or_refused(rules):
    outcome(lambda: merge({"rules": rules}))


@settings(max_examples=100)
@given(st.binary(max_size=60) | st.text("{}[]:,-&*!|>'\"#%@\n ab1?", max_size=40).map(str.encode))
def test_any_file_is_taken_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("policy") / "policy.yaml"
    path.write_bytes(content)
    outcome(lambda: load(path))
