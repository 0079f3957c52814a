"""The operations of RDS, and what CloudFormation asks of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.postgres import ADMIN

from . import restores, settings, snapshots
from .instance import RESTORE_SECONDS, Instance
from .instances import Instances
from .managed_password import ManagedPasswords

DEFAULT_PORT = 5432
NEWEST = "18"
DEFAULT_RETENTION_DAYS = 1
FAULTS = snapshots.FAULTS | restores.FAULTS
"""The faults that are played here."""


class Rds:
    """Amazon RDS: PostgreSQL instances that CloudFormation creates or a restore makes.

    Args:
        clock: The cloud's time.
        journal: Where starts and ends are told.
        client: Makes boto3 clients by service name.
        folder: Scratch; the databases go to rds/ in it, snapshots to rds-snapshots/.
        region: The only region.
        account: The account's number.
    """

    botocore_name: ClassVar[str] = "rds"

    def __init__(
        self,
        *,
        clock: Clock,
        journal: Journal,
        client: Callable[[str], Any],
        folder: Path,
        region: str,
        account: str,
    ) -> None:
        self._clock = clock
        self._arn = f"arn:aws:rds:{region}:{account}:db:"
        self._passwords = ManagedPasswords(client)
        self._instances = Instances(clock, journal, folder / "rds", self._passwords.delete)
        self.instance = self._instances.get
        self.check_new = self._instances.check_new
        snapshots_arn = f"arn:aws:rds:{region}:{account}:snapshot:"
        self._snapshots = snapshots.Snapshots(clock, snapshots_arn, self.instance, folder / "rds-snapshots")
        self._restores = restores.Restores(clock, self, self._snapshots)

        self.create_db_snapshot = self._snapshots.create
        self.describe_db_snapshots = self._snapshots.describe
        self.delete_db_snapshot = self._snapshots.delete
        self.restore_db_instance_to_point_in_time = self._restores.to_point_in_time
        self.restore_db_instance_from_db_snapshot = self._restores.from_snapshot

    # --- operations ---------------------------------------------------------------------------------------------------

    def describe_db_instances(self, request: Document) -> Document:
        """Describe all instances, or the one that is named.

        Raises:
            ApiError: DBInstanceNotFound.
        """
        if request.get("Filters"):
            raise ApiError("InvalidParameterValue", "the local cloud does not filter instances")
        name = request.get("DBInstanceIdentifier")
        found = self._instances.all() if name is None else [self.instance(name)]
        return {"DBInstances": [self.described(instance) for instance in found]}

    def delete_db_instance(self, request: Document) -> Document:
        """Delete an instance, and first make its final snapshot unless that is to be skipped.

        Raises:
            ApiError: DBInstanceNotFound, InvalidDBInstanceState when it is being deleted already, or
                InvalidParameterCombination when it is protected or the final snapshot has no name.
        """
        instance, final = self.instance(request["DBInstanceIdentifier"]), request.get("FinalDBSnapshotIdentifier")
        if instance.deleted is not None:
            raise ApiError("InvalidDBInstanceState", f"Instance {instance.name} is already being deleted.")
        if instance.is_protected:
            raise _protected()
        if not request.get("SkipFinalSnapshot") and not final:
            message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            raise ApiError("InvalidParameterCombination", message)
        if final:
            self.create_db_snapshot({"DBSnapshotIdentifier": final, "DBInstanceIdentifier": instance.name})
        instance.deleted = self._clock.now()
        self._instances.end(instance)
        return {"DBInstance": self.described(instance)}

    def modify_db_instance(self, request: Document) -> Document:
        """Change an instance at once, whatever ApplyImmediately says: maintenance windows are not emulated.

        Raises:
            ApiError: DBInstanceNotFound, or InvalidParameterValue for what cannot change here.
        """
        unchangeable = {"EngineVersion", "NewDBInstanceIdentifier", "DBPortNumber", "RotateMasterUserPassword"}
        asked = sorted(request.keys() & unchangeable)
        if asked:
            message = f"the local cloud does not change {', '.join(asked)} of an instance"
            raise ApiError("InvalidParameterValue", message)
        instance = self.instance(request["DBInstanceIdentifier"])
        if "MasterUserPassword" in request:
            instance.server.set_password(request["MasterUserPassword"])
        self.keep(instance.name, request)
        return {"DBInstance": self.described(instance)}

    def list_tags_for_resource(self, request: Document) -> Document:
        """List an instance's tags."""
        return {"TagList": self.instance(request["ResourceName"]).settings.get("TagList", [])}

    def inject(self, fault: Document) -> None:
        """Inject or clear a fault of snapshots or of restores."""
        self._snapshots.inject(fault)
        self._restores.inject(fault)

    # --- for CloudFormation and for restores --------------------------------------------------------------------------

    def described(self, instance: Instance) -> Document:
        """Return an instance as DescribeDBInstances shows it."""
        return instance.describe(self._clock.now(), backing_up=self._snapshots.backs_up(instance.name))

    def create(self, name: str, properties: Document) -> Instance:
        """Start an instance and wait until it answers.

        Args:
            name: Its identifier.
            properties: Those of AWS::RDS::DBInstance.

        Raises:
            ApiError: DBInstanceAlreadyExists, or InvalidParameterValue for what this cloud does not run.
            PostgresError: If PostgreSQL does not start.
        """
        self.check_new(name)
        _check(properties)
        master, password, secret = properties["MasterUsername"], properties.get("MasterUserPassword"), None
        if _is_true(properties.get("ManageMasterUserPassword")):
            password, secret = self._passwords.make(master, (properties.get("MasterUserSecret") or {}).get("KmsKeyId"))
        server = self._instances.server(
            name,
            port=int(properties.get("Port", DEFAULT_PORT)),
            user=master,
            password=str(password),
            database=properties.get("DBName"),
            version=int(str(properties.get("EngineVersion", NEWEST)).partition(".")[0]),
        )
        now = self._clock.now()
        made = Instance(
            name,
            arn=f"{self._arn}{name}",
            server=server,
            created=now,
            settings={"BackupRetentionPeriod": DEFAULT_RETENTION_DAYS} | settings.shown(properties),
            master=master,
            database=properties.get("DBName"),
            ready=now,
            secret=secret,
        )
        return self._instances.add(made, server.start)

    def add_restored(self, name: str, original: restores.Original, asked: Document, *, broken: bool) -> Instance:
        """Start an instance that has the data of another one; it is `creating` for some minutes of the cloud's.

        Args:
            name: Its identifier.
            original: Whose data it has.
            asked: The request of the restore.
            broken: Whether it ends as incompatible-restore.

        Raises:
            ApiError: DBInstanceAlreadyExists, or InvalidParameterValue for an identifier that cannot be.
            PostgresError: If PostgreSQL does not start.
        """
        self.check_new(name)
        former = original.instance
        server = self._instances.server(
            name,
            port=int(asked.get("Port") or former.server.port),
            user=former.master,
            password=former.server.password,
            database=None,
            version=former.server.version,
            admin_password=former.server.admin_password,
        )
        now = self._clock.now()
        made = Instance(
            name,
            arn=f"{self._arn}{name}",
            server=server,
            created=now,
            settings=original.settings(asked),
            master=former.master,
            database=former.database,
            ready=now + RESTORE_SECONDS,
            broken=broken,
        )
        return self._instances.add(made, lambda: server.start_as_copy(original.copy))

    def update(self, name: str, old: Document, new: Document) -> Instance:
        """Change the master user's password, and keep every other setting that changed.

        Args:
            name: The instance.
            old: The properties of AWS::RDS::DBInstance that it had.
            new: Those that it is to have.
        """
        instance = self.instance(name)
        managed = _is_true(new.get("ManageMasterUserPassword"))
        if managed and instance.secret is None:
            key = (new.get("MasterUserSecret") or {}).get("KmsKeyId")
            password, instance.secret = self._passwords.make(instance.master, key)
            instance.server.set_password(password)
        elif not managed and instance.secret is not None:
            self._passwords.delete(instance.secret)
            instance.secret = None
        if not managed and new.get("MasterUserPassword") != old.get("MasterUserPassword"):
            instance.server.set_password(new["MasterUserPassword"])
        self.keep(name, new)
        return instance

    def keep(self, name: str, properties: Document) -> None:
        """Keep changed settings that have nothing behind them."""
        self.instance(name).settings |= settings.shown(properties)

    def delete(self, name: str) -> None:
        """Stop an instance and delete its data; succeed when there is none.

        Raises:
            ApiError: InvalidParameterCombination when it is protected.
        """
        instance = self._instances.find(name)
        if instance is None:
            return
        if instance.is_protected:
            raise _protected()
        if instance.final_snapshot:
            wanted = {"DBSnapshotIdentifier": instance.final_snapshot, "DBInstanceIdentifier": name}
            self.create_db_snapshot(wanted)
        self._instances.forget(instance)

    # --- for the cloud ------------------------------------------------------------------------------------------------

    def snapshot(self) -> Document:
        """Describe what an operator would look at."""
        return {
            "instances": [
                {"name": one.name, "address": one.server.address, "port": one.server.port, "pid": one.server.pid}
                for one in self._instances.all()
            ]
        }

    def stop(self) -> None:
        """End every server. Idempotent."""
        self._instances.stop()
        self._snapshots.stop()


def _check(properties: Document) -> None:
    if properties.get("Engine") != "postgres":
        message = f"the local cloud runs only the engine postgres, got {properties.get('Engine')}"
        raise ApiError("InvalidParameterValue", message)
    if not properties.get("MasterUsername"):
        # Restores and replicas that a template asks for begin without one.
        raise ApiError("InvalidParameterValue", "the local cloud creates only instances with a MasterUsername")
    managed = _is_true(properties.get("ManageMasterUserPassword"))
    if managed and properties.get("MasterUserPassword"):
        message = "You can't specify both MasterUserPassword and ManageMasterUserPassword."
        raise ApiError("InvalidParameterCombination", message)
    if not managed and not properties.get("MasterUserPassword"):
        message = "the local cloud creates only instances with a MasterUserPassword or ManageMasterUserPassword"
        raise ApiError("InvalidParameterValue", message)
    if properties["MasterUsername"] == ADMIN:
        message = f"MasterUsername {ADMIN} cannot be used as it is a reserved word used by the engine"
        raise ApiError("InvalidParameterValue", message)


def _protected() -> ApiError:
    message = "Cannot delete protected DB Instance, please disable deletion protection and try again."
    return ApiError("InvalidParameterCombination", message)


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
