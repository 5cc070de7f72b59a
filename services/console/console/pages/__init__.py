"""The console's pages, its data addresses and its gateway to the services."""
