"""What a user has set in torch for the whole process changes no number: another device, another type, autocast, gradients."""

from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.lazy import homes
from tests.unit.package.every_call import ELSEWHERE, EVERYTHING, EXPERIMENTS, MEASURES, arrays_of, fresh, read


@contextmanager
def on_another_device():
    torch.set_default_device("meta")  # what is made there by mistake has no numbers at all
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def of_another_type(dtype):
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def other_defaults():
    with on_another_device(), of_another_type(torch.float64):
        yield


@contextmanager
def other_modes():
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        yield


TOGETHER = {"defaults": other_defaults, "modes": other_modes}
ALONE = {
    "device": on_another_device,
    "float64": lambda: of_another_type(torch.float64),
    "float16": lambda: of_another_type(torch.float16),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "inference mode": torch.inference_mode,
    "no gradients": torch.no_grad,
}


@cache
def expected(name):
    return dict(arrays_of(EVERYTHING[name](fresh(read()))))


def same(one, other):
    assert one.keys() == other.keys()
    for at, array in one.items():
        given = other[at]
        assert (array.dtype, array.shape) == (given.dtype, given.shape), at
        if array.dtype.kind == "f":
            size = np.abs(array[np.isfinite(array)]).max(initial=0)
            np.testing.assert_allclose(given, array, rtol=1e-5, atol=1e-6 * size, err_msg=at)
        elif array.dtype.kind != "O":
            np.testing.assert_array_equal(given, array, err_msg=at)


def test_every_public_measure_is_asked():
    measures = {name for name, home in homes(aw.__file__).items() if home.startswith("attnwidget.measures.")}
    assert measures - set(MEASURES) == ELSEWHERE


def test_every_public_experiment_is_asked():
    rooms = "attnwidget.experiments.", "attnwidget.engine.pruning"
    experiments = {name for name, home in homes(aw.__file__).items() if home.startswith(rooms)}
    assert experiments - set(EXPERIMENTS) == {"Survey", "claim"}  # what a survey gives, and what it asks


@pytest.mark.parametrize("setting", [other_defaults, torch.inference_mode], ids=["defaults", "inference mode"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_settings_of_torch_change_no_experiment(name, setting):
    before = experimented(name)
    with setting():
        found = dict(arrays_of(EXPERIMENTS[name](fresh(read()))))
    same(before, found)


@cache
def experimented(name):
    return dict(arrays_of(EXPERIMENTS[name](fresh(read()))))


def check(name, setting):
    before = expected(name)
    with setting():
        found = dict(arrays_of(EVERYTHING[name](fresh(read()))))
        rounded = torch.is_autocast_enabled("cpu")
    if rounded:  # logits are the model's own doing, under what its user has asked for
        before, found = ({at: own for at, own in one.items() if "predictions" not in at} for one in (before, found))
    same(before, found)


@pytest.mark.parametrize("setting", TOGETHER)
@pytest.mark.parametrize("name", EVERYTHING)
def test_settings_of_torch_change_nothing(name, setting):
    check(name, TOGETHER[setting])


@pytest.mark.long
@pytest.mark.parametrize("setting", ALONE)
@pytest.mark.parametrize("name", EVERYTHING)
def test_no_setting_alone_changes_anything(name, setting):
    check(name, ALONE[setting])


@pytest.mark.parametrize("setting", [on_another_device, lambda: of_another_type(torch.float64)], ids=["device", "type"])
def test_a_text_is_read_and_written_as_without(setting):
    model = aw.load()
    traced, written = model.trace("The cat sat on the mat."), model.generate("The cat", max_new_tokens=4)
    with setting():
        again, also = model.trace("The cat sat on the mat."), model.generate("The cat", max_new_tokens=4)
    for one, other in ((traced, again), (written, also)):
        assert one.text.ids == other.text.ids
        for layer in range(one.layers()):
            assert torch.equal(one.weights(layer), other.weights(layer))
    assert [step.probability for step in written.steps] == [step.probability for step in also.steps]


def test_what_was_traced_in_inference_mode_is_measured_outside():
    with torch.inference_mode():
        trace = aw.load().trace("The cat sat on the mat. The cat sat.", keep=("inputs",))
    for name in MEASURES:
        same(expected(name), dict(arrays_of(MEASURES[name](trace))))
