"""Where a model is: a local folder, or a name on the Hugging Face hub; and whether the hub responds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from transformers.utils.hub import is_offline_mode

from attnwidget.engine.loading.failures import not_loaded

SHARED_OPTIONS = (
    "cache_dir",
    "code_revision",
    "force_download",
    "gguf_file",
    "local_files_only",
    "proxies",
    "revision",
    "subfolder",
    "token",
)
"""Options of `from_pretrained` that apply to configuration, tokenizer and processor as well as to the weights."""

OF_ONE_REPOSITORY = {"code_revision", "gguf_file", "revision", "subfolder"}
"""Options that locate files within one repository: they do not apply to another."""

PATIENCE = 10
"""Seconds to wait for the hub; as long as huggingface_hub itself waits for a file's headers."""


def hub_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The subset of model options for configuration, tokenizer and processor."""
    shared = {key: options[key] for key in SHARED_OPTIONS if key in options}
    # Explicit: without it, transformers prompts at the keyboard.
    return {**shared, "trust_remote_code": bool(options.get("trust_remote_code", False))}


def elsewhere(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options for configuration, tokenizer and processor from a different repository."""
    return {key: value for key, value in hub_options(options).items() if key not in OF_ONE_REPOSITORY}


def place(source: str | Path) -> str:
    """The folder or hub name that is meant. Raises AttnWidgetError for a missing folder, or a file."""
    name, path = str(source), Path(source).expanduser()
    if name and path.is_file():
        raise not_loaded(name, "it is a file", "Give its folder, with config.json and the weights")
    if name and path.is_dir():
        return str(path)
    if isinstance(source, Path) or not name or name[0] in "./~\\" or name.count("/") > 1 or "\\" in name:
        raise not_loaded(name, "there is no such folder", "Check the path, or give a name from the Hugging Face hub")
    return name


def within_reach(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The same options, restricted to local files if the hub does not respond."""
    if Path(name).is_dir() or _answers(name, options):
        return dict(options)
    return {**options, "local_files_only": True}


def _answers(name: str, options: Mapping[str, Any]) -> bool:
    """Whether the hub responds. transformers would retry six times, for half a minute or more, before giving up."""
    if options.get("local_files_only") or is_offline_mode():
        return False
    if options.get("proxies") or options.get("force_download"):
        return True
    try:
        HfApi().model_info(
            name, revision=options.get("revision"), token=options.get("token"), timeout=PATIENCE, expand=["sha"]
        )
    except HFValidationError:
        return True
    except HfHubHTTPError as error:
        return error.response.status_code < 500 and error.response.status_code != 429
    except Exception:  # noqa: BLE001  whatever this huggingface_hub's HTTP library raises
        return False
    return True
