"""The texts of the explorer's menu."""

from attnwidget.engine import AttentionModel
from attnwidget.tiny import BUNDLED
from attnwidget.tiny.bundled import Example
from attnwidget.widget.example_pictures import PLAIN_PICTURES
from attnwidget.widget.example_videos import PLAIN_VIDEOS
from attnwidget.widget.given import GivenModel

PLAIN_EXAMPLES = (
    Example(
        "A cat on a mat",
        "The cat sat on the mat because it was tired.",
        "Click “it”: is there a head in which it reads “cat”?",
    ),
    Example(
        "Two banks",
        "The river bank was quiet, so she walked to the bank for money.",
        "Click one “bank”, then the other: is there a head in which they read different words?",
    ),
    Example(
        "A fact in the text",
        "The capital of France is Paris. What is the capital of France?",
        "Click the second “France”: which heads read the first one, or what followed it?",
    ),
    Example(
        "Negation",
        "The movie was unexpectedly not boring.",
        "Click “boring”: which heads read “not”?",
    ),
)
"""Of any model they ask what to look for, and do not say where it is."""


def examples(model: AttentionModel | GivenModel) -> tuple[Example, ...]:
    """Example texts for this model, or what names its example pictures or videos; the first is the default."""
    if isinstance(model, GivenModel):
        return PLAIN_EXAMPLES
    if model.medium not in {"picture", "video"}:
        return BUNDLED[model.name].examples if model.facts.teaching else PLAIN_EXAMPLES
    if model.medium == "video":
        return tuple(one._replace(text=model.put_video(frames())) for one, frames in PLAIN_VIDEOS)
    own = BUNDLED[model.name].examples if model.facts.teaching else PLAIN_PICTURES
    return tuple(
        one if one.picture is None else one._replace(text=model.put(one.picture()), picture=None) for one in own
    )
