"""The view of one lane: its claim, what waits to be written, and one transaction for each batch.

One owner writes the customers of a lane. Each transaction checks that the claim in Redis is what this owner wrote last
(WATCH); so a late write of an earlier owner is refused, and data that Redis lost is noticed and written again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import WatchError

from agents.changelog import CUSTOMER
from agents.view.keys import WRITER_SECONDS, Claim, Keys, new_owner, parse_claim
from agents.view.pending import Entry, Pending
from agents.view.recall import Since, recall
from agents.view.record import delivered_now, describe, held
from agents.view.transaction import Write, left_over, put

if TYPE_CHECKING:
    from agents.settings import Settings
    from agents.stores import Store
    from agents.view.recall import Found
    from schemas.policy import Policy

logger = logging.getLogger(__name__)

COMMAND: Final = -1
"""The fence of the command that rebuilds: any worker takes precedence."""
_FORM: Final = "1"
"""Changes when the form of the records changes: then all are written anew."""
_TRUSTED_MS: Final = 20 * 3_600_000
"""The changelog forgets deletions after a day: a view that was left for longer is written as a whole."""
_SLICE: Final = 20


class LaneView:
    """Made when a worker has a lane, dropped when it has lost it. ``store`` holds what was delivered of the lane."""

    def __init__(
        self,
        partition: int,
        store: Store,
        now: Callable[[], int],
        settings: Settings,
        policy: Policy,
        redis: Any,
        *,
        command: bool = False,
    ) -> None:
        self.partition = partition
        self.pending = Pending(settings.view_pending, settings.view_triggers)
        self.claim: Claim | None = None
        self.checked_at = 0.0
        """When the claim was last found in Redis (monotonic seconds)."""
        self.stood_down = False
        """A later owner writes this lane."""
        self.gone = False
        self._store = store
        self._now = now
        self._settings = settings
        self._policy = policy
        self._redis = redis
        self._keys = Keys(settings.view_keys)
        self._fence = COMMAND if command else store.position
        self._owner = new_owner()
        self._made_by = f"{_FORM}/{policy.version}"
        self._whole = command
        self._missing_since = time.monotonic()
        self._missing: Callable[[], AsyncIterator[Found]] | None = None
        self._recalling: AsyncIterator[Found] | None = None
        self._refreshing: Iterator[bytes] = iter(())
        self._refreshed_at = time.monotonic()

    @property
    def complete(self) -> bool:
        """Nothing is known to be missing in Redis."""
        pending = self.pending
        return self.claim is not None and self._missing is None and not pending.overflowed and not len(pending)

    @property
    def up_to_date(self) -> bool:
        """Redis has all that was delivered up to now."""
        return self.complete and self.claim is not None and self.claim.position == self._store.position

    def lag(self, now: float) -> float:
        """Age in seconds of the oldest change that Redis does not have; ``now`` is monotonic."""
        known_missing = self.claim is None or self._missing is not None
        since = [self._missing_since] if known_missing else []
        oldest = self.pending.oldest()
        return max(0.0, now - min([*since, *([] if oldest is None else [oldest])], default=now))

    async def take_over(self) -> None:
        """Claim the lane, and find out what the view lacks. Raises redis.RedisError, OSError."""
        redis, name = self._redis, self._keys.lane(self.partition)
        before = parse_claim(await redis.hgetall(name))
        since = None if self._whole else self._since(before)
        if since is None:
            clear = before is not None or bool(await redis.exists(self._keys.by_score))
            self._look_for(lambda: self._everything(clear))
        else:
            self._look_for(lambda: recall(self._settings, self.partition, self._store, since))
        claim = Claim(self._owner, self._fence, 0, None, 0, 0, self._made_by)
        if since is not None and before is not None:
            claim = claim._replace(position=before.position, now=before.now, at=before.at)
        async with redis.pipeline(transaction=True) as pipe:
            self._put_claim(pipe, claim)
            await pipe.execute()
        self.claim, self._whole, self.checked_at = claim, False, 0.0

    async def prepare(self, count: int) -> dict[str, Entry]:
        """Up to ``count`` customers to be written. Raises what ``recall`` raises."""
        if self.pending.overflowed and self._missing is None:
            self.pending.overflowed = False
            self._look_for(lambda: self._everything(clear=False))
        if self._missing is not None and len(self.pending) < count:
            if self._recalling is None:
                self._recalling = self._missing()
            try:
                found = await anext(self._recalling, None)
            except BaseException:
                self._recalling = None
                raise
            if found is None:
                self._look_for(None)
                self.checked_at = 0.0  # Complete now, and Redis is to know at once.
            for customer_id, trigger in found or ():
                self.pending.recall(customer_id, trigger)
        elif not len(self.pending):
            self._refresh()
        return self.pending.take(count)

    async def describe(self, batch: Mapping[str, Entry], rest: Callable[[float], Awaitable[None]]) -> list[Write]:
        """Records of customers as they were last delivered; ``rest`` is told the seconds that each slice took."""
        found: list[Write] = []
        items = list(batch.items())
        for begin in range(0, len(items), _SLICE):
            if self.gone:
                break
            started = time.perf_counter()
            for customer_id, entry in items[begin : begin + _SLICE]:
                record, score = None, 0
                try:
                    state = held(self._store, customer_id)
                    if state is not None:
                        record, score = describe(state, self._now(), self._policy, self.partition)
                    found.append(Write(customer_id, record, score, entry.anew, entry.fired()))
                except Exception as failure:
                    kind = type(failure).__name__
                    logger.warning("A customer of lane %d cannot be shown in the view: %s", self.partition, kind)
                    logger.debug("What cannot be shown", exc_info=failure)
            await rest(time.perf_counter() - started)
        return found

    async def write(self, writes: Sequence[Write]) -> bool:
        """Write these customers in one transaction; False when the claim is not as it was left: nothing is written.

        Raises:
            redis.RedisError, OSError: Redis cannot be written.

        """
        claim, name = self.claim, self._keys.lane(self.partition)
        if claim is None or self.gone:
            return False
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.watch(name)
            stored = parse_claim(await pipe.hgetall(name))
            if stored is None or not self._holds(claim, stored):
                self._lost(stored)
                return False
            after = stored._replace(writes=stored.writes + 1)
            if self.complete:
                at = int(time.time() * 1000)
                after = after._replace(position=self._store.position, now=delivered_now(self._store), at=at)
            pipe.multi()
            for item in writes:
                put(pipe, self._keys, item, self._settings.view_triggers)
            self._put_claim(pipe, after)
            try:
                await pipe.execute()
            except WatchError:
                return False
        self.claim, self.checked_at = after, time.monotonic()
        return True

    async def release(self) -> None:
        """Say that no worker keeps this lane now. Raises redis.RedisError, OSError."""
        name = self._keys.writer(self.partition)
        if await self._redis.get(name) == self._owner.encode():
            await self._redis.delete(name)

    def _since(self, before: Claim | None) -> Since | None:
        """From where on the view lacks something; None when all must be written."""
        if before is None or before.position is None or before.made_by != self._made_by:
            return None
        if before.position > self._store.position or time.time() * 1000 - before.at > _TRUSTED_MS:
            return None
        return Since(before.position, before.now)

    def _holds(self, claim: Claim, stored: Claim) -> bool:
        """The last transaction may have been done although its answer was lost; it will be done again."""
        return stored.owner == claim.owner and stored.writes - claim.writes in (0, 1)

    def _lost(self, stored: Claim | None) -> None:
        """Redis has lost something, or another has written: all anew, unless a later owner has the lane."""
        self.claim, self._whole, self._missing_since = None, True, time.monotonic()
        self.stood_down = stored is not None and stored.owner != self._owner and stored.fence > self._fence

    def _look_for(self, missing: Callable[[], AsyncIterator[Found]] | None) -> None:
        if self._missing is None:
            self._missing_since = time.monotonic()
        self._missing, self._recalling = missing, None

    async def _everything(self, clear: bool) -> AsyncIterator[Found]:
        async for part in recall(self._settings, self.partition, self._store, None):
            yield part
        if clear:
            async for part in left_over(self._redis, self._keys, self._store, self.partition):
                yield part

    def _refresh(self) -> None:
        """A few customers in turn, because scores fall while nothing happens."""
        hours = self._settings.view_refresh_hours
        if not hours:
            return
        key = next(self._refreshing, None)
        if key is None:
            if time.monotonic() - self._refreshed_at >= hours * 3600:
                self._refreshed_at = time.monotonic()
                self._refreshing = self._store.names()
            return
        for name in (key, *islice(self._refreshing, _SLICE - 1)):
            if name[:1] == CUSTOMER:
                self.pending.recall(name[1:].decode(), None)

    def _put_claim(self, pipe: Any, claim: Claim) -> None:
        pipe.hset(self._keys.lane(self.partition), mapping=claim.fields())
        if self._fence != COMMAND:
            pipe.set(self._keys.writer(self.partition), self._owner, ex=WRITER_SECONDS)
