"""How many processors there are for us."""

import os
from collections.abc import Mapping

# A function gets one whole processor per so many MB. Source: AWS, "Configuring function memory".
_LAMBDA_MB = 1769
_LAMBDA_MEMORY = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"

MOST = 4
"""Connections at once unless somebody asks for more: the server has others to serve too."""


def processors(environment: Mapping[str, str]) -> int:
    """Give the whole processors of this function, or else of this machine; at least one.

    >>> processors({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3600"})
    2
    """
    memory = environment.get(_LAMBDA_MEMORY, "")
    if memory.isdecimal():
        return max(1, int(memory) // _LAMBDA_MB)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def jobs_here(asked: int | None, stage: int, environment: Mapping[str, str]) -> int:
    """Give how many programs dump one database at once: as many as asked for, or as fit here.

    What is not asked for one database, its stage decides.

    >>> memory = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "10240"}
    >>> jobs_here(None, 0, memory), jobs_here(8, 1, {}), jobs_here(0, 1, memory)
    (4, 8, 4)
    """
    wanted = stage if asked is None else asked
    return wanted or min(processors(environment), MOST)
