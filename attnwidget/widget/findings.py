"""What an explorer shows, kept as a finding."""

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from attnwidget.engine import AttentionModel, Trace
from attnwidget.experiments import evidence
from attnwidget.experiments.effects.answers import logits_at
from attnwidget.export.kept_finding import KeptFinding
from attnwidget.version import __version__
from attnwidget.widget.answering.asked import answer_told, asked_by
from attnwidget.widget.answering.requests import AskedAnswer

PREDICTIONS = 5


def finding_of(
    model: AttentionModel, before: Trace, after: Trace, said: str, state: Mapping[str, Any], *, measured: bool
) -> KeptFinding:
    """What an explorer shows, as plain data: `before` is the trace without its edits, `after` the one with them.

    The answer is the one that the explorer's question asks about; without a question, what the model says itself before
    the edits. `measured` adds the evidence of `after`. Raises what `aw.evidence` raises, and AttnWidgetError for an answer
    that the model cannot give.
    """
    asked = asked_by(model, before, AskedAnswer(**state["question"]))
    traces = {"before": before, **({"after": after} if after.edits else {})}
    scores = {name: asked.score(logits_at(trace, asked)) for name, trace in traces.items()}
    predicted = {
        name: [[one.piece, one.probability] for one in model.predict(trace, asked.row, PREDICTIONS).top]
        for name, trace in traces.items()
    }
    return KeptFinding(
        said=said,
        text=str(state["text"]),
        model={
            "name": model.name,
            "architecture": model.facts.architecture,
            "revision": getattr(model.model.config, "_commit_hash", None),
        },
        edits=[str(edit) for edit in after.edits],
        answer={**answer_told(asked), "before": None, "after": None, **scores},
        predictions=predicted,
        state=dict(state),
        versions={
            "attnwidget": __version__,
            "torch": version("torch"),
            "transformers": version("transformers"),
            "python": platform.python_version(),
        },
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        evidence=_evidence(model, after, asked.given, asked.position) if measured else None,
    )


def _evidence(model: AttentionModel, trace: Trace, answer: Any, at: int | None) -> Mapping[str, Any]:
    found = evidence(model, trace, answer=answer, at=at, progress=False)
    agreements = {name: None if one is None else [one.rho, one.low, one.high] for name, one in found.agreements.items()}
    return {
        "sentence": found.sentence,
        "recipe": found.recipe,
        "left_out": found.left_out,
        "agreement": agreements,
        "table": {name: [_plain(value) for value in column] for name, column in found.table().items()},
    }


def _plain(value: Any) -> Any:
    """A number as JSON has it: there is none for NaN."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
