"""AlembicMigrations: the database migration of a release."""
