-- Whether a part was declared before is looked for among the team's own: also how long that takes tells of no other team.
ALTER TABLE upload_parts ADD COLUMN team_id text;
UPDATE upload_parts p SET team_id = u.team_id FROM uploads u WHERE u.upload_id = p.upload_id;
ALTER TABLE upload_parts ALTER COLUMN team_id SET NOT NULL;
DROP INDEX upload_parts_of;
CREATE INDEX upload_parts_of ON upload_parts (sha256, team_id);
