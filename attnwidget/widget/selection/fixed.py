"""Dictionaries that a trait returns: changing one in place would go unnoticed."""

from typing import Any, NoReturn

from attnwidget.errors import AttnWidgetError


class Fixed(dict[str, Any]):
    """A dictionary that cannot be changed. `how` says what to do instead."""

    how = "Set another one."

    def _refuse(self, *_given: Any, **_named: Any) -> NoReturn:
        raise AttnWidgetError(self.how)

    __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = __ior__ = _refuse

    def __reduce__(self) -> Any:
        return type(self), (dict(self),)
