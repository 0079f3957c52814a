"""`bluegreen rehearse`: play releases, good and broken ones, on a local cloud."""

import contextlib
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import click

NOT_HELD = 1


def _key_and_value(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Part what was given as KEY=VALUE, as cdk takes it."""
    parted = [text.partition("=") for text in given]
    for text, (key, equals, _) in zip(given, parted, strict=True):
        if not key or not equals:
            raise click.BadParameter(f"{text!r} must be KEY=VALUE, such as environment=staging")
        if key == "version":
            raise click.BadParameter("each deploy is given a version of the rehearsal's own")
    return {key: value for key, _, value in parted}


@click.command()
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME", help="Play this scenario only; may be repeated."
)
@click.option(
    "--group", metavar="NAME", help="Play the scenarios of this group; release when neither it nor a scenario is named."
)
@click.option("--list", "only_list", is_flag=True, help="Show the scenarios and play none.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON to standard output, progress to the other."
)
@click.option("--keep", is_flag=True, help="Leave the local cloud up afterwards, until Ctrl-C.")
@click.option(
    "--app-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="The CDK application's folder: holds cdk.json and bluegreen.toml.",
)
@click.option("--stack", default="ProdStack", show_default=True, help="The stack to deploy.")
@click.option(
    "-c",
    "--context",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_key_and_value,
    help="Give this to every cdk command of the application, instead of what bluegreen.toml says; may be repeated.",
)
@click.option(
    "--factor",
    type=click.FloatRange(1, 600),
    default=60,
    show_default=True,
    help="How many seconds of AWS's time pass in one of ours.",
)
def rehearse(
    scenarios: tuple[str, ...],
    group: str | None,
    *,
    only_list: bool,
    as_json: bool,
    keep: bool,
    app_dir: Path,
    stack: str,
    context: dict[str, str],
    factor: float,
) -> None:
    """Play releases, good and broken, on a local cloud.

    The real cdk deploys the stack at version v1 to a local cloud. Each scenario then deploys the next version, or
    something near the service, under steady load, some of them broken in a given way. The group release shows what
    releases are; the group safety, that no deploy hurts a running service. Nothing touches AWS, and nothing listens
    beyond this machine.

    The exit code is 0 when every scenario held, 1 when one did not, and 2 when the rehearsal could not be run.
    """
    from bluegreen.rehearsal.applications import read_applications  # noqa: PLC0415 - `--help` need not wait for it
    from bluegreen.rehearsal.scenarios import available, select  # noqa: PLC0415

    app_dir = app_dir.resolve()
    applications = read_applications(app_dir / "bluegreen.toml")
    if only_list:
        _list(available(applications), as_json=as_json)
        return
    chosen = select(scenarios, group, applications)
    needed = {name: folder for name, folder in applications.items() if name in {one.application for one in chosen}}
    for number in (signal.SIGTERM, signal.SIGHUP):  # told to end, or the terminal was closed
        signal.signal(number, _terminated)
    try:
        settings = _settings(app_folder=app_dir, stack=stack, context=context, factor=factor, applications=needed)
        held = _play(chosen, settings, as_json=as_json, keep=keep)
    except KeyboardInterrupt:
        click.echo("stopped; nothing is left running", err=True)
        sys.exit(128 + signal.SIGINT)
    sys.exit(0 if held else NOT_HELD)


def _settings(**settings: Any) -> Any:
    from bluegreen.rehearsal.rehearsal import Settings  # noqa: PLC0415 - likewise

    return Settings(**settings)


def _play(chosen: Any, settings: Any, *, as_json: bool, keep: bool) -> bool:
    """Play the scenarios, report, and say whether all held."""
    from rich.console import Console  # noqa: PLC0415 - likewise

    from bluegreen.rehearsal.display import Display  # noqa: PLC0415
    from bluegreen.rehearsal.parts import check_parts  # noqa: PLC0415
    from bluegreen.rehearsal.rehearsal import Rehearsal  # noqa: PLC0415
    from bluegreen.rehearsal.report import document, print_report  # noqa: PLC0415
    from bluegreen.rehearsal.scratch import Scratch  # noqa: PLC0415

    workload = check_parts(settings.app_folder, settings.applications.values())
    display = Display(Console(stderr=True))
    with Scratch(_kept) as scratch:
        try:
            with Rehearsal(settings, workload, scratch.folder, display) as rehearsal:
                rehearsal.deploy_first()
                results = rehearsal.play_all(chosen)
                left_out = rehearsal.left_out()
                told = document(settings.stack, results, left_out)
                if as_json:
                    click.echo(json.dumps(told, indent=2))
                else:
                    print_report(Console(), results, left_out, factor=settings.factor)
                if keep:
                    _keep(rehearsal.cloud.environment(), rehearsal.cloud.ready.ca)
        finally:
            display.close()
        if not told["held"]:
            scratch.keep()
    return bool(told["held"])


def _keep(environment: dict[str, str], ca_file: str) -> None:
    """Tell how to reach the cloud, and wait to be interrupted."""
    exports = "\n".join(f"  export {name}={value}" for name, value in environment.items())
    click.echo(
        f"\nThe local cloud stays up. To point aws and cdk at it, in another terminal:\n\n{exports}\n"
        f"  export SSL_CERT_FILE={ca_file}\n\nCtrl-C ends it.",
        err=True,
    )
    with contextlib.suppress(KeyboardInterrupt):
        wait_for_ever()


def wait_for_ever() -> None:
    """Wait until a signal ends the waiting."""
    threading.Event().wait()


def _kept(folder: Path) -> None:
    click.echo(f"logs are kept in {folder}", err=True)


def _list(scenarios: Any, *, as_json: bool) -> None:
    if as_json:
        shown = [{"name": one.name, "group": one.group, "summary": one.summary} for one in scenarios]
        click.echo(json.dumps(shown, indent=2))
        return
    width, wide = (
        max(len(text) for text in texts) for texts in zip(*((s.name, s.group) for s in scenarios), strict=True)
    )
    for one in scenarios:
        click.echo(f"{one.name:<{width}}  {one.group:<{wide}}  {one.summary}")


def _terminated(number: int, _frame: object) -> NoReturn:
    """End as on an error, so that everything started is ended too."""
    sys.exit(128 + number)
