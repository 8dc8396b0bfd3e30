"""The environment of other libraries is complete, or the message says what to do."""

import json
import subprocess

import pytest

from interp_course.bench import peers
from interp_course.bench.peers import PeersError


@pytest.fixture
def installed(monkeypatch):
    """Pretends to install; returns the commands that were run."""
    commands = []

    def run(*command):
        commands.append(command)
        if "venv" in command:
            interpreter = peers._interpreter(type(peers.default_folder())(command[-1]))
            interpreter.parent.mkdir()
            interpreter.touch()

    monkeypatch.setattr(peers, "_run", run)
    return commands


def test_the_environment_is_made_where_there_is_nothing(tmp_path, installed):
    folder = tmp_path / "deep" / "peers"
    assert peers.ensure(folder) == peers._interpreter(folder)
    assert "sae-lens==6.54.12" in installed[1]


def test_torch_is_the_same_there(tmp_path, installed):
    peers.ensure(tmp_path)
    constraints = (tmp_path / "constraints.txt").read_text()
    assert constraints == f"torch=={peers.torch.__version__}\n"
    assert str(tmp_path / "constraints.txt") in installed[1]


def test_a_complete_environment_is_used_as_it_is(tmp_path, installed):
    peers.ensure(tmp_path)
    installed.clear()
    assert peers.ensure(tmp_path) == peers._interpreter(tmp_path)
    assert installed == []


def test_a_folder_with_something_else_is_left_alone(tmp_path, installed):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(PeersError, match=r"no complete environment.*remove the folder.*--peers"):
        peers.ensure(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    assert installed == []


@pytest.mark.parametrize("text", ['{"sae-lens": "5.0"}', "not JSON"])
def test_an_environment_of_other_versions_is_refused(tmp_path, text):
    (tmp_path / peers.MARKER).write_text(text)
    with pytest.raises(PeersError, match=r"environment holds .* wanted is .*6\.54\.12"):
        peers.python(tmp_path)


def test_an_environment_without_its_interpreter_is_damaged(tmp_path):
    (tmp_path / peers.MARKER).write_text(json.dumps(peers.wanted()))
    with pytest.raises(PeersError, match=r"environment is damaged: .*python.* is missing"):
        peers.python(tmp_path)


def test_a_failed_installation_says_what_pip_said_and_leaves_nothing(tmp_path, monkeypatch):
    def run(*command):
        raise subprocess.CalledProcessError(1, command, output="ERROR: no such torch")

    monkeypatch.setattr(peers, "_run", run)
    with pytest.raises(PeersError, match=r"pip said:\n  ERROR: no such torch\n(?s:.)*EXTRA_INDEX"):
        peers.ensure(tmp_path / "peers")
    assert not (tmp_path / "peers").exists()
