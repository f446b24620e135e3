"""Read every family once and write what came out into attnwidget/engine/README.md: python -m tests.model.families."""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

import attnwidget as aw
from attnwidget.engine import Block
from tests.model.families import FAMILIES, build, eager_maps

README = Path(aw.__file__).parent / "engine" / "README.md"
BEGIN, END = "<!-- families -->", "<!-- /families -->"
TOKENS = 20
HEADER = ("family", "model class", "path", "parts", "largest error", "remark")
REASONS = {
    "within windows": "windows",
    "time and space apart": "time and space apart",
    "within blocks": "blocks in the encoder",
    "randomly chosen": "random blocks",
    "hashed or approximated": "hashed or approximated keys",
    "a band around": "a band around each query",
    "by indices": "keys chosen by an indexer",
    "computes no attention": "no attention",
    "not sum to 1": "hands out scores, not weights",
    "reads its picture twice": "hands out its vision tower's maps alone",
    "not self-attention": "one softmax over two sequences",
    "different lengths": "pooled on the way",
}
"""What a refusal says -> the same in few words."""


@dataclass(frozen=True)
class Row:
    name: str
    model: str
    path: str
    parts: tuple[str, ...] = ()
    error: float | None = None
    remark: str = ""

    def __str__(self) -> str:
        error = "" if self.error is None else f"{self.error:.0e}".replace("e-0", "e-") if self.error else "0"
        return f"| {self.name} | {self.model} | {self.path} | {', '.join(self.parts)} | {error} | {self.remark} |"


def row_of(name: str) -> Row:
    """One family, read. Raises AssertionError where its path is not the promised one."""
    family = FAMILIES[name]
    given = family.inputs(TOKENS)
    try:
        torch.manual_seed(1)  # ViLT draws its patches
        trace = aw.load(build(name)).trace(given)
    except aw.AttnWidgetError as error:
        row = Row(name, family.model, "refused", remark=reason(str(error)))
    else:
        torch.manual_seed(1)
        row = Row(name, family.model, trace.path, trace.parts, error_of(name, trace, given), remark(trace))
    if row.path != family.path:
        sys.exit(f"{name} is said to be {family.path} and is {row.path}. {row.remark}")
    return row


def error_of(name: str, trace: aw.Trace, given: dict[str, torch.Tensor]) -> float:
    """The largest difference from eager attention in any weight of any layer."""
    worst = 0.0
    for part, maps in eager_maps(name, given).items():
        for block, true in zip(trace.part_blocks(part), maps, strict=True):
            weights = trace.weights(block.layer, part=part)
            if name == "granite-sink-gate":  # eager shows its weights as they are before the sinks
                weights = weights / weights.sum(-1, keepdim=True)
            worst = max(worst, float((weights - true).abs().max()))
    return worst


def reason(sentence: str) -> str:
    return next((short for words, short in REASONS.items() if words in sentence), sentence)


def remark(trace: aw.Trace) -> str:
    """What is special about a family's attention, as its blocks show it."""
    own = [block for block in trace.blocks if block.q is not None]
    found = {
        "soft cap": any(block.softcap is not None for block in own),
        "sinks": any(block.sinks is not None for block in own),
        "position bias": any(block.bias is not None for block in own),
        "a mask for each head": any(block.mask is not None and differs_by_head(block.mask) for block in own),
        "windows or chunks": any(hides_the_past(block) for block in own),
        "shared key heads": any(block.kv_heads < block.heads for block in own),
        "narrower values": any(block.q.shape[-1] != block.v.shape[-1] for block in own if block.v is not None),
        "one module in several layers": len({block.path for block in own}) < len(own),
        "layers without attention": any(0 in trace.heads(part) for part in trace.parts),
    }
    return ", ".join(
        [*(words for words, holds in found.items() if holds), *(f"{part} refused" for part in trace.refused)]
    )


def differs_by_head(mask: torch.Tensor) -> bool:
    return mask.shape[1] > 1 and bool((mask != mask[:, :1]).any())


def hides_the_past(block: Block) -> bool:
    """Whether a query cannot read the first of the keys that some other query may read."""
    if block.mask is None or block.part == "cross":
        return False
    seen = (
        block.mask[0, 0] if block.mask.dtype == torch.bool else block.mask[0, 0] > torch.finfo(block.mask.dtype).min / 2
    )
    rows = seen[seen.any(-1)]
    return bool((rows[:, 0] != rows[0, 0]).any()) and not differs_by_head(block.mask)


def table(rows: list[Row]) -> str:
    """The rows as Markdown, those of one path together, and what they were measured with."""
    grouped = [row for path in ("interface", "eager", "refused") for row in rows if row.path == path]
    counts = ", ".join(
        f"{sum(row.path == path for row in rows)} {words}"
        for path, words in (("interface", "by the interface"), ("eager", "by eager maps"), ("refused", "refused"))
    )
    lines = [f"| {' | '.join(HEADER)} |", "| --- | --- | --- | --- | ---: | --- |", *map(str, grouped)]
    measured = f"transformers {transformers.__version__}, torch {torch.__version__.partition('+')[0]}"
    return "\n".join([*lines, "", f"{len(rows)} families: {counts}. {measured}, {TOKENS} tokens, fp32."])


def main() -> None:
    if missing := [name for name, family in FAMILIES.items() if not family.known()]:
        sys.exit(
            f"transformers {transformers.__version__} lacks {', '.join(missing)}. The table is that of the newest."
        )
    text = README.read_text(encoding="utf-8") if README.exists() else f"# engine\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    written = table([row_of(name) for name in FAMILIES])
    README.write_text(f"{before}{BEGIN}\n{written}\n{END}{after}", encoding="utf-8")
    print(written.splitlines()[-1])


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    main()
