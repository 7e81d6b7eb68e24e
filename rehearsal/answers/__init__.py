"""What the providers other than azure-native give back: tls really makes keys and certificates."""
