import { describe, expect, test } from 'vitest'
import { MOST_MEMORY_MB, measureDelivery } from '../bench/garmin-delivery.ts'

describe('a delivery of Garmin of 100 MB', () => {
  test('becomes rows, all of them, and neither the service nor the worker ever holds 200 MB', async () => {
    const { sent, stored, peak } = await measureDelivery({ megabytes: 100, longestHours: 24 })
    expect(sent.bytes).toBeGreaterThan(100e6)
    const { bytes: _, ...expected } = sent
    expect(stored).toEqual(expected)
    expect(peak.after.service).toBeLessThan(MOST_MEMORY_MB)
    expect(peak.after.worker).toBeLessThan(MOST_MEMORY_MB)
  })
})
