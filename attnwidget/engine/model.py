"""AttentionModel: a model and its tokenizer, which turn texts into traces."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from attnwidget.arguments import whole_number
from attnwidget.engine import prediction, verify
from attnwidget.engine.capture.edited_pass import (
    EditedPass,
    Known,
    depths_of_parts,
    heads_of_parts,
    known_roles,
    knows_inputs,
    patched_entries,
    refused_parts,
)
from attnwidget.engine.capture.forward import NothingSeen, traced
from attnwidget.engine.capture.hidden_by_mask import (
    hiding_mask,
    refuse_other_changes,
    refuse_what_no_mask_says,
    takes_no_such_mask,
)
from attnwidget.engine.capture.layer_outputs import layers_of_run
from attnwidget.engine.capture.shadow import eager_shadow_of, shadow_of, state_of
from attnwidget.engine.edits.changes import refuse_edits_of, refuse_tokens_beyond, refuse_what_is_not_there
from attnwidget.engine.edits.fitting import fitting, sizes_of
from attnwidget.engine.edits.notation import edits_of
from attnwidget.engine.edits.records import Edit, Hide
from attnwidget.engine.generation import generate
from attnwidget.engine.generation.continued import continued
from attnwidget.engine.generation.options import decoder_limit, wishes
from attnwidget.engine.generation.quietly import quietly
from attnwidget.engine.generation.spoken import spoken_text
from attnwidget.engine.inputs.audio import sound_given
from attnwidget.engine.inputs.images import picture_given
from attnwidget.engine.inputs.in_place_of_text import film_of, in_place_of_text
from attnwidget.engine.inputs.inputs import Given, Inputs, inputs_of, inputs_of_texts, tokens_of
from attnwidget.engine.inputs.pictured import refuse_without_processor
from attnwidget.engine.inputs.recipient import Recipient, media_read, medium_read
from attnwidget.engine.inputs.sounded import refuse_without_extractor
from attnwidget.engine.inputs.tensors import device_of
from attnwidget.engine.live.prefix import cached, needs_cache, reread
from attnwidget.engine.live.recent import Recent
from attnwidget.engine.live.second_text import Second, Texts, as_given, second_of, texts_of
from attnwidget.engine.loading.facts import facts_of, limit_of
from attnwidget.engine.loading.preparation import Preparation, reader_of
from attnwidget.engine.loading.refusals import refuse_what_cannot_work
from attnwidget.engine.media.shelf import Medium, Shelf, medium_named
from attnwidget.engine.memory import refuse_what_cannot_fit
from attnwidget.engine.prediction import Prediction
from attnwidget.engine.stopping import to_the_end
from attnwidget.engine.text.chat import chat_text
from attnwidget.engine.text.conversation import ChatTemplate, Conversation
from attnwidget.engine.text.tokenizer import vocabulary_of
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.together.in_order import ReadEntry, Ways, in_order
from attnwidget.engine.together.padding import kind_of
from attnwidget.engine.together.passes import PaddedPasses
from attnwidget.engine.trace.edited_blocks import changed_blocks, head_counts
from attnwidget.engine.trace.records import Step, Untraced
from attnwidget.engine.trace.trace import Trace
from attnwidget.engine.verify import Verification
from attnwidget.errors import AttnWidgetError, Cancelled, TooLong
from attnwidget.text import well_formed

LARGEST_ID = 2**31
"""Tokenizers count in 32 bits."""

TEXTS_KEPT = 4
"""Texts whose tokens are cached: the newest, those it is compared with, and one being processed."""

LIKE_A_CHAT = (
    "This text begins like a chat of this model, but its turns are not as the chat template writes them: it is shown, "
    "and read, as plain text."
)

PROMPT_ROOM = 8
"""Tokens that are left for what a decoder starts with, when a sound is transcribed."""

KEEPABLE = ("inputs",)
"""What `trace` can keep besides the inputs of attention."""


class AttentionModel:
    """A model and its tokenizer, ready to trace. `.model` and `.tokenizer` are the user's own objects, unchanged.

    `.facts` describes the model, as plain data; `.reads` says what it reads: "text", "picture", "sound". Where it
    reads no text, what it reads stands where a text would.

    >>> import attnwidget as aw
    >>> aw.load()
    AttentionModel(tiny-causal, decoder, 4 layers x 4 heads)
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any | None,
        name: str,
        *,
        processor: Any | None = None,
        teaching: bool = False,
        preparation: Preparation | None = None,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.processor = processor
        self.reads = media_read(model)
        self.shelf = Shelf()
        self._grids: dict[tuple[int, int], Tokens] = {}  # of pictures, by their rows and columns of patches
        self.name = name
        self.preparation = preparation
        # A fast tokenizer keeps truncation and padding as state, which the user's calls in other threads may change:
        # a shared one would cut our texts and pad theirs.
        self._reader = reader_of(tokenizer, preparation)
        self._reader_is_of = self._read_by()
        self._template = ChatTemplate(self._reader)
        self._recent: Recent[Inputs] = Recent(TEXTS_KEPT)
        refuse_what_cannot_work(model)
        path = self._shadow().path  # a model that cannot be shown is refused here, not at the first text
        self.facts = facts_of(model, tokenizer, name, path, teaching=teaching, preparation=preparation)

    def __repr__(self) -> str:
        heads = self.facts.heads
        sizes = f", {len(heads)} layers x {max(heads)} heads" if heads else ""
        return f"AttentionModel({self.name}, {self.facts.kind}{sizes})"

    def tokens(self, x: Any, pair: Any = None, *, prepend_bos: Any = None, first: Any = None) -> Tokens:
        """Tokens of a text, a sentence pair, chat messages, or token ids used as given; at most `first` of them.

        Raises EmptyText, TooLarge, TooLong (with both counts), and AttnWidgetError for any other input.
        """
        self._renew_reader()
        tokens = tokens_of(self._recipient(), Given.checked(x, pair, prepend_bos=prepend_bos, first=first))
        self._refuse_too_long(tokens)
        return tokens

    def sequences(self, text: str, pair: str = "") -> Mapping[str, Tokens]:
        """The token sequences that `trace` would use for two texts: "text", and "target" for an encoder-decoder.

        `pair` is the explorer's second text: of a sentence pair, or the target. Raises what `tokens` raises.
        """
        return self._inputs(self.conversation(text) or text, **as_given(self.facts, pair)).tokens

    def texts(self, text: str, pair: str = "") -> Texts:
        """Where the explorer's two texts stand in what the model processes, and the turns of a conversation."""
        chat = self.conversation(text)
        found = texts_of(self.facts, text, pair, "" if chat else self.prompt)
        notes = (LIKE_A_CHAT,) if chat is None and self._template.begins(text) else ()
        return replace(found, chat=chat, notes=notes)

    def conversation(self, text: str) -> Conversation | None:
        """The turns of a text that this model's chat template has written; None for any other text."""
        self._renew_reader()
        return self._template.divided(text)

    def chat_text(self, messages: Any) -> str:
        """Chat messages as the text that this model's template makes of them, for an explorer to show.

        Raises AttnWidgetError for messages without role or content, a model without tokenizer or template, and a
        template whose text does not say where a turn begins and ends.
        """
        self._renew_reader()
        if self._reader is None:
            raise AttnWidgetError(
                f"{self.name} was loaded without a tokenizer, so it cannot encode chat messages. Pass one: "
                "aw.load(model, tokenizer)."
            )
        text, ids = chat_text(self._reader, messages)
        text = well_formed(text)
        if ids is not None or self.conversation(text) is None:
            raise AttnWidgetError(
                f"The chat template of {type(self.tokenizer).__name__} does not mark in its text where turns begin and "
                "end, so they cannot be edited. aw.view(model.trace(messages)) shows them as they are."
            )
        return text

    @property
    def prompt(self) -> str:
        """What is put before every text: a SentenceTransformer's default prompt, a pipeline's prefix, or nothing."""
        return "" if self.preparation is None else self.preparation.prompt

    def trace(
        self,
        x: Any = None,
        pair: Any = None,
        *,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        target: Any = None,
        prepend_bos: Any = None,
        first: Any = None,
        reuse: Any = None,
        keep: Any = (),
        edits: Any = (),
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Trace:
        """Run one forward pass, as fast as the bare model, and keep what every attention weight is computed from.

        `x` is a text, token ids (`[n]` or `[1, n]`, used as given), chat messages, a mapping of forward inputs such as
        a processor returns, or a trace of this model, whose inputs are read again. `pair` is a second text for models
        that read two; `target`, a text or token ids, is what the decoder of an encoder-decoder reads, without it its
        start token alone. `image` is a picture in place of a text, or, of a model that reads both, what the text or the
        chat messages speak of: a PIL image, an array, a tensor or the path of a file, or several in a list, which the model's
        processor puts where the text says its placeholder, or before it; messages may bring theirs. `audio` is a sound in place of a text. `prepend_bos` adds the token that begins a text, or leaves it out; None is the tokenizer's own
        way. `first` reads only that many tokens of either. `reuse` is an earlier trace by this model: what both texts
        begin with is not read again where the model allows that, and the numbers are the same. `keep=("inputs",)` keeps the residual stream around every attention layer as well
        (`block.inputs`; None where it was not found, as beside an MLP that runs at the same time), and then the whole
        text is read again, whatever `reuse` has.
        `edits` change the computation (`aw.Hide`, `aw.Silence`, `aw.Cut`, `aw.Paint`, or their text form, or
        `aw.Patch`); the model itself is left as it is. `progress` hears how many layers are done. Raises what `tokens` raises, and
        AttnWidgetError when there is no attention to show, or for an edit of what is not there.

        >>> import attnwidget as aw
        >>> model = aw.load()
        >>> trace = model.trace("The cat sat on the mat.")
        >>> trace.text.pieces
        ('The', 'cat', 'sat', 'on', 'the', 'mat', '.')
        >>> float(model.trace(trace, edits="hide 1").weights("L2H1", queries=5, keys=1))
        0.0
        """
        if reuse is not None and not isinstance(reuse, Trace):
            raise AttnWidgetError(
                f"reuse={type(reuse).__name__} is not valid: give an earlier Trace of this model, or leave it out."
            )
        keeps, changed = _kept(keep), edits_of(edits)
        x = self._named(x, image, audio, video)
        if isinstance(x, Trace):
            given = self._again(x, pair=pair, target=target, prepend_bos=prepend_bos, first=first)
        else:
            given = self._inputs(x, pair, target=target, prepend_bos=prepend_bos, first=first)
        return self._read(given, progress, None if keeps else reuse, keeps=keeps, edits=changed)

    def traces(
        self,
        texts: Any,
        *,
        batch: Any = 32,
        keep: Any = (),
        edits: Any = (),
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Iterator[Trace | Untraced]:
        """A trace of each of many texts, in their order, as they are asked for: short ones share a pass.

        `texts` is anything to iterate over, also without an end; each is a text, a pair of texts as a tuple (of an
        encoder-decoder: source and target), chat messages, token ids, or a mapping of forward inputs. A text that cannot be
        traced is an `Untraced` in its place, with its number, the text, and the reason; whatever goes wrong with one text is
        told in this way, and the others go on.

        Up to `batch` texts of similar length are padded into one pass, out of a few batches that are read ahead; a trace
        holds its own share of what is computed, copied, and is what `trace` gives, up to rounding: whether a
        model allows that is tried on the first texts, and again on much longer ones. Where it does not (attention code of
        its own, convolutions over the text, positions that depend on the length), and with `keep` or `edits`, which are those of
        `trace`, texts are read one by one. What is read ahead is bounded in memory, a pass in its tokens, and a batch that
        memory lacks for is halved. `progress` hears how many texts are done, after every pass. Raises AttnWidgetError for
        arguments that are not valid, Cancelled inside `aw.stopping_when`, and what iterating over `texts` raises.

        >>> import attnwidget as aw
        >>> [len(trace.text) for trace in aw.load().traces(["The cat sat.", "The dog saw the cat."])]
        [4, 6]
        """
        at_most = whole_number(batch)
        if at_most is None or at_most < 1:
            raise AttnWidgetError(f"batch={batch!r:.60} is not valid: give a whole number of texts, 1 or more.")
        if isinstance(texts, str | bytes | Mapping | Trace) or not isinstance(texts, Iterable):
            raise AttnWidgetError(
                f"traces takes many texts, not one {type(texts).__name__}: give a list or an iterator of texts."
            )
        keeps, changed = _kept(keep), edits_of(edits)
        plain = not keeps and not changed
        alone = partial(self._read, keeps=keeps, edits=changed)
        passes = PaddedPasses(self._shadow, self._state_with, alone, self.facts, at_most)
        ways = Ways(self._inputs_of_many, kind_of if plain else lambda _given: None, passes.run)
        return in_order(texts, ways, at_most, progress)

    def generate(
        self,
        prompt: Any = None,
        pair: Any = None,
        *,
        image: Any = None,
        audio: Any = None,
        max_new_tokens: Any = 20,
        prepend_bos: Any = None,
        edits: Any = (),
        on_token: Any = None,
        **options: Any,
    ) -> Trace:
        """Generate from a prompt and keep the rows of every step: one trace of prompt and generated tokens.

        `prompt` is anything that `trace` takes; `options` are those of transformers' `generate` (do_sample, temperature,
        top_p, generation_config, stopping_criteria, streamer, ...), and with the same seed the tokens are the same; of
        lengths, only `max_new_tokens` counts. `trace.steps` has each produced token's probability, its rank and the
        five runners-up. `edits` change the computation of every step: tokens by number, whether they are in the prompt
        or come later. `on_token` hears each step at once, on this thread; a `stopping_when` that answers True after
        a token makes it the last. Raises what `trace` raises, and AttnWidgetError for a model that does not
        generate, for beams, several continuations, a second model or a cache of the user's, and for more tokens than
        the model reads.

        >>> import attnwidget as aw
        >>> trace = aw.load().generate("The cat sat on the", max_new_tokens=2)
        >>> trace.text.text
        'The cat sat on the table.'
        >>> [(step.piece, step.rank) for step in trace.steps]
        [(' table', 1), ('.', 1)]
        """
        if on_token is not None and not callable(on_token):
            raise AttnWidgetError(
                f"on_token={type(on_token).__name__} is not valid: give a function that takes a Step."
            )
        changed = edits_of(edits)
        prompt = self._named(prompt, image, audio)
        given = self._inputs(prompt, pair, prepend_bos=prepend_bos)
        # The decoder's start is passed on only if the user gave one: `generate` starts a decoder in its own way.
        told = isinstance(prompt, Mapping) and "decoder_input_ids" in prompt
        start = given if told else generate.without_target(given)
        wished = wishes(self.model, start, self.facts, max_new_tokens, options)
        state = self.state()
        length = max((len(tokens) for tokens in start.tokens.values()), default=0) + wished.max_new_tokens
        refuse_what_cannot_fit(self.model, length, self._shadow().path)
        edited = self._edited_pass(start, changed)
        with to_the_end() as enough:
            if enough():
                return self._read(given, edits=changed)
            produce = partial(
                generate.generate,
                reader=self._reader,
                given=start,
                facts=self.facts,
                wishes=wished,
                on_token=on_token,
                enough=enough,
                decode=self.piece,
                read=partial(self._read, edits=changed),
                edited=edited,
            )
            try:
                trace = produce(self._shadow())
            except NothingSeen:
                if changed:
                    raise self._cannot_be_edited() from None
                trace = produce(eager_shadow_of(self.model))
        plain = start.forward.keys() <= {"input_ids", "token_type_ids"}
        return replace(trace, origin=state if plain else None)

    @property
    def medium(self) -> str | None:
        """What stands where a text would: "picture", "sound" or "video"; None of a model that reads text."""
        return medium_read(self.model, self.reads)

    @property
    def generates(self) -> bool:
        """Whether the model has a head that produces text token by token."""
        return bool(getattr(self.model, "can_generate", lambda: False)())

    @property
    def second(self) -> Second | None:
        """What a second text would be: of a pair, or the target of an encoder-decoder; None where there is none."""
        found = second_of(self.facts)
        return found if "text" in self.reads or found == "target" or not self.reads else None

    def transcribe(self, sound: str) -> str:
        """What the model says of a sound that was put, as a text that `target` takes; "" of a model that writes none.

        It is always its likeliest token, in the language that it hears. Raises what `generate` raises.
        """
        if not self.generates or self.facts.kind != "encoder-decoder":
            return ""
        most = (decoder_limit(self.model.config) or 200) - PROMPT_ROOM
        with quietly():
            trace = self.generate(sound, max_new_tokens=most, **self._greedily(sound, ""))
        return spoken_text(self._reader, trace.tokens("decoder")[0])

    def _greedily(self, text: str, pair: str) -> dict[str, Any]:
        """Options of a generation that always takes the likeliest token; of sounds in many languages: in their own."""
        settings = getattr(self.model, "generation_config", None)
        asked = medium_named(text) == "sound" and not pair and getattr(settings, "is_multilingual", False)
        task = {"task": "transcribe"} if asked and getattr(settings, "task_to_id", None) else {}
        return {"do_sample": False, **task}

    def write_on(
        self,
        text: str,
        pair: str = "",
        most: int = 20,
        *,
        edits: Any = (),
        told: Callable[[str, int], None] = lambda _text, _tokens: None,
    ) -> tuple[str, int]:
        """(what the model writes after an explorer's text, or after its target; in how many tokens), at most `most`.

        It is always the likeliest token. `told` hears what has been written after every token. Special tokens that end
        an answer count, and are no part of what is written. Raises what `generate` raises.
        """
        given = self._inputs(self.conversation(text) or text, **as_given(self.facts, pair))
        crossed = "target" in given.tokens
        before, written = given.tokens["target" if crossed else "text"], [""]
        produced: list[int] = []

        def hear(step: Step) -> None:
            produced.append(step.id)
            written[0] = continued(self._reader, before, produced).text.removeprefix(before.text)
            told(written[0], len(produced))

        asked = dict(given.forward) if crossed and pair else self.conversation(text) or text
        with quietly():
            self.generate(asked, max_new_tokens=most, edits=edits, on_token=hear, **self._greedily(text, pair))
        return written[0], len(produced)

    def predict(self, trace: Any, position: Any = -1, top: Any = 5) -> Prediction:
        """The likeliest next tokens, masked tokens, classes, labels or answers, by this model's head.

        Raises AttnWidgetError for a model that predicts none of these, and for a position that does not exist.

        >>> import attnwidget as aw
        >>> model = aw.load()
        >>> model.predict(model.trace("The cat sat on the")).top[0].piece
        ' table'
        """
        if not isinstance(trace, Trace):
            raise AttnWidgetError(f"predict takes a Trace, not {type(trace).__name__}. Make one with model.trace(...).")
        found = prediction.predict(trace, position, self.piece, top)
        if found is None and type(self.model).__name__.endswith("ForCTC"):
            raise AttnWidgetError(
                f"{trace.model.name} scores a letter at every position of a sound (CTC), which is not listed here. Read the "
                "logits of its own forward pass, and processor.batch_decode(logits.argmax(-1)) for the words."
            )
        if found is None and trace.model.predicts is not None:
            raise AttnWidgetError(
                "This trace has neither its model's prediction head nor its scores: a saved trace has no head. Trace "
                "the text again to predict from it."
            )
        if found is None:
            raise AttnWidgetError(
                f"{trace.model.name} predicts no tokens, classes, labels or answers, so there is nothing to list. Load "
                "it with its head, for example with AutoModelForCausalLM."
            )
        return found

    def verify(self, x: Any, pair: Any = None, *, target: Any = None, prepend_bos: Any = None) -> Verification:
        """Compare every weight of every layer with eager attention, on this model and this input.

        Runs the model twice. Raises what `trace` raises.

        >>> import attnwidget as aw
        >>> aw.load().verify("The cat sat on the mat.").error < 1e-5
        True
        """
        given = self._inputs(x, pair, target=target, prepend_bos=prepend_bos)
        trace = self._read(given)
        return verify.against_eager(self.model, trace, given, self._shadow())

    def piece(self, number: Any) -> str:
        """One token of the vocabulary as text, with its leading space; lone bytes by the vocabulary's own name."""
        given, number = number, whole_number(number)
        if number is None or not 0 <= number < LARGEST_ID:
            raise AttnWidgetError(f"{given!r} is not a token id. Give a whole number, 0 or more.")
        # Models often have more entries than their tokenizer, for padding.
        if self._reader is None or (name := self._reader.convert_ids_to_tokens(number)) is None:
            return f"#{number}"
        read = self._reader.decode([number])
        return read if read and "\ufffd" not in read else str(name)

    def inputs(self, x: Any, pair: Any = None) -> Inputs:
        """What the model's forward pass is given for a text, and its tokens. Raises what `tokens` raises."""
        return self._inputs(x, pair)

    def _named(self, x: Any, image: Any = None, audio: Any = None, video: Any = None) -> Any:
        """What is read, by its name where it is a picture, a sound or a video."""
        found = in_place_of_text(self._recipient(), x, image, audio, video)
        return self.shelf.put(found) if isinstance(found, Medium) else found

    def _shadow(self) -> Any:
        return shadow_of(self.model)

    def _recipient(self) -> Recipient:
        shelf = None if self.medium is None else self.shelf
        return Recipient(self.model, self._reader, self.name, self.prompt, self.processor, shelf, self.reads)

    def refuse_without_processor(self) -> None:
        """Raise AttnWidgetError where nothing turns a picture, or a sound, into the model's input."""
        refuse = refuse_without_extractor if self.medium == "sound" else refuse_without_processor
        refuse(self._recipient())

    def put(self, image: Any) -> str:
        """Keep a picture, and give the text that names it from now on. Raises AttnWidgetError for what is no picture.

        >>> import numpy as np
        >>> import attnwidget as aw
        >>> aw.load().put(np.zeros((4, 4, 3), np.uint8))
        'picture:12f49505bfbc1ad2'
        """
        return self.shelf.put(picture_given(image))

    def put_video(self, video: Any) -> str:
        """Keep the frames that are read of a video, and give the text that names it from now on.

        Raises AttnWidgetError for what is no video, and of a model that reads none.
        """
        return self.shelf.put(film_of(self._recipient(), video))

    def put_sound(self, audio: Any) -> str:
        """Keep a sound, and give the text that names it from now on. Raises AttnWidgetError for what is no sound.

        >>> import numpy as np
        >>> import attnwidget as aw
        >>> aw.load().put_sound((np.ones(8_000, np.float32), 16_000))
        'sound:169dbd9a21f8cb6a'
        """
        return self.shelf.put(sound_given(audio))

    def _inputs(self, x: Any, pair: Any = None, **options: Any) -> Inputs:
        self._renew_reader()
        made = self._once(Given.checked(x, pair, **options))
        for name, tokens in made.tokens.items():
            self._refuse_too_long(tokens, written=name == "target" and "sound" in self.reads)
        return made

    def _inputs_of_many(self, entries: Sequence[Any]) -> list[ReadEntry]:
        if self._reader is not None:
            self._renew_reader()
        second = second_of(self.facts) or "pair"
        both = [one if _is_pair(one) else (one, None) for one in entries]
        # Texts are tokenised in one call.
        plain = [at for at, (x, _) in enumerate(both) if isinstance(x, str) and self._reader is not None]
        pairs = [(both[at][0], both[at][1] if second == "pair" else None) for at in plain]
        targets = [both[at][1] if second == "target" else None for at in plain]
        made = dict(zip(plain, inputs_of_texts(self._recipient(), pairs, targets), strict=True)) if plain else {}
        return [
            self._fitting(made.get(at) or self._inputs_of_entry(x, other, second)) for at, (x, other) in enumerate(both)
        ]

    def _inputs_of_entry(self, x: Any, other: Any, second: str) -> ReadEntry:
        try:
            return self._inputs(x, **({} if other is None else {second: other}))
        except AttnWidgetError as error:
            return error.with_traceback(None)

    def _fitting(self, read: ReadEntry) -> ReadEntry:
        try:
            for tokens in read.tokens.values() if isinstance(read, Inputs) else ():
                self._refuse_too_long(tokens)
        except AttnWidgetError as error:
            return error.with_traceback(None)
        return read

    def _again(self, trace: Trace, **others: Any) -> Inputs:
        """The inputs of an earlier trace. Raises AttnWidgetError where it has none, or other inputs come with it."""
        named = next((name for name, value in others.items() if value is not None), None)
        if named is not None:
            raise AttnWidgetError(
                f"A trace has its inputs already, so {named}= cannot be given with it. Give the text itself."
            )
        if not trace.forward:
            raise AttnWidgetError(
                "This trace does not hold what the model was given: it was saved, or made from weights. Trace the text "
                "itself again."
            )
        trace = trace if trace.whole is None else trace.whole
        heard = next((text for part in trace.parts if (text := trace.tokens(part)[0]).sounded), trace.text)
        sequences = {"text": heard}
        if "decoder" in trace.parts:
            sequences["target"] = trace.tokens("decoder")[0]
        forward = {name: tensor.clone() for name, tensor in trace.forward.items()}
        return Inputs(forward, sequences, trace.pictures, trace.sounds)

    def _once(self, given: Given) -> Inputs:
        """Inputs of plain texts are cached: an explorer asks for the same ones several times for every keystroke."""
        recent, recipient = self._recent, self._recipient()  # updated in the opposite order
        if not isinstance(given.x, str | Conversation) or not isinstance(given.target, str | None):
            return inputs_of(recipient, given)
        key = (given, recipient.prompt, str(device_of(self.model)))
        made = recent.get(key, lambda: self._placed(inputs_of(recipient, given)))
        # A model may write into its inputs.
        return replace(made, forward={name: tensor.clone() for name, tensor in made.forward.items()})

    def _placed(self, made: Inputs) -> Inputs:
        """Inputs of a picture with its tokens. How many stand before its patches no configuration says: one pass does."""
        if made.tokens or not made.pictures:
            return made
        grid = made.pictures[0].grid
        if grid not in self._grids:
            self._grids[grid] = self._read(made).text
        return replace(made, tokens={"text": self._grids[grid]})

    def state(self) -> int:
        """A number that changes whenever the model or its tokenisation changes.

        For example by training, an adapter, tokens added to the tokenizer, or another prompt of a SentenceTransformer.
        """
        return self._state_with(self._shadow())

    def _state_with(self, shadow: Any) -> int:
        return hash((state_of(self.model, shadow), self._read_by()))

    def _read(
        self,
        given: Inputs,
        progress: Callable[[int], None] = lambda _done: None,
        reuse: Trace | None = None,
        *,
        keeps: bool = False,
        edits: tuple[Edit, ...] = (),
    ) -> Trace:
        # The copy is asked for once: that looks through the whole model.
        shadow = self._met(given, progress) if edits else self._shadow()
        if edits:
            refuse_edits_of(edits, refused_parts(shadow.module, given.forward))
        if edits and shadow.path == "eager":
            return self._hidden_by_mask(given, edits, progress, reuse)
        state = self._state_with(shadow)
        # A model may write into its inputs, and a user into theirs.
        forward = {name: tensor.clone() for name, tensor in given.forward.items()}
        edited = self._edited(shadow, edits) if edits else None
        if reuse is not None and reuse.origin == state:
            found = reread(shadow, reuse, given, progress, edited)
            if found is not None:
                return replace(found, forward=forward)
        length = max((len(tokens) for tokens in given.tokens.values()), default=0)
        refuse_what_cannot_fit(self.model, length, shadow.path)
        cache = DynamicCache() if needs_cache(shadow) else None
        try:
            trace = traced(shadow, given, self.facts, progress, cache, keeps=keeps, edited=edited)
        except NothingSeen:
            # Its source uses the interface, but its attention ran elsewhere: only its own maps remain.
            if edits:
                raise self._cannot_be_edited() from None
            refuse_what_cannot_fit(self.model, length, "eager")
            trace = traced(eager_shadow_of(self.model), given, self.facts, progress)
        # Only inputs that the tokens describe completely can be continued.
        plain = given.forward.keys() <= {"input_ids", "token_type_ids"}
        return replace(
            trace,
            origin=state if plain else None,
            cache=() if cache is None else cached(cache),
            forward=forward,
        )

    def fitting(
        self, edits: tuple[Edit, ...], text: str, pair: str = "", first: int | None = None
    ) -> tuple[tuple[Edit, ...], tuple[tuple[Edit, str], ...]]:
        """The edits that can be made on an explorer's two texts, and the others, each with the sentence that says why.

        Raises what `trace` raises, also for a model of which nothing can be edited.
        """
        given = self._inputs(self.conversation(text) or text, first=first, **as_given(self.facts, pair))
        shadow = self._met(given)
        if shadow.path == "eager":
            plain = self._read(given)
            own = {block.part: block.shape[1:] for block in plain.blocks}
            depths = {part: plain.layers(part) for part in plain.parts}
            return fitting(edits, head_counts(plain.blocks), own, depths, partial(refuse_what_no_mask_says, plain))
        sizes = sizes_of({name: len(tokens) for name, tokens in given.tokens.items()})
        known = self._roles_in(shadow)
        refuse = partial(refuse_edits_of, refused=refused_parts(shadow.module, given.forward))
        return fitting(edits, heads_of_parts(known), sizes, depths_of_parts(known), refuse)

    def _edited(self, shadow: Any, edits: tuple[Edit, ...]) -> EditedPass:
        """What edits change in a pass of a copy that has met such inputs.

        Raises AttnWidgetError for a model whose attention is not computed by us, and for edits of what it lacks.
        """
        known = self._roles_in(shadow)
        wanted = patched_entries(edits, known)
        entries = [call.entry for call in known.values() if call.entry is not None]
        handed_on = {
            (edit, entry): layers_of_run(edit.of, self._state_with(shadow), shadow, entries, self._repeat)[entry]
            for edit, entry in wanted
        }
        return EditedPass(edits, known, handed_on)

    def edited_pass(self, trace: Trace) -> EditedPass | None:
        """What the edits of a trace change in a pass over its inputs; None without edits. Raises what `trace` raises."""
        return self._edited_pass(self._again(trace), trace.edits) if trace.edits else None

    def _edited_pass(self, given: Inputs, edits: tuple[Edit, ...]) -> EditedPass | None:
        if not edits:
            return None
        shadow = self._met(given)
        refuse_edits_of(edits, refused_parts(shadow.module, given.forward))
        return self._edited(shadow, edits)

    def roles(self, trace: Trace) -> Known:
        """Which layer each attention call of a pass over the inputs of a trace belongs to.

        Raises AttnWidgetError for a model whose attention is computed in code of its own.
        """
        return self._roles_in(self._met(self._again(trace)))

    def _repeat(self, trace: Trace) -> Trace:
        return self._read(self._again(trace), edits=trace.edits)

    def _met(self, given: Inputs, progress: Callable[[int], None] = lambda _done: None) -> Any:
        """The copy that is run, once it has met inputs of this kind: which layer each call belongs to is known then."""
        shadow = self._shadow()
        if shadow.path != "interface" or knows_inputs(shadow.module, given.forward):
            return shadow
        self._read(given, progress)
        return self._shadow()

    def _hidden_by_mask(
        self, given: Inputs, edits: tuple[Edit, ...], progress: Callable[[int], None], reuse: Trace | None
    ) -> Trace:
        """The trace of a model that gives its maps alone. Raises AttnWidgetError for what no mask can say."""
        again = (
            reuse is not None
            and not reuse.edits
            and reuse.origin == self.state()
            and _alike(reuse.forward, given.forward)
        )
        plain = reuse if again and reuse is not None else self._read(given, progress)
        refuse_what_no_mask_says(plain, edits)
        depths = {plain.parts[0]: plain.layers()}
        refuse_what_is_not_there(edits, head_counts(plain.blocks), depths)
        refuse_tokens_beyond(edits, {block.part: block.shape[1:] for block in plain.blocks})
        dtype = next((one.dtype for one in self.model.parameters() if one.is_floating_point()), torch.float32)
        mask = hiding_mask(plain, edits, dtype).to(device_of(self.model))
        masked = replace(given, forward={**given.forward, "attention_mask": mask})
        try:
            found = traced(self._shadow(), masked, self.facts, progress)
        except Cancelled:
            raise
        except AttnWidgetError:
            raise takes_no_such_mask(plain, edits) from None
        refuse_other_changes(plain, found, edits, dtype)
        return replace(
            found,
            blocks=changed_blocks(found.blocks, depths, edits),
            edits=edits,
            origin=plain.origin,
            forward=plain.forward,
        )

    def _roles_in(self, shadow: Any) -> Known:
        known = known_roles(shadow.module)
        if shadow.path == "eager" or known is None:
            raise self._cannot_be_edited()
        return known

    def refuse_what_cannot_be_edited(self, edits: Iterable[Edit]) -> None:
        """Raise AttnWidgetError for edits that a model with attention code of its own never takes."""
        if self._shadow().path == "eager" and not all(isinstance(edit, Hide) for edit in edits):
            raise self._cannot_be_edited()

    def _cannot_be_edited(self) -> AttnWidgetError:
        return AttnWidgetError(
            f"{self.name} computes its attention in code of its own, where nothing can be changed but the mask of a text: "
            "tokens can be hidden in a trace. Other edits need a model that follows transformers' attention interface."
        )

    def _renew_reader(self) -> None:
        """Copy the user's tokenizer again if it has new tokens, a new template or another limit since the last copy."""
        if (known := self._read_by()) != self._reader_is_of:
            # In this order: a thread that sees the new mark must not see results of the old tokenizer.
            self._reader = reader_of(self.tokenizer, self.preparation)
            self._template = ChatTemplate(self._reader)
            self._recent = Recent(TEXTS_KEPT)
            self._reader_is_of = known
            limit = limit_of(self.model, self.tokenizer, self.preparation)
            self.facts = replace(self.facts, limit=limit)

    def _read_by(self) -> tuple[Any, ...]:
        """Everything besides the model that decides which tokens a text has and how many of them are used."""
        told = () if self.preparation is None else (self.preparation.prompt, self.preparation.limit)
        return (*vocabulary_of(self.tokenizer), *told)

    def _refuse_too_long(self, tokens: Tokens, *, written: bool = False) -> None:
        limit = None if tokens.sounded else self.facts.limit
        # What is said of a sound is bounded by the decoder's positions, not by those of the sound.
        limit = decoder_limit(self.model.config) if written else limit
        if limit is not None and len(tokens) > limit:
            raise TooLong(len(tokens), limit)


def _is_pair(entry: Any) -> bool:
    """Whether this is a text and a second one, or none."""
    return isinstance(entry, tuple) and len(entry) == 2 and all(isinstance(one, str | None) for one in entry)


def _alike(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def _kept(keep: Any) -> bool:
    """Whether inputs are kept. Raises AttnWidgetError for names that cannot be kept."""
    names = keep if isinstance(keep, tuple | list | set | frozenset) else [keep]
    if isinstance(keep, str) or any(name not in KEEPABLE for name in names):
        raise AttnWidgetError(
            f"keep={keep!r} is not valid: give a tuple of names from {', '.join(KEEPABLE)}, for example "
            'keep=("inputs",).'
        )
    return "inputs" in names
