import type { BoxKey } from './seal.ts'

interface Entry {
  readonly loading: Promise<BoxKey>
  readonly loadedAtMs: number
}

export interface KeyCache {
  /** The cached key, or what `load` yields; callers that come while it loads share one load. A failure is not kept. */
  get(name: string, load: () => Promise<BoxKey>): Promise<BoxKey>
  forget(name: string): void
}

export interface KeyCacheOptions {
  readonly maxKeys: number
  /** From the load, however often the key is used: a key destroyed by another process is usable here for so long. */
  readonly maxAgeMs: number
  /** Monotonic. */
  readonly nowMs: () => number
}

/** Keeps the keys that were used last. Dropping one lets OpenSSL clear its memory. */
export function createKeyCache({ maxKeys, maxAgeMs, nowMs }: KeyCacheOptions): KeyCache {
  // A Map iterates in the order of insertion: the first entry is the one unused for longest.
  const entries = new Map<string, Entry>()

  const dropOld = () => {
    for (const [name, { loadedAtMs }] of entries) if (nowMs() - loadedAtMs >= maxAgeMs) entries.delete(name)
    for (const name of entries.keys()) {
      if (entries.size <= maxKeys) return
      entries.delete(name)
    }
  }

  return {
    get(name, load) {
      const cached = entries.get(name)
      const fresh = cached !== undefined && nowMs() - cached.loadedAtMs < maxAgeMs
      const entry = fresh ? cached : { loading: load(), loadedAtMs: nowMs() }
      entries.delete(name)
      entries.set(name, entry)
      if (!fresh) {
        entry.loading.catch(() => {
          if (entries.get(name) === entry) entries.delete(name)
        })
        dropOld()
      }
      return entry.loading
    },
    forget: (name) => void entries.delete(name),
  }
}
