import subprocess
import sys

import pytest

from bluegreen.rehearsal.cloud import functions
from bluegreen.rehearsal.cloud.codedeploy import engine
from tests.rehearsal.cloud.codedeploy.world import START, World


def test_a_functions_pauses_are_compressed() -> None:
    """What a function sleeps is a wait like any other: at factor 60 a minute takes a second."""
    program = functions.PAUSES + "begun = time.monotonic()\ntime.sleep(60)\nprint(time.monotonic() - begun)"
    environment = {"SFN_WAIT_SCALE": str(1 / 600)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, timeout=30)
    assert 0.1 <= float(ran.stdout) < 5


def test_a_function_runs_until_it_has_ended() -> None:
    """By name or ARN; two invocations at a time are two."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:smoke"
    with functions._running_now("smoke"):
        with functions._running_now("smoke"):
            assert functions.runs(arn)
        assert functions.runs("smoke")
        assert not functions.runs("other")
    assert not functions.runs(arn)


def test_a_hook_runs_in_real_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """While its function runs, a hook's event seems as old as the function really is; once it does not, time counts."""
    world = World()
    world.functions.answers["slow"] = None
    ends = START + 600
    monkeypatch.setattr(engine.functions, "runs", lambda name: name == "slow" and world.clock.at < ends)
    info = world.run({"BeforeInstall": "slow"})
    (event, *_) = world.target(info["deploymentId"])["lifecycleEvents"]
    assert event["startTime"] == pytest.approx(ends, abs=60)
