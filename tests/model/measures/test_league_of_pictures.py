"""The league over pictures: patches in the place of words, marks held against eager attention and scipy."""

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from transformers import AutoImageProcessor, AutoModelForImageClassification

import attnwidget as aw
from attnwidget.experiments import PictureSample
from attnwidget.tiny.vision import VISION_FOLDER
from attnwidget.tiny.vision.truth import vision_samples
from attnwidget.tiny.vision.vocabulary import GRID

SAMPLES = vision_samples(3, 0)
METHODS = ["attention, last layer", "relevance", "random", "rarer first", "longer first", "deleting"]


@pytest.fixture(scope="module")
def league():
    return aw.judge_methods("tiny-vision", SAMPLES, methods=METHODS, progress=False)


def test_every_kind_of_picture_counts_and_the_truth_is_whole(league):
    assert league.kinds == {"alone": 1, "few": 1, "many": 1}
    assert (league.truth.area.mean, league.truth.precision.mean) == (1.0, 1.0)
    assert league.truth.fall.mean > 0.5


def test_the_area_is_that_of_eager_attention_to_the_patches(league):
    model = AutoModelForImageClassification.from_pretrained(
        VISION_FOLDER, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    ).eval()
    processor = AutoImageProcessor.from_pretrained(VISION_FOLDER, local_files_only=True)
    areas = []
    for sample in SAMPLES:
        with torch.no_grad():
            last = model(**processor(sample.picture, return_tensors="pt"), output_attentions=True).attentions[-1]
        row = last[0, :, 0, 1:].mean(0).double().numpy()
        decides = np.isin(np.arange(GRID * GRID), [GRID * row + column for row, column in sample.deciding])
        won = mannwhitneyu(row[decides], row[~decides]).statistic
        areas.append(won / (decides.sum() * (~decides).sum()))
    assert league["attention, last layer"].area.mean == pytest.approx(np.mean(areas), abs=1e-6)


# The triangle covers one patch in sixteen, so that precision by chance is 0.06. Attention reads some of its patches, not all.
def test_attention_finds_the_triangle_and_chance_does_not(league):
    assert league["relevance"].area.mean > 0.75
    assert min(league[name].precision.mean for name in ("relevance", "attention, last layer")) > 0.3
    assert league["random"].precision.mean < 0.2


@pytest.mark.parametrize("name", ["rarer first", "longer first", "deleting"])
def test_what_is_about_words_says_so(league, name):
    assert league[name].scored == 0
    assert {"deleting": "cannot be replaced or deleted"}.get(name, "patches of a picture") in league[name].why


def test_a_model_without_a_processor_reads_no_pictures():
    with pytest.raises(aw.AttnWidgetError, match="without a processor"):
        aw.judge_methods("tiny-classifier", SAMPLES, methods="attention", progress=False)


def test_the_deciding_patches_of_your_own_pictures_count():
    own = [PictureSample("mine", one.picture, one.answer, ((0, 0),)) for one in SAMPLES]
    found = aw.judge_methods("tiny-vision", own, methods=["relevance"], progress=False)
    assert found.kinds == {"mine": 3}
    assert found["relevance"].area.mean < 0.7
