"""Why something failed, in plain words and with every secret masked."""

from dataclasses import dataclass

import psycopg2

from snapper.engines.postgresql.connecting.server_words import words_of
from snapper.errors import SnapperError
from snapper.values.redaction import Redactor


@dataclass(frozen=True)
class Fault:
    """The fact, and what to do about it."""

    fact: str
    hint: str = ""

    @classmethod
    def of(cls, error: Exception, redact: Redactor) -> "Fault":
        """Take the words out of an error; only one that nobody foresaw says its class."""
        words = " ".join(redact(str(error)).split())
        if isinstance(error, SnapperError):
            return cls(redact(str(error)).strip(), redact(error.hint))
        if isinstance(error, psycopg2.Error):
            words = redact(words_of(error))
            return cls(
                f"PostgreSQL's answer was: {words}"
                if words
                else "the connection to PostgreSQL was lost"
            )
        return cls(f"an unexpected {type(error).__name__}: {words}")
