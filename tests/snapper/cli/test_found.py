"""What verify says of a backup that was restored, and of what was not counted."""

from snapper.cli.found import Found
from snapper.values.verification import Restored, Verification
from tests.support.manifests import NOON, manifest

REMARK = "restored, and not counted, for this user may not read them: public.t"


def found(restored: Restored) -> Found:
    verdict = Verification(NOON, "ab" * 32, True, restored=restored, restored_at=NOON)
    return Found("orders", manifest(), verdict)


def test_what_could_not_be_counted_is_said_and_is_no_failure() -> None:
    closed = found(Restored(2, 1, 1.5, uncounted=1, remarks=(REMARK,)))
    assert closed.code == 0
    assert closed.row()[2:4] == ("2 (1 not counted)", "1")
    assert closed.row()[-1] == f"sound -> {REMARK}"
    assert closed.to_dict()["verification"]["restored"] == {
        "tables": 2, "rows": 1, "seconds": 1.5, "uncounted": 1, "remarks": [REMARK],
    }  # fmt: skip


def test_where_all_was_counted_there_is_nothing_to_say() -> None:
    assert found(Restored(2, 1, 1.5)).row()[2:] == ("2", "1", "1.5 s", "sound")
