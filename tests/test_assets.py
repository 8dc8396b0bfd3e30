"""Bundled weights are whole, small, and say what to do when they are not there."""

import hashlib
import json
import shutil

import pytest

from interp_course import assets

NAME = "one_layer-seed0.safetensors"


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The weights folder is a copy that may be damaged."""
    for name in (NAME, "manifest.json"):
        shutil.copy(assets.FOLDER / name, tmp_path)
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", assets.names())
def test_a_bundled_file_is_what_the_manifest_says(name):
    entry = json.loads((assets.FOLDER / "manifest.json").read_text())[name]
    content = assets.path(name).read_bytes()
    assert entry == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_the_manifest_lists_every_file_of_the_folder():
    found = {file.name for file in assets.FOLDER.iterdir()} - {"manifest.json"}
    assert found == set(assets.names())


@pytest.mark.parametrize(
    ("pattern", "mebibytes"),
    [("induction-*", 5), ("one_layer-*", 1), ("world-*", 4), ("dictionary-*", 1), ("*", 30)],
)
def test_the_weights_stay_small(pattern, mebibytes):
    sizes = [file.stat().st_size for file in assets.FOLDER.glob(pattern)]
    assert 0 < sum(sizes) < mebibytes * 2**20


def test_one_flipped_bit_is_noticed_and_the_message_says_what_to_do(copied):
    content = bytearray((copied / NAME).read_bytes())
    content[-100] ^= 1
    (copied / NAME).write_bytes(content)
    with pytest.raises(assets.AssetError, match=f"{NAME} are damaged.*reinstall interp-course"):
        assets.path(NAME)


def test_damage_after_a_first_use_is_noticed(copied):
    assets.path(NAME)
    (copied / NAME).write_bytes(b"")
    with pytest.raises(assets.AssetError, match="damaged"):
        assets.path(NAME)


def test_a_missing_file_is_named_and_the_message_says_what_to_do(copied):
    (copied / NAME).unlink()
    with pytest.raises(assets.AssetError, match=f"{NAME} are missing.*reinstall interp-course"):
        assets.path(NAME)


def test_a_missing_manifest_says_what_to_do(copied):
    (copied / "manifest.json").unlink()
    with pytest.raises(assets.AssetError, match=r"manifest.json is missing: reinstall"):
        assets.names()


def test_a_damaged_manifest_says_what_to_do(copied):
    (copied / "manifest.json").write_text("{")
    with pytest.raises(assets.AssetError, match=r"manifest.json is damaged.*reinstall"):
        assets.path(NAME)


def test_an_unknown_file_is_refused_with_the_ones_there_are():
    with pytest.raises(assets.AssetError, match=f"'x.bin' is not a bundled file.*{NAME}"):
        assets.path("x.bin")


def test_a_registered_file_can_be_read_by_others_than_its_owner(copied):
    (copied / "a.bin").write_bytes(b"abc")
    (copied / "a.bin").chmod(0o600)
    assets.register("a.bin")
    assert (copied / "a.bin").stat().st_mode & 0o044 == 0o044


def test_a_registered_file_can_be_found_and_the_others_stay(copied):
    (copied / "a.bin").write_bytes(b"abc")
    assets.register("a.bin")
    assert assets.path("a.bin").read_bytes() == b"abc"
    assert assets.path(NAME).is_file()
