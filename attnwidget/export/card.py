"""The look of stills and highlights, in styles that a notebook without scripts keeps."""

MUTED = "opacity:0.75"

_STRONG = 0.6
"""The opacity of a colour at full tone: dark ink stays legible on it, and light ink where the page is dark."""


def card(content: str) -> str:
    """HTML on the ground and in the ink of the page around it: notebooks have themes, and say them to nobody without a script."""
    return (
        '<div style="font:14px system-ui,sans-serif;color:inherit;padding:12px 14px;max-width:960px;'
        f'border:1px solid #80808059;border-radius:6px">{content}</div>'
    )


def heat(colour: tuple[int, int, int], tone: float, *, hatched: bool = False) -> str:
    """The style of a word with a tone from 0 to 1; a sink is hatched.

    >>> heat((1, 2, 3), 0.5)
    'background:rgba(1,2,3,0.30);border-radius:3px'
    """
    inks = [f"rgba({','.join(map(str, colour))},{_STRONG * tone * share:.2f})" for share in (1, 0.5)]
    stripes = f"repeating-linear-gradient(135deg,{inks[0]} 0 3px,{inks[1]} 3px 6px)"
    return f"background:{stripes if hatched else inks[0]};border-radius:3px"
