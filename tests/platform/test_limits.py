"""The limiter's counters: shared by all processes, gone when their window is over."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from server.platform import clock, limits
from server.platform.counters import CounterStorage
from tests.world import make_app

NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request, fresh_database, tmp_path):
    """The address of a database with our tables."""
    if request.config.getoption("--database") not in ("both", request.param):
        pytest.skip("the other database")
    url = fresh_database(request.param)
    make_app(tmp_path, url, limits=True)
    return {"database_url": url, "folder": str(tmp_path)}


def test_a_window_counts_and_starts_anew_when_it_is_over(address):
    counters = CounterStorage(**address)
    with clock.freeze(NOON):
        assert [counters.incr("k", 60) for _ in range(3)] == [1, 2, 3]
        assert counters.get("k") == 3
        assert counters.get_expiry("k") == NOON.timestamp() + 60
        assert counters.get("other") == 0
        clock.tick(seconds=60)
        assert counters.get("k") == 0
        assert counters.incr("k", 60) == 1


def test_two_processes_count_together(address):
    first, second = CounterStorage(**address), CounterStorage(**address)

    def count(storage: CounterStorage) -> None:
        for _ in range(20):
            storage.incr("k", 60)

    threads = [threading.Thread(target=count, args=(storage,)) for storage in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert first.get("k") == second.get("k") == 40


def test_windows_that_are_over_are_removed(address):
    counters = CounterStorage(**address)
    with clock.freeze(NOON):
        counters.incr("old", 10)
        counters.incr("young", 100)
        clock.tick(seconds=50)
        assert counters.forget_expired() == 1
        assert counters.get("young") == 1


def test_a_key_can_be_cleared_and_all_can_be_reset(address):
    counters = CounterStorage(**address)
    for key in "ab":
        counters.incr(key, 60)
    counters.clear("a")
    assert (counters.get("a"), counters.get("b")) == (0, 1)
    counters.reset()
    assert counters.get("b") == 0
    assert counters.check()


def test_the_periodic_tidying_reaches_the_limiter_of_the_application(address):
    assert isinstance(limits.limiter.storage, CounterStorage)
    with clock.freeze(NOON):
        limits.limiter.storage.incr("old", 1)
        clock.tick(seconds=2)
        assert limits.forget_expired() == 1
