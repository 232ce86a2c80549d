"""What a stack costs and what a change does, read from recorded plans: `make cost`, `make review`, `make explain`."""
