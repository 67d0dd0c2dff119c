-- Is space short? Then shipped events need not be kept.
SELECT wants_room FROM _intake;
