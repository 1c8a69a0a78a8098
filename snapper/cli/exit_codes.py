"""What the exit codes of every command mean."""

EXIT_CODES = {
    "0": "good",
    "1": "failed, or not healthy",
    "2": "usage or configuration error",
    "3": "no such backup",
    "4": "backup damaged",
    "5": "dump failed",
    "6": "database unreachable",
    "7": "database unsupported",
    "8": "AWS refused",
    "9": "restore failed; the error says how the target is",
    "10": "backup in progress",
    "11": "backup sealed, and no key given",
    "12": "backup sealed for other keys",
    "129, 130, 143": "interrupted",
    "141": "output pipe closed",
}
