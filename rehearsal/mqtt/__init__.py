"""The message proof: Mosquitto and a client, both set up from nothing but what the clusters hold."""
