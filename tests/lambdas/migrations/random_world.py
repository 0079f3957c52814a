"""Two services that migrate one database, in a world in which anything may happen between two steps."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import aws_clients
import hook_runtime
from bluegreen.release.migrations.result import Outcome, Result
from tests.lambdas.conftest import FakeAws
from tests.lambdas.migrations.world import ENVIRONMENT, Dynamo, Machine, MigrationWorld, call, report

CHAIN = ("a1", "b2", "c3")
SECONDS = {"plan": 5, "run": 90}
STOP_SECONDS = 100
"""Fargate gives a container up to 120 s between the request to stop and its end."""
CHANGING = {"run", "create", "downgrade"}


class Database:
    """One schema, with the fence that the runner keeps in it."""

    def __init__(self) -> None:
        self.at = 0
        self.token = 0

    def run(self, command: list[str], heads: int) -> Result:
        """What the runner of an image with these heads tells, and does."""
        before, told = (CHAIN[self.at],), {"heads": (CHAIN[heads],), "command": command[0]}
        if command[0] != "plan" and int(command[command.index("--token") + 1]) < self.token:
            return Result(outcome=Outcome.FENCED_OFF, before=before, after=before, **told)  # type: ignore[arg-type] # two of its members
        pending = tuple(report(one) for one in CHAIN[self.at + 1 : heads + 1])
        outcome = Outcome.PENDING if pending else Outcome.NOTHING_PENDING
        if self.at > heads:
            outcome = Outcome.AHEAD
        elif command[0] == "run" and pending:
            self.at, outcome = heads, Outcome.MIGRATED
        after = (CHAIN[self.at],)
        return Result(outcome=outcome, before=before, after=after, revisions=pending, **told)  # type: ignore[arg-type] # the same


class Service(Machine):
    """One deployment's execution, whose tasks take time and which may be killed."""

    def __init__(self, world: "RandomWorld", name: str, heads: int) -> None:
        super().__init__(world, name)
        self.random = world
        self.heads = heads
        self.due = 0.0
        self.task: dict[str, Any] | None = None
        self.dead = False

    @property
    def over(self) -> bool:
        """Whether its state machine has come to its end."""
        return self.dead or self.next in {"done", "failed"}

    def step(self, *, again: bool = False) -> None:
        """Go on if it is time; `again` when the answer of the step is lost, so that Step Functions calls it anew."""
        if self.over or self.random.now < self.due:
            return
        if self.task is not None:
            if self.task["lastStatus"] != "STOPPED":
                return
            told = self.task["told"]
            self.state["progress"]["error" if "Error" in told else "task"] = told
            self.task = None
        given = json.dumps(self.state)
        self.advance()
        if again and not self.over:
            self.state = json.loads(given)
            self.advance()
        self._arrange()

    def kill(self, *, orphan: bool = False) -> None:
        """Abort the execution. Step Functions stops the task that it waits for; an orphan's it does not get to stop."""
        if self.over:
            return
        self.dead = True
        self.random.executions[self.arn]["status"] = "ABORTED"
        if self.task is not None and not orphan:
            self.task["desiredStatus"] = "STOPPED"

    def stillborn(self) -> None:
        """ECS cannot start the task that was asked for."""
        if not self.over and self.task is not None and self.task["lastStatus"] != "STOPPED":
            self.task["told"] = self.random.not_started(self.task, "no capacity")
            self.random.commands.remove(self.task["command"])

    def backstop(self) -> None:
        """EventBridge tells that the execution was lost, if it was."""
        status = self.random.executions[self.arn]["status"]
        if status in {"ABORTED", "FAILED"}:
            with contextlib.suppress(Exception):  # Lambda tries again, and so does this world at its end
                call({"source": "aws.states", "detail": {"executionArn": self.arn, "status": status}})

    def _arrange(self) -> None:
        if self.next == "wait":
            self.due = self.random.now + self.state["wait_seconds"]
        elif self.next == "run-task":
            wanted = self.state["task"]
            self.task = self.random.begin_task(wanted["definition"], wanted["command"])
            self.task |= {"heads": self.heads, "ends": self.random.now + SECONDS[wanted["command"][0]]}


