"""Runs the sandbox provider."""

from wattledger.apps.lab.provider.main import main

main()
