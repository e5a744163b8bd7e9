"""`python -m muster` and the `muster` command."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from muster.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
