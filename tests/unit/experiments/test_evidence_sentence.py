"""The sentence of the evidence: it says of each method what its interval carries."""

from attnwidget.experiments.agreement.sentence import evidence_sentence
from attnwidget.measures.ranks import Agreement


def agreement(rho, low, high):
    return Agreement(rho, low, high, 0.4, 5)


def test_what_agrees_what_opposes_and_what_is_open_are_told_apart():
    told = evidence_sentence(
        "' Paris'",
        "19 words",
        [
            ("a", agreement(0.1, -0.2, 0.4)),
            ("b", agreement(0.5, 0.01, 0.7)),
            ("c", agreement(-0.5, -0.7, -0.1)),
            ("d", agreement(0.0, 0.0, 0.3)),
        ],
        ("'.'", 0.36, "nats"),
    )
    assert "b (0.50, 0.01 to 0.70) ranks them alike" in told
    assert "c (-0.50, -0.70 to -0.10) ranks them the other way round" in told
    assert "a (0.10) and d (0.00) are not shown to agree, their intervals hold 0" in told
    assert told.startswith("What ' Paris' rests on, by hiding each of 19 words: most on '.' (+0.36 nats);")


def test_where_no_word_costs_anything_it_says_so():
    told = evidence_sentence("' Paris'", "19 words", [], ("'.'", -0.2, "nats"))
    assert told == "What ' Paris' rests on, by hiding each of 19 words: on none of them alone (at most 0 nats)."
