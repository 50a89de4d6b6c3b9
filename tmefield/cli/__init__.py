"""The command line: `main` is the entry point, each verb has a file."""

from .app import main as main
