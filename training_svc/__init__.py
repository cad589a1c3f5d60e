"""Training samples; jobs and voices come later."""
