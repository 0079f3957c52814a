import pytest

from orders.settings import DatabaseSettings, SettingsError

GIVEN = {
    "DATABASE_HOST": "db.internal",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "orders",
    "DATABASE_USER": "orders",
    "DATABASE_PASSWORD": "p@ss/w:rd#%",
}


def test_a_generated_password_needs_no_care() -> None:
    """Characters that mean something in a URL reach PostgreSQL as they are."""
    url = DatabaseSettings.from_environment(GIVEN).url
    assert (url.host, url.port, url.database, url.username, url.password) == (
        "db.internal",
        5432,
        "orders",
        "orders",
        "p@ss/w:rd#%",
    )


def test_the_password_is_never_shown() -> None:
    """Neither the settings nor their URL show the password when printed."""
    settings = DatabaseSettings.from_environment(GIVEN)
    assert "p@ss" not in f"{settings!r} {settings} {settings.url}"


@pytest.mark.parametrize("name", sorted(GIVEN))
@pytest.mark.parametrize("present", [True, False])
def test_a_missing_variable_is_named(name: str, present: bool) -> None:  # noqa: FBT001 - a table's column
    """A variable that is absent or empty is named in the error."""
    environment = {key: value for key, value in GIVEN.items() if key != name} | ({name: ""} if present else {})
    with pytest.raises(SettingsError, match=name):
        DatabaseSettings.from_environment(environment)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "5432.0"])
def test_a_port_out_of_range_is_refused(port: str) -> None:
    """A port that no TCP connection can have is refused, with its value."""
    with pytest.raises(SettingsError, match=port):
        DatabaseSettings.from_environment(GIVEN | {"DATABASE_PORT": port})
