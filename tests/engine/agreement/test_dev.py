"""Both engines do the same with the stack `dev`."""

import pytest

from tests.engine.agreement.checks import (  # noqa: F401 collected here
    both,
    test_both_engines_agree_after,
    test_both_engines_agree_on,
    test_both_engines_agree_on_a_create,
    test_both_engines_agree_on_a_create_that_fails_and_the_next_up,
)
from tests.engine.left_open import IGNORED, loops_left_open  # noqa: F401 the fixture is used in every test

STACK = "dev"
pytestmark = [pytest.mark.both, pytest.mark.timeout(300), *IGNORED]
