"""The contract: specs, forms, views, claims, witnesses and certificates. Imports no solver's library."""
