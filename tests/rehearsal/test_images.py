import sys
from pathlib import Path

import pytest

from bluegreen.errors import BluegreenError, RehearsalError
from bluegreen.rehearsal.images import Images, ImagesFileError, UnknownImageError, split_image

ORDERS = """
[images.orders]
command = ["{python}", "-m", "orders", "--host", "{host}", "--port", "{port}"]
directory = "app"
environment = { VERSION = "{version}", MODE = "local" }
[images.orders.versions.v2]
environment = { MODE = "second" }
[images.orders.versions."v3"]
command = ["sh", "run.sh"]
directory = "."
"""


def load(folder: Path, text: str) -> Images:
    (folder / "app").mkdir(exist_ok=True)
    (folder / "bluegreen.toml").write_text(text)
    return Images.load(folder / "bluegreen.toml")


def test_a_launch_has_every_placeholder_filled_in(tmp_path: Path) -> None:
    """The interpreter, the task's address, its port and the image's tag take their places."""
    launch = load(tmp_path, ORDERS).launch("registry/shop/orders:v1", host="127.77.0.9", port=8080)
    assert launch.command == (sys.executable, "-m", "orders", "--host", "127.77.0.9", "--port", "8080")
    assert launch.directory == tmp_path / "app"
    assert launch.environment == {"VERSION": "v1", "MODE": "local"}


def test_a_version_overrides_only_what_it_says(tmp_path: Path) -> None:
    """What a version leaves out stays as the image has it."""
    images = load(tmp_path, ORDERS)
    second = images.launch("orders:v2", host="h", port=1)
    assert second.command[-1] == "1"
    assert second.environment == {"VERSION": "v2", "MODE": "second"}
    third = images.launch("orders:v3", host="h", port=None)
    assert (third.command, third.directory) == (("sh", "run.sh"), tmp_path)


def test_a_digest_that_was_told_names_its_tag(tmp_path: Path) -> None:
    """An image named by it runs as that version does; one that was never told is a version of its own."""
    images = load(tmp_path, ORDERS)
    digest = images.digest("registry/shop/orders:v2")
    assert digest != images.digest("registry/shop/orders:v1")
    pinned = f"registry/shop/orders@{digest}"
    assert (images.version(pinned), images.digest(pinned)) == ("v2", digest)
    assert images.launch(pinned, host="h", port=1) == images.launch("orders:v2", host="h", port=1)
    assert images.version("orders@sha256:0f1e") == "sha256:0f1e"


