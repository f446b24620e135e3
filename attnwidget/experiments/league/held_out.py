"""Held-out texts of the bundled models' languages, and pictures, whose truth is known by construction."""

from collections.abc import Callable, Mapping
from typing import Any

from attnwidget.arguments import one_of, whole_from_one, whole_from_zero
from attnwidget.tiny.causal.truth import causal_samples
from attnwidget.tiny.classifier.truth import classifier_samples
from attnwidget.tiny.sample import PictureSample, Sample
from attnwidget.tiny.translator.truth import translator_samples
from attnwidget.tiny.vision.truth import vision_samples

LEAGUE_SAMPLES: Mapping[str, Callable[[int, int], list[Sample] | list[PictureSample]]] = {
    "tiny-causal": causal_samples,
    "tiny-classifier": classifier_samples,
    "tiny-translator": translator_samples,
    "tiny-vision": vision_samples,
}
"""By the names of bundled models: held-out texts of their languages, or pictures, whose words are patches."""


def samples(model: Any = "tiny-causal", count: Any = 300, *, seed: Any = 0) -> list[Sample] | list[PictureSample]:
    """Held-out texts of a bundled model's language, each with its answer and the words that decide it; of tiny-vision pictures.

    They are what `aw.judge_methods` judges by; `aw.survey` takes them as texts, with the deciding words as the span
    "deciding". `model` is a name, the kinds of text come in turn. Raises AttnWidgetError for other names.
    Source: the generators in `attnwidget.tiny`, which trained the models; these texts were kept from training.

    >>> found = samples("tiny-causal", 3, seed=1)[2]
    >>> found.text, [found.text[start:stop] for start, stop in found.deciding], found.answer
    ('The roads to the river', ['roads'], ' are')
    """
    made = LEAGUE_SAMPLES[one_of("model", model, LEAGUE_SAMPLES)]
    return made(whole_from_one("count", count), whole_from_zero("seed", seed))
