"""A sound where a text would stand: looked at in time, listened to, replaced."""

import numpy as np
import pytest
from playwright.sync_api import expect

from attnwidget.engine.media.wave_file import wave_file
from tests.browser.until import until
from tests.model.sounds import RATE, tones, whisper


@pytest.fixture
def explorer(bare):
    model, processor = whisper()
    return bare.open(model, audio=(tones(1.0), RATE), processor=processor, target="abc", part="cross", layer=1, head=2)


def at_second(sound, seconds, of=1.0):
    """Where a time is on the page; the canvas of the ink covers the whole sound."""
    box = sound.locator(".aw-sound-ink").bounding_box()
    return box["x"] + box["width"] * seconds / of, box["y"] + box["height"] / 2


def inked(sound):
    """The share of the spectrogram that is not empty."""
    return sound.locator(".aw-sound-ink").evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((value, at) => at % 4 === 3 && value > 0).length / (data.length / 4);
        }"""
    )


def test_a_time_is_looked_at_and_chosen_by_pointer_and_keys(explorer, page):
    root = explorer.shown.root
    sound = root.locator(".aw-sound")
    until(page, lambda: inked(sound) > 0.1)
    page.mouse.move(*at_second(sound, 0.51))
    expect(root.get_by_text("“0.50 s” is read by")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    until(page, lambda: (explorer.query, explorer.direction) == ((25, 26), "read_by"))
    sound.press("ArrowRight")
    until(page, lambda: explorer.query == (26, 27))
    sound.press("End")
    until(page, lambda: explorer.query == (49, 50))
    # The row of the word is that of the trace, without what is padding.
    word = root.locator(".aw-lane").first
    word.click()
    until(page, lambda: explorer.direction == "reads")
    [place] = {int(word.get_attribute("data-token"))}
    until(page, lambda: explorer.query == (place, place + 1))
    row = np.asarray(explorer.trace.weights(1, 2, part="cross"))[place]
    assert row.shape == (100,)
    padding = float(row[50:].sum())
    expect(root.locator(".aw-sound-note")).to_contain_text(f"padding, which has {padding:.2f} of this row")


def test_another_sound_comes_with_its_words_and_both_go_back_together(explorer, page):
    root = explorer.shown.root
    sound, before = root.locator(".aw-sound"), (explorer.text, explorer.pair)
    until(page, lambda: inked(sound) > 0.1)
    chooser = root.get_by_label("Another sound")
    file = wave_file(tones(0.6, pitches=(400, 900)), RATE)
    chooser.set_input_files({"name": "other.wav", "mimeType": "audio/wav", "buffer": file})
    until(page, lambda: explorer.text != before[0])
    expect(root.locator(".aw-sound-note")).to_contain_text("0.60 s")
    after = (explorer.text, explorer.pair)
    assert explorer.pair != before[1]
    chooser.set_input_files({"name": "words.txt", "mimeType": "text/plain", "buffer": b"words"})
    expect(root.get_by_role("alert").filter(has_text="no sound")).to_be_visible()
    assert (explorer.text, explorer.pair) == after
    root.get_by_role("button", name="Undo").click()
    until(page, lambda: (explorer.text, explorer.pair) == before)
    expect(root.locator(".aw-sound-note")).to_contain_text("1.00 s")
    root.get_by_role("button", name="Redo").click()
    until(page, lambda: (explorer.text, explorer.pair) == after)


def test_it_is_played_only_when_somebody_asks(explorer, page):
    root = explorer.shown.root
    until(page, lambda: inked(root.locator(".aw-sound")) > 0.1)
    play = root.locator(".aw-play")
    expect(play).to_have_attribute("aria-pressed", "false")
    play.click()
    mark = root.locator(".aw-sound-playhead")
    expect(mark).to_be_visible()
    # It ends by itself, and can be heard once more.
    expect(play).to_have_text("▶ play", timeout=10_000)
    expect(play).to_be_enabled()
