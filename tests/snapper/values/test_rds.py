"""The names of Amazon's databases."""

import pytest

from snapper.values.rds import region_of


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("orders.c0ffee.eu-central-1.rds.amazonaws.com", "eu-central-1"),
        ("ORDERS.c0ffee.EU-central-1.rds.amazonaws.com.", "eu-central-1"),
        ("orders.cluster-ro-c0ffee.ap-southeast-2.rds.amazonaws.com", "ap-southeast-2"),
        ("orders.c0ffee.us-gov-west-1.rds.amazonaws.com", "us-gov-west-1"),
        ("orders.c0ffee.cn-north-1.rds.amazonaws.com.cn", "cn-north-1"),
        ("orders.c0ffee.rds.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
    ],
)
def test_the_region_is_read_from_the_host(host: str, region: str) -> None:
    assert region_of(host) == region


@pytest.mark.parametrize(
    "host",
    [
        "",
        "db.example.com",
        "rds.amazonaws.com",
        "eu-central-1.rds.amazonaws.com",
        "orders.c0ffee.eu-central-1.rds.amazonaws.com.example.com",
        "orders.c0ffee.eu-central-1.rds.amazonaws.comx",
        "orders.eu-central-1.redshift.amazonaws.com",
        "a/b.eu-central-1.rds.amazonaws.com",
    ],
)
def test_no_other_host_is_taken_for_one(host: str) -> None:
    assert region_of(host) == ""
