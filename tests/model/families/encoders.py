"""Text encoders whose attention goes through transformers' attention interface."""

from .family import BOS, EOS, PAD, POSITIONS, TEXT, VOCABULARY, family, noise, text

ESM = {**TEXT, "mask_token_id": 3}
WIDE = {**TEXT, "max_position_embeddings": POSITIONS + 2}  # RoBERTa counts positions from the padding id on


def _boxes(tokens):
    given = text(tokens)
    return {**given, "bbox": given["input_ids"][..., None].expand(-1, -1, 4)}


def _beside_states(tokens):
    return {**text(tokens), "encoder_hidden_states": noise(1, 7, 64)}


FAMILIES = (
    family("bert-masked-lm", "BertForMaskedLM", **TEXT),
    family("bert-body", "BertModel", **TEXT),
    family("bert-classes", "BertForSequenceClassification", **TEXT, num_labels=3),
    family("bert-decoder", "BertLMHeadModel", **TEXT, is_decoder=True),
    family(
        "bert-cross",
        "BertLMHeadModel",
        **TEXT,
        is_decoder=True,
        add_cross_attention=True,
        inputs=_beside_states,
        maps={"self": "attentions", "cross": "cross_attentions"},
    ),
    family("roberta", "RobertaForMaskedLM", **WIDE),
    family("xlm-roberta", "XLMRobertaForMaskedLM", **WIDE),
    family("camembert", "CamembertForMaskedLM", **WIDE),
    family("electra", "ElectraForMaskedLM", **TEXT, embedding_size=32),
    family("ernie", "ErnieForMaskedLM", **TEXT),
    family(
        "distilbert",
        "DistilBertForMaskedLM",
        vocab_size=VOCABULARY,
        dim=64,
        hidden_dim=64,
        n_layers=3,
        n_heads=4,
        max_position_embeddings=POSITIONS,
        pad_token_id=PAD,
    ),
    family("albert", "AlbertForMaskedLM", **TEXT, embedding_size=32),
    family("albert-two-groups", "AlbertForMaskedLM", **TEXT | {"num_hidden_layers": 4}, num_hidden_groups=2),
    family(
        "modernbert",
        "ModernBertForMaskedLM",
        **TEXT,
        cls_token_id=BOS,
        sep_token_id=EOS,
        local_attention=8,
        layer_types=["full_attention", "sliding_attention", "sliding_attention"],
    ),
    family("esm-rotary", "EsmForMaskedLM", **ESM, position_embedding_type="rotary"),
    family("esm-absolute", "EsmForMaskedLM", **ESM, position_embedding_type="absolute"),
    family(
        "mobilebert",
        "MobileBertForMaskedLM",
        **TEXT,
        embedding_size=32,
        intra_bottleneck_size=32,
        normalization_type="layer_norm",
        gain=15,
    ),
    family("layoutlm", "LayoutLMForMaskedLM", **TEXT, inputs=_boxes),
    # Knows no is_causal, and no mask comes with it: still it reads both ways.
    family("splinter", "SplinterModel", **TEXT),
    family("nomic-bert", "NomicBertForMaskedLM", **TEXT),
    family("eurobert", "EuroBertForMaskedLM", **TEXT),
)
