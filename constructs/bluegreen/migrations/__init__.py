"""The image's side of a migration: drives the application's own, unchanged Alembic project.

`python -m bluegreen.migrations` runs it. Needs the extra `bluegreen[migrations]`, no AWS permission and no CDK.
"""
