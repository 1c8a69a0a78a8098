"""What an engine knows of a connection before anybody connects."""

from collections.abc import Iterator
from typing import Protocol

from snapper.values.credentials import Door
from snapper.values.redaction import Redactor
from snapper.values.secrets import Database


class Connections(Protocol):
    """The part of an engine's protocol that is about connections alone."""

    def faults(self, connection: str) -> Iterator[str]:
        """Give a sentence for each fault of a connection string."""
        ...

    def unusable(self, connection: str, *, from_here: bool) -> Iterator[str]:
        """Give the faults, and whatever else would keep the connection from working, with the fix.

        The dumps are made by a function on another machine, or `from_here`: on this one.
        """
        ...

    def option_faults(self, database: Database) -> Iterator[str]:
        """Give a sentence for each option that this engine cannot keep with this connection."""
        ...

    def target_faults(self, connection: str) -> Iterator[str]:
        """Give what else keeps a container from restoring into it: a target has no options."""
        ...

    def doubts(self, database: Database, *, networked: bool, bundled: bool) -> Iterator[str]:
        """Give a sentence for each thing that may keep the connection from working.

        `networked` says that the function is in a network where it may reach private addresses,
        `bundled` that the stage has authorities for the databases that have none of their own.
        """
        ...

    def door(self, database: Database) -> Door:
        """Give where the dumper comes in, and as whom; of several hosts the first."""
        ...

    def trusts_amazon(self, database: Database) -> bool:
        """Tell whether the server is verified by Amazon's own authorities."""
        ...

    def trusting(self, connection: str, bundle: str) -> str:
        """Give the connection with the shipped file of authorities that verifies its server.

        Nothing is changed where it names authorities, is verified by Amazon's, or not at all.
        Raises SettingsError where there is no such file.
        """
        ...

    def place(self, connection: str) -> str:
        """Give server and database in words fit for a message."""
        ...

    def hosts(self, connection: str) -> tuple[str, ...]:
        """Give the hosts whose names must be resolved."""
        ...

    def redactor(self, connection: str) -> Redactor:
        """Give what masks the connection's secrets in every spelling."""
        ...
