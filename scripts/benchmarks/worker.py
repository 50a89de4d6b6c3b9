"""A rival in a Python of its own: starts a script, tells it what to do line by line, reads one line of JSON back for each."""

import json
import subprocess
from pathlib import Path

from toolchain import HERE, Unavailable, environment


class Worker:
    """A script beside this file, run by `python`; it answers its first line of input by saying that it is ready, or why not."""

    def __init__(self, python: str, script: str, **request):
        """Raises `Unavailable` with the script's own reason where it cannot start."""
        command = [python, str(HERE / script)]
        extra = {"PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"}
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**extra), cwd=Path.cwd()
            )
        except OSError as error:
            raise Unavailable(f"{python} cannot be started: {error}") from error
        answer = self.ask(**request)
        if "missing" in answer:
            self.close()
            raise Unavailable(answer["missing"])

    def ask(self, **request) -> dict:
        """Send one request, wait for its answer."""
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the rival ended: {self.process.stderr.read().strip()[-400:]}")
        return json.loads(line)

    def close(self) -> None:
        """End the script."""
        self.process.communicate()
