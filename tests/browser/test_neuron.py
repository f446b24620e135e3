"""The neuron view: how one weight comes about, with the numbers that Python has."""

from playwright.sync_api import expect

from tests.browser.until import until
from tests.model.small import TEXT, small, words

QUERY = 11


def open_neuron(bare, *arguments, **options):
    made = bare.explore(*arguments, view="neuron", **options)
    made.shown = bare.show(made)
    return made, made.shown.root.locator(".aw-neuron")


def number(root, step):
    return root.locator(f'.aw-steps li[data-step="{step}"] b')


def written(value):
    return f"{value:.3f}".replace("-", "−")


def test_the_steps_of_a_pair_are_those_of_python(bare):
    text = "The capital of France is Paris. The capital of France is"
    explorer, view = open_neuron(bare, text=text, layer=1, head=2, query=QUERY)
    root = explorer.shown.root
    block = explorer.trace.block(1)
    q, keys = block.q[0, 2, QUERY], block.k[0, 2]
    weights = explorer.trace.weights(1, 2)[QUERY]
    strongest = weights.argsort(descending=True)
    expect(view).to_have_attribute("data-opened", str(int(strongest[0])))
    view.focus()
    for _ in range(3):
        view.press("ArrowDown")
    key = int(strongest[2])
    expect(root.locator(".aw-pair")).to_have_attribute("data-key", str(key))
    dot = float(q @ keys[key])
    expect(number(root, "dot")).to_have_text(written(dot))
    expect(number(root, "scale")).to_have_text(written(dot * block.scale))
    expect(number(root, "softmax")).to_have_text(written(float(weights[key])))
    best = int((q * keys[key]).abs().argmax())
    expect(root.locator(".aw-pair-adds dd").first).to_have_text(f"d{best} {written(float(q[best] * keys[key, best]))}")
    explorer.shown.expect_marked("marked", [key])
    view.press("Enter")
    expect(root.locator(".aw-query .aw-number")).to_have_text(f"#{key}")
    until(root.page, lambda: explorer.query == (key, key + 1))


def test_a_pair_under_the_pointer_is_opened_and_a_click_keeps_it(bare):
    explorer, view = open_neuron(bare, text="The cat sat on the mat.", layer=1, head=2, query=5)
    pair = explorer.shown.root.locator(".aw-pair")
    first = str(int(explorer.trace.weights(1, 2)[5].argmax()))
    expect(pair).to_have_attribute("data-key", first)
    place = {"x": 300, "y": 62 + 2 * 22 + 11}
    view.hover(position=place)
    expect(pair).not_to_have_attribute("data-key", first)
    kept = pair.get_attribute("data-key")
    view.click(position=place)
    explorer.shown.page.mouse.move(2, 2)
    expect(pair).to_have_attribute("data-key", kept)
    expect(pair).to_contain_text("kept open")


def test_grouped_heads_and_a_sink_are_said(bare):
    explorer, view = open_neuron(bare, small("gpt-oss"), TEXT, tokenizer=words(), layer=1, head=2)
    expect(view).to_have_attribute("data-keys", str(len(explorer.trace.text)))
    root = explorer.shown.root
    expect(root.locator(".aw-pair-group")).to_have_text("key head 1, shared by heads 2 and 3")
    expect(root.locator(".aw-recipe")).to_contain_text("a sink with logit")
    explorer.shown.hover_head(0, 0)
    expect(root.locator(".aw-pair-group")).to_have_text("key head 0, shared by heads 0 and 1")


def test_without_q_and_k_a_sentence_says_why(bare):
    explorer, view = open_neuron(bare, small("bloom"), TEXT, tokenizer=words())
    expect(explorer.shown.root.locator(".aw-view-state")).to_contain_text("not the q and k that they come from")
    expect(view.locator("canvas")).to_have_count(0)


def test_a_long_text_scrolls_and_gets_its_vectors_as_they_come_into_sight(bare):
    explorer = bare.explore(text="The capital of France is Paris. " * 30, layer=1, head=2, query=150, view="neuron")
    shown = bare.show(explorer, width="480px")
    view = shown.root.locator(".aw-neuron")
    expect(view).to_have_attribute("data-keys", str(len(explorer.trace.text)))
    view.focus()
    view.press("End")
    expect(shown.root.locator(".aw-steps")).to_contain_text("masked")
    expect(shown.root.locator(".aw-pair-adds")).to_be_visible()
    beyond = """stage => [...stage.querySelectorAll("*")].filter((element) => !element.closest(".aw-unseen") &&
      element.getBoundingClientRect().right > stage.getBoundingClientRect().right + 0.5).map((it) => it.className)"""
    shown.expect_settled(lambda: shown.root.locator(".aw-stage").evaluate(beyond))
