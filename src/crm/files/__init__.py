"""Photos, attachments, logos and papers: kept in the database, so that every process has them and a backup holds them."""
