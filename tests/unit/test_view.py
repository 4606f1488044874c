"""Parts of the view that need no Redis: what waits, what is shown, what is claimed, what is kept secret."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.changelog import customer_key, pack
from agents.settings import Settings
from agents.stores import MemoryStore
from agents.view.keys import Claim, address_of, parse_claim
from agents.view.pending import Pending
from agents.view.recall import recall
from agents.view.record import LANE_BYTES, delivered_now, describe, held, lane_of, score_then
from schemas.decode import decode
from schemas.events import Event
from schemas.outputs import CustomerErased, TriggerFired
from schemas.policy import Policy, load
from schemas.times import DAY
from streams import codec
from streams.describe import customer_line
from streams.lane import Lane, Memory
from streams.state import Customer, Erased
from tests.agents.running import NOON, event

ANN = Customer("ann", NOON, NOON, NOON)


def fired(name: str, number: int) -> TriggerFired:
    return TriggerFired(
        id=f"{name}{number}", customer_id=name, trigger="promoter", subject=None, evidence={}, cause="c", score=1,
        level="low", policy_version="1", at=NOON + number,
    )  # fmt: skip


def clicked(policy: Policy, days: int) -> Customer:
    """A customer with points under two half-lives, the first some days old."""
    lane = Lane(Memory(), policy)
    for number, topic in enumerate(("surveys", "clickstream")):
        fields = {"score": 9} if topic == "surveys" else {"form_id": "f"}
        kind = "nps" if topic == "surveys" else "form_submit"
        found = decode(topic, event(topic, kind, "ann", number * days * DAY, f"e{number}", **fields).value)
        assert isinstance(found, Event)
        lane.feed(found)
    state = lane.store.get("ann")
    assert isinstance(state, Customer)
    return state


def test_a_customer_that_changes_often_waits_once_with_its_newest_triggers() -> None:
    pending = Pending(most=10, triggers=2)
    for number in range(7):
        pending.changed({"ann": ANN, "bob": ANN}, [fired("ann", number)])
    assert len(pending) == 2
    batch = pending.take(10)
    assert list(batch) == ["ann", "bob"]
    kept = [at - NOON for at in batch["ann"].fired().values()]
    assert kept[-2:] == [5, 6]
    assert len(kept) <= 4
    assert batch["bob"].fired() == {}


def test_what_could_not_be_written_waits_in_front_with_what_came_meanwhile() -> None:
    pending = Pending(most=10, triggers=5)
    pending.changed({"ann": ANN}, [fired("ann", 1)])
    batch = pending.take(1)
    pending.changed({"bob": ANN, "ann": ANN}, [fired("ann", 2)])
    oldest = batch["ann"].since
    pending.put_back(batch)
    assert pending.oldest() == oldest
    again = pending.take(5)
    assert list(again) == ["ann", "bob"]
    assert [at - NOON for at in again["ann"].fired().values()] == [1, 2]


def test_an_erasure_forgets_the_triggers_that_wait_and_clears_those_written() -> None:
    pending = Pending(most=10, triggers=5)
    pending.changed({"ann": ANN}, [fired("ann", 1)])
    batch = pending.take(1)
    pending.changed(
        {"ann": ANN}, [fired("ann", 2), CustomerErased(id="x", customer_id="ann", at=NOON + 3), fired("ann", 4)]
    )
    pending.put_back(batch)
    entry = pending.take(1)["ann"]
    assert entry.anew
    assert [at - NOON for at in entry.fired().values()] == [4]


def test_more_customers_than_may_wait_are_given_up_but_for_the_erased() -> None:
    pending = Pending(most=2, triggers=5)
    pending.changed({"gone": Erased(NOON), "lost": None}, ())
    assert not pending.overflowed
    pending.changed({"ann": ANN, "bob": ANN}, ())
    assert pending.overflowed
    assert list(pending.take(10)) == ["gone", "lost"]


@pytest.mark.parametrize("half_lives", ["{}", "{surveys.nps: 1d}"])
@given(later=st.integers(0, 90 * DAY))
def test_a_reader_works_out_the_score_of_any_later_time(
    tmp_path_factory: pytest.TempPathFactory, half_lives: str, later: int
) -> None:
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(f"score: {{half_lives: {half_lives}}}\n")
    policy = load(file)
    state = clicked(policy, 2)
    record = orjson.loads(describe(state, state.now, policy, 3)[0])
    assert score_then(record, state.now + later) == customer_line(state, state.now + later, policy)["score"]


def test_a_record_is_the_customers_line_and_begins_with_its_lane() -> None:
    policy = load(None)
    state = clicked(policy, 1)
    record, score = describe(state, state.now + DAY, policy, 12)
    assert lane_of(record[:LANE_BYTES]) == 12
    shown = orjson.loads(record)
    assert shown["score"] == score == customer_line(state, state.now + DAY, policy)["score"]
    assert shown["as_of"] == "2026-01-03T12:00:00.000Z"


def test_a_record_is_never_older_than_the_customers_own_time() -> None:
    policy = load(None)
    state = clicked(policy, 1)
    assert describe(state, 0, policy, 0) == describe(state, state.now, policy, 0)


@pytest.mark.parametrize("head", [b"", b"{}", b'{"lane":x,', b'{"score":3,', b"not json"])
def test_what_the_engine_did_not_write_belongs_to_no_lane(head: bytes) -> None:
    assert lane_of(head) is None


def test_a_store_shows_customers_but_no_erasure_marks() -> None:
    store = MemoryStore()
    store.write([(customer_key("ann"), pack(codec.encode(ANN), None)), (b"e" + bytes(32), b"mark")], 5)
    assert held(store, "ann") == ANN
    assert held(store, "bob") is None
    assert delivered_now(store) == 0


@given(st.builds(
    Claim, st.text("0123456789abcdef", min_size=1), st.integers(-1, 2**60), st.integers(0, 2**60),
    st.none() | st.integers(0, 2**60), st.integers(0, 2**60), st.integers(0, 2**60), st.just("1/2"),
))  # fmt: skip
def test_a_claim_is_read_as_it_was_written(claim: Claim) -> None:
    assert parse_claim({name.encode(): value.encode() for name, value in claim.fields().items()}) == claim


@pytest.mark.parametrize("fields", [{}, {b"owner": b"a"}, {b"owner": b"a", b"fence": b"x"}])
def test_a_hash_that_is_no_claim_is_none(fields: dict[bytes, bytes]) -> None:
    assert parse_claim(fields) is None


def test_the_address_shows_no_password_and_takes_one_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "engage_redis_password").write_text("sesame")
    (tmp_path / "ca.pem").touch()
    settings = Settings(
        _secrets_dir=str(tmp_path), redis_url="rediss://:other@redis:6379/0", redis_ca_file=tmp_path / "ca.pem"
    )  # type: ignore[call-arg]
    address = address_of(settings)
    assert address is not None
    assert address.options()["password"] == "sesame"  # noqa: S105
    assert address.options()["ssl_ca_certs"].endswith("ca.pem")
    for shown in (repr(address), repr(settings)):
        assert "sesame" not in shown
        assert "other" not in shown


def test_without_a_redis_there_is_no_view() -> None:
    assert address_of(Settings()) is None
    assert Settings(application_id="crm").view_keys == "crm"
    assert Settings(application_id="crm", view_prefix="shop:crm").view_keys == "shop:crm"


async def test_all_of_a_lane_begins_with_the_customers_of_its_store() -> None:
    store = MemoryStore()
    store.write([(customer_key(name), pack(codec.encode(ANN), None)) for name in ("ann", "bob")] + [(b"l", b"")], 5)
    async for part in recall(Settings(), 0, store, None):
        assert part == [("ann", None), ("bob", None)]
        break
