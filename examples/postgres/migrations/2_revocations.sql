CREATE TABLE sealed_session_marks (id bytea PRIMARY KEY, mark bytea NOT NULL, until bigint NOT NULL);
CREATE INDEX sealed_session_marks_until ON sealed_session_marks (until);
-- A digest, since a subject may be longer than an index takes, and may name a person.
CREATE TABLE sealed_session_generations (subject_sha256 bytea PRIMARY KEY, generation bytea NOT NULL, until bigint NOT NULL);
CREATE INDEX sealed_session_generations_until ON sealed_session_generations (until);
