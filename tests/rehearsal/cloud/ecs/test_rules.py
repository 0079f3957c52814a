import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.cloud.ecs import rules
from bluegreen.rehearsal.cloud.ecs.environment import SecretSource, parse_value_from
from bluegreen.rehearsal.cloud.ecs.usage import Reading, cpu_percent, memory_percent

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"


@pytest.mark.parametrize(
    ("desired", "running", "pending", "targets", "steady"),
    [
        (2, 2, 0, ["healthy", "healthy"], True),
        (0, 0, 0, [], True),
        (2, 1, 0, ["healthy"], False),
        (2, 3, 0, ["healthy"] * 3, False),
        (2, 2, 1, ["healthy", "healthy"], False),
        (2, 2, 0, ["healthy", "initial"], False),
        (2, 2, 0, ["healthy", "unused"], False),
        (1, 1, 0, ["unknown"], False),
    ],
)
def test_steady_means_all_tasks_run_and_all_targets_are_healthy(
    desired: int, running: int, pending: int, targets: list[str], *, steady: bool
) -> None:
    """Any task too few, too many or on its way, or any target that is not healthy, keeps a task set unsteady."""
    assert rules.is_steady(desired, running, pending, targets) is steady


@given(st.integers(0, 1000), st.floats(0, 100))
def test_a_share_of_tasks_is_rounded_up_and_never_more_than_all(desired: int, percent: float) -> None:
    """A task set wants at least its share of the desired count, and less than one task more."""
    count = rules.computed_desired_count(desired, percent)
    assert desired * percent / 100 <= count <= desired


@given(st.integers(1, 10_000))
def test_restarts_slow_down_up_to_27_minutes(failures: int) -> None:
    """Each failure in a row waits at least as long as the one before, and never longer than ECS's documented limit."""
    assert 0 < rules.restart_delay(failures) <= rules.restart_delay(failures + 1) <= 27 * 60


@pytest.mark.parametrize(
    ("value_from", "expected"),
    [
        (SECRET, SecretSource(SECRET)),
        (f"{SECRET}:url::", SecretSource(SECRET, json_key="url")),
        (f"{SECRET}:url:AWSPREVIOUS:", SecretSource(SECRET, json_key="url", version_stage="AWSPREVIOUS")),
        (f"{SECRET}:::7a1e", SecretSource(SECRET, version_id="7a1e")),
        ("/orders/key", SecretSource("/orders/key", is_parameter=True)),
        (
            "arn:aws:ssm:eu-west-1:123456789012:parameter/orders/key",
            SecretSource("arn:aws:ssm:eu-west-1:123456789012:parameter/orders/key", is_parameter=True),
        ),
    ],
)
def test_value_from_names_a_secret_a_key_and_a_version(value_from: str, expected: SecretSource) -> None:
    """Every form of `valueFrom` that ECS documents is understood."""
    assert parse_value_from(value_from) == expected


@given(
    st.floats(0, 1e6),
    st.floats(0, 1e3),
    st.floats(0.001, 1e3),
    st.sampled_from([256, 512, 1024, 2048, 4096, 8192, 16384]),
)
def test_cpu_is_a_share_of_the_task_between_0_and_100(before: float, used: float, seconds: float, units: int) -> None:
    """However much a local process uses, and whatever processes came and went, CPU stays within 0 and 100 percent."""
    assert 0 <= cpu_percent(Reading(before, 0), Reading(used, 0), seconds, units) <= 100


def test_memory_is_a_share_of_the_task() -> None:
    """256 MiB in a task of 512 MiB are 50 percent."""
    assert memory_percent(Reading(0, 256 * 1024 * 1024), 512) == 50
