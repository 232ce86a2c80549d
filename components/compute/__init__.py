"""What pods run on."""
