"""python_package.py: takes the Python package from the sources, and its libraries from the build in argv[2] (KSHOT_LIBRARY)."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.environ["KSHOT_LIBRARY"] = sys.argv[2]
sys.path[:0] = [f"{ROOT}/python", f"{ROOT}/.deps/python"]
os.chdir(ROOT)


def refused(mentions, call, *arguments, **keywords):
    """Bad input: a kshot.BadInput of one line that has all that is to be mentioned."""
    import kshot

    try:
        call(*arguments, **keywords)
    except kshot.Error as error:
        assert isinstance(error, ValueError) and "\n" not in str(error), repr(error)
        for text in mentions:
            assert text in str(error), f"'{text}' expected in '{error}'"
        return
    raise AssertionError(f"{call}{arguments}{keywords}: not refused; expected {mentions}")
