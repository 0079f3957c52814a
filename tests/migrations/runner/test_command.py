"""`python -m bluegreen.migrations` as the task runs it: arguments, environment, last line and exit code."""

import json
import subprocess
import sys

import pytest

from bluegreen.migrations.__main__ import main
from bluegreen.release.migrations.result import Outcome


def test_the_last_line_is_the_result_and_the_exit_code_says_how_it_went(project, command):
    """Whatever revisions print, the last line is the result; the exit code is 0 when it went well."""
    project.add("a1", "print('from a revision')\nop.execute('CREATE TABLE t (id int)')")
    plan = command("plan")
    assert (plan.result().outcome, plan.process.returncode) == (Outcome.PENDING, 0)
    run = command("run", "--token", "3")
    assert (run.result().outcome, run.process.returncode) == (Outcome.MIGRATED, 0)
    assert run.output.startswith("from a revision\n")
    again = command("run", "--token", "3")
    assert (again.result().outcome, again.process.returncode) == (Outcome.NOTHING_PENDING, 0)


def test_a_failure_exits_with_1_and_explains_itself_on_stderr(project, command):
    """A failure is a result and exit code 1; the traceback without parameters goes to stderr."""
    project.sql("a1", "CREATE TABLE t (id text)").add(
        "b2", 'op.get_bind().execute(sa.text("INSERT INTO nowhere VALUES (:v)"), {"v": "hush-" * 2})'
    )
    run = command("run")
    assert (run.result().outcome, run.process.returncode) == (Outcome.FAILED, 1)
    assert "Traceback" in run.errors
    assert "hush-hush-" not in run.errors + run.output


def test_a_plan_on_a_newer_database_exits_with_0_and_a_run_with_1(project, command):
    """To be older than the database is no failure of a plan; the release decides what it means."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "ALTER TABLE t ADD COLUMN n int")
    command("run").result()
    project.path("b2").unlink()
    for name, code in (("plan", 0), ("run", 1)):
        started = command(name)
        assert (started.result().outcome, started.process.returncode) == (Outcome.AHEAD, code)


def test_the_environment_names_the_roles(project, command, database):
    """The owner's role and the application's user come from the environment, as a task gets its secrets."""
    project.sql("a1", "CREATE TABLE t (id int)")
    environment = {
        "BLUEGREEN_OWNER_ROLE": "command_owner",
        "BLUEGREEN_APPLICATION_USER": "command_user",
        "BLUEGREEN_APPLICATION_PASSWORD": "command-password",
    }
    started = command("create", environment=environment)
    assert started.result().outcome is Outcome.MIGRATED
    with database.connect("command_user", "command-password") as connection:
        assert connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 't'").fetchone() == (
            "command_owner",
        )


def test_the_configuration_is_found_as_alembic_finds_it(project, command):
    """--ini, else ALEMBIC_CONFIG, else alembic.ini of the working directory; one that is missing is named."""
    project.sql("a1", "CREATE TABLE t (id int)")
    other = project.folder / "other.ini"
    project.ini.rename(other)
    assert command("plan", "--ini", "other.ini").result().outcome is Outcome.PENDING
    assert command("plan", environment={"ALEMBIC_CONFIG": str(other)}).result().outcome is Outcome.PENDING
    missing = command("plan").result()
    assert missing.outcome is Outcome.FAILED
    assert missing.message.startswith("no Alembic configuration at alembic.ini")


def test_grades_can_be_changed(project, command):
    """A rule graded down to a warning lets pass what it blocked."""
    project.sql("a1", "CREATE TABLE t (id int, note text)")
    command("run").result()
    project.sql("b2", "ALTER TABLE t DROP COLUMN note")
    refused = command("plan").result()
    assert refused.outcome is Outcome.REFUSED
    rules = {finding.rule: "warn" for one in refused.revisions for finding in one.findings}
    assert command("plan", "--grades", json.dumps(rules)).result().outcome is Outcome.PENDING


def test_a_grade_of_no_rule_is_told(project, command):
    """A misspelt rule ends the command as failed, with its name in the result and no traceback beside it."""
    project.sql("a1", "CREATE TABLE t (id int)")
    command("run").result()
    project.sql("b2", "ALTER TABLE t ADD COLUMN note text")
    started = command("plan", "--grades", '{"ban-drop-colunm": "warn"}')
    result = started.result()
    assert result.outcome is Outcome.FAILED
    assert result.message.startswith("the changed grades: no rule of the gate is called 'ban-drop-colunm'")
    assert (started.process.returncode, "Traceback" in started.errors) == (1, False)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["migrate"],
        ["downgrade"],
        ["run", "--token", "-1"],
        ["run", "--lock-timeout-ms", "0"],
        ["plan", "--grades", "[]"],
    ],
)
def test_wrong_arguments_are_refused(arguments, capsys):
    """An unknown command, a missing option or a value out of range ends with usage and exit code 2."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_help_needs_no_alembic():
    """The module and its help load neither Alembic nor SQLAlchemy, nor anything of AWS."""
    program = (
        "import sys\nfrom bluegreen.migrations.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {'alembic', 'sqlalchemy', 'boto3', 'aws_cdk'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=30)
