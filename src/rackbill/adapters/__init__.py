"""The outside: sockets and disks, one file for each outside party."""
