"""May this response be touched, and what its headers say then. Pure functions over names and values."""
