"""What the invented people's choices told their brands, and what the brands sent before, by SQL.

Each brand has a campaign a month, mailed on four days; who leaves by a link leaves by the month's.
"""

from __future__ import annotations

from django.db import connection

#: The time, cause, person, scope, decision, reason, source and campaign of everything to be told.
TOLD = """
SELECT entry.made_at AS at, entry.id AS cause, entry.subject_id AS subject, entry.brand_id,
       entry.decision, coalesce(entry.purpose_id, '') AS purpose,
       coalesce(entry.channel, '') AS channel,
       entry.reason, entry.source, entry.campaign, entry.subject_seq
FROM consent_ledgerentry entry WHERE entry.brand_id IS NOT NULL
UNION ALL
SELECT entry.made_at, entry.id, entry.subject_id, held.brand_id,
       entry.decision, coalesce(entry.purpose_id, ''), coalesce(entry.channel, ''),
       entry.reason, entry.source, entry.campaign, entry.subject_seq
FROM consent_ledgerentry entry
JOIN consent_relationship held ON held.subject_id = entry.subject_id
WHERE entry.brand_id IS NULL
UNION ALL
SELECT held.started_at, held.id, held.subject_id, held.brand_id, '', '', '', '', '', '', 0
FROM consent_relationship held
"""
#: About as long as a real one: it has the same members.
BODY = """
format('{"type":"%s","timestamp":"%s","sequence":%s,"data":{"subject":{"id":"%s","ref":null},'
       '"subject_seq":%s,"entry":"%s","scope":{"brand":"%s","purpose":"%s","channel":"%s",'
       '"topic":null,"contact_point":null},"decision":"%s","until":null,"limit":null,'
       '"expires_at":null,"reason":"%s","campaign":"%s","maker":"person","made_at":"%s",'
       '"honour_by":null,"permissions":[{"purpose":"%s","channel":"%s","topic":null,'
       '"allowed":%s,"then":[]}]}}', type, at, sequence, relationship, within, cause, slug, purpose,
       channel, decision, reason, campaign, at, purpose, channel,
       CASE decision WHEN 'grant' THEN 'true' ELSE 'false' END)
"""
EVENTS = f"""
INSERT INTO brands_event (brand_id, sequence, uid, type, timestamp, subject, cause, decision,
    purpose, channel, topic, reason, source, campaign, before, quiet, body)
SELECT brand_id, sequence, md5(cause::text || brand_id)::uuid, type, at, subject, cause, decision,
    purpose, channel, '', reason, source, campaign, '', false, convert_to({BODY}, 'UTF8')
FROM (
    SELECT told.*, brand.slug, md5(told.subject::text || told.brand_id)::uuid AS relationship,
        row_number() OVER (PARTITION BY told.brand_id ORDER BY at, subject_seq, cause) AS sequence,
        row_number() OVER (
            PARTITION BY told.brand_id, told.subject ORDER BY at, subject_seq, cause
        ) AS within,
        CASE decision WHEN 'deny' THEN 'preference.denied' WHEN 'grant' THEN 'preference.granted'
            ELSE 'relationship.started' END AS type
    FROM ({TOLD}) told JOIN brands_brand brand ON brand.id = told.brand_id
) numbered
"""
HEADS = """
INSERT INTO brands_streamhead (brand_id, last_sequence)
SELECT brand_id, max(sequence) FROM brands_event GROUP BY brand_id
"""
SUBJECT_HEADS = """
INSERT INTO brands_subjecthead (brand_id, subject, last_seq)
SELECT brand_id, subject, count(*) FROM brands_event GROUP BY brand_id, subject
"""
CURSORS = """
INSERT INTO consent_metricscursor (brand_id, sequence, people)
SELECT brand_id, last_sequence, 0 FROM brands_streamhead
"""
CAMPAIGNS = """
INSERT INTO brands_campaign (brand_id, code, name, purpose_id, topic, created_at)
SELECT brand.id, 'news-' || to_char(month, 'MM'), 'News of ' || to_char(month, 'Month'),
       'marketing', '', month
FROM brands_brand brand, generate_series('2026-01-01Z'::timestamptz, '2026-10-01Z', '1 month') month
WHERE EXISTS (SELECT FROM brands_streamhead WHERE brand_id = brand.id)
"""
CAMPAIGN_DAYS = """
INSERT INTO brands_campaignday (campaign_id, brand_id, channel, day, sends, deliveries, responses,
    complaints, reported_at, revision)
SELECT campaign.id, campaign.brand_id, 'email', campaign.created_at::date + 7 * week,
       20 + people, 20 + people * 98 / 100, people * (campaign.id % 9) / 100, people / 1000,
       campaign.created_at + interval '40 days', 1
FROM brands_campaign campaign
JOIN (SELECT brand_id, count(*) AS people FROM consent_relationship GROUP BY brand_id) mailed
    USING (brand_id),
    generate_series(0, 3) week
"""
TABLES = (
    "brands_event",
    "brands_streamhead",
    "brands_subjecthead",
    "brands_campaign",
    "brands_campaignday",
)


def tell() -> None:
    """Fill the empty streams and campaigns with what follows from the people; nothing is counted.

    Each brand's counting stands at the end of its stream: `reporting.rebuild_all_counts` counts it.
    """
    for statement in (EVENTS, HEADS, SUBJECT_HEADS, CURSORS, CAMPAIGNS, CAMPAIGN_DAYS):
        _run(statement)
    for table in TABLES:
        _run(f"ANALYZE {table}")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
