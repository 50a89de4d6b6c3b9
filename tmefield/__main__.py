"""`python -m tmefield` is the command `tmefield`."""

from .cli import main

if __name__ == "__main__":
    main()
