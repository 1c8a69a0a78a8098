"""What doctor says of the key that signs: without it there is neither a backup nor a prune."""

from snapper.errors import SnapperError
from snapper.values.finding import Finding, failure, ok
from snapper.verbs.chain_link import Chain


def examine_chain(chain: Chain) -> Finding:
    """Try whether a manifest could be signed, from where that is done; nothing is signed."""
    try:
        chain.try_out()
        chain.check()
    except SnapperError as error:
        return failure("signing", f"no manifest can be signed: {error}", error.hint)
    return ok("signing", f"manifests are signed by {chain.signer.key}")
