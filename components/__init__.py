"""The platform's components. Each is one file, of one shape, and usable on its own."""
