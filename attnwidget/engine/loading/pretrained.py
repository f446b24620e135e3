"""A model's name or folder -> the model, as transformers loads it.

The class is the one that the model was saved as. Code from a model's repository runs only if the user asked for it, and
transformers never prompts at the keyboard.
"""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, PreTrainedConfig, PreTrainedModel
from transformers.models.auto import modeling_auto
from transformers.utils import find_adapter_config_file, is_accelerate_available, is_peft_available

from attnwidget.engine.capture.registered_function import is_kernel
from attnwidget.engine.loading.failures import OWN_CODE, not_loaded, one_sentence
from attnwidget.engine.loading.hub import elsewhere, hub_options, within_reach
from attnwidget.errors import AttnWidgetError, reason_of

TASKS = {
    "AutoModelForCausalLM": "CAUSAL_LM",
    "AutoModelForMaskedLM": "MASKED_LM",
    "AutoModelForSeq2SeqLM": "SEQ_TO_SEQ_CAUSAL_LM",
    "AutoModelForSequenceClassification": "SEQUENCE_CLASSIFICATION",
    "AutoModelForTokenClassification": "TOKEN_CLASSIFICATION",
    "AutoModelForQuestionAnswering": "QUESTION_ANSWERING",
    "AutoModelForImageTextToText": "IMAGE_TEXT_TO_TEXT",
    "AutoModelForImageClassification": "IMAGE_CLASSIFICATION",
    "AutoModelForAudioClassification": "AUDIO_CLASSIFICATION",
    "AutoModelForSpeechSeq2Seq": "SPEECH_SEQ_2_SEQ",
    "AutoModelForCTC": "CTC",
}
"""Auto classes -> the name of their model table in transformers."""


def pretrained_model(name: str, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The model from a folder or hub name, and the options for finding its tokenizer.

    Raises AttnWidgetError, with a way out, if anything goes wrong.
    """
    _refuse_empty(Path(name), options)
    kept = dict(options)
    device = _device(kept.pop("device", None), kept)
    if kept.get("device_map") is not None and not is_accelerate_available():
        raise AttnWidgetError(
            "device_map= needs the package accelerate: pip install accelerate, and restart. For a model that fits on "
            "one device, use device='cuda' instead."
        )
    kept = within_reach(name, kept)
    hub = hub_options(kept)
    kept["trust_remote_code"] = hub["trust_remote_code"]
    with one_sentence(name, options):
        config = _config(name, kept.get("config"), hub)
        model = _loaded(_class_of(name, config, kept), name, config, kept)
        return model if device is None else model.to(device), hub


def _loaded(kind: Any, name: str, config: Any, options: dict[str, Any]) -> Any:
    """The model; if a kernel for its attention cannot run here, with transformers' default attention instead."""
    asked = options.get("attn_implementation") or getattr(config, "_attn_implementation", None)
    kernels = [str(one) for one in (asked.values() if isinstance(asked, dict) else [asked]) if is_kernel(one)]
    if not kernels:
        return kind.from_pretrained(name, **options)
    try:
        return kind.from_pretrained(name, **options)
    except Exception as error:  # noqa: BLE001  third-party kernels, missing requirements, or no GPU
        model = kind.from_pretrained(name, **{**options, "attn_implementation": None})
        reason = reason_of(error).rstrip(".")
        warnings.warn(
            f"{', '.join(kernels)} cannot run here ({reason}), so {name!r} was loaded with "
            f"{model.config._attn_implementation}. The attention weights are the same.",  # noqa: SLF001
            stacklevel=2,
        )
        return model


def _refuse_empty(folder: Path, options: Mapping[str, Any]) -> None:
    inside = folder / str(options.get("subfolder") or "")
    if not folder.is_dir() or "gguf_file" in options:
        return
    if any((inside / file).is_file() for file in ("config.json", "adapter_config.json")):
        return
    below = sorted(path.parent.name for path in inside.glob("*/config.json"))
    way = (
        f"Choose a folder in it: {', '.join(below[:5])}" if below else "Save one there with model.save_pretrained(...)"
    )
    raise not_loaded(str(folder), "the folder has no config.json, so it is not a saved model", way)


def _device(device: Any, options: Mapping[str, Any]) -> torch.device | None:
    if device is None:
        return None
    if options.get("device_map") is not None:
        raise AttnWidgetError("Both device= and device_map= were given. Give only one of them.")
    try:
        return torch.empty(0, dtype=torch.bool, device=device).device
    except (AssertionError, NotImplementedError, RuntimeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise AttnWidgetError(
            f"The model cannot be loaded to device={device!r}: {reason}. device='cpu' always works."
        ) from None


def _config(name: str, given: Any, hub: Mapping[str, Any]) -> Any:
    if isinstance(given, PreTrainedConfig):
        return given
    below = str(hub.get("subfolder") or "")
    here = Path(name) / below / "adapter_config.json"
    if here.is_file() and not here.with_name("config.json").is_file():
        return _config_below_adapter(name, here, hub)
    try:
        return AutoConfig.from_pretrained(given or name, **hub)
    except (OSError, ValueError):
        shared = {key: hub[key] for key in ("cache_dir", "local_files_only", "revision", "token") if key in hub}
        adapter = find_adapter_config_file(name, **shared, subfolder=below)
        if adapter is None:
            raise
        return _config_below_adapter(name, Path(adapter), hub)


def _config_below_adapter(name: str, adapter: Path, hub: Mapping[str, Any]) -> Any:
    """The configuration of an adapter's base model; from_pretrained loads both by the adapter's name."""
    if not is_peft_available():
        raise not_loaded(
            name, "it is an adapter, and loading it needs the package peft", "pip install peft, and restart"
        )
    base = json.loads(adapter.read_text(encoding="utf-8"))["base_model_name_or_path"]
    return AutoConfig.from_pretrained(base, **within_reach(base, elsewhere(hub)))


def _class_of(name: str, config: Any, options: Mapping[str, Any]) -> Any:
    """The class that the model was saved as, or the Auto class that leads to it."""
    saved_as = (getattr(config, "architectures", None) or [""])[0]
    remote = {key: str(where) for key, where in (getattr(config, "auto_map", None) or {}).items() if "Model" in key}
    if remote and options["trust_remote_code"]:
        exact = (key for key, where in remote.items() if where.rpartition(".")[2] == saved_as)
        likely = "AutoModelForCausalLM" if "AutoModelForCausalLM" in remote else next(iter(remote))
        return getattr(transformers, next(exact, likely))
    own = getattr(transformers, saved_as, None)
    # Some files name a class from another family; only the Auto classes resolve it for this configuration.
    if (
        isinstance(own, type)
        and issubclass(own, PreTrainedModel)
        and getattr(own, "config_class", None) is type(config)
    ):
        return own
    for auto, task in TASKS.items():
        fitting = getattr(modeling_auto, f"MODEL_FOR_{task}_MAPPING", {}).get(type(config), None)
        named = getattr(modeling_auto, f"MODEL_FOR_{task}_MAPPING_NAMES", {}).values()
        if fitting is not None and (getattr(fitting, "__name__", "") == saved_as or saved_as in named):
            return getattr(transformers, auto)
    if remote and saved_as:
        raise not_loaded(name, *OWN_CODE)
    return transformers.AutoModel
