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


class NotNumbers(AttnWidgetError):
    """The model computes attention that is NaN or infinite, so nothing true can be said or drawn of it."""

    def __init__(self) -> None:
        super().__init__("This model computes attention weights that are not numbers; check its weights for NaN.")


class BadRequest(AttnWidgetError):
    """A message from the page asks for something that does not exist."""

    code = "bad_request"


class Cancelled(Exception):
    """A newer request has made this forward pass pointless. Never reaches a user."""
