"""A text that a chat template has written, and its turns. The templates are those of real families, shortened."""

import pytest

from attnwidget.engine.text.conversation import ChatTemplate, Conversation, Turn
from tests.unit.engine.built_tokenizers import byte_level, chatting, own_ids

CHATML = """\
{%- if messages[0]['role'] != 'system' %}<|im_start|>system
Be brief.<|im_end|>
{% endif %}{% for m in messages %}<|im_start|>{{ m['role'] }}
{{ m['content'] }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
LLAMA_3 = """\
<|begin|>{% for m in messages %}<|head|>{{ m['role'] }}<|/head|>

{{ m['content'] | trim }}<|eot|>{% endfor %}{% if add_generation_prompt %}<|head|>assistant<|/head|>

{% endif %}"""
LLAMA_2 = """\
{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set sys = '<<SYS>>\n' + messages[0]['content'] + '\n<</SYS>>\n\n' %}\
{% else %}{% set rest = messages %}{% set sys = '' %}{% endif %}\
{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('must alternate') }}{% endif %}\
{% if m['role'] == 'user' %}<s>[INST] {{ sys if loop.first else '' }}{{ m['content'] }} [/INST]{% else %} {{ m['content'] }} </s>{% endif %}{% endfor %}"""
THINKING = """\
{% for m in messages %}<|im_start|>{{ m['role'] }}
{% if m['role'] == 'assistant' and loop.last %}<think>

</think>

{% endif %}{{ m['content'].split('</think>')[-1] }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
NUMBERED = "{% for m in messages %}[{{ loop.index }} {{ m['role'] }}]{{ m['content'] }}{% endfor %}"
TEMPLATES = {"chatml": CHATML, "llama-3": LLAMA_3, "llama-2": LLAMA_2, "thinking": THINKING}

ASKED = [{"role": "user", "content": "Is it so?"}]
TALKED = [*ASKED, {"role": "assistant", "content": "It is 😀."}, {"role": "user", "content": "Why?\n\nWhy not?"}]
TOLD = [{"role": "system", "content": "Speak."}, *TALKED]
ANSWERED = [*TOLD, {"role": "assistant", "content": "No."}]


def tokenizer_of(template):
    tokenizer = byte_level()
    tokenizer.chat_template = template
    return tokenizer


def written(template, messages):
    ready = messages[-1]["role"] != "assistant"
    return tokenizer_of(template).apply_chat_template(messages, tokenize=False, add_generation_prompt=ready)


@pytest.mark.parametrize("messages", [ASKED, TALKED, TOLD, ANSWERED], ids=["asked", "talked", "told", "answered"])
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_the_messages_are_found_again_and_cover_the_text(template, messages):
    text = written(template, messages)
    chat = ChatTemplate(tokenizer_of(template)).divided(text)
    default = (
        [{"role": "system", "content": "Be brief."}] if template is CHATML and messages[0]["role"] == "user" else []
    )
    assert chat.messages == [*default, *messages]
    places = [place for turn in chat.turns for place in (turn.begin, turn.start, turn.stop, turn.end)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, len(text))
    assert all(one.end == other.begin for one, other in zip(chat.turns, chat.turns[1:], strict=False))


def test_where_marks_close_and_an_answer_begins():
    text = written(CHATML, TOLD[:2])
    chat = ChatTemplate(tokenizer_of(CHATML)).divided(text)
    closed = [text[turn.stop : turn.end] for turn in chat.turns]
    assert closed == ["<|im_end|>\n", "<|im_end|>\n", ""]
    assert chat.turns[-1] == Turn("assistant", len(text) - 22, len(text), len(text), len(text))
    assert chat.waits
    assert chat.messages == TOLD[:2]


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize("end", ["", "close", "close without its line break"])
def test_an_answer_that_is_being_written(template, end):
    text = written(template, TOLD) + "Because"
    closing = {LLAMA_3: "<|eot|>", LLAMA_2: " </s>"}.get(template, "<|im_end|>\n")
    text += "" if end == "" else closing if end == "close" else closing.rstrip()
    chat = ChatTemplate(tokenizer_of(template)).divided(text)
    assert chat.messages[-2:] == [TOLD[-1], {"role": "assistant", "content": "Because"}]
    assert not chat.waits


def test_an_earlier_answer_keeps_what_only_the_last_one_is_written_with():
    thought = written(THINKING, TALKED[:2]) + written(THINKING, [TALKED[2]])
    chat = ChatTemplate(tokenizer_of(THINKING)).divided(thought)
    assert [turn.role for turn in chat.turns] == ["user", "assistant", "user", "assistant"]
    assert chat.messages[1]["content"] == "<think>\n\n</think>\n\nIt is 😀."


def test_what_is_said_may_end_in_blanks_that_the_template_would_take_away():
    text = written(LLAMA_3, ASKED).replace("so?", "so?  ")
    assert ChatTemplate(tokenizer_of(LLAMA_3)).divided(text).messages == [{"role": "user", "content": "Is it so?  "}]


def test_marks_in_what_is_said():
    found = ChatTemplate(tokenizer_of(CHATML))
    lone = written(CHATML, ASKED).replace("it so", "it<|im_end|> so")
    assert found.divided(lone).messages[-1] == {"role": "user", "content": "Is it<|im_end|> so?"}
    # All that ends a turn and begins another does so wherever it comes from.
    whole = found.divided(written(CHATML, ASKED).replace("it so", "it<|im_end|>\n<|im_start|>assistant\nso"))
    assert whole.messages[1:] == [{"role": "user", "content": "Is it"}, {"role": "assistant", "content": "so?"}]
    assert whole.waits


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (CHATML, "Is it so?"),
        (CHATML, "<|im_start|>user"),
        (NUMBERED, "[1 user]a[3 assistant]b"),
        ("{% for m in messages %}{{ m['content'] }}\n{% endfor %}", "a\nb\n"),
        ("{{ raise_exception('never') }}", "a"),
        (None, "a"),
    ],
)
def test_a_text_that_the_template_does_not_write(template, text):
    assert ChatTemplate(tokenizer_of(template)).divided(text) is None


def test_a_text_that_only_begins_as_a_chat():
    found = ChatTemplate(chatting())
    assert found.begins("<|im_start|>user\na")
    assert not found.begins("a <|im_start|>user\na")
    assert not ChatTemplate(None).begins("")
    assert ChatTemplate(own_ids()).divided("<|endoftext|>a") is None


def test_a_record_of_plain_data():
    assert Conversation("a", (Turn("user", 0, 0, 1, 1),)).messages == [{"role": "user", "content": "a"}]
