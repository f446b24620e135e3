"""Other attention, same answer: looked for from the page, stopped, and drawn beside the head's own."""

import numpy as np
import pytest
from playwright.sync_api import expect

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"


def weights_of(pattern):
    """What each word of a pattern says of itself, in four decimals or fewer."""
    titles = pattern.locator("bdi[title]").evaluate_all("(words) => words.map(({ title }) => title)")
    return np.array([float(title.rsplit(" ", 1)[1].replace("<", "")) for title in titles])


def test_another_pattern_is_looked_for_stopped_found_and_drawn_beside_its_own(bare):
    explorer = bare.open(text=TEXT, layer=1, head=1, query=-1)
    explorer.view = "test"
    root = explorer.shown.root
    root.get_by_role("button", name="Other attention, same answer").click()
    root.get_by_role("button", name="find it").click()
    root.get_by_role("progressbar", name="Looking for other attention").wait_for()
    root.get_by_role("button", name="stop", exact=True).click()
    expect(root.get_by_role("progressbar", name="Looking for other attention")).to_have_count(0)
    root.get_by_role("button", name="find it").click()
    patterns = root.locator(".aw-otherwise-pair > figure")
    expect(patterns).to_have_count(2)
    expect(root.locator(".aw-otherwise-says")).to_contain_text("L1H1 could attend like this")
    own, found = (weights_of(pattern) for pattern in patterns.all())
    np.testing.assert_allclose(own, explorer.trace.weights("L1H1")[-1].numpy(), atol=2e-3)
    assert found.sum() == pytest.approx(1, abs=0.02)
    assert np.abs(own - found).sum() > 0.2
    # Both maps stand beside each other, in the same size.
    first, second = (pattern.locator("canvas").bounding_box() for pattern in patterns.all())
    assert (first["width"], first["height"]) == (second["width"], second["height"])
    assert second["x"] > first["x"] + first["width"]
    assert abs(first["y"] - second["y"]) < 2
