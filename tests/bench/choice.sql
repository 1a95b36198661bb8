-- What one choice over HTTP asks of PostgreSQL, statement by statement, for pgbench.
-- `bench_chooser` holds who chooses about which brand, as the HTTP side has it.
\set n random(1, :choosers)
SELECT token.prefix AS prefix, consumer.id AS consumer, chooser.subject_id AS subject, chooser.brand_id AS brand, chooser.slug AS slug FROM bench_chooser chooser JOIN cmr_accesstoken token ON token.prefix = chooser.prefix JOIN cmr_consumer consumer ON consumer.id = token.consumer_id JOIN cmr_user person ON person.id = consumer.user_id WHERE chooser.n = :n AND token.revoked_at IS NULL AND person.is_active \gset
SELECT brand.id, topic.purpose_id, purpose.code, purpose.regime FROM (SELECT) one LEFT JOIN brands_brand brand ON brand.slug = :slug LEFT JOIN brands_topic topic ON topic.brand_id = brand.id AND topic.code = NULL LEFT JOIN brands_purpose purpose ON purpose.code = coalesce('marketing', topic.purpose_id);
BEGIN;
SELECT last_seq + 1 AS seq, encode(chain_head, 'hex') AS head, gen_random_uuid() AS entry FROM consent_subject WHERE id = :subject::uuid FOR NO KEY UPDATE \gset
INSERT INTO consent_ledgerentry (id, subject_id, subject_seq, brand_id, purpose_id, channel, decision, maker, basis, source, reason, evidence, notice, made_at, recorded_at, previous_hash, hash) VALUES (:entry::uuid, :subject::uuid, :seq::bigint, :brand::bigint, 'marketing', 'email', 'deny', 'person', 'express', 'api', 'too_many_from_brand', '', '', now(), now(), decode(:head, 'hex'), sha256(decode(:head, 'hex')));
INSERT INTO consent_preference AS held (subject_id, brand_id, purpose_id, channel, decision, maker, basis, entry_id, subject_seq, made_at) VALUES (:subject::uuid, :brand::bigint, 'marketing', 'email', 'deny', 'person', 'express', :entry::uuid, :seq::bigint, now()) ON CONFLICT (subject_id, brand_id, purpose_id, channel, topic, contact_point_id, decision, maker, basis) DO UPDATE SET (entry_id, subject_seq, made_at) = (EXCLUDED.entry_id, EXCLUDED.subject_seq, EXCLUDED.made_at) WHERE (held.made_at, held.subject_seq) < (EXCLUDED.made_at, EXCLUDED.subject_seq);
SELECT * FROM consent_relationship relationship JOIN brands_brand brand ON brand.id = relationship.brand_id WHERE relationship.subject_id = :subject::uuid AND relationship.brand_id = :brand::bigint AND relationship.ended_at IS NULL;
SELECT FROM consent_propagation WHERE subject_id = :subject::uuid AND done_at IS NULL LIMIT 1;
UPDATE consent_subject SET last_seq = :seq::bigint, chain_head = sha256(decode(:head, 'hex')) WHERE id = :subject::uuid;
INSERT INTO brands_streamhead (brand_id, last_sequence) VALUES (:brand::bigint, 1) ON CONFLICT (brand_id) DO UPDATE SET last_sequence = brands_streamhead.last_sequence + 1 RETURNING last_sequence AS sequence \gset
INSERT INTO brands_event (brand_id, sequence, uid, type, timestamp, subject, cause, decision, purpose, channel, topic, reason, source, campaign, body) VALUES (:brand::bigint, :sequence::bigint, gen_random_uuid(), 'preference.denied', now(), :subject::uuid, :entry::uuid, 'deny', 'marketing', 'email', '', 'too_many_from_brand', 'api', '', decode(repeat('7b', 580), 'hex'));
COMMIT;
SELECT id FROM brands_subscription WHERE disabled_at IS NULL AND brand_id = :brand::bigint;
SELECT id, slug FROM brands_brand WHERE id = :brand::bigint;
