"""Database migrations inside the release: from the candidate's image, before any of its tasks starts."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from aws_cdk import Token
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager

from bluegreen.release.lifecycle import LifecycleEvent
from bluegreen.release.migrations.after_failure import AfterFailure
from bluegreen.release.migrations.findings import Grade
from bluegreen.release.migrations.restore_point import Backup

from ._migration_task import MigrationTaskSettings
from ._service_migrations import ServiceMigrations
from .contract_release import ContractRelease
from .fargate_size import require_fargate_size
from .hooks import BoundHook
from .ledger import ReleaseLedger
from .plaintext import refuse_secrets
from .task import require_disjoint

if TYPE_CHECKING:
    from .service import BlueGreenService

_CONSTRUCT_ID = "Migrations"
_ANSWER_SECONDS = 300
"""Beside the migration's deadline: for the release of the lease, the record, and the backstop."""
_LONGEST_SETTINGS = 2000
"""Characters of the settings as JSON: Lambda allows 4 kB for all environment variables, and tokens may still grow."""
_RESERVED = "BLUEGREEN_"
_IDENTIFIER = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_HISTORY = re.compile(r"[A-Za-z0-9._-]{1,100}")
_RULE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class AlembicMigrations:
    """Runs the pending revisions of an Alembic project at a release's first step, and refuses those that would hurt.

    They run from the candidate's image, as a task of their own with an identity of their own, while the version before
    serves. A plan comes first: revisions that the version before would not survive are refused. Then a way back is
    made, then each revision runs in a transaction of its own that waits for no lock longer than `lock_timeout_ms`.
    What was done is written into a ledger. When a release fails later, the version before goes on with the new schema.

    The image needs the runner (docs/migrations.md); its Alembic project needs no change. The database must be an RDS
    instance; Aurora clusters are not supported yet. Its security groups let the migrations in by rules of the service's
    stack.

    Args:
        database: The instance: snapshots are taken of it, and the ledger calls it by its identifier.
        secrets: The variables that the project's `env.py` reads to connect, with the identity of the migrator: one
            that may define tables, and that the application does not have.
        environment: Further variables, in plain text. None when omitted; one that looks like a secret is refused.
        ini: The path of Alembic's configuration in the image. The image's variable ALEMBIC_CONFIG, else `alembic.ini`
            in its working folder, when omitted.
        command: What starts the runner, to which its arguments are added.
        backup: What there must be to go back to before the first statement runs; a snapshot when omitted. Waiting for
            it counts into the deadline.
        after_failure: What becomes of the schema when the release fails later; it stays when omitted.
        lint: Changes of grades by rule: "block" never passes, "contract" passes in a contract release, "warn" is only
            told. None when omitted. To let one statement pass, write the reason into its revision instead.
        contract: Declares one version's release a contract release, in which revisions of phase "contract" may run.
            None is when omitted.
        lock_timeout_ms: How long a statement may wait for a lock, and so make the application wait behind it,
            100-5000 milliseconds. It then lets go, and is tried again until the deadline.
        deadline_minutes: After which a migration is given up, 5-50 minutes. CloudFormation waits an hour in all for
            the tasks' start, every hook and the rollout, so more than the default needs shorter ones of those, or
            `notifications` on the service.
        owner_role: The PostgreSQL role that owns what revisions make, whoever runs them; made when it is absent. The
            migrator itself when omitted.
        application_user: A secret with the JSON fields `username` and `password` of the user that the application
            connects as: the runner makes or updates it, and it may read and write rows and define nothing. The
            application's user is somebody else's affair when omitted.
        history: What the ledger calls the Alembic history that the revisions belong to. Each service has one of its own
            when omitted; services that release one history, with one version table, must give it the same name, 1-100
            letters, digits, `.`, `_` and `-`. Otherwise none of them knows what the others' images work with.
        ledger: Where runs are recorded. That of the service's stack when omitted; services of several stacks that
            share a database must share one.
        cpu: CPU units of the task; 1024 are one virtual CPU.
        memory_mib: Memory of the task in MiB, one that Fargate offers with `cpu`.
        log_retention: How long the task's log is kept; one month when omitted.

    Raises:
        ValueError: If a value is out of range, a variable looks like a secret, is given twice or begins with
            BLUEGREEN_, or the database is no instance.

    Example:
        >>> import aws_cdk as cdk
        >>> from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs, aws_rds as rds
        >>> from bluegreen.cdk import BlueGreenService
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> vpc = ec2.Vpc(stack, "Vpc")
        >>> engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18)
        >>> database = rds.DatabaseInstance(stack, "Database", engine=engine, vpc=vpc)
        >>> migrations = AlembicMigrations(
        ...     database,
        ...     {"DATABASE_PASSWORD": ecs.Secret.from_secrets_manager(database.secret, "password")},
        ...     owner_role="shop_owner",
        ... )
        >>> service = BlueGreenService(
        ...     stack,
        ...     "Orders",
        ...     cluster=ecs.Cluster(stack, "Cluster", vpc=vpc),
        ...     image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4"),
        ...     container_port=8080,
        ...     hooks=[migrations],
        ... )
        >>> migrations.longest_seconds
        1200
    """

    def __init__(
        self,
        database: rds.IDatabaseInstance,
        secrets: Mapping[str, ecs.Secret],
        *,
        environment: Mapping[str, str] | None = None,
        ini: str | None = None,
        command: Sequence[str] = ("python", "-m", "bluegreen.migrations"),
        backup: Backup | str = Backup.SNAPSHOT,
        after_failure: AfterFailure | str = AfterFailure.KEEP,
        lint: Mapping[str, Grade | str] | None = None,
        contract: ContractRelease | None = None,
        lock_timeout_ms: int = 500,
        deadline_minutes: int = 15,
        owner_role: str | None = None,
        application_user: secretsmanager.ISecret | None = None,
        history: str | None = None,
        ledger: ReleaseLedger | None = None,
        cpu: int = 256,
        memory_mib: int = 512,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
    ) -> None:
        _require_instance(database)
        _require_range("lock_timeout_ms", lock_timeout_ms, 100, 5000)
        _require_range("deadline_minutes", deadline_minutes, 5, 50)
        require_fargate_size(cpu, memory_mib)
        _require_command(command)
        _require_ini(ini)
        _require_owner(owner_role)
        _require_history(history)
        _require_variables(environment or {}, secrets)
        refuse_secrets(environment or {}, command)
        self._database = database
        self._ledger = ledger
        self._deadline_minutes = deadline_minutes
        self._settings: dict[str, object] = {
            "backup": _choice("backup", backup, Backup),
            "after_failure": _choice("after_failure", after_failure, AfterFailure),
            "lock_timeout_ms": lock_timeout_ms,
            "deadline_seconds": 60 * deadline_minutes,
            "grades": _grades(lint or {}),
            "contract": {"version": contract.version, "reason": contract.reason} if contract else None,
            "ini": ini,
            "history": history,
        }
        _require_short(self._settings)
        self._task = MigrationTaskSettings(
            command=tuple(command),
            environment={**(environment or {}), **({"BLUEGREEN_OWNER_ROLE": owner_role} if owner_role else {})},
            secrets={**secrets, **_application_user(application_user)},
            cpu=cpu,
            memory_mib=memory_mib,
            log_retention=log_retention,
        )

    @property
    def longest_seconds(self) -> int:
        """How long the hook may take: the deadline, and what recording and answering need."""
        return 60 * self._deadline_minutes + _ANSWER_SECONDS

    def bind(self, service: "BlueGreenService") -> BoundHook:
        """Make task, function and state machine for one service.

        Args:
            service: The service whose releases migrate the database.

        Returns:
            The function, to run at BeforeInstall.

        Raises:
            ValueError: If the service has migrations already.
        """
        if service.node.try_find_child(_CONSTRUCT_ID):
            raise ValueError(
                f"hooks must have migrations once, got them twice for {service.node.path}; one Alembic project may "
                "have several version_locations"
            )
        made = ServiceMigrations(
            service,
            _CONSTRUCT_ID,
            service=service,
            database=self._database,
            ledger=self._ledger or ReleaseLedger.of(service),
            settings=self._settings,
            longest_seconds=self.longest_seconds,
            task=self._task,
        )
        return BoundHook(
            event=LifecycleEvent.BEFORE_INSTALL,
            function=made.function,
            log_group=made.log_group,
            longest_seconds=self.longest_seconds,
        )

    def of(self, service: "BlueGreenService") -> ServiceMigrations:
        """Return what was made for a service: its task, security group, function and state machine.

        Args:
            service: A service that has this hook.

        Returns:
            The construct.

        Raises:
            ValueError: If the service has no migrations.
        """
        found = service.node.try_find_child(_CONSTRUCT_ID)
        if found is None:
            raise ValueError(f"service must have migrations among its hooks, got {service.node.path} without any")
        return cast("ServiceMigrations", found)


