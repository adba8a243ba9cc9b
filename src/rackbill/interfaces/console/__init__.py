"""The `rackbill` command."""
