/** What a subscriber is told; the text of a `data` object, or why it could not be read this time. */
export interface LiveQueryListener {
  onData(data: string): void
  onError(error: unknown): void
}

export interface LiveQuery {
  /** Subscribers with the same cohort share one poll. */
  readonly cohort: string
  poll(): Promise<string>
}

export interface LiveQueries {
  /** The first answer comes from a poll that starts after this call; the rest when the answer changes. */
  subscribe(query: LiveQuery, listener: LiveQueryListener): () => void
  /** How many cohorts are being polled. */
  readonly size: number
  close(): void
}

type Outcome = { readonly data: string } | { readonly error: unknown; readonly fingerprint: string }

export function createLiveQueries({ intervalMs }: { readonly intervalMs: number }): LiveQueries {
  const pollers = new Map<string, Poller>()
  return {
    subscribe(query, listener) {
      const poller = pollers.get(query.cohort) ?? new Poller(query, intervalMs)
      pollers.set(query.cohort, poller)
      poller.add(listener)
      return () => {
        poller.remove(listener)
        if (poller.isIdle && pollers.get(query.cohort) === poller) pollers.delete(query.cohort)
      }
    },
    get size() {
      return pollers.size
    },
    close() {
      for (const poller of pollers.values()) poller.stop()
      pollers.clear()
    },
  }
}

/** Polls for as long as somebody listens; never two polls at once, however slow the database is. */
class Poller {
  readonly #query: LiveQuery
  readonly #intervalMs: number
  /** What each listener was told last. */
  readonly #listeners = new Map<LiveQueryListener, string | undefined>()
  #timer: NodeJS.Timeout | undefined
  #isPolling = false
  #hasNewcomers = false

  constructor(query: LiveQuery, intervalMs: number) {
    this.#query = query
    this.#intervalMs = intervalMs
  }

  get isIdle(): boolean {
    return this.#listeners.size === 0
  }

  add(listener: LiveQueryListener): void {
    this.#listeners.set(listener, undefined)
    this.#hasNewcomers = true
    if (!this.#isPolling) this.#schedule(0)
  }

  remove(listener: LiveQueryListener): void {
    this.#listeners.delete(listener)
    if (this.isIdle) clearTimeout(this.#timer)
  }

  stop(): void {
    this.#listeners.clear()
    clearTimeout(this.#timer)
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#poll(), delayMs)
  }

  async #poll(): Promise<void> {
    this.#isPolling = true
    this.#hasNewcomers = false
    // Whoever joins while the poll runs waits for the next: this one may not see what they wrote just before.
    const audience = [...this.#listeners.keys()]
    const outcome = await this.#ask()
    for (const listener of audience) this.#tell(listener, outcome)
    this.#isPolling = false
    if (!this.isIdle) this.#schedule(this.#hasNewcomers ? 0 : this.#intervalMs)
  }

  async #ask(): Promise<Outcome> {
    try {
      return { data: await this.#query.poll() }
    } catch (error) {
      return { error, fingerprint: `error ${error instanceof Error ? error.message : String(error)}` }
    }
  }

  #tell(listener: LiveQueryListener, outcome: Outcome): void {
    if (!this.#listeners.has(listener)) return
    const told = 'data' in outcome ? outcome.data : outcome.fingerprint
    if (this.#listeners.get(listener) === told) return
    this.#listeners.set(listener, told)
    if ('data' in outcome) listener.onData(outcome.data)
    else listener.onError(outcome.error)
  }
}
