"""Why a model could not be loaded, and what to do about it, in a sentence or two."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from transformers.utils.hub import is_offline_mode

from attnwidget.errors import AttnWidgetError

OWN_WAY = "load it yourself and pass aw.load(model, tokenizer)"
OWN_CODE = ("it comes with Python code of its own", "Review that code, then pass trust_remote_code=True to run it")
LOG_IN = "log in with `hf auth login` or pass token="
DAMAGED = ("SafetensorError", "UnpicklingError", "EOFError", "BadZipFile", "JSONDecodeError")


def not_loaded(name: str, reason: str, way: str, what: str = "") -> AttnWidgetError:
    """The error for a model that could not be loaded.

    >>> print(not_loaded("gptt2", "there is no such model", "Check the spelling"))
    'gptt2' could not be loaded: there is no such model. Check the spelling.
    """
    return AttnWidgetError(f"{what}{name!r} could not be loaded: {reason.rstrip('.')}. {way.rstrip('.')}.")


@contextmanager
def one_sentence(name: str, options: Mapping[str, Any], what: str = "") -> Iterator[None]:
    """Turn any error raised inside into one AttnWidgetError about that name."""
    try:
        yield
    except AttnWidgetError as error:
        raise error from None
    except Exception as error:  # noqa: BLE001  third-party files and code may raise anything
        reason, way = _of_the_hub(name, _chain(error), options) or _of_the_files(error, options)
        raise not_loaded(name, reason, way, what) from None


def _chain(error: BaseException) -> list[BaseException]:
    # transformers wraps the hub's errors, sometimes several times.
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in chain:
        chain.append(step)
        step = step.__cause__ or step.__context__
    return chain


def _of_the_hub(name: str, chain: list[BaseException], options: Mapping[str, Any]) -> tuple[str, str] | None:
    """(reason, way out) for an error from the hub, or if it does not respond."""

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(step, kinds) for step in chain)

    if any(isinstance(step, OSError) and step.errno == errno.ENOSPC for step in chain):
        return "the disk is full", "Make room where the hub keeps its files (HF_HOME), or pass cache_dir="
    if has(GatedRepoError):
        return (
            "access must be requested from its owners",
            f"Ask for it at https://huggingface.co/{name}, then {LOG_IN}",
        )
    if has(RevisionNotFoundError):
        return f"it has no revision {options.get('revision')!r}", "Choose one of the branches and tags on its page"
    if has(RepositoryNotFoundError):
        return (
            "there is no such model on the Hugging Face hub, and no such folder here",
            f"Check the spelling; for a private model, {LOG_IN}",
        )
    refused = [step.response.status_code for step in chain if isinstance(step, HfHubHTTPError)]
    if 401 in refused or 403 in refused:
        return "the hub denies access to it", f"To authenticate, {LOG_IN}"
    if has(LocalEntryNotFoundError, OfflineModeIsEnabled):
        if is_offline_mode():
            why = "offline mode is on (HF_HUB_OFFLINE)"
        else:
            why = "local_files_only was set" if options.get("local_files_only") else "the hub does not respond"
        return (
            f"it is not among the downloaded models, no folder here has that name, and {why}",
            "Check the spelling and the connection, or give the path of a local folder",
        )
    if refused and not has(EntryNotFoundError):
        return f"the hub responded with error {refused[0]}", "Try again later, or give the path of a local folder"
    return None


def _of_the_files(error: Exception, options: Mapping[str, Any]) -> tuple[str, str]:
    """(reason, way out) for errors in configuration, weights or options."""
    first = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "not enough memory" in first:
        return "there is not enough memory", "Pass dtype='bfloat16', or load a smaller model"
    if "trust_remote_code" in str(error):
        return OWN_CODE
    if "does not recognize this architecture" in first:
        return first.partition(". ")[0], "Upgrade transformers, or check the configuration"
    if "ignore_mismatched_sizes" in first:
        return "its weights do not fit its configuration", "Check that both were saved together"
    if isinstance(error, TypeError) and "unexpected keyword argument" in first:
        return first, f"Leave that option out; the given options were {', '.join(options)}"
    if type(error).__name__ in DAMAGED:
        return f"a file is damaged or incomplete ({first})", "Save or download it again"
    if isinstance(error, ImportError):
        return first, "Install what is missing, and restart"
    return first, f"Check the name and its files, or {OWN_WAY}"
