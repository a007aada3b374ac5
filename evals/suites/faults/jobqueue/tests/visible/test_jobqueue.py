import pytest

from jobqueue import JobQueue, QueueEmpty


def test_most_urgent_first():
    queue = JobQueue()
    queue.add("later", priority=9)
    queue.add("now", priority=1)
    queue.add("normal")
    assert queue.drain() == ["now", "normal", "later"]


def test_equals_in_order_of_arrival():
    queue = JobQueue()
    for name in ("zeta", "alpha", "mid"):
        queue.add(name)
    assert queue.drain() == ["zeta", "alpha", "mid"]


def test_empty_queue():
    with pytest.raises(QueueEmpty):
        JobQueue().pop()


def test_job_waits_for_what_it_needs():
    queue = JobQueue()
    queue.add("deploy", priority=1, needs=["build", "test"])
    queue.add("test", needs=["build"])
    queue.add("build", priority=8)
    assert queue.drain() == ["build", "test", "deploy"]


def test_job_that_waits_stays_in_the_queue():
    queue = JobQueue()
    queue.add("deploy", needs=["build"])
    with pytest.raises(QueueEmpty):
        queue.pop()
    assert len(queue) == 1


def test_failed_job_comes_back_after_its_delay():
    queue = JobQueue()
    queue.add("flaky")
    job = queue.pop(now=100)
    assert queue.fail(job, now=100)
    with pytest.raises(QueueEmpty):
        queue.pop(now=109)
    assert queue.pop(now=110).attempts == 2


def test_delays_grow_up_to_a_limit():
    queue = JobQueue()
    assert [queue.backoff(n) for n in (1, 2, 3, 4, 5)] == [10, 20, 40, 60, 60]


def test_job_is_given_up_after_its_last_attempt():
    queue = JobQueue(max_attempts=2)
    queue.add("hopeless")
    assert queue.fail(queue.pop(now=0), now=0)
    assert not queue.fail(queue.pop(now=50), now=50)
    assert queue.dead == ["hopeless"]
    assert len(queue) == 0


def test_cancelled_job_never_runs():
    queue = JobQueue()
    queue.add("a")
    queue.add("b")
    assert queue.cancel("a")
    assert len(queue) == 1
    assert queue.drain() == ["b"]


def test_cancelling_nothing():
    assert not JobQueue().cancel("ghost")


def test_cancelled_job_may_be_added_again():
    queue = JobQueue()
    queue.add("a")
    queue.cancel("a")
    with pytest.raises(QueueEmpty):
        queue.pop()
    queue.add("a")
    assert queue.drain() == ["a"]


def test_promote():
    queue = JobQueue()
    for name in ("a", "b", "c"):
        queue.add(name)
    queue.promote("c", 1)
    assert queue.drain() == ["c", "a", "b"]
