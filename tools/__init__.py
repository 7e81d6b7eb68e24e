"""What only those who change the project need."""
