SELECT
  j.month AS month, j.source AS source, j.programme AS programme, j.division AS division,
  COALESCE(j.payer, '') AS borne_by, j.fate AS fate,
  COUNT(*) AS uses,
  CAST(SUM(CASE WHEN j.fate = 'counted' THEN j.fen ELSE 0 END) AS BIGINT) AS ordinary_fen,
  CAST(SUM(CASE WHEN j.fate = 'counted' THEN j.paid ELSE 0 END) AS BIGINT) AS paid_fen,
  CAST(SUM(CASE WHEN j.fate = 'counted' THEN j.fen - j.paid ELSE 0 END) AS BIGINT) AS savings_fen
FROM judged AS j
GROUP BY j.month, j.source, j.programme, j.division, j.payer, j.fate
