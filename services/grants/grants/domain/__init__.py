"""Rules of entitlements and the ledger: pure, no time, no database."""
