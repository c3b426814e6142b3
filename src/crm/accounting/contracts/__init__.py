"""How a whole contract stands in the books: its policy, what its invoice carries, and what is mapped to what."""
