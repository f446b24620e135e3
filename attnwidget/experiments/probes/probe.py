"""What can be read off a model's hidden states by a linear classifier, layer by layer, beside what it could learn by heart."""

from typing import Any

import numpy as np

from attnwidget.arguments import one_of, real_number, truth_of, whole_from_one, whole_from_zero
from attnwidget.engine import go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.probes.classifiers import (
    TextSplit,
    chosen_classifier,
    description_length,
    right_when_held_out,
    split_by_text,
    uniform_length,
)
from attnwidget.experiments.probes.given_texts import given_texts, require_model
from attnwidget.experiments.probes.kept_states import KeptStates
from attnwidget.experiments.probes.labels import control_labels, labelled
from attnwidget.experiments.probes.probed_layers import ProbedLayers, accuracy_columns
from attnwidget.experiments.probes.vectors import POOLINGS, vectors_of
from attnwidget.experiments.progress import shown_progress


def probe(
    model: Any,
    texts: Any,
    labels: Any,
    *,
    pooling: Any = None,
    layers: Any = None,
    classifier: Any = None,
    held_out: Any = 0.25,
    control: Any = True,
    description: Any = True,
    keep: Any = None,
    batch: Any = 32,
    seed: Any = 0,
    progress: Any = None,
) -> ProbedLayers:
    """How well a linear classifier tells the labels of texts or words from each layer's hidden states.

    `texts` are strings, lists of words, or (text, pair). `labels` are one for each text; or for each text one for each of
    its words (what stands between spaces; None leaves a word out), or a mapping from places to labels, a place being a
    phrase, the number of a word, or (start, stop) in characters. A state is that of the embedding, or what a layer gives,
    the last after the final norm; of an encoder-decoder, those of its encoder. Several tokens are one vector by `pooling`:
    their "mean" (the default for encoders; of a text without its special tokens), the "first" (of a text in BERT: [CLS]) or
    the "last" (the default for decoders, where it alone has seen the others). `layers` are some of "embedding", "L0", ...

    Accuracy is that on the share of texts `held_out`; a text, however often it occurs, is never on both sides. Beside it
    stand the commonest class, and a control: the same classifier on labels drawn at random for each word, all its
    occurrences alike. What is learnt of these is learnt by heart, and selectivity is accuracy minus control: that of a
    probe of words, as whole texts hardly recur; with few different words the control is learnt whole, and says little. `description` is the online code: how many bits the labels take if each
    portion of the texts is predicted by a classifier fitted to those before it; compression is log2 K bits a label over
    that, 1 for a probe that knows nothing. Intervals are 95 %, by a bootstrap over texts.
    `classifier` is one of scikit-learn (default: logistic regression on standardised states).

    `keep` is a folder for hidden states, by inputs and weights (safetensors, up to 8 GiB, the oldest dropped): asking again
    with other labels reads nothing anew. Costs a pass for each text (`batch` at a time) and about twenty fits for each
    layer. `progress` as in `head_effects`. A text that cannot be read is left out, and said in `unread`.
    Doubt it always: that a layer has something in it does not say that the model uses it. Change it and see
    (`aw.token_effects`, `aw.patching`). Raises AttnWidgetError without scikit-learn (the extra `probes`), for labels that
    do not fit, one class only, too few texts, and a model that gives no hidden states; Cancelled inside `stopping_when`.
    Sources: Alain and Bengio 2016 (arXiv 1610.01644); Hewitt and Liang 2019 (D19-1275), control tasks; Voita and Titov
    2020 (2020.emnlp-main.14), description length.

    >>> import attnwidget as aw
    >>> texts = [f"{name} lost the {thing}" for name in ("Anna", "Tom", "Sara", "Ben") for thing in ("key", "map", "hat", "box")]
    >>> found = aw.probe(aw.load(), texts, [{2: "function", 3: "thing"}] * 16, layers=["L3"], description=False)
    >>> found.accuracy.tolist(), found.majority
    ([1.0], 0.5)
    """
    model = require_model(model)
    fit, named = chosen_classifier(classifier)
    given = given_texts(texts)
    examples = labelled(given, labels)
    decoder = model.facts.kind == "decoder"
    way = one_of("pooling", ("last" if decoder else "mean") if pooling is None else pooling, POOLINGS)
    share, number = held_out_share(held_out), whole_from_zero("seed", seed)
    controlled, described = truth_of("control", control), truth_of("description", description)
    if described and not hasattr(fit, "predict_proba"):
        raise AttnWidgetError(f"{named} gives no probabilities, which a description needs. Give description=False.")
    store = None if keep is None else KeptStates(keep, model)
    with shown_progress(progress, "texts read") as told:
        found = vectors_of(model, given, examples, way, layers, whole_from_one("batch", batch), store, told)
    wanted = np.array([one.label for one in found.kept])
    written = [repr(given[one.text].given) for one in found.kept]
    split = split_by_text(written, wanted, share, number)
    random = control_labels(found.kept, number) if controlled else None
    rows = []
    with shown_progress(progress, "layers probed") as told:
        for done, vectors in enumerate(found.values):
            go_on()
            told(done, len(found.values))
            rows.append(_layer(fit, vectors, wanted, random, split, number, described=described))
        told(len(found.values), len(found.values))
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    learnt, test = split.learnt, split.held_out
    classes, sizes = np.unique(wanted[learnt], return_counts=True)
    of = "texts" if found.kept[0].place is None else "places in texts"
    recipe = (
        f"{named} on the hidden states of {of}, {way} of their tokens; {share:.0%} of the texts held out, seed {number}; "
        "bootstrap over texts (percentile)"
    )
    if controlled:
        recipe += f"; control: random labels of each {'text' if of == 'texts' else 'word'}"
    return ProbedLayers(
        names=found.names,
        classes=tuple(np.unique(wanted).tolist()),
        counts={
            "labels learnt": len(learnt),
            "held out": len(test),
            "texts learnt": len(set(split.texts[learnt])),
            "texts held out": len(set(split.texts[test])),
        },
        majority=float((wanted[test] == classes[sizes.argmax()]).mean()),
        unread=found.unread,
        recipe=recipe,
        **columns,
    )


def held_out_share(held_out: Any) -> float:
    """The share of texts that is held out. Raises AttnWidgetError for anything but a number between 0 and 1."""
    share = real_number(held_out)
    if share is None or not 0 < share < 1:
        raise AttnWidgetError(
            f"held_out={held_out!r:.40} is not valid: give a share between 0 and 1, for example 0.25."
        )
    return share


def _layer(
    classifier: Any,
    vectors: np.ndarray,
    labels: np.ndarray,
    random: np.ndarray | None,
    split: TextSplit,
    seed: int,
    *,
    described: bool,
) -> dict[str, Any]:
    """The columns of `ProbedLayers` that a layer has a number in."""
    none = np.full(len(split.held_out), np.nan)
    right = right_when_held_out(classifier, vectors, labels, split).astype(float)
    control = none if random is None else right_when_held_out(classifier, vectors, random, split).astype(float)
    bits = description_length(classifier, vectors, labels, split) if described else float("nan")
    control_bits = float("nan")
    if described and random is not None and len(set(random)) > 1:
        control_bits = description_length(classifier, vectors, random, split)
    return {
        **accuracy_columns(right, control, split.texts[split.held_out], seed),
        "bits": bits,
        "compression": uniform_length(labels) / bits,
        "control_compression": np.nan if random is None else uniform_length(random) / control_bits,
    }
