"""`bluegreen migrations check`: what a release would do to the database, told in CI before anybody releases."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

BLOCKED = 1


@click.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    default="bluegreen.toml",
    show_default=True,
    help="The file whose table [migrations] says where the Alembic project is.",
)
@click.option("--ini", metavar="PATH", help="Another alembic.ini than the file names, from the project's folder.")
@click.option(
    "--live",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="A checkout of the version that serves, to compare its models with the migrated schema.",
)
@click.option(
    "--since", metavar="REV", help="Judge the revisions after this one; else those after the live version's, else all."
)
@click.option("--contract", is_flag=True, help="The release is declared contract: contract revisions may pass.")
@click.option(
    "--postgres", type=click.Choice(["16", "18"]), default="18", show_default=True, help="PostgreSQL's major version."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def check(
    config: Path, *, ini: str | None, live: Path | None, since: str | None, contract: bool, postgres: str, as_json: bool
) -> None:
    """Review an Alembic project's revisions as a release would, and run them on a scratch PostgreSQL.

    Each revision's SQL goes through the gate; then it is run, taken back and run again, and what it locked, rewrote and
    left behind is told. With --live, what the version that serves would meet in the migrated schema.

    The exit code is 0 when a release may run them, 1 when it must not, and 2 when they could not be checked.
    """
    from dataclasses import replace  # noqa: PLC0415 - `--help` need not wait for it

    from bluegreen.errors import BluegreenError  # noqa: PLC0415

    try:
        from bluegreen.migrations.settings import Settings  # noqa: PLC0415
        from bluegreen.migrations.shadow.check import check as check_project  # noqa: PLC0415
        from bluegreen.migrations.shadow.report import document, text  # noqa: PLC0415
    except ImportError as error:
        raise BluegreenError(
            f"cannot import {error.name}", hint="pip install 'bluegreen[migrations,rehearsal]'"
        ) from error

    settings = Settings.read(config.resolve())
    serving = None if live is None else settings.of_checkout(config.resolve(), live)
    if ini is not None:
        settings = replace(settings, ini=ini)
    for number in (signal.SIGTERM, signal.SIGHUP):  # told to end, or the terminal was closed
        signal.signal(number, lambda ended, _: sys.exit(128 + ended))
    try:
        with _server(int(postgres)) as server:
            found = check_project(settings, server, live=serving, since=since, contract=contract)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)  # nothing is known, so this must not look like a verdict
    click.echo(json.dumps(document(found), indent=2) if as_json else text(found))
    sys.exit(0 if found.passed else BLOCKED)


@contextmanager
def _server(version: int) -> Iterator[Any]:
    """Start a PostgreSQL of its own on a loopback address, and leave nothing of it behind."""
    import secrets  # noqa: PLC0415 - likewise
    import tempfile  # noqa: PLC0415

    from bluegreen.migrations.shadow.server import DATABASE, Server  # noqa: PLC0415
    from bluegreen.rehearsal.cloud.postgres import ADMIN, Postgres, free_address, programs  # noqa: PLC0415
    from bluegreen.rehearsal.cloud.processes import Processes  # noqa: PLC0415

    port, user, password = 5432, "migrator", secrets.token_hex(16)
    processes = Processes()
    with tempfile.TemporaryDirectory(prefix="bluegreen-") as folder:
        postgres = Postgres(
            Path(folder) / "postgres",
            address=free_address(port),
            port=port,
            user=user,
            password=password,
            database=DATABASE,
            version=version,
            processes=processes,
        )
        try:
            postgres.start()
            yield Server(
                psql=str(programs(postgres.version) / "psql"),
                host=postgres.address,
                port=port,
                admin=ADMIN,
                admin_password=postgres.admin_password,
                user=user,
                password=password,
            )
        finally:
            postgres.stop()
            processes.stop()
