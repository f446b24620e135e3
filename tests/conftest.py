"""Every test runs offline: no model hub is asked, whatever the machine's own settings are."""

import gc
import os

from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Tiny models gain nothing from a second thread, and lose much when two of them wait for each other on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine is no counter-example; examples are drawn anew each time, so that few of them see much in a week of runs.
settings.register_profile("patient", deadline=None, max_examples=30)
settings.load_profile("patient")


def pytest_addoption(parser):
    parser.addoption("--update-images", action="store_true", help="write the README's pictures into docs/images")


def pytest_collection_finish():
    # A million objects of torch and transformers are here for good: without this every search for rings goes through them all.
    gc.collect()
    gc.freeze()
