"""Stands in for `aws s3 cp - s3://vault/dump`, where that is not installed: standard input to S3.

… | python -m benchmarks.upload
"""

import sys

from snapper.aws import client as aws

if __name__ == "__main__":
    aws.client("s3").upload_fileobj(sys.stdin.buffer, "vault", "dump")
