"""The PostgreSQL database of one environment."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from . import environments

_PORT = 5432
_LOGS = ("postgresql", "upgrade")
_FIELDS = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "username", "PASSWORD": "password"}


class Database(Construct):
    """PostgreSQL on RDS, encrypted, reachable from nowhere until somebody is let in.

    Args:
        scope: The stack.
        construct_id: Its name there.
        vpc: Its network; it takes the isolated subnets.
        name: The database, its master user, and with `environment` the instance's name. That name is fixed on purpose:
            a change that would replace the instance, and begin with an empty one, fails instead.
        environment: Sizes and protection.

    Attributes:
        instance: The instance, whose generated secret is that of the migrator: its master user.
        application_user: The secret of the user that the application connects as, whom the migrations make.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, vpc: ec2.IVpc, name: str, environment: environments.Environment
    ) -> None:
        super().__init__(scope, construct_id)
        settings = environment.database
        removal = RemovalPolicy.SNAPSHOT if settings.protected else RemovalPolicy.DESTROY
        identifier = f"{name}-{environment.name}"
        log_groups = [self._log_group(identifier, kind, environment) for kind in _LOGS]
        self.instance = rds.DatabaseInstance(
            self,
            "Instance",
            instance_identifier=identifier,
            engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18),
            instance_type=ec2.InstanceType(settings.instance),
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            multi_az=settings.multi_az,
            port=_PORT,
            database_name=name,
            credentials=rds.Credentials.from_generated_secret(name),
            storage_type=rds.StorageType.GP3,
            allocated_storage=settings.storage_gib,
            max_allocated_storage=2 * settings.storage_gib,
            storage_encrypted=True,
            backup_retention=Duration.days(settings.backup_days),
            delete_automated_backups=not settings.protected,
            deletion_protection=settings.protected,
            removal_policy=removal,
            enable_performance_insights=settings.insights,
            cloudwatch_logs_exports=list(_LOGS),
        )
        user = rds.DatabaseSecret(self, "ApplicationUser", username=f"{name}_app")
        self.application_user = user.attach(self.instance)  # tells it where the database is
        # RDS makes log groups that keep everything for ever, unless they are there first.
        self.instance.node.add_dependency(*log_groups)

    def let_in(self, client: ec2.SecurityGroup, description: str) -> ec2.CfnSecurityGroupIngress:
        """Let the members of a security group in.

        Args:
            client: The group.
            description: Who they are.

        Returns:
            The rule, in the client's stack: this one knows nothing of who comes.
        """
        return ec2.CfnSecurityGroupIngress(
            client,
            "ToDatabase",
            group_id=self.instance.connections.security_groups[0].security_group_id,
            source_security_group_id=client.security_group_id,
            ip_protocol="tcp",
            from_port=_PORT,
            to_port=_PORT,
            description=description,
        )

    @property
    def migrator(self) -> secretsmanager.ISecret:
        """The secret of the instance's master user, who defines tables and with whom no application connects."""
        secret = self.instance.secret
        if secret is None:
            raise TypeError("the instance must have a generated secret")
        return secret

    @staticmethod
    def variables(secret: secretsmanager.ISecret) -> Mapping[str, ecs.Secret]:
        """Return what a client needs, from DATABASE_HOST to DATABASE_PASSWORD, as ECS reads it when a task starts.

        Args:
            secret: `migrator` or `application_user`: whom it connects as.

        Returns:
            The variables.
        """
        return {f"DATABASE_{name}": ecs.Secret.from_secrets_manager(secret, field) for name, field in _FIELDS.items()}

    def _log_group(self, identifier: str, kind: str, environment: environments.Environment) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            f"{kind.capitalize()}Log",
            log_group_name=f"/aws/rds/instance/{identifier}/{kind}",
            retention=environment.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
