"""`aw.explore`: a model, a text and what to look at -> an explorer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnwidget.engine import AttentionModel, medium_named, shared
from attnwidget.errors import AttnWidgetError
from attnwidget.tiny import BUNDLED
from attnwidget.widget.examples import examples
from attnwidget.widget.explorer import Explorer
from attnwidget.widget.kept_media import take_media
from attnwidget.widget.opening import Opening
from attnwidget.widget.selection.state import checked_state, name_to_load, unsaid


def explore(
    model: Any = None,
    text: Any = None,
    *,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    tokenizer: Any = None,
    processor: Any = None,
    pair: str | None = None,
    target: str | None = None,
    layer: int | None = None,
    head: int | None = None,
    query: Any = None,
    direction: str | None = None,
    part: str | None = None,
    view: str | None = None,
    heads: Any = None,
    filter: Any = None,  # noqa: A002  the trait's name
    look: Any = None,
    edits: Any = None,
    question: Any = None,
    source: str | None = None,
    fusion: str | None = None,
    words: bool | None = None,
    sinks: str | None = None,
    weight: str | None = None,
    layers: str | None = None,
    shows: str | None = None,
    against: str | None = None,
    scale: float | str | None = None,
    over: str | None = None,
    size: str | None = None,
    height: int | None = None,
    state: Any = None,
) -> Explorer:
    """A live explorer under the cell: edit its text and watch attention follow.

    `model` is anything that `aw.load` takes; by default the bundled teaching model, at an interesting head. Any other
    model opens, once the text is read, at the head with the clearest pattern on it, unless a `layer`, a `head` or a
    `query` is given. `layer` is else the first with attention, `query` (a token number or (start, stop)) the last word.
    `pair` is a second text for an encoder of sentence pairs, `target` the decoder input of an encoder-decoder; both can
    be edited. Chat messages in place of the text, [{"role": "user", "content": "Hello"}], are shown as turns, each with
    a text of its own. `part` is "encoder", "decoder" or "cross" of an encoder-decoder, by default "cross" if there is a target.

    `image` is what a model of pictures reads, in place of a text: a PIL image, an array, a tensor, or the path of a file; its
    `processor` turns it into the model's input. It can be replaced in the page, and with `ex.image = ...`.

    `audio` is what a model of sounds reads: (samples, rate), a dictionary with "array" and "sampling_rate", or the path of a WAV
    file; the first 30 seconds are read. `target` is what is said of it; without one, a model that writes, such as Whisper, is asked.
    It can be replaced in the page, and with `ex.audio = ...`.

    `video` is what a model of videos reads: a list of pictures, an array (frame row column channel), a tensor (frame channel row column), a
    folder of pictures, read by name, or a GIF. As many frames as the model reads are taken evenly. It can be replaced with `ex.video = ...`.

    `view` is "matrix", "lines", "layers", "flow", "neuron", "model", "lens", "compare" or "test". `heads` are several heads to show
    together, `filter` says what is kept of each row, and `look` how maps are shown; its parts may be given by name:
    `source, fusion, words, sinks, weight, layers, shows, against, scale, over, size, height` (see the traits of `Explorer`). `edits`
    change the computation, as text (`"hide 4"`, `"silence L5H3"`), and `question` is the answer that is asked about. `state` is the result of
    `ex.state()`, or a finding, here or elsewhere: it supplies the model, if none is given, and everything that other arguments leave
    open. Raises AttnWidgetError for a model that cannot be loaded or does not take text, and for invalid values.

    >>> import attnwidget as aw
    >>> ex = aw.explore(text="The cat sat on the mat.", layer=1, head=2)
    >>> ex.trace.weights(ex.layer, ex.head).shape
    torch.Size([7, 7])
    """
    if pair is not None and target is not None:
        raise AttnWidgetError("pair= and target= both name the second text. Give only one of them.")
    kept = {} if state is None else checked_state(state)
    named = name_to_load(state) if model is None else model
    loaded = shared(named, tokenizer, processor)
    text = _put_whichever(loaded, text, image, audio, video)
    take_media(loaded, kept)
    example = examples(loaded)[0]
    stated = kept.pop("text", example.text)
    shown = stated if text is None else text
    given = {"layer": layer, "head": head, "query": query, "direction": direction, "part": part, "view": view}
    given |= {"heads": heads, "filter": filter, "look": look, "source": source, "fusion": fusion, "words": words}
    given |= {"sinks": sinks, "weight": weight, "layers": layers, "against": against, "scale": scale, "over": over}
    given |= {"size": size, "height": height, "shows": shows, "edits": edits, "question": question}
    given |= {"pair": target if pair is None else pair}
    if given["pair"] is None and "pair" not in kept and medium_named(shown) == "sound":
        given["pair"] = loaded.transcribe(shown) or None
    chosen = {name: value for name, value in given.items() if value is not None}
    if text is None and state is None and "pair" not in chosen and example.pair is not None:
        chosen["pair"] = example.pair
        if query is None:
            chosen["query"] = example.query
    if loaded.facts.teaching and not {"layer", "head", "heads"} & {*chosen, *kept}:
        chosen |= dict(zip(("layer", "head"), BUNDLED[loaded.facts.name].first_head, strict=True))
    explorer = Explorer(loaded, shown, **chosen)
    if tokenizer is None and (named is None or isinstance(named, str | Path)):
        explorer._source = "" if named is None else str(named)  # noqa: SLF001  this is where explorers are made
    if not loaded.facts.teaching and not {"layer", "head", "heads", "query"} & {*chosen, *kept}:
        explorer._opening = Opening.of(restored(explorer, kept, chosen))  # noqa: SLF001
        return explorer
    return restored(explorer, kept, chosen)


def _put_whichever(model: AttentionModel, text: Any, image: Any, audio: Any, video: Any) -> Any:
    """What stands where a text would, if it is given; else the text."""
    if image is not None and {"text", "picture"} <= model.reads:
        raise AttnWidgetError(
            f"{model.name} reads a text with its pictures, and an explorer edits one of both. Show a pass of it: "
            "aw.view(model.trace(text, image=image)) with model = aw.load(...)."
        )
    for argument, given, put in (
        ("image", image, _put_picture),
        ("audio", audio, _put_sound),
        ("video", video, AttentionModel.put_video),
    ):
        if given is None:
            continue
        if text is not None:
            raise AttnWidgetError(f"{argument}= stands in place of a text. Give one of them.")
        text = put(model, given)
    return text


def _put_picture(model: AttentionModel, image: Any) -> str:
    if model.medium == "video":
        raise AttnWidgetError(f"{model.name} reads videos, not single pictures. Give one: video=...")
    if model.medium != "picture":
        raise AttnWidgetError(f"{model.name} reads text, not pictures. Leave image= out.")
    return model.put(image)


def _put_sound(model: AttentionModel, audio: Any) -> str:
    if model.medium != "sound":
        raise AttnWidgetError(f"{model.name} reads no sounds by themselves. Leave audio= out.")
    return model.put_sound(audio)


def restored(explorer: Explorer, state: Any, said: Mapping[str, Any]) -> Explorer:
    """A new explorer brought to a state, but for what was said beside it. Closes it and raises where that cannot be."""
    try:
        return explorer if state is None else explorer.restore(unsaid(checked_state(state), said))
    except AttnWidgetError:
        explorer.close()
        raise
