import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bluegreen.rehearsal import cdk_cli
from bluegreen.rehearsal.cdk_cli import CdkCli, CdkError, MissingPartError, check_application, find_cdk, last_line

FAKE_CDK = f"""#!{sys.executable}
import json, os, sys
print(json.dumps({{"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}))
sys.exit(int(os.environ["FAKE_EXIT_CODE"]))
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An application whose cdk tells how it was called."""
    folder = tmp_path / "project" / "app"
    folder.mkdir(parents=True)
    (folder / "cdk.json").write_text('{"app": "python app.py"}')
    command = tmp_path / "project" / "node_modules" / ".bin" / "cdk"
    command.parent.mkdir(parents=True)
    command.write_text(FAKE_CDK)
    command.chmod(0o755)
    return folder


def cli(app: Path, exit_code: int = 0, context: Mapping[str, str] | None = None) -> CdkCli:
    environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "FAKE_EXIT_CODE": str(exit_code)}
    return CdkCli(app, app.parent.parent, environment, context)


def test_a_deploy_is_the_owners_own_command(app: Path) -> None:
    """The stack, the version, the application's context, no questions, and an output folder of the rehearsal's own."""
    (app / "bluegreen.toml").write_text('[cdk]\ncontext = { environment = "prod" }')
    code, log = cli(app).deploy("ProdStack", {"version": "v2"})
    called = json.loads(log.read_text())
    assert code == 0
    assert called["folder"] == str(app)
    assert called["arguments"][:2] == ["deploy", "ProdStack"]
    assert {"--context=version=v2", "--context=environment=prod"} < set(called["arguments"])
    assert "--require-approval never" in " ".join(called["arguments"])
    assert not (app / "cdk.out").exists()
    output = called["arguments"][called["arguments"].index("--output") + 1]
    assert Path(output).is_relative_to(app.parent.parent)


def test_context_of_the_prompt_goes_before_that_of_the_file(app: Path) -> None:
    """Another environment is rehearsed without a change of bluegreen.toml; what only the file names stays."""
    (app / "bluegreen.toml").write_text('[cdk]\ncontext = { environment = "prod", team = "orders" }')
    _, log = cli(app, context={"environment": "staging"}).deploy("StagingStack", {"version": "v2"})
    given = {text for text in json.loads(log.read_text())["arguments"] if text.startswith("--context=")}
    assert given == {"--context=environment=staging", "--context=team=orders", "--context=version=v2"}


@pytest.mark.parametrize("text", ["[cdk]\ncontext = 1", "[cdk.context]\nversion = 2", "[cdk]\nother = 1", "cdk = 1"])
def test_a_context_that_is_no_table_of_texts_is_refused(app: Path, text: str) -> None:
    """What cdk could not be given is refused before anything starts."""
    (app / "bluegreen.toml").write_text(text)
    with pytest.raises(MissingPartError, match=r"\[cdk\] in .*bluegreen.toml must hold nothing but context"):
        cli(app)


def test_no_setting_of_the_user_leads_to_a_real_account(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles, tokens, endpoints and configuration files of the user never reach cdk."""
    mine = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "x", "AWS_ENDPOINT_URL_S3": "x", "CDK_DEFAULT_ACCOUNT": "x"}
    for name, value in mine.items():
        monkeypatch.setenv(name, value)
    _, log = cli(app).deploy("ProdStack", {"version": "v1"})
    environment = json.loads(log.read_text())["environment"]
    assert not mine.keys() & environment.keys()
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert Path(environment["CDK_HOME"]).is_relative_to(app.parent.parent)


def test_a_failed_deploy_is_a_result_but_a_failed_bootstrap_an_error(app: Path) -> None:
    """A scenario may expect a deployment to fail; without a bootstrap there is nothing to rehearse."""
    code, _ = cli(app, exit_code=3).deploy("ProdStack", {"version": "v1"})
    assert code == 3
    with pytest.raises(CdkError, match="exit code 3"):
        cli(app, exit_code=3).bootstrap("123456789012", "eu-west-1")


def test_a_command_that_hangs_is_ended(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cdk that does not end in time is killed, and told as an error."""
    command = find_cdk(app)
    command.write_text(f"#!{sys.executable}\nimport time\nprint('waiting for the stack', flush=True)\ntime.sleep(60)\n")
    monkeypatch.setattr(cdk_cli, "LONGEST_SECONDS", 1.0)
    with pytest.raises(CdkError, match="did not end within 1 s: waiting for the stack"):
        cli(app).deploy("ProdStack", {"version": "v1"})


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no cdk.json in"), ("{", "cannot read"), ("[]", 'has no "app"'), ('{"context": {}}', 'has no "app"')],
)
def test_a_folder_without_an_application_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    """Without a cdk.json that names an app, the error says where it was looked for and what to do."""
    if content is not None:
        (tmp_path / "cdk.json").write_text(content)
    with pytest.raises(MissingPartError, match=said) as refusal:
        check_application(tmp_path)
    assert str(tmp_path) in str(refusal.value)
    assert refusal.value.hint


@pytest.mark.parametrize("missing", ["cdk", "node"])
def test_a_missing_command_is_named(app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Without cdk, or without Node, the error names it and says how to get it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    if missing == "cdk":
        find_cdk(app).unlink()
    else:
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(MissingPartError, match=f"no {missing} command") as refusal:
        cli(app)
    assert "install" in (refusal.value.hint or "")


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("one\ntwo\n", "two"),
        ("\x1b[31mProdStack: Error: no VPC\x1b[0m\n\nsee the docs\n", "ProdStack: Error: no VPC"),
        (" ❌  ProdStack failed: broken\nbye\n", "❌  ProdStack failed: broken"),
        ("", "it printed nothing"),
    ],
)
def test_the_line_that_tells_is_found(tmp_path: Path, printed: str, said: str) -> None:
    """Of a command's output, the line with the error is repeated, or else the last."""
    log = tmp_path / "log"
    log.write_text(printed)
    assert last_line(log) == said
