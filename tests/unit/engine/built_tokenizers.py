"""Small tokenizers of every kind that can be built without a download."""
# ruff: noqa: S106 - special tokens are no passwords

import json

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoTokenizer,
    BlenderbotSmallTokenizer,
    ByT5Tokenizer,
    CanineTokenizer,
    CTRLTokenizer,
    EsmTokenizer,
    MBartTokenizer,
    PerceiverTokenizer,
    PreTrainedTokenizerFast,
    ProphetNetTokenizer,
    VitsTokenizer,
    Wav2Vec2CTCTokenizer,
    XLNetTokenizer,
)

from attnwidget.tiny.causal import FOLDER

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ENTRIES = [*MARKS, "hello", "world", "un", "##be", "##lie", "##vable", ",", "naive", "it"]
TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('No system role.\nNone.') }}{% endif %}"
    "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def written(folder, name, content):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def merges(folder):
    pairs = ["h e", "l l", "u n", "i t"]
    letters = [*"abcdefhijklnorstuvw,'", "he", "ll", "un", "it"]
    entries = ["<unk>", "__start__", "__end__", "__unk__", "__null__", *letters, *(f"{one}@@" for one in letters)]
    return written(folder, "vocab.json", {one: i for i, one in enumerate(entries)}), written(
        folder, "merges.txt", "\n".join(["#version", *pairs, ""])
    )


PYTHON = {
    "byt5": lambda _: ByT5Tokenizer(),
    "canine": lambda _: CanineTokenizer(),
    "perceiver": lambda _: PerceiverTokenizer(),
    "esm": lambda folder: EsmTokenizer(
        written(folder, "vocab.txt", "\n".join(["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWC", "<mask>"]))
    ),
    "ctrl": lambda folder: CTRLTokenizer(*merges(folder)),
    "blenderbot-small": lambda folder: BlenderbotSmallTokenizer(*merges(folder)),
    "prophetnet": lambda folder: ProphetNetTokenizer(
        written(folder, "vocab.txt", "\n".join(["[X_SEP]", *ENTRIES])), x_sep_token="[X_SEP]"
    ),
    "wav2vec2": lambda folder: Wav2Vec2CTCTokenizer(
        written(
            folder, "vocab.json", {one: i for i, one in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *"ELOH"])}
        ),
        do_lower_case=True,
    ),
    "vits": lambda folder: VitsTokenizer(
        written(folder, "vocab.json", {one: i for i, one in enumerate([*"k abehlost", "<unk>"])}), phonemize=False
    ),
}


def byte_level():
    return AutoTokenizer.from_pretrained(FOLDER)


def chatting():
    tokenizer = byte_level()
    tokenizer.add_special_tokens({"extra_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def byte_fallback():
    """As Llama's: the whole text is one word, and begins with a blank."""
    entries = ["<unk>", "<s>", "</s>", *BYTES, "▁", *"thecas", "▁t", "▁the", "he"]
    backend = Tokenizer(
        models.BPE(
            {one: i for i, one in enumerate(entries)},
            [("▁", "t"), ("h", "e"), ("▁t", "he")],
            unk_token="<unk>",
            byte_fallback=True,
        )
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def unigram():
    entries = [("<unk>", 0.0), *((one, -9.0) for one in BYTES), ("▁the", -2.0), ("▁cat", -2.0), ("▁", -3.0)]
    backend = Tokenizer(models.Unigram(entries, unk_id=0, byte_fallback=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")


def wordpiece(**more):
    backend = Tokenizer(models.WordPiece({one: i for i, one in enumerate(ENTRIES)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    roles = {f"{name[1:-1].lower()}_token": name for name in MARKS}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **roles, **more)


def mbart():
    entries = ["<s>", "<pad>", "</s>", "<unk>", "▁", "hello", "hallo", "en_XX", "de_DE", "<mask>"]
    return MBartTokenizer(vocab=[(one, -2.0) for one in entries], src_lang="en_XX", tgt_lang="de_DE")


def xlnet():
    entries = [*["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>", "<eop>", "<eod>"], "▁the", "▁cat"]
    names = ["input_ids", "token_type_ids"]
    return XLNetTokenizer(vocab=[(one, -2.0) for one in entries], model_input_names=names)


class OwnIds(PreTrainedTokenizerFast):
    """Writes the ids of a chat by itself, and the text cannot be read again: as mistral-common does."""

    def get_chat_template(self, chat_template=None, tools=None):
        raise NotImplementedError

    def apply_chat_template(self, conversation, **_options):
        return [self.bos_token_id, *self("".join(message["content"] for message in conversation)).input_ids]


def own_ids():
    return OwnIds(tokenizer_object=byte_level().backend_tokenizer, bos_token="<|endoftext|>")


FAST = {"byte-level": byte_level, "byte-fallback": byte_fallback, "unigram": unigram, "wordpiece": wordpiece}
