"""Where a model is: a folder here, or a name on the Hugging Face hub, and whether the hub answers."""

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
"""Options of `from_pretrained` that concern configuration, tokenizer and processor as much as the weights."""

OF_ONE_REPOSITORY = {"code_revision", "gguf_file", "revision", "subfolder"}
"""Those that say where in a repository something lies: they hold for no other one."""

PATIENCE = 10
"""Seconds in which the hub must answer; as long as huggingface_hub itself waits for the head of a file."""


def hub_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options for configuration, tokenizer and processor among those for the model."""
    shared = {key: options[key] for key in SHARED_OPTIONS if key in options}
    # Said outright: where nothing is said, transformers asks at the keyboard.
    return {**shared, "trust_remote_code": bool(options.get("trust_remote_code", False))}


def elsewhere(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options for configuration, tokenizer and processor of another repository than the one that they were given for."""
    return {key: value for key, value in hub_options(options).items() if key not in OF_ONE_REPOSITORY}


def place(source: str | Path) -> str:
    """The folder or the name on the hub that is meant. Raises AttnWidgetError for a folder that is none."""
    name, path = str(source), Path(source).expanduser()
    if name and path.is_file():
        raise not_loaded(name, "it is a file", "Give the folder that it lies in, with config.json and the weights")
    if name and path.is_dir():
        return str(path)
    if isinstance(source, Path) or not name or name[0] in "./~\\" or name.count("/") > 1 or "\\" in name:
        raise not_loaded(name, "there is no such folder", "Check the path, or give a name from the Hugging Face hub")
    return name


def within_reach(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The same options, set to what is on this machine where the hub does not answer."""
    if Path(name).is_dir() or _answers(name, options):
        return dict(options)
    return {**options, "local_files_only": True}


def _answers(name: str, options: Mapping[str, Any]) -> bool:
    """Whether the hub answers. transformers would ask six times, for half a minute or more, before it said so."""
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
    except Exception:  # noqa: BLE001  whatever the HTTP library of this version of the hub's raises
        return False
    return True
