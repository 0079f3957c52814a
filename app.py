"""The CDK app: `cdk deploy ProdStack -c version=v2` releases version v2 of the orders service to production.

It deploys ProdDataStack, with the network and the database, first; `cdk destroy ProdStack` leaves that stack alone.

Context: `version` is the image's tag and must be given; `environment` (dev, staging or prod) leaves the others'
stacks out, which makes synthesis faster. `recovery_region` and `region` (production's own) make ProdRecoveryStack, and
have backups copied there; `migrator_secret` besides makes ProdFailoverStack (docs/disaster-recovery.md).
`permissions_boundary` names the managed policy of the account that bounds every role (docs/guardrails.md).
"""

import sys

import aws_cdk as cdk

from stacks.choice import Choice, ChoiceError
from stacks.reference import define_reference


def main() -> None:
    """Synthesize the stacks that were asked for.

    Raises:
        SystemExit: If the version is missing or no environment has the given name.
    """
    app = cdk.App()
    try:
        choice = Choice.from_context(app.node.try_get_context)
    except ChoiceError as error:
        sys.exit(f"error: {error}")
    define_reference(
        app,
        choice.environments,
        version=choice.version,
        recovery_region=choice.recovery_region,
        region=choice.region,
        migrator_secret=choice.migrator_secret,
        permissions_boundary=choice.permissions_boundary,
    )
    app.synth()


if __name__ == "__main__":
    main()
