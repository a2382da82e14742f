-- Savings of tallies: the count of uses times (what an ordinary adult pays - what was paid), whole fen.
-- Relations: tallies (n uses of a day or of the days from `day` on with one price), prices.
SELECT
  t.month AS month, t.source AS source, t.programme AS programme, t.division AS division,
  COALESCE(p.payer, '') AS borne_by, p.version AS version,
  CAST(SUM(t.n) AS BIGINT) AS uses,
  CAST(SUM(CASE WHEN p.fen IS NULL THEN t.n ELSE 0 END) AS BIGINT) AS unpriced,
  CAST(SUM(CASE WHEN p.fen < t.paid THEN t.n ELSE 0 END) AS BIGINT) AS above_price,
  CAST(SUM(CAST(t.n AS BIGINT) * COALESCE(p.fen, t.paid)) AS BIGINT) AS ordinary_fen,
  CAST(SUM(CAST(t.n AS BIGINT) * t.paid) AS BIGINT) AS paid_fen,
  CAST(SUM(CAST(t.n AS BIGINT) * (COALESCE(p.fen, t.paid) - t.paid)) AS BIGINT) AS savings_fen
FROM tallies AS t
LEFT JOIN prices AS p
  ON p.programme = t.programme AND p.band = t.band AND p.span <= t.day AND t.day <= p.last_day
GROUP BY t.month, t.source, t.programme, t.division, p.payer, p.version
