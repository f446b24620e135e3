"""An explorer of a model that reads videos."""

from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    TimesformerConfig,
    TimesformerForVideoClassification,
    VideoMAEConfig,
    VideoMAEModel,
    VivitConfig,
    VivitForVideoClassification,
)

import attnwidget as aw
from attnwidget.engine import PatchPlace
from tests.model.videos import FRAMES, PATCH, SIZES, HalvedFrames, moving, watching
from tests.model.widget.played_page import Page


@pytest.fixture(scope="module")
def model():
    return aw.load(watching(), processor=HalvedFrames())


def arrays(frames):
    return [np.asarray(frame) for frame in frames]


def gif(frames):
    into = BytesIO()
    frames[0].save(into, "GIF", save_all=True, append_images=frames[1:], duration=40)
    return into.getvalue()


def test_a_trace_of_a_video_is_what_eager_attention_gives(model):
    trace = model.trace(video=moving())
    eager = watching()
    eager.set_attn_implementation("eager")
    with torch.no_grad():
        maps = eager(**HalvedFrames()(arrays(moving()), return_tensors="pt"), output_attentions=True).attentions
    for layer, heads in enumerate(maps):
        assert torch.allclose(trace.weights(layer), heads[0], atol=1e-5)
    assert trace.text.pieces[:2] == ("0:0,0", "0:0,1")
    assert trace.text.places[17] == PatchPlace(0, 1, picture=1, frame=2, frames=2)
    assert len(trace.pictures) == FRAMES // 2


def test_a_patch_stands_where_its_pixels_are():
    """One patch of one tube is changed: in layer 0 the queries and keys of its token alone change."""
    for kind, config in (
        (VideoMAEModel, VideoMAEConfig(patch_size=PATCH, **SIZES)),
        (VivitForVideoClassification, VivitConfig(tubelet_size=[2, PATCH, PATCH], **SIZES)),
        (
            TimesformerForVideoClassification,
            TimesformerConfig(patch_size=PATCH, attention_type="joint_space_time", **SIZES),
        ),
    ):
        torch.manual_seed(0)
        model = aw.load(kind(config).eval())
        pixels = torch.zeros(1, FRAMES, 3, 24, 24)
        before = model.trace({"pixel_values": pixels})
        pixels[0, 4, :, 12:18, 6:12] = 1
        after = model.trace({"pixel_values": pixels})
        changed = [
            token
            for token in range(len(after.text))
            if (after.weights(0, queries=token) - before.weights(0, queries=token)).abs().max() > 1e-4
        ]
        sums = (after.weights(0) - before.weights(0)).abs().sum((0, 1))
        place = after.text.places[int(sums.argmax())]
        assert (place.frame, place.row, place.column) == (4, 2, 1), kind.__name__
        assert changed


def test_as_many_frames_as_the_model_reads_are_taken_evenly_and_that_is_said(model):
    assert model.trace(video=moving(29)).pictures[0].note == "29 frames of 48 × 48 pixels given, 8 read"
    assert model.trace(video=moving(3)).pictures[0].note.endswith("8 read, some more than once")
    ex = aw.explore(model, video=moving(15))
    assert [np.asarray(frame).tobytes() for frame in ex.video] == [
        np.asarray(frame).tobytes() for frame in moving(15)[::2]
    ]


def test_lists_arrays_tensors_folders_and_gifs_are_the_same_video(model, tmp_path):
    frames = moving()
    names = {aw.explore(model, video=frames).text}
    stacked = np.stack(arrays(frames))
    names.add(aw.explore(model, video=stacked).text)
    names.add(aw.explore(model, video=torch.from_numpy(stacked).permute(0, 3, 1, 2)).text)
    for place, frame in enumerate(frames):
        frame.save(tmp_path / f"{place}.png")
    names.add(aw.explore(model, video=tmp_path).text)
    (tmp_path / "film").mkdir()
    (tmp_path / "film" / "one.gif").write_bytes(gif(frames))
    names.add(aw.explore(model, video=tmp_path / "film" / "one.gif").text)
    assert len(names) == 1


def test_a_state_holds_its_video(model):
    ex = aw.explore(model, video=moving())
    other = aw.load(watching(), processor=HalvedFrames())
    again = aw.explore(other, state=ex.state())
    assert again.text == ex.text
    assert torch.equal(again.trace.weights(1), ex.trace.weights(1))
    broken = {**ex.state(), "videos": {ex.text: b64encode(b"no").decode()}}
    with pytest.raises(aw.AttnWidgetError, match="cannot be read"):
        aw.explore(aw.load(watching(), processor=HalvedFrames()), state=broken)


