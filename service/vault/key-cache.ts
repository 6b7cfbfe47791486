import type { BoxKey } from './box-key.ts'

interface Entry {
  readonly loading: Promise<BoxKey>
  readonly staleAtMs: number
  uses: number
}

export interface KeyCache {
  /** The cached key, for so many uses, or what `load` yields; callers that come while it loads share one load. A failure is not kept. */
  get(name: string, load: () => Promise<BoxKey>, uses?: number): Promise<BoxKey>
  /** Wipes it at once: whoever still holds it can neither seal nor open. */
  forget(name: string): void
  /** After a gap in the news of destroyed keys. */
  forgetAll(): void
}

export interface KeyCacheOptions {
  readonly maxKeys: number
  /** From the load, however often the key is used: a key destroyed by another process is usable here for so long, should the news not arrive. */
  readonly maxAgeMs: number
  /** After so many uses it is loaded anew. */
  readonly maxUses: number
  /** Monotonic. */
  readonly nowMs: () => number
  /** From 0 to 1; keys that were loaded together do not lapse together. */
  readonly random: () => number
}

/** Keeps the keys that were used last; what it lets go of is wiped. */
export function createKeyCache({ maxKeys, maxAgeMs, maxUses, nowMs, random }: KeyCacheOptions): KeyCache {
  // A Map iterates in the order of insertion: the first entry is the one unused for longest.
  const entries = new Map<string, Entry>()
  const isFresh = ({ staleAtMs, uses }: Entry) => nowMs() < staleAtMs && uses < maxUses

  const drop = (name: string, wipe: (key: BoxKey) => void) => {
    const entry = entries.get(name)
    entries.delete(name)
    entry?.loading.then(wipe, () => {})
  }
  const dropOld = () => {
    for (const [name, entry] of entries) if (!isFresh(entry)) drop(name, wipeSoon)
    for (const name of entries.keys()) {
      if (entries.size <= maxKeys) return
      drop(name, wipeSoon)
    }
  }

  return {
    get(name, load, uses = 1) {
      const cached = entries.get(name)
      if (cached !== undefined && isFresh(cached)) {
        cached.uses += uses
        entries.delete(name)
        entries.set(name, cached)
        return cached.loading
      }
      // A tenth at most is taken off, never added: the age is a promise.
      const entry = { loading: load(), staleAtMs: nowMs() + maxAgeMs * (1 - random() / 10), uses }
      if (cached !== undefined) drop(name, wipeSoon)
      entries.set(name, entry)
      entry.loading.catch(() => {
        if (entries.get(name) === entry) entries.delete(name)
      })
      dropOld()
      return entry.loading
    },
    forget: (name) => drop(name, (key) => key.wipe()),
    forgetAll() {
      for (const name of entries.keys()) drop(name, (key) => key.wipe())
    },
  }
}

/** Those who were handed the key a moment ago use it before the event loop turns. */
function wipeSoon(key: BoxKey): void {
  setImmediate(() => key.wipe())
}
