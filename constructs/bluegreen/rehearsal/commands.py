"""What the owner of a stack does: `cdk deploy` and `cdk destroy`, one after another or several at a time."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from . import cloudformation
from .assembly_edits import ANY_VERSION, Edit, as_version
from .cdk_cli import CdkCli, last_line
from .deploy import Deploy
from .local_cloud import Ready
from .workload import Workload


class Cloud(Protocol):
    """The part of the local cloud that a scenario reaches."""

    ready: Ready

    def client(self, service: str) -> Any:
        """Return a boto3 client."""

    def inject(self, fault: Mapping[str, Any] | None) -> None:
        """Break something, or mend everything."""

    def state(self) -> dict[str, Any]:
        """Return what an operator would look at, by part of the cloud."""

    def environment(self) -> Mapping[str, str]:
        """Return the variables that point AWS clients at it."""


@dataclass
class Versions:
    """Which versions an application has had.

    Args:
        live: The one that was deployed last with success; empty before the first.
        number: Of the newest that was named.
        released: Every version that was ever live, in order.
    """

    live: str = ""
    number: int = 0
    released: list[str] = field(default_factory=list)

    def next(self) -> str:
        """Name a version that was never deployed."""
        self.number += 1
        return f"v{self.number}"

    def now_live(self, version: str) -> None:
        """Take down that a version was deployed with success."""
        if version != self.live:
            self.live = version
            self.released.append(version)


@dataclass(frozen=True, kw_only=True)
class Application:
    """An application and where its scenarios begin.

    Args:
        cdk: Its command.
        stack: The stack that commands are about when they name none.
        workload: Its steady load.
        versions: Which versions it has had.
    """

    cdk: CdkCli
    stack: str
    workload: Workload
    versions: Versions = field(default_factory=Versions)


class Underway:
    """A command that runs while the scenario goes on."""

    def __init__(self, run: Callable[[], Deploy]) -> None:
        self._run = run
        self._deploy: Deploy | None = None
        self._error: BaseException | None = None
        # The thread that starts a command must live as long as the command does; this one waits for its end.
        self._thread = threading.Thread(target=self._work, name="deploy", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether the command has returned."""
        return not self._thread.is_alive()

    def wait(self) -> Deploy:
        """Wait until the command has returned, and say what became of it.

        Raises:
            RehearsalError: If it could not be run to its end.
        """
        self.join()
        if self._error is not None:
            raise self._error
        assert self._deploy is not None  # noqa: S101 - one of the two is set
        return self._deploy

    def join(self) -> None:
        """Wait until the command has returned."""
        self._thread.join()

    def _work(self) -> None:
        try:
            self._deploy = self._run()
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits
            self._error = error


