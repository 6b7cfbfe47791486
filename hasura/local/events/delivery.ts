import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { describeError, type EngineLog } from '../log.ts'
import type { Propagator } from '../trace.ts'
import { attemptDelivery } from './attempt.ts'
import { type LoggedEvent, recordAttempt, releaseEvents, takeEvents } from './queries.ts'
import type { Subscriber } from './subscribers.ts'

export interface DeliveryOptions {
  /** A pool of its own: queries of clients must not delay events. */
  readonly pool: pg.Pool
  readonly subscribers: ReadonlyMap<string, Subscriber>
  /** In which headers a call says whose trace it belongs to. */
  readonly propagators: readonly Propagator[]
  readonly settings: {
    readonly eventsFetchIntervalMs: number
    readonly eventsFetchBatchSize: number
    readonly eventsHttpPoolSize: number
    readonly gracefulShutdownMs: number
  }
  readonly log: EngineLog
}

export interface EventDelivery {
  /** Takes no more events, lets running calls end within the graceful time, and unlocks what was not delivered. */
  stop(): Promise<void>
}

const OUTAGE_PAUSE_MS = 1000
const RECORD_ATTEMPTS = 30

/** Delivers events until stopped: at least once, in no promised order. Several engines share the work. */
export function startEventDelivery(options: DeliveryOptions): EventDelivery {
  return new Delivery(options)
}

class Delivery implements EventDelivery {
  readonly #options: DeliveryOptions
  readonly #stopping = new AbortController()
  readonly #aborting = new AbortController()
  /** Events that are locked by us. */
  readonly #held = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  readonly #loop: Promise<void>
  #noticeChange = () => {}

  constructor(options: DeliveryOptions) {
    this.#options = options
    const isOff = options.subscribers.size === 0 || options.settings.eventsFetchBatchSize === 0
    this.#loop = isOff ? Promise.resolve() : this.#run()
  }

  async stop(): Promise<void> {
    const { pool, log, settings } = this.#options
    this.#stopping.abort()
    this.#noticeChange()
    await this.#loop
    const patience = setTimeout(() => this.#aborting.abort(), settings.gracefulShutdownMs)
    await Promise.all(this.#running)
    clearTimeout(patience)
    if (this.#held.size === 0) return
    await releaseEvents(pool, [...this.#held]).catch((error: unknown) => {
      log('warn', 'release_events', { events: this.#held.size, error: describeError(error) })
    })
  }

  async #run(): Promise<void> {
    const { settings } = this.#options
    while (!this.#stopping.signal.aborted) {
      const events = await takeOrPause(this.#options, this.#stopping.signal)
      for (const event of events) this.#held.add(event.id)
      for (const event of events) {
        if (this.#running.size >= settings.eventsHttpPoolSize) await this.#change()
        if (this.#stopping.signal.aborted) break
        this.#start(event)
      }
      if (events.length === 0) await pause(settings.eventsFetchIntervalMs, this.#stopping.signal)
    }
  }

  /** Until a call ends or we are stopped. (A race of promises would keep a reaction on each for as long as we run.) */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#noticeChange = resolve
    })
  }

  #start(event: LoggedEvent): void {
    const signals = { stopping: this.#stopping.signal, aborting: this.#aborting.signal }
    const delivery = deliver(event, this.#options, signals)
      .then((isRecorded) => {
        if (isRecorded) this.#held.delete(event.id)
      })
      .finally(() => {
        this.#running.delete(delivery)
        this.#noticeChange()
      })
    this.#running.add(delivery)
  }
}

/** An unreachable database is an empty batch and a longer pause. */
async function takeOrPause(options: DeliveryOptions, stopping: AbortSignal): Promise<readonly LoggedEvent[]> {
  try {
    return await takeEvents(options.pool, [...options.subscribers.keys()], options.settings.eventsFetchBatchSize)
  } catch (error) {
    options.log('error', 'take_events', { error: describeError(error) })
    await pause(OUTAGE_PAUSE_MS, stopping)
    return []
  }
}

/** Whether the outcome is in the database; if not, the event is still locked by us. */
async function deliver(
  event: LoggedEvent,
  options: DeliveryOptions,
  signals: { stopping: AbortSignal; aborting: AbortSignal },
): Promise<boolean> {
  const subscriber = options.subscribers.get(event.triggerName)
  if (subscriber === undefined) return false
  const { invocation, outcome } = await attemptDelivery(
    event,
    { subscriber, propagators: options.propagators },
    signals.aborting,
  )
  // Cut short by our own end: not the subscriber's failure, so it costs no try.
  if (signals.aborting.aborted && outcome.do !== 'deliver') return false
  if (outcome.do !== 'deliver') {
    const facts = { trigger: event.triggerName, eventId: event.id, status: invocation.status, outcome: outcome.do }
    options.log('warn', 'deliver_event', facts)
  }
  for (let attempt = 1; attempt <= RECORD_ATTEMPTS; attempt++) {
    try {
      await recordAttempt(options.pool, invocation, outcome)
      return true
    } catch (error) {
      options.log('error', 'record_attempt', { eventId: event.id, error: describeError(error) })
      if (signals.stopping.aborted) return false
      await pause(OUTAGE_PAUSE_MS, signals.stopping)
    }
  }
  return false
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => {})
}
