"""`python -m safelight`, which is how torchrun starts it."""

from safelight.cli import main

main()
