"""One prompt put in several ways, for the page: the text on screen first, then those that were kept, row by row."""

from collections.abc import Callable
from typing import Any

from attnwidget.engine import AttentionModel, Paint, Reading, Silence, as_given, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import answer_of
from attnwidget.experiments.effects.variants import Variant, variant_of
from attnwidget.widget.answering.requests import Request


def variants_told(
    model: AttentionModel,
    reading: Reading,
    request: Request,
    progress: Callable[..., None],
    parts: Callable[[Callable[[], dict[str, Any]]], None],
) -> dict[str, Any]:
    """The answer to a request of the kind "variants": of each text, how likely the answer is at its end, and what is read.

    A text that cannot be read says so in its row. Raises AttnWidgetError for an answer that the model cannot give.
    """
    # The numbers of tokens are those of one text: only edits of heads mean the same in all of them.
    edits = tuple(edit for edit in reading.trace.edits if isinstance(edit, Silence | Paint))
    texts = (request.text, *(text for text in request.texts if text != request.text))
    reads = request.name or None
    rows: list[dict[str, Any]] = []

    def trace_of(text: str) -> Any:
        if text == request.text and edits == reading.trace.edits:
            return reading.trace
        return model.trace(model.conversation(text) or text, edits=edits, **as_given(model.facts, request.pair))

    first = trace_of(request.text)
    # The same token in all of them, as it is in the first.
    asked = answer_of(model, first, request.question.answer, None, "probability")

    def told() -> dict[str, Any]:
        whole = {"answer": asked.words, "total": len(texts), "edits": list(map(str, edits)), "rows": list(rows)}
        return {"variants": whole}

    for number, text in enumerate(texts, 1):
        go_on()
        try:
            trace = first if number == 1 else trace_of(text)
            same = answer_of(model, trace, asked.ids[0], None, "probability")
            rows.append({"text": text, **_row(variant_of(model, trace, same, reads))})
        except AttnWidgetError as error:
            if number == 1:
                raise
            rows.append({"text": text, "problem": str(error)})
        progress(number, len(texts))
        parts(told)
    return told()


def _row(found: Variant) -> dict[str, Any]:
    fact = found.fact
    return {
        "answer": found.answer,
        "said": {"piece": found.said, "probability": found.probability},
        "read": [{"token": one.position, "piece": one.piece, "weight": one.value} for one in found.read],
        "fact": None if fact is None else {"layer": fact.layer, "head": fact.head, "weight": fact.value},
    }
