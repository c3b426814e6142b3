"""Tools that know no business: settings, errors, database, money, encryption, clock, logging."""
