"""The image's side of a migration: drives the application's own, unchanged Alembic project.

`python -m bluegreen.migrations` runs it. It needs what the extra `bluegreen[migrations]` names, no AWS permission and
no CDK.
"""
