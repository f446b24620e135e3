"""Tests are no examples: pytest would import each file a second time to look for some."""

import pytest
from _pytest.doctest import DoctestModule


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    found = yield
    return [each for each in found if not isinstance(each, DoctestModule)]