def _require_instance(database: rds.IDatabaseInstance) -> None:
    if not hasattr(database, "instance_identifier"):
        raise ValueError(
            f"database must be an RDS instance, got {type(database).__name__}; Aurora clusters are not supported yet"
        )


def _require_range(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low}-{high}, got {value!r}")


def _require_command(command: Sequence[str]) -> None:
    if isinstance(command, str) or not command or not all(command):
        raise ValueError(f"command must be a list of words that starts the runner, got {command!r}")


def _require_ini(ini: str | None) -> None:
    if ini is not None and not ini.strip():
        raise ValueError(f"ini must be a path in the image, got {ini!r}; omit it for alembic.ini")


def _require_history(history: str | None) -> None:
    if history is not None and not _HISTORY.fullmatch(history):
        raise ValueError(
            f"history must be 1-100 letters, digits, '.', '_' and '-', got {history!r}; omit it unless shared"
        )


def _require_owner(owner_role: str | None) -> None:
    if owner_role is not None and not Token.is_unresolved(owner_role) and not _IDENTIFIER.fullmatch(owner_role):
        raise ValueError(
            "owner_role must be 1-63 lower-case letters, digits and '_', beginning with no digit and not with 'pg_', "
            f"which PostgreSQL keeps for itself, got {owner_role!r}"
        )


