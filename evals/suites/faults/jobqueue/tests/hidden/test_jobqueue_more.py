import pytest

from jobqueue import JobQueue, QueueEmpty


def filled(**priorities):
    queue = JobQueue()
    for name, priority in priorities.items():
        queue.add(name, priority)
    return queue


def test_order_of_many():
    queue = filled(a=3, b=1, c=3, d=2, e=1)
    assert len(queue) == 5
    assert queue.drain() == ["b", "e", "d", "a", "c"]
    assert len(queue) == 0


def test_pop_counts_attempts():
    queue = filled(x=1)
    assert queue.pop().attempts == 1


def test_popping_leaves_the_others():
    queue = filled(x=1, y=2)
    assert queue.pop().name == "x"
    assert len(queue) == 1


def test_blocked_urgent_job_does_not_block_others():
    queue = JobQueue()
    queue.add("blocked", priority=0, needs=["never"])
    queue.add("free", priority=9)
    queue.add("other", priority=7)
    assert queue.drain() == ["other", "free"]
    assert len(queue) == 1


def test_all_needs_must_be_met():
    queue = JobQueue()
    queue.add("roof", needs=["walls", "beams"])
    queue.add("walls")
    queue.succeed(queue.pop())
    with pytest.raises(QueueEmpty):
        queue.pop()
    queue.add("beams")
    assert queue.drain() == ["beams", "roof"]


def test_retry_at_its_very_second():
    queue = JobQueue(delay_s=3)
    queue.add("x")
    queue.fail(queue.pop(now=10), now=10)
    with pytest.raises(QueueEmpty):
        queue.pop(now=12.9)
    assert queue.pop(now=13).name == "x"


def test_second_delay_is_longer():
    queue = JobQueue(delay_s=5, factor=3)
    queue.add("x")
    queue.fail(queue.pop(now=0), now=0)
    queue.fail(queue.pop(now=5), now=5)
    with pytest.raises(QueueEmpty):
        queue.pop(now=19)
    assert queue.pop(now=20).attempts == 3


def test_longest_delay():
    queue = JobQueue(delay_s=1, factor=10, longest_s=500)
    assert [queue.backoff(n) for n in range(1, 6)] == [1, 10, 100, 500, 500]


def test_single_attempt():
    queue = JobQueue(max_attempts=1)
    queue.add("x")
    assert queue.fail(queue.pop(), now=0) is False
    assert queue.dead == ["x"]


def test_default_is_three_attempts():
    queue = filled(x=1)
    results = [queue.fail(queue.pop(now=t), now=t) for t in (0, 100, 200)]
    assert results == [True, True, False]


def test_cancel_in_the_middle():
    queue = filled(a=1, b=2, c=3)
    queue.cancel("b")
    assert len(queue) == 2
    assert queue.drain() == ["a", "c"]
    assert queue.cancel("a") is False


def test_failed_job_can_be_cancelled():
    queue = filled(a=1)
    queue.fail(queue.pop(now=0), now=0)
    assert queue.cancel("a")
    with pytest.raises(QueueEmpty):
        queue.pop(now=999)


def test_demote_behind_equals_of_later_arrival():
    queue = filled(a=1, b=5, c=5)
    queue.promote("a", 5)
    assert queue.drain() == ["a", "b", "c"]


def test_promote_to_the_front_of_many():
    queue = filled(a=2, b=3, c=4, d=5, e=6)
    queue.promote("e", 1)
    queue.promote("d", 0)
    assert [queue.pop().name for _ in range(3)] == ["d", "e", "a"]


def test_cancelled_name_is_free_again():
    queue = filled(a=1, b=2)
    queue.cancel("a")
    assert queue.drain() == ["b"]
    queue.add("a")
    assert len(queue) == 1
    assert queue.drain() == ["a"]
