"""`python -m automation`."""

import gc
import signal
import sys
from pathlib import Path

# An interrupt waits until `automation.commands.run` can tell how the command ended.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
try:
    from automation.cli import app

    app(prog_name="python -m automation")
except ModuleNotFoundError as error:
    if error.name and (Path(__file__).resolve().parents[1] / error.name.partition(".")[0]).is_dir():
        sys.exit(f"{error.name.replace('.', '/')}.py is missing. Next: write it; git status says what is gone")
    sys.exit(f"The package {error.name} is missing. Next: make setup, then .venv/bin/python -m automation")
except Exception as error:  # of the modules that are imported before a command begins
    from graph.places import find_in_ground

    if isinstance(error, ImportError) and error.name is None:  # our own words, of the tables of the settings
        sys.exit(str(error))
    if not (place := find_in_ground(error)):
        raise
    what = f"{type(error).__name__}: {error}".rstrip(".")
    sys.exit(f"The program failed: {place}: {what}. Next: fix the program, then run the command again")
finally:
    gc.freeze()  # else the interpreter's last collections walk all of azure-native: more than half a second
