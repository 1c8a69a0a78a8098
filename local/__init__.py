"""The embedded cloud: everything the demo and the tests need instead of an AWS account."""
