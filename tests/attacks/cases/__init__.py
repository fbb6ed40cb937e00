"""What is tried: tables of attacks, as values."""
