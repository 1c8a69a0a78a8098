"""What the program may look up is answered as the provider would."""

from local.deployment.resources import LOOKUPS
from local.emulator.cloud import Cloud

BELOW = "aws:ssm/getParametersByPath:getParametersByPath"


def test_what_is_right_below_a_path_is_found_however_much_it_is(cloud: Cloud) -> None:
    ssm, path = cloud.client("ssm"), "/looked/up"
    asked = {"path": path, "withDecryption": False}
    assert LOOKUPS[BELOW](cloud, asked)["names"] == []
    for number in range(12):  # a page has ten
        ssm.put_parameter(Name=f"{path}/{number}", Value=str(number), Type="String")
    ssm.put_parameter(Name=f"{path}/deeper/0", Value="no", Type="String")
    found = LOOKUPS[BELOW](cloud, asked)
    told = dict(zip(found["names"], found["values"], strict=True))
    assert told == {f"{path}/{number}": str(number) for number in range(12)}
