"""`python -m consentkit.cli`: the same as the `consentkit` script."""

from consentkit.cli import run

run()
