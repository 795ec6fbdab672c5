"""The command that makes the README's picture still makes it."""

from docs import screenshot


def test_the_picture_of_the_room_is_made(visit, finished, tmp_path):
    picture = tmp_path / "room.png"
    screenshot.take(visit, finished, picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 50_000 < picture.stat().st_size < screenshot.LARGEST
    readme = (screenshot.ROOT / "README.md").read_text(encoding="utf-8")
    assert f"({screenshot.PICTURE.relative_to(screenshot.ROOT).as_posix()})" in readme