def test_a_file_keeps_the_frames_small(model, tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (FRAMES, 400, 400, 3), np.uint8)
    wide = aw.load(watching(), processor=HalvedFrames()).trace(video=noise)
    assert sum(len(one.encoded[0]) for one in wide.pictures) <= 300_000
    wide.save(tmp_path / "video")
    read = aw.Trace.load(tmp_path / "video")
    assert read.text.places == wide.text.places
    assert [one.most for one in read.pictures] == [75_000] * 4


def test_a_page_hears_of_frames_and_has_all_their_colours(model, monkeypatch):
    ex = aw.explore(model, video=moving())
    page = Page(ex, monkeypatch)
    asked = {"text": ex.text, "query": list(ex.query)}
    header, _ = page.frame(**asked)
    pictures = header["pictures"]
    assert [one["frames"] for one in pictures] == [[0, 2], [2, 2], [4, 2], [6, 2]]
    assert header["tokens"]["places"][16] == [1, 2, 0, 0, 1, 1]
    # Asked for together, as they stand side by side: none gives way to another.
    numbers = [page.ask("picture", name=one["name"], **asked) for one in pictures]
    for number, frame in zip(numbers, ex.video[::2], strict=True):
        content, buffers = page.end_of(number)
        assert content["status"] == "ok"
        assert (np.asarray(Image.open(BytesIO(buffers[0]))) == np.asarray(frame.resize((24, 24), 0))).all()


def test_a_page_sends_a_gif(model, monkeypatch):
    ex = aw.explore(model)
    page = Page(ex, monkeypatch)
    content, _ = page.end_of(page.ask("upload", [gif(moving())]))
    page.sets(text=content["uploaded"])
    assert [frame.size for frame in ex.video] == [(48, 48)] * FRAMES
    content, _ = page.end_of(page.ask("upload", [b"no video"]))
    assert content["status"] == "error"
    assert ex.text.startswith("video:")


@pytest.mark.parametrize(
    ("video", "said"),
    [
        (moving(1), "has 1 frame; at least 2"),
        ([], "has 0 frames"),
        ([*moving(2), moving(1, (24, 24))[0]], "of several sizes, such as 24 × 24 and 48 × 48"),
        ("missing.gif", "There is no file missing.gif"),
        (b"RIFF....AVI", "take the frames first"),
        (np.zeros((3, 4)), "An array of the shape"),
        (3, "video=int is no video"),
        (moving(1)[0], "has 1 frame"),
    ],
)
def test_what_is_no_video_is_said_in_a_sentence_and_the_last_one_stays(model, video, said):
    ex = aw.explore(model, video=moving())
    kept = ex.text
    with pytest.raises(aw.AttnWidgetError, match=said):
        ex.video = video
    assert ex.text == kept


def test_what_reads_something_else_says_so(model):
    with pytest.raises(aw.AttnWidgetError, match="reads videos, not single pictures"):
        aw.explore(model, image=moving()[0])
    with pytest.raises(aw.AttnWidgetError, match="reads videos, not single pictures"):
        model.trace(image=moving()[0])
    with pytest.raises(aw.AttnWidgetError, match="reads no videos"):
        aw.load().trace(video=moving())
    with pytest.raises(aw.AttnWidgetError, match="without a processor"):
        aw.load(watching()).trace(video=moving())
    with pytest.raises(aw.AttnWidgetError, match="Leave the text"):
        model.trace("words", video=moving())


def test_a_mask_of_pre_training_is_refused(model):
    pixels = torch.zeros(1, FRAMES, 3, 24, 24)
    bare = aw.load(VideoMAEModel(VideoMAEConfig(patch_size=PATCH, **SIZES)).eval())
    with pytest.raises(aw.AttnWidgetError, match="bool_masked_pos hides patches"):
        bare.trace({"pixel_values": pixels, "bool_masked_pos": torch.arange(64)[None] % 2 == 0})


def test_divided_attention_is_refused_with_its_reason():
    divided = TimesformerForVideoClassification(TimesformerConfig(patch_size=PATCH, **SIZES)).eval()
    with pytest.raises(aw.AttnWidgetError, match="time and space apart"):
        aw.load(divided, processor=HalvedFrames()).trace(video=moving())


def test_without_a_video_an_example_is_shown(model):
    ex = aw.explore(model)
    assert ex.text.startswith("video:")
    assert isinstance(ex.video[0], Image.Image)
