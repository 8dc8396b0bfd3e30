"""Devices, number formats, seeds and determinism are what was asked for, or a clear error."""

import os

import pytest
import torch

from interp_course import runtime


@pytest.fixture
def only_a_cpu(monkeypatch):
    monkeypatch.delenv(runtime.DEVICE_VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def one_gpu(only_a_cpu, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


def test_the_cpu_is_the_default(one_gpu):
    assert runtime.device() == torch.device("cpu")


def test_the_environment_variable_chooses_the_device(one_gpu, monkeypatch):
    monkeypatch.setenv("INTERP_COURSE_DEVICE", "cuda")
    assert runtime.device() == torch.device("cuda")


def test_the_argument_wins_over_the_environment_variable(one_gpu, monkeypatch):
    monkeypatch.setenv("INTERP_COURSE_DEVICE", "cuda")
    assert runtime.device("cpu") == torch.device("cpu")


def test_auto_takes_a_gpu_where_there_is_one(one_gpu):
    assert runtime.device("auto") == torch.device("cuda")


def test_auto_takes_the_cpu_where_there_is_no_gpu(only_a_cpu):
    assert runtime.device("auto") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_there_is_refused_with_what_is(only_a_cpu, name):
    with pytest.raises(RuntimeError, match=rf"{name}.*has only cpu: pass device='cpu', or unset"):
        runtime.device(name)


def test_a_gpu_number_that_is_not_there_is_refused(one_gpu):
    with pytest.raises(RuntimeError, match="cuda:3"):
        runtime.device("cuda:3")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "tpu:0"])
def test_a_device_with_an_unknown_name_is_refused(one_gpu, name):
    with pytest.raises(ValueError, match=f"cpu, cuda, cuda:N, mps or auto, got '{name}'"):
        runtime.device(name)


def test_number_formats_go_by_name_or_by_torch_dtype():
    assert runtime.dtype("bfloat16") is runtime.dtype(torch.bfloat16) is torch.bfloat16


def test_float16_is_refused_with_the_formats_there_are():
    with pytest.raises(ValueError, match="float32, bfloat16, float64, got 'float16'"):
        runtime.dtype("float16")


def test_a_generator_repeats_for_the_same_name_and_seed():
    first, again = (torch.rand(9, generator=runtime.generator("a", 3)) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize("other", [("a", 1), ("b", 0), ("a0", 0)])
def test_generators_of_other_names_and_seeds_are_uncorrelated(other):
    x, y = (torch.randn(20_000, generator=runtime.generator(*key)) for key in (("a", 0), other))
    assert abs(torch.corrcoef(torch.stack([x, y]))[0, 1]) < 5 / 20_000**0.5


def test_a_generator_leaves_the_global_seed_alone():
    before = torch.random.get_rng_state()
    torch.rand(3, generator=runtime.generator("a"))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_deterministic_switches_torch_and_the_number_of_threads():
    with runtime.deterministic(threads=1):
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.get_num_threads() == 1


def test_deterministic_restores_everything_even_after_an_error(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    with pytest.raises(KeyError), runtime.deterministic(threads=before[1] + 1):
        raise KeyError
    assert (torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()) == before
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ


def test_the_instance_is_0_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.delenv("INTERP_COURSE_INSTANCE", raising=False)
    assert runtime.instance() == 0
    monkeypatch.setenv("INTERP_COURSE_INSTANCE", "17")
    assert runtime.instance() == 17


@pytest.mark.parametrize("text", ["seven", "-1", "1.5", ""])
def test_an_instance_that_is_no_whole_number_is_refused(monkeypatch, text):
    monkeypatch.setenv("INTERP_COURSE_INSTANCE", text)
    with pytest.raises(ValueError, match="INTERP_COURSE_INSTANCE must be a whole number"):
        runtime.instance()


def test_a_named_student_has_an_instance_of_their_own(monkeypatch):
    monkeypatch.delenv("INTERP_COURSE_INSTANCE", raising=False)
    monkeypatch.setenv("INTERP_COURSE_STUDENT", " ann ")
    assert runtime.instance() == runtime.instance_of("ann") != runtime.instance_of("bob")


def test_a_given_instance_wins_over_a_name(monkeypatch):
    monkeypatch.setenv("INTERP_COURSE_INSTANCE", "3")
    monkeypatch.setenv("INTERP_COURSE_STUDENT", "ann")
    assert runtime.instance() == 3
