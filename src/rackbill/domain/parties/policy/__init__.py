"""What of parties is decided without a database: electronic addresses, which e-invoice a customer gets, what it still lacks."""
