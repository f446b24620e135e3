"""The look of stills and highlights, in styles that a notebook without scripts keeps."""

INK, MUTED = "#1f2328", "#656d76"

_STRONG = 0.6
"""The opacity of a colour at full tone: dark ink stays legible on it."""


def card(content: str) -> str:
    """HTML on its own background, whatever the notebook's theme."""
    return (
        f'<div style="font:14px system-ui,sans-serif;color:{INK};background:#fff;padding:12px 14px;max-width:960px;'
        f'border:1px solid #d0d7de;border-radius:6px">{content}</div>'
    )


def heat(colour: tuple[int, int, int], tone: float) -> str:
    """The style of a word with a tone from 0 to 1.

    >>> heat((1, 2, 3), 0.5)
    'background:rgba(1,2,3,0.30);border-radius:3px'
    """
    red, green, blue = colour
    return f"background:rgba({red},{green},{blue},{_STRONG * tone:.2f});border-radius:3px"
