"""What a rehearsal proves beyond a successful deployment: the settings are met, messages arrive."""
