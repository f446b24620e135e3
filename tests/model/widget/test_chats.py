"""A conversation in an explorer: one text, its turns, and the same tokens as the model's own chats have."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

import attnwidget as aw
from tests.model.widget.played_page import Page
from tests.unit.engine.built_tokenizers import byte_fallback, chatting

ASKED = [{"role": "user", "content": "the 😀 cat"}]
ANSWERED = [*ASKED, {"role": "assistant", "content": "sat"}]
BEGINS = "<s>{% for m in messages %}<s>{{ m.role }}: {{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<s>assistant: {% endif %}"


def model_of(tokenizer):
    torch.manual_seed(0)
    config = GPT2Config(n_layer=2, n_head=2, n_embd=16, n_positions=128, vocab_size=len(tokenizer))
    return aw.load(GPT2LMHeadModel(config).eval(), tokenizer)


def beginning():
    """A tokenizer that puts its own first token before every text, as the template does."""
    tokenizer = byte_fallback()
    tokenizer.chat_template = BEGINS
    return tokenizer


@pytest.fixture(scope="module")
def model():
    return model_of(chatting())


@pytest.mark.parametrize("build", [chatting, beginning])
@pytest.mark.parametrize("messages", [ASKED, ANSWERED], ids=["asked", "answered"])
def test_the_tokens_and_weights_are_those_of_the_messages(build, messages):
    model = model_of(build())
    explorer, trace = aw.explore(model, messages), model.trace(messages)
    assert explorer.trace.text == trace.text
    assert torch.equal(explorer.trace.weights(1, 0), trace.weights(1, 0))
    assert explorer.messages == messages
    assert explorer.query[1] <= len(trace.text)
    assert not explorer.trace.text.notes
    explorer.close()


def test_an_edit_is_read_as_the_messages_with_that_edit(model):
    explorer = aw.explore(model, ASKED)
    explorer.text = explorer.text.replace("cat", "dog sat")
    changed = [{"role": "user", "content": "the 😀 dog sat"}]
    assert explorer.messages == changed
    assert explorer.trace.text == model.trace(changed).text
    explorer.messages = ANSWERED
    assert explorer.trace.text == model.trace(ANSWERED).text
    explorer.text = "the cat"
    assert explorer.messages == []
    assert explorer.trace.text == model.trace("the cat").text
    explorer.close()


def test_the_page_is_told_the_turns_and_what_stands_in_them(model, monkeypatch):
    explorer = aw.explore(model, ASKED)
    page = Page(explorer, monkeypatch)
    header, *_ = page.frame(text=explorer.text)
    text = explorer.text.encode("utf-16-le")
    said = [text[2 * turn["start"] : 2 * turn["stop"]].decode("utf-16-le") for turn in header["turns"]]
    assert said == ["the 😀 cat", ""]
    assert [turn["role"] for turn in header["turns"]] == ["user", "assistant"]
    assert "notes" not in header
    told = page.end_of(page.ask("about"))[0]["about"]["chat"]
    assert told == {"text": explorer.text, "turns": header["turns"]}
    explorer.text = explorer.text.replace("cat", "cat<|im_end|>")
    (note,) = page.frame(text=explorer.text)[0]["notes"]
    assert note.startswith("Turn 1 (user) contains <|im_end|>")
    explorer.close()


def test_a_text_that_only_begins_as_a_chat_is_a_plain_text_and_says_so(monkeypatch):
    numbered = chatting()
    numbered.chat_template = "{% for m in messages %}[{{ loop.index }} {{ m['role'] }}]{{ m['content'] }}{% endfor %}"
    explorer = aw.explore(model_of(numbered), "[1 user]the[3 assistant]cat")
    header, *_ = Page(explorer, monkeypatch).frame(text=explorer.text)
    assert "turns" not in header
    assert header["notes"][-1].startswith("This text begins like a chat of this model")
    explorer.text = "[1 user]the[2 assistant]cat"
    assert [message["content"] for message in explorer.messages] == ["the", "cat"]
    explorer.close()


def test_messages_that_cannot_be_shown_leave_the_text(model):
    explorer = aw.explore(model, ASKED)
    before = explorer.text
    for messages, reason in (([{"role": "user"}], "no content"), ([{"role": "system", "content": "a"}], "No system")):
        with pytest.raises(aw.AttnWidgetError, match=reason):
            explorer.messages = messages
    with pytest.raises(aw.AttnWidgetError, match="not list"):
        explorer.pair = ASKED
    assert explorer.text == before
    explorer.close()
    unmarked = chatting()
    unmarked.chat_template = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
    with pytest.raises(aw.AttnWidgetError, match="does not mark in its text where turns begin"):
        aw.explore(model_of(unmarked), ASKED)


def test_a_state_keeps_the_turns(model):
    explorer = aw.explore(model, ANSWERED)
    again = aw.explore(model, state=explorer.state())
    assert again.messages == ANSWERED
    explorer.close()
    again.close()


def test_the_model_writes_on_as_it_generates(monkeypatch):
    tiny = aw.load()
    explorer = aw.explore(tiny, "The cat sat on the")
    page = Page(explorer, monkeypatch)
    asked = {"text": explorer.text, "partial": True}
    content, _ = page.end_of(page.ask("continue", count=3, **asked))
    own = tiny.generate("The cat sat on the", max_new_tokens=3, do_sample=False)
    assert content["continued"]["text"] == own.text.text.removeprefix("The cat sat on the")
    assert content["continued"]["tokens"] == len(own.steps)
    edited, _ = page.end_of(page.ask("continue", count=3, edits=["hide 0..3"], **asked))
    other = tiny.generate("The cat sat on the", max_new_tokens=3, do_sample=False, edits=["hide 0..3"])
    assert edited["continued"]["text"] == other.text.text.removeprefix("The cat sat on the")
    failed, _ = page.end_of(page.ask("continue", count=0, **asked))
    assert (failed["status"], failed["code"]) == ("error", "bad_request")
    assert page.about()["generates"]
    explorer.close()


def test_an_answer_is_written_after_the_messages(model):
    explorer = aw.explore(model, ASKED)
    heard = []
    text, tokens = model.write_on(explorer.text, most=4, told=lambda *told: heard.append(told))
    steps = model.generate(ASKED, max_new_tokens=4, do_sample=False).steps
    assert tokens == len(steps) == len(heard)
    assert heard[-1] == (text, tokens)
    explorer.close()
