-- Sets or clears the low-space flag: while it is set, the uploader may purge shipped events before RETENTION is over.
UPDATE _intake SET low_space = :low_space WHERE low_space <> :low_space;
