const EXPECTED_YEARS = 10

/**
 * How far a run that works backwards in time has come, from 0 to 0.99 (1 is for the end). Without a start date the expected
 * length stands in for the unknown one: a longer history waits at 0.99 rather than claim to be done.
 */
export function estimateProgress({ since, until, reached }: { since: Date; until: Date; reached: Date }): number {
  const expectedStart = new Date(until)
  expectedStart.setUTCFullYear(until.getUTCFullYear() - EXPECTED_YEARS)
  const start = Math.max(since.getTime(), expectedStart.getTime())
  const share = (until.getTime() - reached.getTime()) / Math.max(1, until.getTime() - start)
  return Math.round(Math.min(0.99, Math.max(0, share)) * 10_000) / 10_000
}
