"""The documentation says what is so."""

import importlib.util
import re
from pathlib import Path

import pytest

from bluegreen.rehearsal.cdk_cli import read_context
from bluegreen.rehearsal.images import Images
from bluegreen.rehearsal.scenarios import SCENARIOS
from bluegreen.rehearsal.workload import Workload

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_command_reference_is_what_the_commands_say() -> None:
    """docs/cli.md equals the commands' own help; `make docs` writes it anew."""
    spec = importlib.util.spec_from_file_location("cli_reference", ROOT / "docs" / "cli_reference.py")
    assert spec is not None
    assert spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    assert (ROOT / "docs" / "cli.md").read_text() == reference.page(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that exists."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_opens_with_the_two_commands() -> None:
    """A reader meets `make rehearse` and `make test` in the first code block."""
    block = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    assert [line.split("#")[0].strip() for line in block[1].splitlines()] == ["make rehearse", "make test"]


def test_the_example_bluegreen_toml_is_one(tmp_path: Path) -> None:
    """What the page shows as a bluegreen.toml is read by all that read one."""
    block = re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "rehearsal.md").read_text(), re.DOTALL)
    assert block is not None
    (tmp_path / "examples" / "orders").mkdir(parents=True)
    file = tmp_path / "bluegreen.toml"
    file.write_text(block[1])
    second = Images.load(file).launch("registry/orders:v2", host="127.77.0.1", port=8080)
    assert second.environment == {"LOG_LEVEL": "debug"}
    assert Workload.load(file).requests[1].method == "POST"
    assert read_context(file) == {"environment": "prod"}


def test_every_proof_of_safety_is_there() -> None:
    """docs/safety.md names only scenarios and tests that exist, and every scenario of the group safety."""
    rows = [line for line in (ROOT / "docs" / "safety.md").read_text().splitlines() if line.startswith("| ")][1:]
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[2])}
    files = {name for name in named if name.endswith(".py")}
    known = {scenario.name: scenario.group for scenario in SCENARIOS}
    assert {name for name in files if not (ROOT / "tests" / name).exists()} == set()
    assert named - files - {"release"} <= known.keys(), "the group release is named in words"
    assert {name for name, group in known.items() if group == "safety"} <= named
