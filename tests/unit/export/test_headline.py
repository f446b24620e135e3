"""What stands of a text in a headline."""

import pytest

from attnwidget.export.headline import headline

CHATS = {
    "chatml": "<|im_start|>system\nYou are kind.<|im_end|>\n<|im_start|>user\nFirst.<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n"
    "<|im_start|>user\nWhy does\nthe user ask?<|im_end|>\n<|im_start|>assistant\n",
    "llama 2": "<s>[INST] <<SYS>>You are kind.<</SYS>> Why does the user ask? [/INST] Because.</s>",
    "llama 3": "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nYou are kind.<|eot_id|><|start_header_id|>user"
    "<|end_header_id|>\n\nWhy does the user ask?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nBecause.",
    "gemma": "<bos><start_of_turn>user\nWhy does the user ask?<end_of_turn>\n<start_of_turn>model\nBecause.",
    "phi": "<|system|>\nYou are kind.<|end|>\n<|user|>\nWhy does the user ask?<|end|>\n<|assistant|>\nBecause.",
}


@pytest.mark.parametrize("template", CHATS)
def test_of_a_chat_it_is_what_the_user_wrote_last(template):
    assert headline(CHATS[template]) == "Why does the user ask?"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("user: a <b>plain</b>\n text", "user: a <b>plain</b> text"),
        ("<|endoftext|>Once upon a time", "Once upon a time"),
        ("<|im_start|>assistant\nOnly me.<|im_end|>", "Only me."),
        ("<|im_start|>", "<|im_start|>"),
        ("", ""),
        ("a" * 90, "a" * 79 + "…"),
    ],
)
def test_of_any_other_text_it_is_the_text_on_one_line(text, line):
    assert headline(text) == line
