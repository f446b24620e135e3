"""Which tokens the queries and the keys of each part are."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import Tensor

from attnwidget.engine.capture.tiles import tiled
from attnwidget.engine.inputs.clips import clip_of, clip_tokens
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.inputs.pictures import PIXEL_AXES, TILED_AXES, patch_of, vision_config
from attnwidget.engine.media.places import in_squares
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError

BY_SQUARES = ("qwen2_vl", "qwen3_vl", "qwen3_5", "glm4v", "glm46v", "glm_ocr", "ernie4_5_vl")
"""Model types (by prefix) whose patches are ordered in squares; others are ordered by rows, or unknown."""

SHUFFLED = ("vit_mae",)
"""Model types that put patches into another order at every pass."""

DISTILLED = ("[CLS]", "[DIST]")

OF_PICTURES = ("vision", "global_transformer")
"""Parts that read patches, by their names in mllama and elsewhere."""


def sequences_of(
    blocks: Sequence[Block], given: Inputs, config: Any, refused: Collection[str] = ()
) -> tuple[Tokens, dict[str, tuple[Tokens, Tokens]]]:
    """The tokens of the text, and the (query, key) tokens of every part where either differs from it.

    Sequences other than text get tokens of their own: image patches by row and column, audio by frame. `refused` are the
    parts that are not among the blocks on purpose. Raises AttnWidgetError for attention that does not fit the tokens: the
    axes of such a map would be wrong.
    """
    sizes = {block.part: block.shape[1:] for block in blocks}
    lacking = {"encoder", "decoder"} - sizes.keys() - set(refused) - _without_decoder(given)
    if getattr(config, "is_encoder_decoder", False) and lacking and "encoder_outputs" not in given.forward:
        raise AttnWidgetError(
            f"The {' and the '.join(sorted(lacking))} of this model computes attention in a way that attnwidget cannot "
            "see, so its trace would lack a part. Pass weights to Trace.from_weights instead."
        )
    found: dict[str, tuple[Tokens, Tokens]] = {}
    for part, (queries, _) in sizes.items():
        if part != "cross":
            own = _own(part, queries, given, config)
            found[part] = own, own
    if "cross" in sizes:
        found["cross"] = _crossed(sizes["cross"], found, given, config)
    text = given.tokens.get("text") or next(iter(found.values()))[0]
    # What was said about a sound is a text; its stretches have none.
    return given.tokens.get("target", text) if text.sounded else text, found


def _without_decoder(given: Inputs) -> set[str]:
    """The decoder, where none was given anything: Whisper's classifiers have its config, and its encoder alone."""
    told = any(name.startswith("decoder_") for name in given.forward)
    return set() if told or "input_features" not in given.forward else {"decoder"}


def _own(part: str, count: int, given: Inputs, config: Any) -> Tokens:
    name = "target" if part == "decoder" else "text"
    known = given.tokens.get(name)
    of_other = part in {*OF_PICTURES, "audio"}
    if not of_other and known is not None and len(known) == count:
        return known
    textual = known is not None and not known.sounded and "pixel_values" not in given.forward
    if not of_other and textual and known is not None:
        raise AttnWidgetError(
            f"Part {part!r} has maps of {count} positions for {len(known)} tokens. Attention that is padded, pooled or "
            "split into windows cannot be shown with these tokens."
        )
    # Learned queries, and images among the tokens of a text, are not patches.
    of_image = part in OF_PICTURES or (part in {"self", "encoder"} and known is None)
    if of_image and "pixel_values" in given.forward:
        return patches(count, given, config)
    return Tokens.frames(count)


def _crossed(
    size: tuple[int, int], found: Mapping[str, tuple[Tokens, Tokens]], given: Inputs, config: Any
) -> tuple[Tokens, Tokens]:
    queries, keys = size
    read_by_others = {"encoder", "audio", *OF_PICTURES}
    asking = [texts[0] for part, texts in found.items() if part not in read_by_others]
    asking += [given.tokens[name] for name in ("target", "text") if name in given.tokens]
    read = [texts[0] for part, texts in found.items() if part in read_by_others]
    query = next((text for text in asking if len(text) == queries), None)
    key = next((text for text in read if len(text) == keys), None) or _tiles(keys, given, config)
    return query or Tokens.frames(queries), key or Tokens.frames(keys)


def _tiles(count: int, given: Inputs, config: Any) -> Tokens | None:
    pixels, patch = given.forward.get("pixel_values"), patch_of(config)
    if pixels is None or patch is None:
        return None
    return tiled(count, pixels, given.forward.get("aspect_ratio_mask"), patch)


def patches(count: int, given: Inputs, config: Any) -> Tokens:
    """Tokens of an image: patches by row and column, after the class token and similar ones; numbers if unsure."""
    vision = vision_config(config)
    if "image_grid_thw" in given.forward:
        return _merged(count, given.forward["image_grid_thw"], config, vision)
    if (clip := clip_of(config)) is not None:
        return clip_tokens(clip, count, given.forward)
    image, patch = given.forward["pixel_values"], patch_of(config)
    if image.ndim == TILED_AXES:
        return _tiles(count, given, config) or Tokens.frames(count)
    if image.ndim < PIXEL_AXES or patch is None or getattr(vision, "model_type", "") in SHUFFLED:
        return Tokens.frames(count)
    rows, columns = (side // own for side, own in zip(image.shape[-2:], patch, strict=True))
    before = _before(count - rows * columns, vision)
    if before is None or rows * columns == 0:
        return Tokens.frames(count)
    return Tokens.patches(rows, columns, before=before)


def _before(count: int, vision: Any) -> tuple[str, ...] | None:
    """What comes before the patches; None if unknown."""
    if count in (0, 1):
        return ("[CLS]",) * count
    if count == len(DISTILLED) and getattr(vision, "model_type", "") == "deit":
        return DISTILLED
    # Undeclared tokens may also come after the patches, as in detectors.
    registers = getattr(vision, "num_register_tokens", None)
    if count > 1 and registers == count - 1:
        return ("[CLS]", *(f"[REG{number}]" for number in range(1, count)))
    return None


def _merged(count: int, grids: Tensor, config: Any, vision: Any) -> Tokens:
    """Patches of one image in the order in which they are merged later: square by square, and row by row in each."""
    merge = getattr(vision, "spatial_merge_size", None)
    windowed = any(getattr(vision, name, None) is not None for name in ("window_size", "fullatt_block_indexes"))
    ordered = str(getattr(config, "model_type", "")).startswith(BY_SQUARES) and not windowed
    if not ordered or not isinstance(merge, int) or merge < 1 or tuple(grids.shape) != (1, 3):
        return Tokens.frames(count)
    frames, rows, columns = (int(side) for side in grids[0])
    if frames != 1 or rows * columns != count or rows % merge or columns % merge:
        return Tokens.frames(count)
    return Tokens.in_picture(in_squares(rows, columns, merge))
