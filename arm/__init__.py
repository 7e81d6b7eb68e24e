"""What ARM resource types are, as facts: ids, request schemas, types."""
