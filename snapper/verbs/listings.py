"""What is known of every backup of many databases: few listings, and some reads at once."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.values.keys import Kind
from snapper.verbs.catalog import Listed, in_order, known_of, told
from snapper.verbs.survey import survey

READERS = 16
"""As many as there are connections to the vault."""


def listings(
    vault: Vault, databases: Iterable[str], now: datetime | None = None
) -> dict[str, list[Listed]]:
    """Give for each database what `listing` gives of it; raises what that raises."""
    keys = tuple(databases)
    found = survey(vault, keys, lambda _, holdings: holdings, now)
    readers = ThreadPoolExecutor(READERS)
    try:
        reads = {
            key: [
                readers.submit(known_of, vault, each)
                for each in found[key]
                if Kind.MANIFEST in each.objects
            ]
            for key in keys
        }
        return {key: told(in_order(read.result() for read in reads[key])) for key in keys}
    finally:
        # After a failure, or when somebody gives up, nothing more is asked for.
        readers.shutdown(cancel_futures=True)
