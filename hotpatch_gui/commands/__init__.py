"""Commands without a window, for Task Scheduler and cron."""
