"""Models of sentence-transformers: a text is read as their own `encode` reads it.

The package need not be there: stand-ins have the attributes that are asked. Where it is, they are compared with it.
"""

import pytest
import torch
import transformers

import attnwidget as aw
from attnwidget.engine.live.session import LiveSession
from attnwidget.engine.loading.sentence_transformers import sentences_of
from attnwidget.frames.caret import query_at
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from tests.model.small import SIZES, words

PROMPTS = {"query": "who walked to ", "document": ""}


def bert():
    torch.manual_seed(0)
    return transformers.BertModel(transformers.BertConfig(**SIZES)).eval()


class Module(torch.nn.Module):
    """As sentence_transformers' Transformer, of the versions that make small letters by themselves."""

    __module__ = "sentence_transformers.models"

    def __init__(self, *, max_seq_length=64, do_lower_case=False):
        super().__init__()
        self.auto_model = bert()
        self.tokenizer = words(special=True)
        self.max_seq_length = max_seq_length
        self.do_lower_case = do_lower_case

    def tokenize(self, texts):
        return self.tokenizer([text.lower() if self.do_lower_case else text for text in texts], return_tensors="pt")


class Whole(torch.nn.Sequential):
    __module__ = "sentence_transformers"
    prompts = PROMPTS

    def __init__(self, first, default_prompt_name=None):
        super().__init__(first)
        self.default_prompt_name = default_prompt_name


class Router(torch.nn.Module):
    __module__ = "sentence_transformers.models"

    def __init__(self, default_route):
        super().__init__()
        self.sub_modules = torch.nn.ModuleDict(
            {name: torch.nn.Sequential(Module(max_seq_length=size)) for name, size in (("query", 5), ("document", 9))}
        )
        self.default_route = default_route


def test_the_default_prompt_is_read_and_follows_the_model():
    whole = Whole(Module(), "query")
    model = aw.load(whole)
    tokens = model.tokens("the bank")
    assert tokens.pieces == ("[CLS]", "who", "walked", "to", "the", "bank", "[SEP]")
    assert tokens.text == "who walked to the bank"
    assert [tokens.text[slice(*tokens.spans[i])] for i in (1, 4, 5)] == ["who", "the", "bank"]
    assert model.trace("the bank", "the river").text.text == "who walked to the bank\nthe river"
    whole.default_prompt_name = "document"
    assert model.tokens("the bank").pieces == ("[CLS]", "the", "bank", "[SEP]")
    whole.default_prompt_name = "gone"
    assert model.tokens("the bank").pieces == ("[CLS]", "the", "bank", "[SEP]")
    assert model.tokens([5, 6]).ids == (5, 6)
    with pytest.raises(aw.AttnWidgetError, match="There is no text yet"):
        aw.load(Whole(Module(), "query")).tokens(" ")


def test_in_the_page_the_prompt_stands_before_the_text():
    """Its tokens are chips, and the caret counts from where the text begins."""
    model = aw.load(Whole(Module(), "query"))
    trace, texts = model.trace("the bank"), model.texts("the bank")
    header = compose_frame(trace, Selection(query=(5, 6)), model.piece, texts=texts).header
    assert header["tokens"]["spans"] == [*[(-1, -1)] * 4, (0, 3), (4, 8), (-1, -1)]
    assert query_at(trace, "self", texts, (8, 8), 0, "reads") == ((5, 6), "reads")
    texts = model.texts("the bank", "the river")
    header = compose_frame(model.trace("the bank", "the river"), Selection(), model.piece, texts=texts).header
    assert header["tokens"]["spans"][4:] == [(0, 3), (4, 8), (-1, -1), (0, 3), (4, 9), (-1, -1)]
    assert header["tokens"]["fields"] == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]


def test_the_limit_is_that_of_encode_and_follows_the_model():
    whole = Whole(Module(max_seq_length=4), "document")
    model = aw.load(whole)
    assert model.facts.limit == 4
    with pytest.raises(aw.AttnWidgetError, match=r"5 tokens but the model accepts at most 4"):
        model.trace("the river bank")
    whole[0].max_seq_length = 5
    assert len(model.trace("the river bank").text) == 5
    assert model.facts.limit == 5
    whole[0].processing_kwargs = {"text": {"max_length": 4}}  # goes before the length of the module
    with pytest.raises(aw.AttnWidgetError, match="at most 4"):
        model.trace("the river bank")
    whole[0].max_seq_length, whole[0].processing_kwargs = 1000, {}
    assert model.tokens("the bank").ids
    assert model.facts.limit == 64  # of the positions there are


