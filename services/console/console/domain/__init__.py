"""What the console shows, as plain values."""
