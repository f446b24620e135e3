"""Errors in sentences for people: what was given, what is possible, how to go on."""


class AttnWidgetError(ValueError):
    """The base class of every error that attnwidget raises on purpose.

    >>> issubclass(AttnWidgetError, ValueError)
    True
    """

    code = "failed"


class EmptyText(AttnWidgetError):
    """The text is empty: there is nothing for the model to process."""

    code = "empty"


class TooLong(AttnWidgetError):
    """The text has more tokens than the model has positions. Carries both counts."""

    code = "too_long"

    def __init__(self, tokens: int, limit: int) -> None:
        self.tokens = tokens
        self.limit = limit
        super().__init__(
            f"This text has {tokens:,} tokens but the model accepts at most {limit:,}. Shorten it, or use its first "
            f"{limit:,} tokens."
        )


class TooLarge(AttnWidgetError):
    """The text has more characters than can sensibly be shown; it is refused before it is tokenised."""

    code = "too_large"


class OutOfMemory(AttnWidgetError):
    """The text needs more memory than is free. Carries both sizes in bytes, and how many tokens would fit.

    >>> print(OutOfMemory(6_000, 31 * 10**9, 20 * 10**9, 3_800))
    Running 6,000 tokens through this model needs about 31.0 GB of memory; 20.0 GB is free. Use at most about 3,800 tokens.
    """

    code = "memory"

    def __init__(self, tokens: int, needed: int, available: int, fits: int, way_out: str = "") -> None:
        self.tokens = tokens
        self.needed = needed
        self.available = available
        self.fits = fits
        super().__init__(
            f"Running {tokens:,} tokens through this model needs about {_size(needed)} of memory; {_size(available)} "
            f"is free. Use at most about {fits:,} tokens{way_out}."
        )


class NotEnoughMemory(AttnWidgetError):
    """A pass was begun, and memory did not suffice."""

    code = "memory"


class NotNumbers(AttnWidgetError):
    """The model computes NaN or infinite values, so nothing meaningful can be shown."""

    def __init__(self, what: str = "attention weights") -> None:
        super().__init__(f"This model computes {what} that are NaN or infinite. Check its parameters for NaN.")


class BadRequest(AttnWidgetError):
    """A message from the page asks for something that does not exist."""

    code = "bad_request"


class Cancelled(Exception):
    """Somebody asked for an end of this: a newer request, which the page never hears of, or your own `stopping_when`."""


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


def reason_of(error: BaseException) -> str:
    r"""The first line of what other code raised, as it is the informative one; its kind where it says nothing.

    >>> reason_of(ValueError("sizes differ\n3 and 4")), reason_of(KeyError())
    ('sizes differ', 'KeyError')
    """
    return (str(error).strip() or type(error).__name__).splitlines()[0]