class RandomWorld(MigrationWorld):
    """A world whose tasks end by themselves, and that is looked at after everything that happens."""

    def __init__(self, aws: Any) -> None:
        super().__init__(aws)
        self.database = Database()
        self.tokens = 0
        self.services: dict[str, Service] = {}

    def begin(self, name: str, heads: int) -> Service:
        """CodeDeploy calls the hook of a new deployment."""
        self.deployments[name] = {"status": "InProgress", "creator": "user"}
        call({"DeploymentId": name, "LifecycleEventHookExecutionId": f"h-{name}"})
        self.services[name] = Service(self, name, heads)
        return self.services[name]

    def begin_task(self, definition: str, command: list[str]) -> dict[str, Any]:
        task = super().begin_task(definition, command)
        task["command"] = command
        if command[0] in CHANGING:
            self.database.token = max(self.database.token, int(command[command.index("--token") + 1]))
        return task

    def tick(self, seconds: float) -> None:
        """Time goes by: tasks end, with their work done or because they were told to stop."""
        self.now += seconds
        for task in self.tasks:
            if task["lastStatus"] == "STOPPED":
                continue
            if task["desiredStatus"] == "STOPPED":
                task.setdefault("stops", self.now + STOP_SECONDS)
            if self.now >= task["ends"]:
                task["told"] = self.end_task(task, self.database.run(task["command"], task["heads"]))
            elif self.now >= task.get("stops", self.now + 1):
                task["told"] = self.end_task(task, None, code=137)

    def check(self) -> None:
        """Hold what must always be true."""
        changing = [one for one in self.tasks if one["lastStatus"] != "STOPPED" and one["command"][0] in CHANGING]
        assert len(changing) <= 1, "two tasks work on the database at once"
        disturbed = [
            name
            for name, one in self.services.items()
            if not one.over and one.task is not None and one.task["desiredStatus"] == "STOPPED"
            if one.task["lastStatus"] != "STOPPED"
        ]
        assert not disturbed, "the task of a run that lives was told to stop"
        used = [int(one[one.index("--token") + 1]) for one in self.commands if one[0] in CHANGING]
        assert used == sorted(set(used)), "a token was used twice"
        lease = self.item("lease") if self.dynamo.refuses is None else None
        if lease is not None:
            token = int(lease["token"]["N"])
            assert token >= self.tokens, "a token has shrunk"
            self.tokens = token
        if self.snapshot_becomes == "failed":
            assert not [one for one in self.commands if one[0] in CHANGING], "migrated without a restore point"

    def settle(self) -> None:
        """Let everything come to its end, with nothing going wrong any more."""
        self.dynamo.refuses = None
        for _ in range(1500):
            self.tick(5)
            for service in self.services.values():
                service.step()
                if service.dead:
                    service.backstop()
            self.check()
            if all(service.over for service in self.services.values()):
                break
        for _ in range(10):
            self.tick(5)

    def lose_ledger(self) -> None:
        """The stack is destroyed and made anew, with a new ledger; the database and its fence stay."""
        self.dynamo = Dynamo()
        self.now += 60

    def happen(self, what: str, service: Service) -> None:
        """Let one thing happen, as seen by one of the services."""
        happening: Callable[[], object] = {
            "step": service.step,
            "step twice": lambda: service.step(again=True),
            "go": lambda: self._go(service),
            "kill": service.kill,
            "stillborn": service.stillborn,
            "orphan": lambda: service.kill(orphan=True),
            "backstop": service.backstop,
            "hook": lambda: self._hook(service),
            "throttle": lambda: setattr(self.dynamo, "refuses", "ThrottlingException"),
            "calm": lambda: setattr(self.dynamo, "refuses", None),
            "time": lambda: self.tick(20),
        }[what]
        happening()
        self.tick(1)
        self.check()

    def _go(self, service: Service) -> None:
        for _ in range(4):
            self.tick(5)
            service.step()
            self.check()

    def _hook(self, service: Service) -> None:
        """CodeDeploy calls the hook again. A ledger that refused would fail the release, whoever runs."""
        self.dynamo.refuses = None
        call({"DeploymentId": service.name, "LifecycleEventHookExecutionId": f"h-{service.name}"})


@contextlib.contextmanager
def random_world() -> Iterator[RandomWorld]:
    """Make a world of its own for one example."""
    with pytest.MonkeyPatch.context() as patch:
        aws = FakeAws()
        patch.setattr(aws_clients, "client", aws.client)
        patch.setattr(hook_runtime, "client", aws.client)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield RandomWorld(aws)
