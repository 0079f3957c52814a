"""The migration function in a world in which executions die, answers are lost, and two runs meet each other."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lambdas.migrations.random_world import RandomWorld, random_world

HAPPENINGS = (
    *("go",) * 8,
    *("step",) * 4,
    *("time",) * 2,
    *("step twice",) * 2,
    *("stillborn", "kill", "orphan", "backstop", "hook", "throttle", "calm", "calm"),
)
ANYTHING = st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.sampled_from(["d-1", "d-2"])), max_size=40)


def play(world: RandomWorld, happenings: list[tuple[str, str]]) -> None:
    for what, name in happenings:
        world.happen(what, world.services[name])
    world.settle()


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(happenings=ANYTHING, snapshot=st.sampled_from(["available", "available", "failed"]))
def test_whatever_happens_one_runs_at_a_time_and_each_is_answered_once(
    happenings: list[tuple[str, str]], snapshot: str
) -> None:
    """Never two tasks at once, tokens only grow, no migration without its snapshot, and one answer as recorded."""
    with random_world() as world:
        world.snapshot_becomes = snapshot
        world.begin("d-1", heads=1)
        world.begin("d-2", heads=2)
        play(world, happenings)
        assert sorted(deployment for deployment, _ in world.answers) == ["d-1", "d-2"]
        for deployment, status in world.answers:
            record = world.document(f"run#{deployment}")
            assert record["ended"] is not None
            assert record["passed"] is (status == "Succeeded")
        if snapshot == "failed":
            assert world.database.at == 0


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(happenings=ANYTHING)
def test_whatever_happened_the_way_back_is_open(happenings: list[tuple[str, str]]) -> None:
    """After any trouble with expanding revisions, a new release passes, and then so does every older image."""
    with random_world() as world:
        world.begin("d-1", heads=1)
        world.begin("d-2", heads=2)
        play(world, happenings)
        for number, heads in enumerate((2, 0, 1), start=3):
            world.begin(f"d-{number}", heads=heads)
            world.settle()
        assert world.database.at == 2
        assert world.answers[-3:] == [("d-3", "Succeeded"), ("d-4", "Succeeded"), ("d-5", "Succeeded")]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(happenings=ANYTHING)
def test_whatever_happened_a_new_ledger_can_release(happenings: list[tuple[str, str]]) -> None:
    """The fence in a database lets pass the runs of a ledger that was made anew: their tokens are greater still."""
    with random_world() as world:
        world.begin("d-1", heads=0)
        world.begin("d-2", heads=1)
        play(world, happenings)
        world.lose_ledger()
        world.begin("d-3", heads=2)
        world.settle()
        assert world.answers[-1] == ("d-3", "Succeeded")
        assert world.database.at == 2
