"""A text and pictures given together are what the model's processor makes of them."""

import numpy as np
import pytest
import torch
import transformers as hf
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

import attnwidget as aw

RED, BLUE = (Image.new("RGB", (48, 32), colour) for colour in ("#c03020", "#2040c0"))
WORDS = ("<unk>", "<pad>", "<image>", "what", "is", "it", "a", "and", "user", "assistant", ":", "?")
UNKNOWN, PADDING = {"unk_token": "<unk>"}, {"pad_token": "<pad>"}
SIDES = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
SEEN = {**SIDES, "image_size": 24, "patch_size": 6, "projection_dim": 16, "initializer_range": 0.3}
TEMPLATE = (
    "{% for m in messages %}{{ m.role }} : {% for part in m.content %}"
    "{{ '<image>' if part.type == 'image' else part.text }} {% endfor %}{% endfor %}assistant :"
)


def tokenizer():
    made = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, **UNKNOWN))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return hf.PreTrainedTokenizerFast(
        tokenizer_object=made, additional_special_tokens=["<image>"], **UNKNOWN, **PADDING
    )


def images():
    return hf.CLIPImageProcessorPil(size={"height": 24, "width": 24}, do_center_crop=False)


@pytest.fixture(scope="module")
def llava():
    torch.manual_seed(1)
    text = {
        "model_type": "llama",
        **SIDES,
        "num_key_value_heads": 4,
        "vocab_size": len(WORDS),
        "initializer_range": 0.3,
    }
    config = hf.LlavaConfig(
        text_config=text,
        vision_config={"model_type": "clip_vision_model", **SEEN},
        image_token_index=WORDS.index("<image>"),
        vision_feature_layer=-1,
    )
    processor = hf.LlavaProcessor(
        image_processor=images(),
        tokenizer=tokenizer(),
        patch_size=6,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    return aw.load(hf.LlavaForConditionalGeneration(config).eval(), processor=processor)


@pytest.fixture(scope="module")
def clip():
    torch.manual_seed(2)
    text = {
        **SIDES,
        "vocab_size": len(WORDS),
        "max_position_embeddings": 16,
        "eos_token_id": 5,
        "initializer_range": 0.3,
    }
    config = hf.CLIPConfig(text_config=text, vision_config=SEEN, projection_dim=16)
    return aw.load(hf.CLIPModel(config).eval(), processor=hf.CLIPProcessor(images(), tokenizer()))


def assert_same(trace, other):
    assert trace.parts == other.parts
    for part in trace.parts:
        for at in range(len(trace.part_blocks(part))):
            assert torch.equal(trace.weights(at, part=part), other.weights(at, part=part))


def made(model, text, pictures):
    return model.processor(text=[text], images=pictures, return_tensors="pt")


def test_a_picture_stands_before_the_text_or_where_that_says_so(llava):
    trace = llava.trace("what is it ?", image=RED)
    assert_same(trace, llava.trace(made(llava, "<image>\nwhat is it ?", [RED])))
    tokens = trace.tokens("text")[0]
    assert [place is not None for place in tokens.places] == [True] * 16 + [False] * 4
    inside = llava.trace("what is <image> ?", image=np.asarray(RED))
    assert [place is not None for place in inside.text.places] == [False] * 2 + [True] * 16 + [False]


def test_several_pictures_stand_in_their_order(llava):
    trace = llava.trace("a <image> and a <image>", image=[RED, BLUE])
    assert_same(trace, llava.trace(made(llava, "a <image> and a <image>", [RED, BLUE])))
    first, second = (np.asarray(picture.pixels).reshape(-1, 3).mean(0) for picture in trace.pictures)
    assert first[0] > first[2]
    assert second[2] > second[0]


@pytest.mark.parametrize("brought", [True, False])
def test_chat_messages_speak_of_a_picture(llava, brought):
    entry = {"type": "image", "image": RED} if brought else {"type": "image"}
    messages = [{"role": "user", "content": [{"type": "text", "text": "what is"}, entry]}]
    trace = llava.trace(messages) if brought else llava.trace(messages, image=RED)
    assert_same(trace, llava.trace(made(llava, "user : what is <image> assistant :", [RED])))
    plain = llava.trace([{"role": "user", "content": "what is it ?"}], image=RED)
    assert_same(plain, llava.trace(made(llava, "user : <image> what is it ? assistant :", [RED])))


def test_what_is_produced_after_a_picture_keeps_it(llava):
    trace = llava.generate("what is it ?", image=RED, max_new_tokens=2)
    ids = llava.model.generate(**made(llava, "<image>\nwhat is it ?", [RED]), max_new_tokens=2, do_sample=False)
    assert list(trace.text.ids) == ids[0].tolist()
    assert (len(trace.pictures), len(trace.steps)) == (1, 2)
    assert sum(place is not None for place in trace.text.places) == 16


def test_both_towers_read_what_the_processor_makes(clip):
    trace = clip.trace("a what it", image=BLUE)
    assert_same(trace, clip.trace(made(clip, "a what it", [BLUE])))
    assert set(trace.parts) == {"text", "vision"}
    assert trace.tokens("vision")[0].places[1].column == 0
    assert trace.tokens("text")[0].pieces == ("a", "what", "it")


def test_siglip_reads_a_text_at_the_length_it_was_trained_on():
    words = tokenizer()
    words.model_max_length = 8
    text = {**SIDES, "vocab_size": len(WORDS), "max_position_embeddings": 8}
    torch.manual_seed(3)
    config = hf.SiglipConfig(text_config=text, vision_config=SEEN)
    processor = hf.SiglipProcessor(hf.SiglipImageProcessorPil(size={"height": 24, "width": 24}), words)
    model = aw.load(hf.SiglipModel(config).eval(), processor=processor)
    trace = model.trace("a what it", image=BLUE)
    given = processor(text=["a what it"], images=[BLUE], return_tensors="pt", padding="max_length")
    assert_same(trace, model.trace(given))
    assert len(trace.tokens("text")[0]) == 8


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"x": "a <image>", "image": [RED, RED]}, "1 times for 2 pictures"),
        ({"image": RED}, "reads a text with its pictures"),
        ({"x": "what", "image": []}, "image= is empty"),
        ({"x": "what", "image": 7}, "is no picture"),
        ({"x": {"input_ids": [[3]]}, "image": RED}, "has its pictures already"),
        ({"x": [{"role": "assistant", "content": "it"}], "image": RED}, "No message of these is a user's"),
        ({"x": [{"role": "user", "content": [{"type": "image"}] * 2}], "image": RED}, "2 pictures, and 1 were given"),
        ({"x": [{"content": "it"}], "image": RED}, "has no role"),
    ],
)
def test_what_does_not_go_together_is_said(llava, given, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        llava.trace(**given)


def test_a_processor_that_is_missing_or_of_another_model_is_said(llava, clip):
    with pytest.raises(aw.AttnWidgetError, match="without a processor"):
        aw.load(llava.model, tokenizer()).trace("what", image=RED)
    with pytest.raises(aw.AttnWidgetError):
        aw.load(llava.model, processor=clip.processor).trace("what", image=RED)
    with pytest.raises(aw.AttnWidgetError, match=r"aw\.view\(model\.trace"):
        aw.explore(llava.model, "what", image=RED, processor=llava.processor)


def test_a_model_of_pictures_alone_says_that_it_reads_one():
    model = aw.load("tiny-vision")
    with pytest.raises(aw.AttnWidgetError, match="reads one picture, and 2 were given"):
        model.trace(image=[RED, BLUE])
    with pytest.raises(aw.AttnWidgetError, match="reads no text"):
        model.trace("what", image=RED)
    with pytest.raises(aw.AttnWidgetError, match="reads no picture by itself"):
        aw.load("tiny-causal").trace("what", image=RED)
