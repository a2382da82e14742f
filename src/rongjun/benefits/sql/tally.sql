SELECT
  j.month AS month, j.span AS day, j.source AS source, j.programme AS programme, j.division AS division,
  j.band AS band, j.kind AS kind, j.paid AS paid, COUNT(*) AS n
FROM judged AS j
WHERE j.fate IN ('counted', 'unpriced')
GROUP BY j.month, j.span, j.source, j.programme, j.division, j.band, j.kind, j.paid
