"""The options of a generation, checked and in the form that transformers' `generate` takes."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from transformers import GenerationConfig

from attnwidget.arguments import whole_number
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.inputs.recipient import forward_names
from attnwidget.engine.trace.records import ModelFacts
from attnwidget.errors import AttnWidgetError

SINGLE = ("num_beams", "num_return_sequences")
OTHER_WAYS = (
    "assistant_model",
    "prompt_lookup_num_tokens",
    "assistant_early_exit",
    "use_mtp",
    "penalty_alpha",
    "dola_layers",
    "constraints",
    "force_words_ids",
    "token_healing",
    "custom_generate",
    "negative_prompt_ids",
)
"""Settings that need more than one pass per token, or change the prompt."""

OURS = ("output_attentions", "cache_implementation", "cache_config", "prefill_chunk_size")
"""Settings for how passes run. They change no token, and we keep the rows of every pass ourselves."""

OPEN = ("use_cache", "output_hidden_states", "return_dict", "logits_to_keep")
"""Arguments of a forward pass that are not inputs."""


@dataclass(frozen=True, eq=False)
class Wishes:
    """Options of one generation. `defaults` are a copy of the model's own generation config."""

    max_new_tokens: int
    cached: bool
    defaults: Any
    config: Any | None
    others: Mapping[str, Any]
    streamer: Any | None

    def options(self) -> dict[str, Any]:
        """Named arguments of transformers' `generate`."""
        if self.config is None:
            return {**self.others, "max_new_tokens": self.max_new_tokens}
        return {**self.others, "generation_config": self.config}


def wishes(model: Any, given: Inputs, facts: ModelFacts, max_new_tokens: Any, options: Mapping[str, Any]) -> Wishes:
    """The checked options of a generation; the user's own objects are copied, never changed.

    Raises AttnWidgetError for a model that does not generate, for settings that cannot be traced, and for more tokens
    than the model accepts.
    """
    if not (hasattr(model, "can_generate") and model.can_generate()):
        raise AttnWidgetError(
            f"{facts.name} cannot generate: {type(model).__name__} has no head that produces text token by token. Load "
            "it with one, for example AutoModelForCausalLM or AutoModelForSeq2SeqLM."
        )
    _refuse_kinds(options.get("generation_config"), options.get("streamer"))
    others = {name: value for name, value in options.items() if name not in {*OURS, "generation_config", "streamer"}}
    defaults, config = (copy.deepcopy(found) for found in (model.generation_config, options.get("generation_config")))
    asked = _asker(others, config, defaults)
    _refuse_ways(asked)
    _refuse_inputs(others, forward_names(model) or set())
    count = whole_number(max_new_tokens)
    if count is None or count < 1:
        raise AttnWidgetError(f"max_new_tokens={max_new_tokens!r:.60} is not valid: give a whole number of 1 or more.")
    _refuse_length(model, given, facts, count)
    for settings in (defaults, config):
        if settings is not None:
            _ours(settings)
    if config is not None:
        config.max_new_tokens = count
    return Wishes(count, asked("use_cache") is not False, defaults, config, others, options.get("streamer"))


def _refuse_kinds(config: Any, streamer: Any) -> None:
    if config is not None and not isinstance(config, GenerationConfig):
        raise AttnWidgetError(
            f"generation_config={type(config).__name__} is not valid: give a transformers.GenerationConfig, or single "
            "settings, for example do_sample=True."
        )
    if streamer is not None and not all(callable(getattr(streamer, name, None)) for name in ("put", "end")):
        raise AttnWidgetError(
            f"streamer={type(streamer).__name__} is not valid: give an object with put and end, for example "
            "transformers.TextStreamer."
        )


def _ours(settings: Any) -> None:
    # A length that includes the prompt, as in older configs, would only cause a warning.
    settings.max_length = None
    for name in OURS:
        if getattr(settings, name, None):
            setattr(settings, name, None)


def _asker(options: Mapping[str, Any], config: Any, defaults: Any) -> Callable[[str], Any]:
    """A function from a setting's name to its value, looked up in the same order as `generate` does."""

    def asked(name: str) -> Any:
        if name in options:
            return options[name]
        own = getattr(config, name, None)
        return getattr(defaults, name, None) if own is None else own

    return asked


def _refuse_ways(asked: Callable[[str], Any]) -> None:
    for name in SINGLE:
        if asked(name) not in (None, 1):
            raise AttnWidgetError(
                f"{name}={asked(name)} asks for several continuations, but a trace shows one. Use {name}=1; sampling "
                "(do_sample=True) works."
            )
    given = next((name for name in OTHER_WAYS if asked(name)), None)
    if given is None and asked("guidance_scale") not in (None, 1):
        given = "guidance_scale"
    if given is not None:
        raise AttnWidgetError(
            f"{given} needs more than one plain pass per token, which cannot be traced. Leave it out, or use "
            f"{given}=None; greedy search and sampling work with all their settings."
        )


def _refuse_inputs(options: Mapping[str, Any], known: set[str]) -> None:
    if "max_length" in options:
        raise AttnWidgetError(
            "max_length includes the prompt and is not supported. Use max_new_tokens, which counts generated tokens "
            "only."
        )
    given = next((name for name in options if name == "inputs" or (name in known and name not in OPEN)), None)
    if given == "past_key_values":
        raise AttnWidgetError(
            "past_key_values cannot be used, as a cache lacks the attention rows of its tokens. Give the whole prompt "
            "instead."
        )
    if given is not None:
        raise AttnWidgetError(
            f"{given} is an input of the model, not an option. Give all inputs in one mapping, for example "
            f"model.generate({{'input_ids': ..., {given!r}: ...}})."
        )


def _refuse_length(model: Any, given: Inputs, facts: ModelFacts, count: int) -> None:
    crossed = bool(getattr(model.config, "is_encoder_decoder", False))
    prompt = given.tokens.get("target" if crossed else "text")
    if prompt is None and not crossed:
        raise AttnWidgetError(
            "There are no token ids to start from. Give a text, token ids, or a mapping with input_ids."
        )
    limit = decoder_limit(model.config) if crossed else facts.limit
    length = 1 if prompt is None else len(prompt)
    if limit is None or length + count <= limit:
        return
    what = "The decoder starts with" if crossed else "The prompt has"
    room = f"Ask for at most {limit - length:,}" if limit > length else "Give a shorter prompt"
    raise AttnWidgetError(
        f"{what} {length:,} tokens; with {count:,} new ones that is {length + count:,}, but the model accepts at most "
        f"{limit:,}. {room}."
    )


def decoder_limit(config: Any) -> int | None:
    """The largest number of tokens that a decoder reads; None if the configuration does not say."""
    own = config.get_text_config(decoder=True)
    known = [getattr(own, name, None) for name in ("max_target_positions", "max_position_embeddings")]
    return next((size for size in known if isinstance(size, int) and size > 0), None)
