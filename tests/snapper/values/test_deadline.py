"""A dump stops at the earliest of the times that it is given, and says which that was."""

from snapper.values.deadline import NO_DEADLINE, RESERVE, Deadline


def test_the_earlier_of_two_times_counts_with_its_own_hint() -> None:
    function = Deadline(lambda: 900.0)
    assert function.within(1000, "an option") == function
    sooner = function.within(600, "an option")
    left = sooner.seconds_left
    assert left is not None
    assert left <= 600 - RESERVE
    assert sooner.hint == "an option"


def test_where_nobody_ends_it_an_option_does() -> None:
    assert NO_DEADLINE.seconds_left is None
    assert NO_DEADLINE.within(60, "an option").seconds_left is not None
