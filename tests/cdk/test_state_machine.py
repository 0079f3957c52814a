"""The state machine that follows a release."""

import json
from pathlib import Path
from typing import Any

import pytest

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
    ends = {name for name, state in states.items() if state.get("End") or state["Type"] == "Succeed"}
    assert ends == {"Abandon", "Done"}


def test_the_function_gets_what_it_expects(definition: Any) -> None:
    """A step gets the request and what was learnt before; giving up gets the request and the error."""
    states = definition["States"]
    advance, abandon = (states[name]["Parameters"]["Payload"] for name in ("Advance", "Abandon"))
    assert advance == {"step": "advance", "request.$": "$.request", "progress.$": "$.progress"}
    assert abandon == {"step": "abandon", "request.$": "$.request", "error.$": "$.error"}
    assert states["Begin"]["ResultPath"] == "$.progress"
    assert states["Advance"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Abandon"}]


def test_trouble_is_waited_out_with_jitter(definition: Any) -> None:
    """Both calls are tried again with growing, jittered pauses, Lambda's own trouble longer than the function's."""
    for name in ("Advance", "Abandon"):
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
