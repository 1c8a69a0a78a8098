"""A recovery kit: what opens the backups on a machine that has no Snapper, with how it is done."""

import gzip
from dataclasses import dataclass
from datetime import datetime

from snapper.values.visible import one_line, shell_word

IDENTITY, UNDER_PASSPHRASE = "identity.txt", "identity.age"
RECIPIENT, README, TRIAL = "recipient.txt", "README.txt", "trial.sql.gz.age"
ANSWER = "This key opens what is sealed for it."
"""What the small sealed file says."""

_UNKNOWN = "(not named when this kit was made)"


@dataclass(frozen=True)
class Stage:
    """Where the backups are; a kit that was made without a stage does not know it."""

    name: str = ""
    account: str = ""
    region: str = ""
    bucket: str = ""


@dataclass(frozen=True)
class Kit:
    """What is known of a kit, and nothing that is secret."""

    recipient: str
    made_at: datetime
    stage: Stage = Stage()
    passphrase: bool = False

    @property
    def identity(self) -> str:
        """The name of the file with the private key."""
        return UNDER_PASSPHRASE if self.passphrase else IDENTITY

    def identities(self, identity: str) -> str:
        """Write the private key as `age-keygen` does."""
        return (
            f"# created: {self.made_at.isoformat()}\n# public key: {self.recipient}\n{identity}\n"
        )

    def trial(self) -> bytes:
        """Give the small file to try the commands on, not yet sealed: SQL in gzip, as a backup."""
        sql = f"-- Made with the recovery kit of {self.recipient}\nSELECT '{ANSWER}' AS trial;\n"
        return gzip.compress(sql.encode(), mtime=0)

    def readme(self) -> str:
        """Write what whoever finds the kit has to know; every command is a line of its own."""
        stage = self.stage
        asks = " It asks for the passphrase." if self.passphrase else ""
        return _README.format(
            recipient=self.recipient,
            made=self.made_at.strftime("%Y-%m-%d"),
            stage=stage.name or _UNKNOWN,
            account=one_line(stage.account) or _UNKNOWN,
            region=one_line(stage.region) or _UNKNOWN,
            bucket=one_line(stage.bucket) or _UNKNOWN,
            # Whoever may write the stage's signpost is not to write a command here.
            set_region=shell_word(stage.region or "REGION"),
            set_bucket=shell_word(stage.bucket or "BUCKET"),
            identity=self.identity,
            guard=_SEALED if self.passphrase else _BARE,
            asks=asks,
            answer=ANSWER,
        )


_BARE = "The private key, in clear: whoever has this file reads every backup sealed for it."
_SEALED = (
    "The private key under a passphrase: keep that apart from this folder, and do not lose it."
)

_README = """\
RECOVERY KIT OF SNAPPER

Backups of PostgreSQL were sealed for the key of this kit. Who has the kit opens
them, by tools that every distribution has, and without Snapper. Where no kit of
any of their keys is left, nobody opens them any more: neither Snapper nor AWS
has a key.

  key       {recipient}
  made      {made}
  stage     {stage}
  account   {account}
  region    {region}
  bucket    {bucket}

THE FILES

  {identity:<18}{guard}
  recipient.txt     The public key, for which backups are sealed: no secret.
  trial.sql.gz.age  A small file, sealed as a backup is, to try the key on.

Keep the folder where neither the bucket nor the database is: two copies, in two
places, such as a password manager and paper in a safe. It belongs into no
repository, and not on the machine that deploys Snapper.

WHAT IS NEEDED

age (apt install age, brew install age, https://age-encryption.org), gunzip, and to
restore a backup the AWS command line, with the right to read the bucket (and to use
its KMS key, if it has one of your own), and psql of the database's major or a newer
one.

1. TRY THE KEY, NOW AND ONCE A YEAR

In this folder, without any network:{asks}

    age -d -i {identity} trial.sql.gz.age | gunzip

It shows a line of SQL with the words "{answer}"

2. FETCH A BACKUP

The second command lists the databases, each a folder, the third the backups of one:
in place of ORDERS and of the time write those that you want.

    export AWS_REGION={set_region} bucket={set_bucket}
    aws s3 ls "s3://$bucket/"
    aws s3 ls "s3://$bucket/ORDERS/"
    backup=ORDERS/2026-11-23T03-00-00Z
    aws s3 cp "s3://$bucket/$backup.sql.gz.age" backup.sql.gz.age

3. OPEN IT

age says so where the file is cut or changed, or sealed for other keys; then
nothing may be restored of what it wrote.{asks}

    age -d -i {identity} -o backup.sql.gz backup.sql.gz.age && gunzip -t backup.sql.gz

4. RESTORE IT

Into a new database, in one transaction. The roles that own things there must exist.

    createdb restored
    gunzip -c backup.sql.gz | psql -X -1 -v ON_ERROR_STOP=1 -d restored

Remove backup.sql.gz afterwards: it holds the data in clear. Where psql refuses a
line that only a superuser may run, Snapper's documentation says what to leave
out: docs/restore-by-hand.md.
"""
