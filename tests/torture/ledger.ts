import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What the driver did and what it was answered, one line each. `event` counts from 0. */
export type Entry =
  | { readonly what: 'attempted' | 'acknowledged' | 'repeated' | 'abandoned'; readonly event: number }
  | { readonly what: 'refused'; readonly event: number; readonly answer: string }
  | { readonly what: 'fault'; readonly kind: string; readonly detail: string }

/**
 * The driver's own record on disk: the product is never asked what it was sent. A line is in the file before the driver
 * goes on, so that a run that is cut off can still be read.
 */
export interface Ledger {
  write(entry: Entry): void
  /** On the disk for certain. */
  close(): void
}

export function openLedger(path: string): Ledger {
  const file = openSync(path, 'a', 0o600)
  let isOpen = true
  return {
    // After a run that failed, deliveries under way still end.
    write: (entry) => {
      if (isOpen) writeSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`)
    },
    close: () => {
      isOpen = false
      fsyncSync(file)
      closeSync(file)
    },
  }
}

export interface Account {
  /** Events that the driver tried to deliver at least once. */
  readonly attempted: ReadonlySet<number>
  /** Events that were answered with 200 at least once. */
  readonly acknowledged: ReadonlySet<number>
  /** Answers other than 200, and no answer at all. */
  readonly refusals: number
  readonly repetitions: number
  readonly faults: Readonly<Record<string, number>>
}

/** Adds up what the file says. */
export function readLedger(path: string): Account {
  const entries = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry)
  const eventsOf = (what: Entry['what']) =>
    new Set(entries.flatMap((entry) => (entry.what === what && 'event' in entry ? [entry.event] : [])))
  const faults: Record<string, number> = {}
  for (const entry of entries) if (entry.what === 'fault') faults[entry.kind] = (faults[entry.kind] ?? 0) + 1
  return {
    attempted: eventsOf('attempted'),
    acknowledged: eventsOf('acknowledged'),
    refusals: entries.filter(({ what }) => what === 'refused').length,
    repetitions: entries.filter(({ what }) => what === 'repeated').length,
    faults,
  }
}
