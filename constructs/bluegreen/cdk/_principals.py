"""Who takes on the roles of this library. Each is the same in every stack, so it is made once."""

from aws_cdk import aws_iam as iam

from ._arns import OWN

_OWN_ACCOUNT = {"StringEquals": {"aws:SourceAccount": OWN.account}}

FUNCTIONS = iam.ServicePrincipal("lambda.amazonaws.com")
"""Lambda."""
STATE_MACHINES = iam.ServicePrincipal("states.amazonaws.com", conditions=_OWN_ACCOUNT)
"""Step Functions, for the role's own account."""
TASKS = iam.ServicePrincipal("ecs-tasks.amazonaws.com", conditions=_OWN_ACCOUNT)
"""ECS, for tasks of the role's own account."""
STARTS_OF_TASKS = iam.ServicePrincipal("ecs-tasks.amazonaws.com")
"""ECS, before a task runs."""
BACKUPS = iam.ServicePrincipal("backup.amazonaws.com")
"""AWS Backup. Roles are passed to it within the account only; that it names the account besides is written nowhere."""
