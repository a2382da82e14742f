-- Every use of one month with its fate. One text for every engine: see docs/explanation/savings.md.
-- Relations: uses, voids, spans (when a card was usable; never two at once), prices (days never overlap).
-- A key is settled by what arrived first; the same content again is repeated, another content a conflict.
WITH repeats AS (
  SELECT u.source AS source, u.reference AS reference, MIN(u.arrived) AS first_arrived
  FROM uses AS u
  GROUP BY u.source, u.reference
  HAVING COUNT(*) > 1
),
firsts AS (
  SELECT
    r.source AS source, r.reference AS reference, u.arrived AS arrived, u.card AS card,
    u.used_at AS used_at, u.programme AS programme, u.place AS place, u.band AS band, u.paid AS paid
  FROM repeats AS r
  JOIN uses AS u ON u.source = r.source AND u.reference = r.reference AND u.arrived = r.first_arrived
),
judged AS (
  SELECT
    u.month AS month, u.source AS source, u.programme AS programme, u.division AS division,
    u.band AS band, u.paid AS paid, p.fen AS fen, p.payer AS payer, p.version AS version,
    s.kind AS kind, COALESCE(p.span, u.first_day) AS span,
    CASE
      WHEN f.arrived IS NOT NULL AND f.arrived <> u.arrived
        AND f.card = u.card AND f.used_at = u.used_at AND f.programme = u.programme
        AND f.place = u.place AND f.band = u.band AND f.paid = u.paid THEN 'repeated'
      WHEN f.arrived IS NOT NULL AND f.arrived <> u.arrived THEN 'conflict'
      WHEN v.reference IS NOT NULL THEN 'voided'
      WHEN s.card IS NULL THEN 'refused'
      WHEN p.fen IS NULL THEN 'unpriced'
      ELSE 'counted'
    END AS fate
  FROM uses AS u
  LEFT JOIN firsts AS f ON f.source = u.source AND f.reference = u.reference
  LEFT JOIN voids AS v ON v.source = u.source AND v.reference = u.reference
  LEFT JOIN spans AS s
    ON s.card = u.card AND s.starts_at <= u.used_at AND (s.ends_at IS NULL OR u.used_at < s.ends_at)
  LEFT JOIN prices AS p
    ON p.programme = u.programme AND p.band = u.band AND p.span <= u.day AND u.day <= p.last_day
)
