"""How much memory is free for this process, on the CPU or an accelerator."""

import importlib
from pathlib import Path
from typing import Any

import torch

MEMORY = Path("/proc/meminfo")
GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")

VERSIONS = (
    (GROUPS, "memory.max", "memory.current", "inactive_file"),
    (GROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""The two generations of control groups: folder, file of the limit, file of the usage, and the entry of memory.stat for
memory that the system gives back on demand."""


def available(device: Any) -> int | None:
    """Bytes free on a device without swapping or taking them from other processes; None if unknown.

    On the CPU, the smaller of what the system has free and what the process's container allows.
    """
    device = torch.device(device)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # Memory that torch's allocator holds in reserve is free to us.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    if device.type != "cpu":
        return None
    known = [room for room in (_of_system(), _of_group()) if room is not None]
    return min(known) if known else None


def _of_system() -> int | None:
    if MEMORY.exists():
        for line in MEMORY.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
        return None
    try:
        # On other systems this takes psutil, which is often installed but not required.
        return int(importlib.import_module("psutil").virtual_memory().available)
    except ImportError:
        return None


def _of_group() -> int | None:
    """What the tightest control group around this process leaves it; None without a limit."""
    try:
        lines = [line.split(":", 2) for line in GROUP.read_text().splitlines()]
    except OSError:
        return None
    own = {controller: path for _, controllers, path in lines for controller in controllers.split(",")}
    rooms = []
    for (folder, limit, used, reclaimed), name in zip(VERSIONS, (own.get(""), own.get("memory")), strict=True):
        if name is None:
            continue
        # Inside a container the path may be the host's, of which only the top level is visible.
        inner = Path(name.lstrip("/"))
        for group in (folder / inner, *(folder / parent for parent in inner.parents)):
            room = _room(group, limit, used, reclaimed)
            if room is not None:
                rooms.append(room)
    return min(rooms) if rooms else None


def _room(group: Path, limit: str, used: str, reclaimed: str) -> int | None:
    try:
        most = (group / limit).read_text().strip()
        if not most.isdigit():  # "max"
            return None
        taken = int((group / used).read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return int(most) - taken + int(stat.get(reclaimed, 0))