def _require_variables(environment: Mapping[str, str], secrets: Mapping[str, ecs.Secret]) -> None:
    if not secrets:
        raise ValueError(
            "secrets must hold what env.py reads to connect, got none; pass the migrator's password as an ecs.Secret"
        )
    require_disjoint(environment, secrets)
    if reserved := sorted(name for name in {*environment, *secrets} if name.startswith(_RESERVED)):
        raise ValueError(
            f"variables must not begin with {_RESERVED}, got {', '.join(reserved)}; the runner keeps those for itself"
        )


def _require_short(settings: Mapping[str, object]) -> None:
    if (length := len(json.dumps(settings))) > _LONGEST_SETTINGS:
        raise ValueError(
            f"settings must be at most {_LONGEST_SETTINGS} characters as JSON, got {length}; change fewer grades in "
            "lint, and write the reasons for single statements into their revisions"
        )


def _choice(name: str, value: str, choices: type[Backup | AfterFailure]) -> str:
    try:
        return choices(value).value
    except ValueError:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}") from None


def _grades(lint: Mapping[str, Grade | str]) -> dict[str, str]:
    for rule, grade in lint.items():
        if not _RULE.fullmatch(rule):
            raise ValueError(f"lint must name rules such as 'adding-not-nullable-field', got {rule!r}")
        if grade not in list(Grade):
            raise ValueError(f"lint[{rule!r}] must be one of {', '.join(Grade)}, got {grade!r}")
    return {rule: Grade(grade).value for rule, grade in sorted(lint.items())}


def _application_user(secret: secretsmanager.ISecret | None) -> dict[str, ecs.Secret]:
    if secret is None:
        return {}
    return {
        f"{_RESERVED}APPLICATION_{field.removesuffix('name').upper()}": ecs.Secret.from_secrets_manager(secret, field)
        for field in ("username", "password")
    }
