import io
import json

from rich.console import Console

from bluegreen.rehearsal.connection import Answer
from bluegreen.rehearsal.evidence import Event
from bluegreen.rehearsal.left_out import LeftOut
from bluegreen.rehearsal.rehearsal import Result
from bluegreen.rehearsal.report import document, print_report
from tests.rehearsal.made_up import BY_NAME, V2, evidence, result, rolled_back, turned_back

LEFT_OUT = LeftOut()

KEYS = {
    "name",
    "expected",
    "outcome",
    "held",
    "requests",
    "failed",
    "written",
    "lost",
    "served_by",
    "rollback_seconds",
    "wall_seconds",
    "group",
    "figures",
    "deploys",
    "events",
}


def test_the_document_is_the_designed_one() -> None:
    """The document has exactly the designed keys, and the figures of the evidence."""
    seen = evidence(events=[Event(1003.5, "task started", "task")], figures={"added_seconds": 1.234})
    told = json.loads(json.dumps(document("ProdStack", [result(BY_NAME["release"], seen)], LEFT_OUT)))
    assert set(told) == {"stack", "held", "scenarios", "not_emulated", "not_run"}
    (scenario,) = told["scenarios"]
    assert set(scenario) == KEYS
    assert scenario == {
        "name": "release",
        "expected": "succeeded",
        "outcome": "succeeded",
        "held": True,
        "requests": 14850,
        "failed": 0,
        "written": 0,
        "lost": 0,
        "served_by": {"v1": 7200, "v2": 7650},
        "rollback_seconds": None,
        "wall_seconds": 33.0,
        "group": "release",
        "figures": {"added_seconds": 1.23},
        "deploys": [
            {
                "stack": "ProdStack",
                "version": "v2",
                "outcome": "succeeded",
                "stack_status": "UPDATE_COMPLETE",
                "seconds": 30.0,
                "reason": "",
            }
        ],
        "events": [
            {"at": 0.0, "what": "cdk deploy of v2 begins"},
            {"at": 3.5, "what": "task started"},
            {"at": 30.0, "what": "cdk deploy returns 0; the stack is UPDATE_COMPLETE"},
        ],
    }


def test_a_rollback_is_in_the_document_with_its_time() -> None:
    """A candidate that failed in production is told with its failures and the time to be rid of it."""
    (scenario,) = document("ProdStack", [result(BY_NAME["errors-after-shift"], turned_back())], LEFT_OUT)["scenarios"]
    assert scenario["held"]
    assert scenario["failed"] == scenario["served_by"]["v2"] == 2925
    assert scenario["rollback_seconds"] == 0.5


def test_the_rehearsal_holds_only_when_every_scenario_does() -> None:
    """One scenario that did not hold, or none at all, means that the rehearsal did not hold."""
    good, bad = result(BY_NAME["release"], evidence()), result(BY_NAME["release"], rolled_back())
    assert document("S", [good], LEFT_OUT)["held"]
    assert not document("S", [good, bad], LEFT_OUT)["held"]
    assert not document("S", [], LEFT_OUT)["held"]


def test_a_scenario_that_was_not_run_did_not_hold() -> None:
    """A scenario without evidence is told as such, with no figures made up for it."""
    missing = Result(scenario=BY_NAME["release"], complaints=["not run: the stack is stuck"])
    (scenario,) = document("S", [missing], LEFT_OUT)["scenarios"]
    assert set(scenario) == KEYS
    assert (scenario["outcome"], scenario["held"], scenario["requests"]) == ("not-run", False, 0)


def test_people_read_the_same_figures() -> None:
    """The report names each scenario, its figures, what did not hold, and what was emulated."""
    console = Console(width=80, file=io.StringIO(), record=True)
    good = result(BY_NAME["errors-after-shift"], turned_back(figures={"added_seconds": 1.234, "resources_kept": 7}))
    bad = result(BY_NAME["release"], rolled_back())
    print_report(console, [good, bad], LEFT_OUT, factor=60)
    text = console.export_text()
    for said in (
        "errors-after-shift",
        "2,925",
        "0.50 s",
        "added seconds 1.23, resources kept 7",
        "v1 11,925",
        "1 of 2 scenarios held",
        "expected",
        "IAM",
        "60 seconds",
    ):
        assert said in text, said


def test_lost_writes_are_counted() -> None:
    """How many writes were acknowledged, and how many of them are lost, stands in the document and in the report."""
    acknowledged = Answer(1005.0, 0.004, 201, V2, path="/orders", written=True)
    seen = evidence(answers=[*evidence().answers, acknowledged, acknowledged], lost=("/orders/7: 404",))
    lossy = result(BY_NAME["release"], seen)
    (scenario,) = document("S", [lossy], LEFT_OUT)["scenarios"]
    assert (scenario["written"], scenario["lost"], scenario["held"]) == (2, 1, False)
    console = Console(width=100, file=io.StringIO(), record=True)
    print_report(console, [lossy], LEFT_OUT, factor=60)
    text = console.export_text()
    assert "2 writes were acknowledged and read back at the end; 1 of them were lost" in text
    assert "1 of 2 acknowledged writes are lost, such as /orders/7: 404" in text


STATE = {
    "accepted": [
        {"type": "AWS::EC2::NetworkAcl", "count": 3, "stacks": ["DataStack"]},
        {"type": "AWS::ECR::Repository", "count": 1, "stacks": ["CDKToolkit"]},
        {"type": "AWS::WAFv2::WebACL", "count": 1, "stacks": ["ProdStack"]},
    ],
    "ecs": {"not_run": [{"family": "orders", "container": "collector", "image": "collector:v1"}]},
}


def test_what_was_not_played_is_in_the_document() -> None:
    """Each type that nothing stands behind is listed with its stacks, and each container that was not run."""
    told = document("S", [], LeftOut.of(STATE))
    assert told["not_emulated"] == [STATE["accepted"][0], STATE["accepted"][2]]  # type: ignore[index]
    assert told["not_run"] == STATE["ecs"]["not_run"]  # type: ignore[index]


def test_people_are_told_what_was_not_played() -> None:
    """The report says so too, with how many resources of each type; without any it says nothing of it."""

    def printed(left_out: LeftOut) -> str:
        console = Console(file=io.StringIO(), width=10_000)
        print_report(console, [], left_out, factor=60)
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    said = printed(LeftOut.of(STATE))
    assert "Accepted, not emulated: 4 resources of 2 types." in said
    assert "AWS::EC2::NetworkAcl (3), AWS::WAFv2::WebACL (1)." in said
    assert "Not run: container collector of orders, for no entry says how collector:v1 runs." in said
    assert "Accepted, not emulated" not in printed(LeftOut())
