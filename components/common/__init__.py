"""What components of several layers share."""
