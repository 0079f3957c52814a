"""`[migrations]` of bluegreen.toml."""

from pathlib import Path

import pytest

from bluegreen.migrations.settings import Settings, SettingsError
from bluegreen.release.migrations.findings import Grade

FULL = """
[migrations]
directory = "app"
ini = "db/alembic.ini"
environment = { URL = "postgresql://{user}:{password}@{host}:{port}/{database}" }
grades = { breaks-live = "warn" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "app" / "db").mkdir(parents=True)
    (tmp_path / "app" / "db" / "alembic.ini").touch()
    (tmp_path / "bluegreen.toml").write_text(FULL)
    return tmp_path / "bluegreen.toml"


def test_the_table_says_where_the_project_is_and_how_it_connects(file: Path) -> None:
    """Folders count from the file's own, and every placeholder is filled in."""
    found = Settings.read(file)
    assert found.directory == file.parent / "app"
    assert found.ini == "db/alembic.ini"
    assert found.grades == {"breaks-live": Grade.WARN}
    values = {"user": "u", "password": "p", "host": "h", "port": "1", "database": "d"}
    assert found.filled(values) == {"URL": "postgresql://u:p@h:1/d"}


def test_an_empty_table_is_a_plain_project_beside_the_file(tmp_path: Path) -> None:
    """Everything has a default."""
    (tmp_path / "bluegreen.toml").write_text("[migrations]\n")
    assert Settings.read(tmp_path / "bluegreen.toml") == Settings(directory=tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no table [migrations]"),
        ("migrations = 5", "migrations must be a table, got 5"),
        ("[migrations]\nfolder = 'x'", "unknown key 'folder' in migrations; allowed are directory, environment"),
        ("[migrations]\nini = 5", "migrations.ini must be a text that is not empty, got 5"),
        ("[migrations]\ndirectory = 'none'", "migrations.directory is 'none', but there is no folder"),
        ("[migrations]\nenvironment = { A = 5 }", "migrations.environment must be a table of texts"),
        ("[migrations]\nenvironment = { A = '{hots}' }", "unknown placeholder {hots}; allowed are {host}, {port}"),
        ("[migrations]\ngrades = { a = 'error' }", "must map rules to one of block, contract, warn"),
        ("[migrations", "cannot read"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    """The message names the place, what it got and what is allowed."""
    (tmp_path / "bluegreen.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        Settings.read(tmp_path / "bluegreen.toml")
    assert said in str(caught.value)
    assert caught.value.hint


def test_a_missing_file_comes_with_an_example(tmp_path: Path) -> None:
    """The hint can be pasted."""
    with pytest.raises(SettingsError, match=r"no bluegreen\.toml in") as caught:
        Settings.read(tmp_path / "bluegreen.toml")
    assert "[migrations]" in str(caught.value.hint)


def test_another_checkout_is_read_by_its_own_file(file: Path, tmp_path: Path) -> None:
    """The live version's project may lie elsewhere in its checkout."""
    other = tmp_path / "live"
    (other / "old").mkdir(parents=True)
    (other / "bluegreen.toml").write_text('[migrations]\ndirectory = "old"\n')
    assert Settings.read(file).of_checkout(file, other).directory == other / "old"


def test_a_checkout_without_the_table_is_looked_at_in_the_same_places(file: Path, tmp_path: Path) -> None:
    """A live version from before the table was written can be compared with."""
    other = tmp_path / "live"
    (other / "app" / "db").mkdir(parents=True)
    (other / "app" / "db" / "alembic.ini").touch()
    found = Settings.read(file).of_checkout(file, other)
    assert found.directory == other / "app"
    assert found.environment == Settings.read(file).environment


def test_a_checkout_without_a_project_is_an_error(file: Path, tmp_path: Path) -> None:
    """It is not taken for one that has nothing to lose."""
    with pytest.raises(SettingsError, match="is no checkout of this project: it has neither"):
        Settings.read(file).of_checkout(file, tmp_path / "app")