class Commands:
    """The commands of one scenario, and what became of them.

    Args:
        application: What is deployed.
        cloud: Where.
        deploying: Called with the version of each command that begins; it is empty where the command has none.
        anew: Whether deploys synthesize the application when they do not say.

    Attributes:
        candidate: The version that was named last.
    """

    def __init__(self, application: Application, cloud: Cloud, deploying: Callable[[str], None], *, anew: bool) -> None:
        self._anew = anew
        self._application = application
        self._cloud = cloud
        self._deploying = deploying
        self._deploys: list[Deploy] = []
        self._underway: list[Underway] = []
        self.candidate = application.versions.live

    @property
    def live(self) -> str:
        """The version that was deployed last with success; empty before the first."""
        return self._application.versions.live

    @property
    def released(self) -> list[str]:
        """Every version that was ever live, in order; the last one is."""
        return list(self._application.versions.released)

    @property
    def stack(self) -> str:
        """The stack that commands are about when they name none."""
        return self._application.stack

    def next_version(self) -> str:
        """Name a version that was never deployed; faults that need a version hit it from now on."""
        self.candidate = self._application.versions.next()
        return self.candidate

    def deploy(
        self,
        version: str | None = None,
        *,
        context: Mapping[str, str] | None = None,
        stack: str | None = None,
        edit: Edit | None = None,
        anew: bool | None = None,
    ) -> Deploy:
        """Run `cdk deploy` to its end, whatever that is.

        Args:
            version: Given as the context value `version`. The next one when omitted, and none when `context` is given.
            context: Further context values.
            stack: The stack's name as `cdk` takes it; the application's when omitted.
            edit: Changes the synthesized assembly before it is deployed.
            anew: Whether the command synthesizes the application, as its owner's would. Otherwise it deploys what was
                synthesized once for any version, which saves most of its time. When omitted, as the scenario is played.

        Raises:
            RehearsalError: If the command hangs, or the edit finds nothing to change.
        """
        return self.begin(version, context=context, stack=stack, edit=edit, anew=anew).wait()

    def begin(
        self,
        version: str | None = None,
        *,
        context: Mapping[str, str] | None = None,
        stack: str | None = None,
        edit: Edit | None = None,
        anew: bool | None = None,
    ) -> Underway:
        """Begin a `cdk deploy` and go on; what the scenario does not wait for is waited for at its end."""
        if version is None and context is None:
            version = self.next_version()
        given = {**({"version": version} if version else {}), **(context or {})}
        if version and (edit or not (self._anew if anew is None else anew)):
            given["version"], edit = ANY_VERSION, as_version(version, edit)
        name = stack or self.stack

        def run() -> tuple[int, Path]:
            return self._application.cdk.deploy(name, given, edit)

        return self._begin(run, Deploy(stack=name, version=version or "", **_UNKNOWN))

    def destroy(self, *, stack: str | None = None, context: Mapping[str, str] | None = None) -> Deploy:
        """Run `cdk destroy` to its end; the application is synthesized as it is, without edits."""
        return self.begin_destroy(stack=stack, context=context).wait()

    def begin_destroy(self, *, stack: str | None = None, context: Mapping[str, str] | None = None) -> Underway:
        """Begin a `cdk destroy` and go on."""
        name = stack or self.stack
        given = context or {"version": self.live}
        return self._begin(
            lambda: self._application.cdk.destroy(name, given),
            replace(Deploy(stack=name, version="", **_UNKNOWN), destroys=True),
        )

    @property
    def cdk(self) -> CdkCli:
        """The application's `cdk` command, for what is no deployment of its stack."""
        return self._application.cdk

    def _begin(self, run: Callable[[], tuple[int, Path]], planned: Deploy) -> Underway:
        self._deploying(planned.version)
        underway = Underway(lambda: self._take(run, planned))
        self._underway.append(underway)
        return underway

    def _take(self, run: Callable[[], tuple[int, Path]], planned: Deploy) -> Deploy:
        """Run a command and look at what it left."""
        name = stack_name(planned.stack)
        client = self._cloud.client("cloudformation")
        before, deployments = cloudformation.describe(client, name), set(self._own_deployments())
        begun = time.monotonic()
        code, log = run()
        ended = time.monotonic()
        after = cloudformation.describe(client, name)
        updated = after.last_event != before.last_event or after.status != before.status
        failure = after.failure if updated else None
        deploy = replace(
            planned,
            begun=begun,
            ended=ended,
            exit_code=code,
            stack_status=after.status,
            reason=str(failure or last_line(log)) if code else "",
            failed_type=failure.kind if code and failure else "",
            updated=updated,
            deployments=tuple(one for one in self._own_deployments() if one not in deployments),
            log=log,
        )
        self._deploys.append(deploy)
        if deploy.version and code == 0:
            self._application.versions.now_live(deploy.version)
        return deploy

    def _own_deployments(self) -> Iterable[str]:
        """Return the deployments that somebody asked for: all but CodeDeploy's own rollbacks."""
        codedeploy = self._cloud.client("codedeploy")
        found = codedeploy.list_deployments()["deployments"]
        for start in range(0, len(found), _BATCH):
            described = codedeploy.batch_get_deployments(deploymentIds=found[start : start + _BATCH])
            yield from (
                one["deploymentId"] for one in described["deploymentsInfo"] if one["creator"] != "codeDeployRollback"
            )


def stack_name(selector: str) -> str:
    """Return CloudFormation's name of a stack that `cdk` knows by its path in the application.

    Example:
        >>> stack_name("Production/Shop")
        'Production-Shop'
    """
    return selector.replace("/", "-")


_BATCH = 25
"""The most that BatchGetDeployments describes at once."""

_UNKNOWN: dict[str, Any] = {"begun": 0.0, "ended": 0.0, "exit_code": -1, "stack_status": ""}
"""What is known of a command once it has returned."""
