"""Every test and example runs offline: no model hub is asked, whatever the machine's own settings are."""

import gc
import importlib
import os
import warnings

from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Tiny models gain nothing from a second thread, and lose much when two of them wait for each other on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine is no counter-example; examples are drawn anew each time, so that few of them see much in a week of runs.
settings.register_profile("patient", deadline=None, max_examples=30)
settings.load_profile("patient")

# What the hook that checks our annotations imports, it compiles anew each time, also what is not ours: ten seconds that are
# saved where the large ones are there before it.
FIRST = (
    "torch.distributed.tensor",
    "transformers.modeling_utils",
    "transformers.generation",
    "bokeh.plotting",
    "anywidget",
)


def pytest_addoption(parser):
    parser.addoption("--update-images", action="store_true", help="write the README's pictures into docs/images")


def pytest_collection(session):
    hooked = session.config.getoption("jaxtyping_packages")
    if hooked and not session.config.pluginmanager.hasplugin("dsession"):  # which only hands out tests
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in FIRST:
                importlib.import_module(name)


def pytest_collection_finish():
    # A million objects of torch and transformers are here for good: without this every search for rings goes through them all.
    gc.collect()
    gc.freeze()
