"""Check the public record of a programme: proofs, signatures, receipts, recomputed decisions. Needs no server."""
