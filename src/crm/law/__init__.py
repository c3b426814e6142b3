"""What contract law asks of a home improvement contract, as data that an office can edit. Not legal advice."""
