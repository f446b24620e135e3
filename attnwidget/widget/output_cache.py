"""IPython's `Out`, which keeps the value of every cell."""

from typing import Any

from IPython import get_ipython


def forget_output(value: Any) -> None:
    """Remove a value from `Out`, `_7` and the like, where a rerun cell left it. `_` and `__` stay.

    Outside IPython there is nothing to do.
    """
    shell = get_ipython()
    if shell is None:
        return
    outputs = shell.user_ns.get("_oh")
    if not isinstance(outputs, dict):
        return
    for number in [number for number, kept in list(outputs.items()) if kept is value]:
        outputs.pop(number, None)
        # The second condition tells IPython's own names from the user's.
        for names in (shell.user_ns, shell.user_ns_hidden):
            if names.get(f"_{number}") is value:
                names.pop(f"_{number}", None)
