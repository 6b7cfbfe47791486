import { setTimeout as sleep } from 'node:timers/promises'
import type { Platform } from './athletes.ts'
import type { Ledger } from './ledger.ts'
import type { PlannedEvent } from './plan.ts'
import type { Product } from './product.ts'

const ANSWER_WITHIN_MS = 5_000
const GIVE_UP_AFTER_MS = 180_000

export interface Sending {
  readonly product: Product
  readonly platform: Platform
  readonly ledger: Ledger
  readonly eventsPerSecond: number
  /** Told how many are acknowledged. */
  readonly progress: (acknowledged: number) => void
}

/** Lets the athletes act at the given rate and delivers each event until it is acknowledged, then again as planned. */
export async function sendEvents(events: readonly PlannedEvent[], sending: Sending): Promise<void> {
  const begun = performance.now()
  const underway: Promise<void>[] = []
  let acknowledged = 0
  for (const planned of events) {
    const due = begun + (planned.event / sending.eventsPerSecond) * 1000
    const early = due - performance.now()
    if (early > 1) await sleep(early)
    const body = await sending.platform.act(planned)
    underway.push(
      deliver(planned, body, sending).then(() => {
        acknowledged += 1
        sending.progress(acknowledged)
      }),
    )
  }
  await Promise.all(underway)
}

async function deliver(planned: PlannedEvent, body: string, { product, ledger }: Sending): Promise<void> {
  const { event, delayMs, repetitions } = planned
  if (delayMs > 0) await sleep(delayMs)
  const deadline = performance.now() + GIVE_UP_AFTER_MS
  ledger.write({ what: 'attempted', event })
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    const answer = await post(product, body)
    if (answer === '200') break
    ledger.write({ what: 'refused', event, answer })
    if (performance.now() > deadline) return ledger.write({ what: 'abandoned', event })
    await sleep(waitMs)
  }
  ledger.write({ what: 'acknowledged', event })
  for (let count = 0; count < repetitions; count += 1) {
    await post(product, body)
    ledger.write({ what: 'repeated', event })
  }
}

/** The status, or why there is none. */
async function post({ serviceUrl, environment }: Product, body: string): Promise<string> {
  const url = `${serviceUrl}/webhooks/strava/${environment['STRAVA_WEBHOOK_SECRET']}`
  const headers = { 'content-type': 'application/json' }
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const response = await fetch(url, { method: 'POST', headers, body, signal })
    await response.body?.cancel()
    return String(response.status)
  } catch (error) {
    return error instanceof Error ? error.name : 'no answer'
  }
}
