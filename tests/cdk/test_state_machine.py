"""The state machine that follows a release."""

import json
from pathlib import Path
from typing import Any

import pytest

from bluegreen.cdk._state_machine import release_definition
from tests.cdk.support import add_service, synthesize


@pytest.fixture(scope="module")
def definition(tmp_path_factory: pytest.TempPathFactory) -> Any:
    stack = synthesize(tmp_path_factory.mktemp("shop"), add_service)
    return stack.one("AWS::StepFunctions::StateMachine")["Properties"]["Definition"]


def test_every_way_leads_to_an_end(definition: Any) -> None:
    """From the start each state is reached, each named state exists, and the only loop is the one that waits."""
    states = definition["States"]
    reached: set[str] = set()
    ahead = [definition["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += _next(states[name])
    assert reached == set(states)
    ends = {name for name, state in states.items() if not _next(state)}
    assert {states[name]["Type"] for name in ends} == {"Succeed", "Fail"}
    loops = {name for name, state in states.items() if "Advance" in _next(state)}
    assert loops == {"Begin", "Wait"}


def test_the_function_gets_what_it_expects(definition: Any) -> None:
    """Each step gets the request and the time; what was learnt before and the error go where they are read."""
    states = definition["States"]
    expected = {"Advance": {"progress"}, "Abandon": {"progress", "error"}, "Resume": set(), "ResumeAtLeast": set()}
    for name, passed_on in expected.items():
        payload = dict(states[name]["Parameters"]["Payload"])
        assert payload.pop("step") == name.lower().removesuffix("atleast")
        assert payload.pop("now.$") == "$$.State.EnteredTime"
        assert payload == {f"{item}.$": f"$.{item}" for item in {"request", *passed_on}}
    assert states["Begin"]["ResultPath"] == "$.progress"
    assert states["Advance"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Abandon"}]
    assert states["Abandon"]["ResultPath"] == "$.abandoned", "the request is still needed to let scale-in go on"


def test_scale_in_goes_on_however_a_release_ends(definition: Any) -> None:
    """Every way to an end leads through a state that lets scale-in go on, which is tried again by itself."""
    states = definition["States"]
    last = {name for name, state in states.items() if {"Done", "Untold"} & set(_next(state))}
    assert {states[name]["Parameters"]["Payload"]["step"] for name in last} == {"resume"}
    assert all(states[name]["Retry"] for name in last)


def test_the_function_says_how_long_to_wait(definition: Any) -> None:
    """The pause between two steps is the function's, because a release that is handed on is asked about less often."""
    assert definition["States"]["Wait"]["SecondsPath"] == "$.wait_seconds"


def test_an_execution_outlives_cloudformations_hour_only_when_asked() -> None:
    """3900 s are enough for a release that CloudFormation waits for; one that is handed on may take days."""
    assert release_definition("arn", step_seconds=60)["TimeoutSeconds"] == 3900
    assert release_definition("arn", step_seconds=60, longest_seconds=604_800)["TimeoutSeconds"] == 604_800


def test_trouble_is_waited_out_with_jitter(definition: Any) -> None:
    """Every call is tried again with growing, jittered pauses, Lambda's own trouble longer than the function's."""
    for name in ("Advance", "Abandon", "Resume", "ResumeAtLeast"):
        lambda_trouble, anything = definition["States"][name]["Retry"]
        assert "Lambda.TooManyRequestsException" in lambda_trouble["ErrorEquals"]
        assert anything["ErrorEquals"] == ["States.ALL"]
        assert lambda_trouble["MaxAttempts"] > anything["MaxAttempts"] >= 1
        assert {retry["JitterStrategy"] for retry in (lambda_trouble, anything)} == {"FULL"}


def test_the_function_and_the_state_machine_name_each_other_without_a_circle(tmp_path: Path) -> None:
    """The function knows the state machine by a computed name, so nothing waits for itself."""
    stack = synthesize(tmp_path, add_service)
    name = stack.one("AWS::StepFunctions::StateMachine")["Properties"]["StateMachineName"]
    function = stack.one("AWS::Lambda::Function")
    assert f":stateMachine:{name}" in json.dumps(function["Properties"]["Environment"])
    assert "StateMachine" not in json.dumps(function["DependsOn"])


def _next(state: Any) -> list[str]:
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    names = [state.get("Next"), state.get("Default"), *(branch["Next"] for branch in branches)]
    return [name for name in names if name]