def test_another_command_runs_in_the_images_directory_and_environment(tmp_path: Path) -> None:
    """It takes the entry's place, without its placeholders; `python` is the running interpreter, all else as it is."""
    images = load(tmp_path, ORDERS)
    launch = images.launch("orders:v1", host="h", port=None, command=["python", "-m", "migrate", "{port}"])
    assert launch.command == (sys.executable, "-m", "migrate", "{port}")
    assert (launch.directory, launch.environment["MODE"]) == (tmp_path / "app", "local")
    assert images.launch("orders:v1", host="h", port=None, command=["alembic"]).command == ("alembic",)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("orders", ("orders", "latest")),
        ("orders:v2", ("orders", "v2")),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/orders:v2", ("orders", "v2")),
        ("localhost:5000/orders", ("orders", "latest")),
        ("localhost:5000/orders:v2@sha256:0f1e", ("orders", "v2")),
        ("orders@sha256:0f1e", ("orders", "sha256:0f1e")),
    ],
)
def test_an_image_has_a_name_and_a_version(image: str, expected: tuple[str, str]) -> None:
    """The name is the repository's last segment; the version is the tag, else the digest, else "latest"."""
    assert split_image(image) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[images.orders", "cannot read .*bluegreen.toml", "correct the file"),
        ("[image.orders]", "unknown key 'image' in the file; allowed are applications, cdk, images", "correct"),
        ('[images.orders]\ncommand = ["sh"]\nport = 1', "unknown key 'port' in images.orders; allowed", "correct"),
        (
            '[images.orders]\ncommand = ["sh"]\n[images.orders.versions.v2]\nversions = {}',
            "unknown key 'versions' in images.orders.versions.v2",
            "correct",
        ),
        ("[images]\norders = 1", "images.orders must be a table, got 1", "correct"),
        ("[images.orders]", "images.orders has no command", "such as"),
        ('[images.orders]\ncommand = "sh"', "must be a list of texts that is not empty, got 'sh'", "correct"),
        ("[images.orders]\ncommand = []", "must be a list of texts that is not empty, got", "correct"),
        ('[images.orders]\ncommand = ["sh", "{prot}"]', "unknown placeholder {prot}; allowed are {python}", "correct"),
        (
            '[images.orders]\ncommand = ["sh"]\nenvironment = { A = "{name}" }',
            "environment.A has the unknown placeholder {name}",
            "correct",
        ),
        ('[images.orders]\ncommand = ["sh"]\nenvironment = { A = 1 }', "environment.A must be a text, got 1", "quotes"),
        ('[images.orders]\ncommand = ["sh"]\ndirectory = "nowhere"', "there is no folder .*nowhere", "correct"),
        ('[images.orders]\ncommand = ["no-such-program"]', "no program in the PATH", "install it"),
        ('[images.orders]\ncommand = ["./run.sh"]', "'./run.sh', which is no program in /", "install it"),
        (
            '[images.orders]\ncommand = ["sh"]\n[images.orders.versions.v2]\ncommand = ["no-such-program"]',
            "images.orders.versions.v2.command starts with 'no-such-program'",
            "install it",
        ),
    ],
)
def test_a_wrong_file_is_refused_up_front(tmp_path: Path, text: str, message: str, hint: str) -> None:
    """Every mistake is found at loading, with its place in the file and what to do."""
    with pytest.raises(ImagesFileError, match=message) as refused:
        load(tmp_path, text)
    assert refused.value.hint is not None
    assert hint in refused.value.hint
    assert refused.value.exit_code == 2


def test_an_absent_file_is_refused_with_an_example(tmp_path: Path) -> None:
    """Whoever has no bluegreen.toml is told where it was looked for and shown how one begins."""
    with pytest.raises(ImagesFileError, match=f"no bluegreen.toml in {tmp_path}") as refused:
        Images.load(tmp_path / "bluegreen.toml")
    assert "[images.NAME]" in str(refused.value.hint)


def test_images_of_further_applications_are_run_too(tmp_path: Path) -> None:
    """What [applications] names brings its own images, with their folders; one image has one entry in all of them."""
    other = tmp_path / "estate"
    other.mkdir()
    (other / "cdk.json").write_text('{"app": "python app.py"}')
    (other / "bluegreen.toml").write_text('[images.billing]\ncommand = ["sh"]')
    text = f'[applications]\nestate = "estate"\n{ORDERS}'
    assert load(tmp_path, text).launch("billing:v1", host="h", port=1).directory == other
    (other / "bluegreen.toml").write_text('[images.orders]\ncommand = ["sh"]')
    with pytest.raises(ImagesFileError, match=r"estate/bluegreen.toml: image 'orders' has an entry in"):
        load(tmp_path, text)


def test_an_image_without_an_entry_is_refused_by_name(tmp_path: Path) -> None:
    """The message names the image, the file and what it has; the hint names the table to add."""
    images = load(tmp_path, ORDERS)
    with pytest.raises(UnknownImageError, match=r"no entry for image 'payments' .*only: orders") as refused:
        images.launch("shop/payments:v1", host="h", port=1)
    assert "[images.payments]" in str(refused.value.hint)


def test_a_port_must_be_mapped_where_the_command_needs_one(tmp_path: Path) -> None:
    """A command with {port} cannot run for a container that maps none."""
    with pytest.raises(UnknownImageError, match=r"uses {port} for image 'orders', but its container maps no port"):
        load(tmp_path, ORDERS).launch("orders:v1", host="h", port=None)


def test_errors_of_the_file_are_errors_of_the_rehearsal() -> None:
    """The command line can print any of them with its hint and end with its exit code."""
    assert issubclass(ImagesFileError, RehearsalError)
    assert issubclass(RehearsalError, BluegreenError)
