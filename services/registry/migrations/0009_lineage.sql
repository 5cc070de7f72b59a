-- Who names a checkpoint as a parent is found by it.
CREATE INDEX checkpoints_lineage ON checkpoints USING gin ((declaration -> 'lineage') jsonb_path_ops);
