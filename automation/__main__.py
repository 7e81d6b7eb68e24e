"""`python -m automation`."""

import gc
import signal
import sys

# An interrupt waits until `automation.commands.run` can tell how the command ended.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
try:
    from automation.cli import app

    app(prog_name="python -m automation")
except ModuleNotFoundError as error:
    sys.exit(f"The package {error.name} is missing. Next: make setup, then .venv/bin/python -m automation")
finally:
    gc.freeze()  # else the interpreter's last collections walk all of azure-native: more than half a second
