"""What is made for people to read from the published marts: the quality page."""
