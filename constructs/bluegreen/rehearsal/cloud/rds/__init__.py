"""Amazon RDS over real PostgreSQL: instances, their snapshots, and restores of either with the data.

Not emulated: what an instance runs on (class, storage, Multi-AZ), encryption, parameter and option groups (so
`rds.force_ssl` forces nothing: connections are not encrypted), IAM authentication, the rotation of a managed master
password, log exports, maintenance. These settings are kept and repeated. A restore to a point in time yields what the
source holds at the moment of the call; on AWS the last minutes, up to five, would be missing.
"""

from .resource_types import resource_types
from .service import FAULTS, Rds

__all__ = ["FAULTS", "Rds", "resource_types"]