def test_small_letters_are_made_where_encode_makes_them():
    model = aw.load(Whole(Module(do_lower_case=True)))
    tokens = model.tokens("The RIVER")
    assert tokens.ids == (1, 4, 5, 2)
    assert (tokens.pieces[1:3], tokens.spans[1:3]) == (("The", "RIVER"), ((0, 3), (4, 9)))
    assert tokens.text == "The RIVER"
    assert aw.load(Whole(Module())).tokens("The RIVER").ids == (1, 3, 3, 2)
    first = Module(do_lower_case=True)
    first.tokenize = lambda texts: first.tokenizer(texts, return_tensors="pt")  # says so, and does not
    assert aw.load(Whole(first)).tokens("The RIVER").ids == (1, 3, 3, 2)


def test_of_several_routes_the_default_one_is_read():
    assert aw.load(Whole(Router("query"))).facts.limit == 5
    assert aw.load(Whole(Router("document"))).facts.limit == 9
    with pytest.raises(aw.AttnWidgetError, match=r"several routes \(query, document\).*\['query'\]\[0\]\)\.$"):
        aw.load(Whole(Router(None)))
    router = Router(None)
    assert aw.load(router.sub_modules["document"][0]).facts.limit == 9


def test_a_session_reads_again_what_another_prompt_changes():
    whole = Whole(Module(), "query")
    session = LiveSession(aw.load(whole))
    first = session.read("the bank")
    assert session.read("the bank").id == first.id
    whole.default_prompt_name = None
    again = session.read("the bank")
    assert again.id != first.id
    assert (len(first.trace.text), len(again.trace.text)) == (7, 4)
    whole[0].tokenizer.add_tokens(["boat"])  # and so does the tokenizer
    assert session.read("the bank").id != again.id


def test_a_pipeline_is_read_behind_its_prefix_and_up_to_its_length():
    generator = transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES)).eval()
    writes = transformers.pipeline("text-generation", generator, tokenizer=words(special=True), prefix="who walked ")
    tokens = aw.load(writes).tokens("the bank")
    assert list(tokens.ids) == writes.preprocess("the bank", prefix="who walked ")["input_ids"][0].tolist()
    assert tokens.text == "who walked the bank"
    told = {"truncation": True, "max_length": 4}
    cuts = transformers.pipeline("feature-extraction", bert(), tokenizer=words(special=True), tokenize_kwargs=told)
    assert aw.load(cuts).facts.limit == 4
    with pytest.raises(aw.AttnWidgetError, match="at most 4"):
        aw.load(cuts).tokens("the quiet river bank")


def test_another_tokenizer_is_read_behind_the_same_prompt():
    model = aw.load(aw.load(Whole(Module(), "query")), words())
    assert model.tokens("the bank").pieces == ("who", "walked", "to", "the", "bank")


# with the package itself


@pytest.fixture
def folder(tmp_path):
    bert().save_pretrained(tmp_path)
    words(special=True).save_pretrained(tmp_path)
    return str(tmp_path)


@pytest.fixture
def kinds():
    pytest.importorskip("sentence_transformers")
    return pytest.importorskip("sentence_transformers.models")


def read_by(whole, text):
    """The ids that `encode` reads."""
    name = whole.default_prompt_name
    prompt = whole.prompts.get(name) if name else None
    prepare = getattr(whole, "preprocess", None)
    said = whole.tokenize([(prompt or "") + text]) if prepare is None else prepare([text], prompt=prompt)
    return said["input_ids"][0].tolist()


@pytest.mark.parametrize("name", [None, "query", "document"])
def test_the_same_ids_as_encode(kinds, folder, name):
    import sentence_transformers

    first = kinds.Transformer(folder, max_seq_length=9, do_lower_case=True)
    whole = sentence_transformers.SentenceTransformer(
        modules=[first, kinds.Pooling(32)], prompts=PROMPTS, default_prompt_name=name, device="cpu"
    )
    model = aw.load(whole)
    assert model.facts.limit == whole.max_seq_length == 9
    for text in ("the bank", "The RIVER bank"):
        tokens = model.tokens(text)
        assert list(tokens.ids) == read_by(whole, text)
        assert tokens.text.endswith(text)
    whole.max_seq_length = 4
    with pytest.raises(aw.AttnWidgetError, match="at most 4"):
        model.tokens("the quiet river bank")


def test_the_route_that_encode_takes(kinds, folder):
    import sentence_transformers

    router = getattr(kinds, "Router", None)
    if router is None:
        pytest.skip("this version has no routes")
    sizes = {"query": 5, "document": 9}
    routes = {name: [kinds.Transformer(folder, max_seq_length=size)] for name, size in sizes.items()}
    for name, size in sizes.items():
        whole = sentence_transformers.SentenceTransformer(modules=[router(routes, default_route=name)], device="cpu")
        assert sentences_of(whole).limit == size
        assert list(aw.load(whole).tokens("the bank").ids) == read_by(whole, "the bank")
