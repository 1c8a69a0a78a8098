"""Keys for tests: made once, for they open nothing of anybody's."""

from snapper.sealing.identity import AgeIdentity
from snapper.values.sealed_for import SealedFor

KEY, OTHER = AgeIdentity.of(bytes(range(32))), AgeIdentity.of(bytes(range(1, 33)))

RECIPIENT, ANOTHER = KEY.recipient.text, OTHER.recipient.text

FOR_ONE = SealedFor((RECIPIENT,))
