"""Check the public record of a programme: proofs, signatures, receipts and recomputed decisions. No server, no account."""
