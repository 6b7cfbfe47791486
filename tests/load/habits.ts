/** How a person uses the product; the page says where these come from. */
export const HABITS = { syncsPerDay: 4, screensPerDay: 5, peakToMean: 4 } as const
export const DAYS_PER_YEAR = 365

/**
 * For how many days a row is there, by the defaults of the settings (a test holds them to it); what is not named stays. Of a delivery it is
 * the bytes that go; its key stays for 60 days, and takes a hundredth of them.
 */
export const KEPT_DAYS: Readonly<Record<string, number>> = {
  webhook_deliveries: 7,
  webhook_delivery_chunks: 7,
  delivered_items: 30,
  event_log: 7,
  event_invocation_logs: 7,
  _private_jobs: 1,
  summary_rebuilds: 1,
}

/** Screens, or syncs, of so many people in a second of the peak. */
export function perSecondAtPeak(people: number, perDay: number): number {
  return ((people * perDay) / 86_400) * HABITS.peakToMean
}
