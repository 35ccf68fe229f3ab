"""What does this site load, and does the middleware reach it?"""
