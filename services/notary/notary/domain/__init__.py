"""The notary's rules: what may enter the log, and when its head is signed."""
