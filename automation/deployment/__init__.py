"""Operations on a stack through the Automation API: settle, run, retry, tell."""
