"""`doctor`: whether everything works on this machine."""

from .. import doctor


def run() -> int:
    findings = doctor.full()
    doctor.show(findings)
    return doctor.exit_code(findings)
