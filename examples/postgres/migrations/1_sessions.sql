-- A table from before there were migrations is the same, and stays.
CREATE TABLE IF NOT EXISTS sealed_sessions (id bytea PRIMARY KEY, record bytea NOT NULL, expires_at bigint NOT NULL);
CREATE INDEX IF NOT EXISTS sealed_sessions_expires_at ON sealed_sessions (expires_at);
