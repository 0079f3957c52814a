import io

from rich.console import Console

from bluegreen.rehearsal.connection import Answer
from bluegreen.rehearsal.display import Display, picture
from bluegreen.rehearsal.evidence import Event
from bluegreen.rehearsal.view import VersionView, View

STATE = {
    "ecs": {
        "services": [
            {
                "taskSets": [
                    {
                        "version": "v1",
                        "desired": 3,
                        "running": 3,
                        "tasks": [{"address": "127.77.0.1", "version": "v1"}],
                    },
                    {
                        "version": "v2",
                        "desired": 3,
                        "running": 2,
                        "tasks": [{"address": "127.77.0.4", "version": "v2"}],
                    },
                ]
            }
        ]
    },
    "load_balancing": {
        "load_balancers": [
            {
                "listeners": [
                    {"port": 80, "weights": {}},
                    {"port": 8443, "weights": {"blue": 0, "green": 1}},
                    {"port": 443, "weights": {"blue": 90, "green": 10}},
                ]
            }
        ],
        "target_groups": {
            "blue": {"targets": [{"address": "127.77.0.1", "version": "v1"}]},
            "green": {"targets": [{"address": "127.77.0.4", "version": "v2"}]},
        },
    },
    "cloudwatch": {"alarms": [{"name": "A-ErrorRate", "state": "ALARM"}, {"name": "A-Latency", "state": "OK"}]},
}


def seen() -> View:
    view = View("v1", "v2")
    view.take_state(STATE)
    view.take_event(Event(1.0, "AllowTraffic begins", "lifecycle", {"event": "AllowTraffic", "status": "InProgress"}))
    view.take_answers([Answer(1.0, 0.1, 200, "127.77.0.1")] * 90 + [Answer(1.0, 0.1, 500, "127.77.0.4")] * 10)
    return view


def test_the_share_of_production_is_measured() -> None:
    """How much of production a version serves is counted from who answered, not taken from a weight."""
    assert seen().versions() == [
        VersionView("v1", "live", 3, 3, 90, 0.9),
        VersionView("v2", "candidate", 2, 3, 10, 0.1),
    ]


def test_the_share_is_of_now() -> None:
    """What was answered more than a moment ago no longer counts."""
    view = seen()
    view.take_answers([Answer(2.0, 0.1, 200, "127.77.0.4")] * 1000)
    assert [version.share for version in view.versions()] == [0.0, 1.0]


def test_an_empty_cloud_can_be_shown() -> None:
    """Before anything runs there is a picture too."""
    view = View("v1", "v2")
    view.take_state({})
    assert [version.share for version in view.versions()] == [0.0, 0.0]
    assert view.step_number == 0


def text_of(view: View) -> str:
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(picture(view, "release"))
    return console.export_text()


def test_the_picture_says_it_in_words() -> None:
    """Step, tasks, shares, alarms and failures can be read without colour."""
    text = text_of(seen())
    for said in (
        "step 7/8 AllowTraffic",
        "v1 live",
        "v2 candidate",
        "2 of 3 tasks",
        "weight 90, answers 90%",
        "ALARM: A-ErrorRate (of 2 alarms)",
        "100 requests, 10 failed",
    ):
        assert said in text, said


def test_without_a_terminal_events_are_plain_lines() -> None:
    """Written to a file, progress is one line an event, with no control characters."""
    file = io.StringIO()
    console = Console(width=40, file=file, force_terminal=False)
    display = Display(console)
    display.say("starting the local cloud")
    display.event(Event(1.0, "a deployment with a name that is longer than the line", "deployment"))
    display.event(Event(1.0, "a target was registered", "target"))
    lines = file.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("a deployment with a name that is longer than the line")
