const SECONDS = 60

/** What was answered in the last minute. */
export interface RequestWindow {
  /** `status` of the answer; `atSeconds` of a steady clock. */
  observe(status: number, atSeconds?: number): void
  /** `errorRate`: the share of answers of 500 and above; 0 when there were none. */
  read(atSeconds?: number): { requestsPerMinute: number; errorRate: number }
}

/** One slot a second, written over a minute later: no timer, no growth. */
export function createRequestWindow(): RequestWindow {
  const slots = Array.from({ length: SECONDS }, () => ({ second: -1, requests: 0, errors: 0 }))
  return {
    observe(status, atSeconds = performance.now() / 1000) {
      const second = Math.floor(atSeconds)
      const slot = slots[second % SECONDS]
      if (slot === undefined) return
      if (slot.second !== second) Object.assign(slot, { second, requests: 0, errors: 0 })
      slot.requests += 1
      if (status >= 500) slot.errors += 1
    },
    read(atSeconds = performance.now() / 1000) {
      const recent = slots.filter(({ second }) => second >= 0 && second > Math.floor(atSeconds) - SECONDS)
      const requests = recent.reduce((sum, slot) => sum + slot.requests, 0)
      const errors = recent.reduce((sum, slot) => sum + slot.errors, 0)
      return { requestsPerMinute: requests, errorRate: requests === 0 ? 0 : errors / requests }
    },
  }
}
