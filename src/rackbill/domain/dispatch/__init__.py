"""What goes to whom by which way."""
