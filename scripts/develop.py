"""`make dev`: rebuild the page at every change of js/ and run JupyterLab, which takes the new page in without a reload.

Ctrl-C, or the end of either, ends both.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import javascript

SECONDS_TO_END = 10


def start(command: list[str], folder: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    # A session of its own: npm passes no signal on to its children, so the whole group is ended.
    return subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)


def end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def main(lab_arguments: list[str]) -> None:
    npm = javascript.find_npm()
    watcher = start([*npm.command, "run", "--silent", "watch"], javascript.JS, npm.environment())
    lab_command = [sys.executable, "-m", "jupyter", "lab", *lab_arguments]
    lab = start(lab_command, javascript.ROOT, {**os.environ, "ANYWIDGET_HMR": "1"})
    processes = (watcher, lab)
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
    except KeyboardInterrupt:
        print("\nEnding the watcher and JupyterLab ...")
    finally:
        for process in processes:
            end(process)


if __name__ == "__main__":
    main(sys.argv[1:])
