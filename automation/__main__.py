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
except ImportError as error:
    if type(error) is ImportError:
        raise
    if not isinstance(error, ModuleNotFoundError):  # profiles that do not fit the schema
        sys.exit(str(error))
    if error.name and (Path(__file__).resolve().parents[1] / error.name.partition(".")[0]).is_dir():
        sys.exit(f"{error.name.replace('.', '/')}.py is missing. Next: write it; git status says what is gone")
    sys.exit(f"The package {error.name} is missing. Next: make setup, then .venv/bin/python -m automation")
finally:
    gc.freeze()  # else the interpreter's last collections walk all of azure-native: more than half a second
