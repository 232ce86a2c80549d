"""What is deployed onto the platform."""
