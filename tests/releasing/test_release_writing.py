"""Writing a release: an earlier one is brought up to date, and nobody's file is ever lost."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from interp_course.releasing import contents, writing
from interp_course.releasing.contents import Release, ReleaseError

OLD = Release("1", ("01_a",), {"README.md": b"read\n", "course/a.ipynb": b"one\n", "gone/x": b"x"})
NEW = Release("2", ("01_a",), {"README.md": b"read\n", "course/a.ipynb": b"two\n", "new.py": b"n"})


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with the old release, and a note of the instructor's beside it."""
    folder = tmp_path / "for students"
    writing.to_folder(OLD, folder)
    (folder / "course" / "note.md").write_text("mine")
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    writing.to_zip(OLD, tmp_path / "old.zip")
    return tmp_path / "old.zip"


def held(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_a_folder_holds_the_files_and_the_manifest(tmp_path: Path) -> None:
    writing.to_folder(OLD, tmp_path / "new" / "folder")
    expected = {**OLD.files, "release.json": OLD.manifest()}
    assert held(tmp_path / "new" / "folder") == expected


def test_the_manifest_has_version_units_and_the_sha256_of_every_file() -> None:
    entry = json.loads(OLD.manifest())
    assert (entry["version"], entry["units"]) == ("1", ["01_a"])
    # sha256 of "x", as sha256sum prints it
    assert entry["files"]["gone/x"].startswith("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db")


def test_an_update_writes_what_is_new_and_removes_what_is_gone(out: Path) -> None:
    changes = writing.to_folder(NEW, out)
    assert changes.written == ("course/a.ipynb", "new.py")
    assert changes.removed == ("gone/x",)
    assert not (out / "gone").exists()


def test_an_update_leaves_files_that_are_not_from_a_release(out: Path) -> None:
    writing.to_folder(NEW, out)
    expected = {**NEW.files, "release.json": NEW.manifest(), "course/note.md": b"mine"}
    assert held(out) == expected


def test_the_same_release_again_writes_no_file(out: Path) -> None:
    assert writing.to_folder(OLD, out).written == ()


def test_a_file_beside_a_removed_one_stays(out: Path) -> None:
    (out / "gone" / "mine").write_text("")
    writing.to_folder(NEW, out)
    assert (out / "gone" / "mine").exists()


def test_a_file_changed_since_is_named_and_nothing_is_written(out: Path) -> None:
    (out / "course" / "a.ipynb").write_text("answers")
    before = held(out)
    with pytest.raises(ReleaseError, match=r"since it was released: course/a\.ipynb\. .*--force"):
        writing.to_folder(NEW, out)
    assert held(out) == before


def test_a_changed_file_that_would_be_removed_is_named_too(out: Path) -> None:
    (out / "gone" / "x").write_text("more")
    with pytest.raises(ReleaseError, match="since it was released: gone/x"):
        writing.to_folder(NEW, out)


def test_force_overwrites_and_removes_changed_files(out: Path) -> None:
    (out / "course" / "a.ipynb").write_text("answers")
    (out / "gone" / "x").write_text("more")
    writing.to_folder(NEW, out, force=True)
    assert (out / "course" / "a.ipynb").read_bytes() == b"two\n"
    assert not (out / "gone").exists()


def test_a_released_file_that_was_deleted_comes_back(out: Path) -> None:
    (out / "README.md").unlink()
    assert "README.md" in writing.to_folder(NEW, out).written


@pytest.mark.parametrize("force", [False, True])
def test_a_foreign_file_in_the_way_is_never_overwritten(out: Path, force: bool) -> None:
    (out / "new.py").write_text("mine")
    with pytest.raises(ReleaseError, match=r"not from an earlier release: new\.py\. .*Move"):
        writing.to_folder(NEW, out, force=force)
    assert (out / "new.py").read_text() == "mine"
    assert (out / "course" / "a.ipynb").read_bytes() == b"one\n"


def test_a_file_with_the_very_contents_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(OLD.files["README.md"])
    assert "README.md" not in writing.to_folder(OLD, tmp_path).written


def test_a_folder_in_place_of_a_file_is_in_the_way(out: Path) -> None:
    (out / "new.py").mkdir()
    with pytest.raises(ReleaseError, match=r"in the way .* new\.py"):
        writing.to_folder(NEW, out, force=True)


def test_a_file_in_place_of_a_folder_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "course").write_text("")
    with pytest.raises(ReleaseError, match=r"in the way .* course/a\.ipynb"):
        writing.to_folder(OLD, tmp_path, force=True)


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "course").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseError, match=r"in the way .* course/a\.ipynb"):
        writing.to_folder(OLD, tmp_path / "out", force=True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_in_place_of_a_file_is_in_the_way_whatever_it_shows(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(OLD.files["README.md"])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").symlink_to(tmp_path / "mine")
    with pytest.raises(ReleaseError, match=r"in the way .* README\.md"):
        writing.to_folder(OLD, tmp_path / "out", force=True)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"format": 9, "units": [], "files": {}}',
        '{"format": 1, "units": []}',
        *(
            json.dumps({"format": 1, "units": [], "files": {path: ""}})
            for path in ("../outside", "/etc/x", "a/../../x", "C:/x", "a\\b", "")
        ),
    ],
)
def test_a_damaged_manifest_is_refused(text: str) -> None:
    with pytest.raises(ReleaseError, match="damaged"):
        contents.parse_manifest(text.encode(), Path("release.json"))


def test_a_zip_holds_the_files_in_one_folder(archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        names = ["README.md", "course/a.ipynb", "gone/x", "release.json"]
        assert file.namelist() == [f"interp-course/{name}" for name in names]
        assert file.read("interp-course/course/a.ipynb") == b"one\n"


def test_a_zip_of_the_same_release_has_the_same_bytes_whatever_its_name(archive: Path) -> None:
    turned = Release("1", ("01_a",), dict(reversed(OLD.files.items())))
    writing.to_zip(turned, archive.with_name("other.zip"))
    assert archive.read_bytes() == archive.with_name("other.zip").read_bytes()


def test_the_times_in_a_zip_are_always_the_same(archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        assert {member.date_time for member in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_earlier_zip_is_replaced(archive: Path) -> None:
    writing.to_zip(NEW, archive)
    with zipfile.ZipFile(archive) as file:
        assert file.read("interp-course/release.json") == NEW.manifest()


def test_a_zip_with_a_file_added_is_replaced_only_by_force(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("interp-course/mine.txt", "mine")
    with pytest.raises(ReleaseError, match=r"released: interp-course/mine\.txt.*--force"):
        writing.to_zip(NEW, archive)
    writing.to_zip(NEW, archive, force=True)
    assert b"mine" not in archive.read_bytes()


def test_another_file_is_never_replaced_by_a_zip(tmp_path: Path) -> None:
    (tmp_path / "thesis.zip").write_text("mine")
    with pytest.raises(ReleaseError, match="no earlier release: choose another name"):
        writing.to_zip(NEW, tmp_path / "thesis.zip", force=True)
    assert (tmp_path / "thesis.zip").read_text() == "mine"
