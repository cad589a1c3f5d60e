"""What is kept of deleted messages is erased: drafts, feedback, jobs, cached replies, and what workers remember."""
