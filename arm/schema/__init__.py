"""Request bodies by ARM type and API version: generated tables, and validation against them."""
