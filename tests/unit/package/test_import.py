"""`import attnwidget` is quick and brings nothing heavy along; its names are fetched when they are used."""

import json
import subprocess
import sys

import attnwidget
from attnwidget.lazy import homes

SECONDS = 0.25
HEAVY = ("torch", "transformers", "numpy", "anywidget", "ipywidgets", "jaxtyping")

PROBE = f"""
import json, sys, time
before = time.process_time()
import attnwidget
seconds = time.process_time() - before
print(json.dumps({{"seconds": seconds, "heavy": [name for name in {HEAVY!r} if name in sys.modules]}}))
"""


def imported_afresh() -> dict:
    answer = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def test_a_bare_import_is_quick():
    # Of its own work, and the best of three: what else the machine does slows it down, nothing makes it too fast.
    assert min(imported_afresh()["seconds"] for _ in range(3)) <= SECONDS


def test_a_bare_import_brings_nothing_heavy():
    assert imported_afresh()["heavy"] == []


def test_every_public_name_can_be_fetched():
    for name in attnwidget.__all__:
        assert getattr(attnwidget, name) is not None
    assert set(attnwidget.__all__) <= set(dir(attnwidget))


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(attnwidget, "no_such_name")


def test_a_room_has_what_is_called_by_its_name():
    rooms = {"experiments", "plots"}
    for name, home in homes(attnwidget.__file__).items():
        room = home.removeprefix("attnwidget.").split(".")[0]
        if room in rooms:
            assert getattr(getattr(attnwidget, room), name) is getattr(attnwidget, name)
    for room in rooms:
        found = getattr(attnwidget, room)
        assert set(found.__all__) <= set(dir(found))
        for name in found.__all__:
            assert callable(getattr(found, name)), "importing a module of this name would put it in its place"
