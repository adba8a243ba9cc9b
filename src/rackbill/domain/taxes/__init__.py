"""Tax rates with validity, wordings, exchange rates, evidence."""
