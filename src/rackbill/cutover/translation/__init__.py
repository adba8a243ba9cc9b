"""Staged rows → what each noun adopts, under new IDs. Everything here is worked out in memory; nothing is written."""
