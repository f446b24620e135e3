"""What is told of a head between two texts: no distance, no token before."""

from playwright.sync_api import expect


def test_a_head_between_two_texts_has_no_empty_facts(bare):
    explorer = bare.open("tiny-translator")
    explorer.part = "cross"
    expect(explorer.shown.page.get_by_text("on first", exact=True).first).to_be_visible()
    expect(explorer.shown.page.get_by_text("distance", exact=True)).to_have_count(0)
    expect(explorer.shown.page.get_by_text("on previous", exact=True)).to_have_count(0)
    explorer.part = "decoder"
    expect(explorer.shown.page.get_by_text("distance", exact=True).first).to_be_visible()
