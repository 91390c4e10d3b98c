"""Runs programs in this process, one after the other, and says how each ended.

The only word is JSON: ``programs``, each a file and its words, and ``seconds``, what each may take.
The first that fails is the last that is run: what it broke may break the next. The answers are
lines of JSON; on the other stream a line of its own says where the words of each program begin.
"""

import faulthandler
import importlib
import io
import json
import os
import sys
import tempfile
import traceback

LONGEST = 20000
asked = json.loads(sys.argv[1])
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # a library that prints by itself spoils no answer


def say(**line):
    answers.write(json.dumps(line) + "\n")
    answers.flush()


def first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return type(error).__name__ + (": " + lines[0] if lines else "")


def ended(path, words):
    """Why it failed, None where it did not."""
    sys.argv = [path] + words
    try:
        with io.open(path, encoding="utf-8") as text:
            code = compile(text.read(), path, "exec")
        exec(code, {"__name__": "__main__", "__file__": path})
    except SystemExit as leaving:
        return None if leaving.code in (None, 0) else str(leaving.code)
    except BaseException as error:
        traceback.print_exc()
        return first_line(error)
    return None


# What the programs share is read without leaving bytecode where dlsetup is installed.
keeps, sys.dont_write_bytecode = sys.dont_write_bytecode, True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "beside"))
importlib.import_module("exactness")
sys.dont_write_bytecode = keeps

for number, (path, *words) in enumerate(asked["programs"]):
    print("\x1e%d" % number, file=sys.stderr, flush=True)
    say(begun=number)
    # A thread below Python's own watches: it ends what hangs in a library too.
    faulthandler.dump_traceback_later(asked["seconds"], exit=True)
    with io.TextIOWrapper(tempfile.TemporaryFile(), encoding="utf-8", errors="replace") as kept:
        usual, sys.stdout = sys.stdout, kept
        try:
            problem = ended(path, words)
        finally:
            sys.stdout = usual
        kept.seek(0)
        said = kept.read(LONGEST)
    faulthandler.cancel_dump_traceback_later()
    say(ended=number, problem=problem, said=said)
    if problem is not None:
        break
