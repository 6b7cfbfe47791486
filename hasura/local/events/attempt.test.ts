import { describe, expect, test } from 'vitest'
import { decide, deliveryBody } from './attempt.ts'

const EVENT = {
  id: 'c96bf1ba-f0ad-4e2a-8b65-6b2f5f5d3f2d',
  schemaName: 'public',
  tableName: 'article',
  triggerName: 'article_changed',
  payloadJson: '{"op": "INSERT", "data": {"old": null, "new": {"id": 12345678901234567890}}}',
  tries: 1,
  createdAt: '2026-09-05T07:14:21.601701',
}

test('body: numbers stay as Postgres wrote them', () => {
  expect(deliveryBody(EVENT, 3)).toBe(
    '{"id":"c96bf1ba-f0ad-4e2a-8b65-6b2f5f5d3f2d","created_at":"2026-09-05T07:14:21.601701",' +
      '"trigger":{"name":"article_changed"},"table":{"schema":"public","name":"article"},' +
      '"event":{"op": "INSERT", "data": {"old": null, "new": {"id": 12345678901234567890}}},' +
      '"delivery_info":{"current_retry":1,"max_retries":3}}',
  )
})

const DATE = 'Thu, 01 Jan 2037 00:00:00 GMT'

describe('after an attempt', () => {
  const limits = { maxRetries: 2, retryIntervalSeconds: 10 }
  const answer = (status: number, headers: Record<string, string> = {}) => ({
    status,
    headers: new Headers(headers),
    body: '',
  })
  const retryIn = (delaySeconds: number) => ({ do: 'retry', delaySeconds })

  const cases = [
    { name: 'any 2xx delivers', response: answer(204), tries: 0, expected: { do: 'deliver' } },
    { name: '3xx is a failure', response: answer(304), tries: 0, expected: retryIn(10) },
    { name: '5xx retries', response: answer(500), tries: 1, expected: retryIn(10) },
    { name: 'no answer retries', response: 'ECONNREFUSED', tries: 1, expected: retryIn(10) },
    { name: 'retries are counted', response: answer(500), tries: 2, expected: { do: 'give up' } },
    { name: 'Retry-After is obeyed', response: answer(429, { 'retry-after': '3' }), tries: 0, expected: retryIn(3) },
    { name: 'and beyond the limit', response: answer(503, { 'retry-after': '3' }), tries: 9, expected: retryIn(3) },
    {
      name: 'but not as a date',
      response: answer(503, { 'retry-after': DATE }),
      tries: 9,
      expected: { do: 'give up' },
    },
    { name: 'nor zero', response: answer(503, { 'retry-after': '0' }), tries: 9, expected: { do: 'give up' } },
  ]
  test.each(cases)('$name', ({ response, tries, expected }) => {
    expect(decide(response, { tries }, limits)).toEqual(expected)
  })
})
