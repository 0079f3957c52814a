"""The rules of the house that no linter knows."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "constructs" / "bluegreen"

MAY_IMPORT = {
    "release": {"release"},
    "cdk": {"release", "cdk", "errors"},
    "operations": {"release", "operations", "errors"},
    "rehearsal": {"release", "rehearsal", "errors"},
    "migrations": {"release", "migrations", "errors"},
    "cli": {"release", "operations", "rehearsal", "migrations", "cli", "errors"},
}
"""Which rooms each room may import from."""


def sources(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts]


def imported_modules(path: Path) -> set[str]:
    """Every absolute module name that a file imports, with relative imports of the package resolved."""
    names = set()
    package = path.relative_to(ROOT / "constructs").parent.parts if path.is_relative_to(PACKAGE) else ()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = [*base, *(node.module or "").split(".")] if node.level or node.module else list(base)
            name = ".".join(part for part in module if part)
            names.update(f"{name}.{alias.name}" for alias in node.names)
            names.add(name)
    return names


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_between_rooms_run_one_way(room: str) -> None:
    """A room imports only the rooms that the design lets it import."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(PACKAGE / room)
        for name in imported_modules(path)
        if name.startswith("bluegreen.") and name.split(".")[1] not in MAY_IMPORT[room] | {"__version__"}
    ]
    assert not wrong


def test_the_domain_needs_only_the_standard_library() -> None:
    """`bluegreen.release` goes into every Lambda zip, so it imports nothing that would have to go with it."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(PACKAGE / "release")
        for name in imported_modules(path)
        if name.split(".")[0] not in sys.stdlib_module_names | {"bluegreen"}
    ]
    assert not wrong


def test_lambdas_bring_no_third_party_code() -> None:
    """A Lambda imports the domain, boto3 and what comes with it, its own neighbours and the shared; nothing else."""
    shared = ROOT / "lambdas" / "shared"
    allowed = sys.stdlib_module_names | {"bluegreen", "boto3", "botocore", "jmespath", "urllib3"}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for folder in (ROOT / "lambdas").iterdir()
        if folder.is_dir()
        for path in sources(folder)
        for name in imported_modules(path)
        if name.split(".")[0] not in allowed | {one.stem for place in (folder, shared) for one in place.iterdir()}
        or (name.startswith("bluegreen.") and not name.startswith("bluegreen.release"))
    ]
    assert not wrong


def test_the_source_root_is_not_a_package() -> None:
    """An __init__.py in constructs/ would shadow the PyPI package of the same name and break aws_cdk."""
    assert not (ROOT / "constructs" / "__init__.py").exists()


def test_the_package_itself_imports_nothing() -> None:
    """`import bluegreen` stays free, so that the command line starts without jsii and Node."""
    assert imported_modules(PACKAGE / "__init__.py") == set()


def test_the_command_line_starts_without_node_and_without_the_cdk() -> None:
    """`bluegreen --help` answers with neither Node on the PATH nor aws_cdk, boto3 or ministack imported."""
    program = (
        "import sys\nfrom bluegreen.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'aws_cdk', 'jsii', 'boto3', 'botocore', 'ministack', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "JSII_NODE"} | {"PATH": "/nowhere"}
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=30, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "rehearse" in run.stdout


def test_every_test_states_its_fact() -> None:
    """Each test function has a docstring: one sentence that says what is true."""
    silent = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for folder in (ROOT / "tests", ROOT / "examples")
        for path in sources(folder)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert not silent
