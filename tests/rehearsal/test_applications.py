from pathlib import Path

import pytest

from bluegreen.rehearsal.applications import ApplicationsError, read_applications


def test_applications_are_folders_beside_the_file(tmp_path: Path) -> None:
    """A bluegreen.toml may name further applications by their folders; without the file or the table there are none."""
    file = tmp_path / "bluegreen.toml"
    assert read_applications(file) == {}
    file.write_text("[images]")
    assert read_applications(file) == {}
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "cdk.json").touch()
    file.write_text('[applications]\nestate = "estate"')
    assert read_applications(file) == {"estate": tmp_path / "estate"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("applications = 1", "must be a table of names and folders, got 1"),
        ("[applications]\nestate = 1", "must be a table of names and folders"),
        ('[applications]\nestate = "nowhere"', "there is no cdk.json in"),
        ("[applications", "cannot read"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """What cannot be deployed is refused before anything starts, with what to do."""
    file = tmp_path / "bluegreen.toml"
    file.write_text(text)
    with pytest.raises(ApplicationsError, match=said) as refusal:
        read_applications(file)
    assert refusal.value.hint
