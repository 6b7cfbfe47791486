import { describe, expect, test } from 'vitest'
import { createRequestWindow } from './request-window.ts'

describe('the requests of the last minute', () => {
  test('are none at first, and their error rate is zero', () => {
    expect(createRequestWindow().read(100)).toEqual({ requestsPerMinute: 0, errorRate: 0 })
  })

  test('count answers of 500 and above as errors, and no others', () => {
    const window = createRequestWindow()
    for (const status of [200, 404, 429, 500]) window.observe(status, 100.2)
    expect(window.read(100.9)).toEqual({ requestsPerMinute: 4, errorRate: 0.25 })
  })

  test('leave after sixty seconds, and their slot is used again', () => {
    const window = createRequestWindow()
    window.observe(500, 100)
    window.observe(200, 159.9)
    expect(window.read(159.9)).toEqual({ requestsPerMinute: 2, errorRate: 0.5 })
    expect(window.read(160)).toEqual({ requestsPerMinute: 1, errorRate: 0 })
    window.observe(200, 160)
    expect(window.read(160)).toEqual({ requestsPerMinute: 2, errorRate: 0 })
    expect(window.read(500)).toEqual({ requestsPerMinute: 0, errorRate: 0 })
  })
})
