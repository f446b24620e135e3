"""What goes wrong, said in sentences for people: what was given, what is possible, how to go on."""


class AttnWidgetError(ValueError):
    """The one root of every error that attnwidget raises on purpose.

    >>> issubclass(AttnWidgetError, ValueError)
    True
    """

    code = "failed"


class EmptyText(AttnWidgetError):
    """The text holds nothing that the model could read."""

    code = "empty"


class TooLong(AttnWidgetError):
    """The text has more tokens than the model has positions. Carries both counts."""

    code = "too_long"

    def __init__(self, tokens: int, limit: int) -> None:
        self.tokens = tokens
        self.limit = limit
        super().__init__(
            f"This text has {tokens:,} tokens and the model reads at most {limit:,}. "
            f"Shorten it, or look at its first {limit:,} tokens."
        )


class TooLarge(AttnWidgetError):
    """The text has more characters than anyone could look at; it is refused before it is tokenised."""

    code = "too_large"


class OutOfMemory(AttnWidgetError):
    """Reading the text needs more memory than is free: both in bytes, and how many tokens would fit.

    >>> print(OutOfMemory(60_000, 31 * 10**9, 20 * 10**9, 38_000))
    Reading 60,000 tokens with this model needs about 31.0 GB of memory and 20.0 GB are free. Give about 38,000 tokens.
    """

    code = "memory"

    def __init__(self, tokens: int, needed: int, available: int, fits: int, way_out: str = "") -> None:
        self.tokens = tokens
        self.needed = needed
        self.available = available
        self.fits = fits
        super().__init__(
            f"Reading {tokens:,} tokens with this model needs about {_size(needed)} of memory and {_size(available)} "
            f"are free. Give about {fits:,} tokens{way_out}."
        )


class NotNumbers(AttnWidgetError):
    """The model computes what is NaN or infinite, so nothing true can be said or drawn of it."""

    def __init__(self, what: str = "attention weights") -> None:
        super().__init__(f"This model computes {what} that are not numbers; check its weights for NaN.")


class BadRequest(AttnWidgetError):
    """A message from the page asks for something that does not exist."""

    code = "bad_request"


class Cancelled(Exception):
    """Somebody asked for an end of this: a newer request, which the page never hears of, or your own `stopping_when`."""


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
