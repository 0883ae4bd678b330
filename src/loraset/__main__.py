"""`python -m loraset`: the same as the `loraset` command."""

from loraset.cli.main import main

main()
