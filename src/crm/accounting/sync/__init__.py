"""One file per kind of object that is brought into QuickBooks."""
