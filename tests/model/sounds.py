"""Small models of sounds from a seed, with what reads sounds for them, and tones."""

import numpy as np
import torch
import transformers as hf
from tokenizers import pre_tokenizers

RATE = 16_000
SIDE = {"layers": 2, "attention_heads": 4, "ffn_dim": 32}
MARKS = ("<|startoftranscript|>", "<|en|>", "<|zh|>", "<|de|>", "<|transcribe|>", "<|translate|>", "<|notimestamps|>")
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz.Ġ")
"""What the small Whisper says: of other bytes many are no text."""
BANDS, SECONDS = 16, 2
"""What the small Whisper reads: 16 mel bands of 2 seconds, in 100 positions."""


def tones(seconds=1.0, rate=RATE, pitches=(300, 700, 1_500)):
    """One tone after the other, each swelling and fading."""
    time = np.arange(int(seconds * rate)) / rate
    each = seconds / len(pitches)
    pitch = np.array(pitches)[np.minimum((time / each).astype(int), len(pitches) - 1)]
    return (0.5 * np.sin(2 * np.pi * pitch * time) * np.sin(np.pi * (time % each) / each)).astype(np.float32)


def spoken_tokenizer():
    """Letters by their bytes, and the marks that start a transcript."""
    vocabulary = {letter: at for at, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    vocabulary["<|endoftext|>"] = len(vocabulary)
    tokenizer = hf.WhisperTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS)})
    tokenizer.set_prefix_tokens(language="en", task="transcribe")
    return tokenizer


def whisper():
    """A Whisper of two layers on each side, and its processor."""
    tokenizer = spoken_tokenizer()
    number = tokenizer.convert_tokens_to_ids
    start, end = number("<|startoftranscript|>"), number("<|endoftext|>")
    torch.manual_seed(3)
    config = hf.WhisperConfig(
        **{f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in SIDE.items()},
        d_model=32,
        num_mel_bins=BANDS,
        vocab_size=len(tokenizer),
        max_source_positions=50 * SECONDS,
        max_target_positions=40,
        init_std=0.3,
        decoder_start_token_id=start,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    model = hf.WhisperForConditionalGeneration(config).eval()
    settings = {
        "alignment_heads": [[0, 1], [1, 0], [1, 3]],
        "is_multilingual": True,
        "lang_to_id": {name: number(name) for name in ("<|en|>", "<|de|>")},
        "task_to_id": {name: number(f"<|{name}|>") for name in ("transcribe", "translate")},
        "no_timestamps_token_id": number("<|notimestamps|>"),
        "suppress_tokens": [at for at in range(len(tokenizer)) if at not in map(number, LETTERS)],
        "return_timestamps": False,
        "max_length": 40,
    }
    for name, value in settings.items():
        setattr(model.generation_config, name, value)
    extractor = hf.WhisperFeatureExtractor(feature_size=BANDS, chunk_length=SECONDS)
    return model, hf.WhisperProcessor(extractor, tokenizer)


WAVE = {
    "vocab_size": 12,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 32,
    "conv_dim": (8, 8, 8),
    "conv_kernel": (10, 3, 3),
    "conv_stride": (5, 8, 8),
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "initializer_range": 0.3,
    "apply_spec_augment": False,
}
"""As wav2vec2 has them but smaller: 320 samples from one position to the next."""


def of_waves(kind):
    """A small model of samples, `Wav2Vec2ForCTC` or another of its kin, and what reads sounds for it."""
    torch.manual_seed(4)
    made = getattr(hf, kind)
    model = made(made.config_class(**WAVE)).eval()
    return model, hf.Wav2Vec2FeatureExtractor(feature_size=1, sampling_rate=RATE, do_normalize=True)
