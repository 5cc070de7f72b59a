-- Each criterion has a scale of its own, in the order of score_source.criteria. Sources that came before it was told
-- keep the widest range of the source.
ALTER TABLE score_source
    ADD COLUMN minima numeric[],
    ADD COLUMN maxima numeric[],
    ADD COLUMN digits integer[];
UPDATE score_source SET
    minima = array_fill(minimum, ARRAY[cardinality(criteria)]),
    maxima = array_fill(maximum, ARRAY[cardinality(criteria)]),
    digits = array_fill(12, ARRAY[cardinality(criteria)]);
ALTER TABLE score_source
    ALTER COLUMN minima SET NOT NULL,
    ALTER COLUMN maxima SET NOT NULL,
    ALTER COLUMN digits SET NOT NULL,
    ALTER COLUMN minimum DROP NOT NULL,
    ALTER COLUMN maximum DROP NOT NULL;
