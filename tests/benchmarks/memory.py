"""The peak of resident memory that one way of getting attention adds; run in a process of its own, prints megabytes.

python -m tests.benchmarks.memory trace 512
python -m tests.benchmarks.memory eager 512 "Llama, grouped"
"""

import re
import resource
import subprocess
import sys
from functools import cache
from pathlib import Path
from statistics import median

import torch

import attnwidget as aw
from tests.benchmarks.geometry import GEOMETRIES, token_ids

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@cache
def measured(way: str, tokens: int, geometry: str = "GPT-2 small") -> float:
    """Run the measurement below in fresh processes, three below 4,096 tokens: the median.

    What the allocator keeps of memory that was freed differs by a fifth from one process to the next.
    """
    command = [sys.executable, "-m", "tests.benchmarks.memory", way, str(tokens), geometry]
    repeats = 3 if tokens < 4096 else 1
    return median(
        float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout) for _ in range(repeats)
    )


def peak_added(way: str, tokens: int, geometry: str = "GPT-2 small") -> float:
    run = prepared(way, geometry)
    with torch.no_grad():
        warm = run(token_ids(16))  # libraries allocate on first use; that is no cost of the text
        del warm
        before = reset_peak()
        kept = run(token_ids(tokens))
        added = peak() - before
    del kept
    return added


def prepared(way: str, geometry: str):
    build = GEOMETRIES[geometry]
    if way == "trace":
        return aw.load(build("sdpa")).trace
    if way == "eager":
        model = build("eager")
        return lambda ids: model(ids, output_attentions=True, use_cache=False).attentions
    if way == "bare":
        model = build("sdpa")
        return lambda ids: model(ids, use_cache=False)
    raise SystemExit(__doc__)


def reset_peak() -> float:
    """Begin a new peak at what is in use now. Where the system cannot, the old peak is where counting starts."""
    if CLEAR.exists():
        CLEAR.write_text("5", encoding="ascii")
    return peak()


def peak() -> float:
    if STATUS.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", STATUS.read_text(encoding="ascii"))[1]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    print(peak_added(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
