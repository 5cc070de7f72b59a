-- Texts, JSON and vocabularies are told apart by their bytes now: what was verified before as nothing in particular
-- is inspected again as what it is listed as.
ALTER TABLE blobs DROP CONSTRAINT blobs_content_check,
    ADD CONSTRAINT blobs_content_check
        CHECK (content IN ('weights', 'configuration', 'json', 'text', 'model', 'other'));
