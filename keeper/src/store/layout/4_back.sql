-- From layout 4 back to layout 3.

DROP INDEX events_by_time;
DROP TABLE totals;
