"""Edges to AWS: boto3 is imported here and nowhere else."""
