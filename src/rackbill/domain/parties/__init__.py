"""Sales organisations, customers, contacts, billing groups, billing authority."""
