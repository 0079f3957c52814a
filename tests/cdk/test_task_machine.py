"""The state machine of migrations and drills: the function decides, Step Functions runs the tasks."""

from collections.abc import Mapping
from typing import Any

import pytest

from bluegreen.cdk._network import TaskNetwork
from bluegreen.cdk._task_machine import OneOffTask, task_machine


@pytest.fixture(scope="module")
def states() -> Mapping[str, Any]:
    """The states by name."""
    network = TaskNetwork(
        subnet_ids=["subnet-1"], security_group_ids=["sg-1"], assign_public_ip="DISABLED", platform_version="LATEST"
    )
    definition = task_machine(
        "function",
        comment="migrates",
        failure="MigrationFailed",
        task=OneOffTask(container="migrations"),
        step_seconds=60,
        longest_seconds=1440,
        cluster_arn="cluster",
        network=network,
    )
    assert (definition["StartAt"], definition["TimeoutSeconds"]) == ("Begin", 1440)
    return dict(definition["States"])


def test_every_way_leads_to_an_end(states: Mapping[str, Any]) -> None:
    """From the start each state is reached, each named state exists, and every loop asks the function again."""
    reached: set[str] = set()
    ahead = ["Begin"]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += following(states[name])
    assert reached == set(states)
    assert {state["Type"] for state in states.values() if not following(state)} == {"Succeed", "Fail"}
    assert {name for name, state in states.items() if "Advance" in following(state)} == {"Begin", "Wait", "RunTask"}


@pytest.mark.parametrize(
    ("said", "then"),
    [("wait", "Wait"), ("run-task", "RunTask"), ("done", "Done"), ("failed", "Failed"), ("?", "Failed")],
)
def test_the_function_says_what_is_next(states: Mapping[str, Any], said: str, then: str) -> None:
    """Each of its words leads where it should; a word that nobody knows ends the run, for the backstop to answer."""
    choice = states["WhatNext"]
    nexts = {one["StringEquals"]: one["Next"] for one in choice["Choices"]}
    assert {one["Variable"] for one in choice["Choices"]} == {"$.next"}
    assert nexts.get(said, choice["Default"]) == then


def test_the_function_gets_what_it_expects(states: Mapping[str, Any]) -> None:
    """Each step gets the request, what was learnt, the time and who asks; a failure gets the error as well."""
    for name, passed_on in {"Advance": {"progress"}, "Settle": {"progress", "error"}}.items():
        payload = dict(states[name]["Parameters"]["Payload"])
        assert payload.pop("step") == name.lower()
        assert payload.pop("now.$") == "$$.State.EnteredTime"
        assert payload.pop("execution.$") == "$$.Execution.Id"
        assert payload == {f"{item}.$": f"$.{item}" for item in {"request", *passed_on}}
    assert (states["Begin"]["Result"], states["Begin"]["ResultPath"]) == ({}, "$.progress")
    assert states["Advance"]["OutputPath"] == "$.Payload"


def test_a_task_runs_as_the_function_says_and_comes_back_to_it(states: Mapping[str, Any]) -> None:
    """Definition, command and time are the function's; how the task ended is for it to judge, so none runs twice."""
    run = states["RunTask"]
    parameters = run["Parameters"]
    assert run["Resource"].endswith(":states:::ecs:runTask.sync")
    assert (parameters["Cluster"], parameters["LaunchType"]) == ("cluster", "FARGATE")
    assert parameters["TaskDefinition.$"] == "$.task.definition"
    assert parameters["Overrides"] == {"ContainerOverrides": [{"Name": "migrations", "Command.$": "$.task.command"}]}
    assert parameters["NetworkConfiguration"]["AwsvpcConfiguration"] == {
        "Subnets": ["subnet-1"],
        "SecurityGroups": ["sg-1"],
        "AssignPublicIp": "DISABLED",
    }
    assert run["TimeoutSecondsPath"] == "$.task.seconds"
    assert (run["ResultPath"], run["Next"]) == ("$.progress.task", "Advance")
    assert run["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.progress.error", "Next": "Advance"}]
    assert "Retry" not in run


def test_a_function_that_fails_for_good_is_asked_to_settle(states: Mapping[str, Any]) -> None:
    """Its steps are tried again; then somebody has to be told, and the execution ends as failed whoever could be."""
    assert all(states[name]["Retry"] for name in ("Advance", "Settle"))
    assert states["Advance"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Settle"}]
    assert set(following(states["Settle"])) == {"Failed"}
    assert states["Failed"]["Type"] == "Fail"


def following(state: Mapping[str, Any]) -> list[str]:
    """Return the names of the states that may come after one."""
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    names = [state.get("Next"), state.get("Default"), *(branch["Next"] for branch in branches)]
    return [name for name in names if name]


def test_a_task_may_have_one_definition_and_variables_of_its_own() -> None:
    """A task whose definition is known is run from it, with the command and the variables that the function gives."""
    task = OneOffTask(definition="arn:check", container="check", overridden=("Command", "Environment"))
    override = {"Name": "check", "Command.$": "$.task.command", "Environment.$": "$.task.environment"}
    assert task.parameters() == {"TaskDefinition": "arn:check", "Overrides": {"ContainerOverrides": [override]}}
