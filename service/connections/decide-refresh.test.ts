import { describe, expect, test } from 'vitest'
import { decideRefresh, type TokenState } from './decide-refresh.ts'

const now = new Date('2026-03-01T12:00:00Z')
const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
/** Six hours long, as Strava's are, with `leftMinutes` to go. */
const token = (leftMinutes: number, other: Partial<TokenState> = {}): TokenState => ({
  status: 'active',
  version: '7',
  hasRefreshToken: true,
  storedAt: at(leftMinutes - 360),
  expiresAt: at(leftMinutes),
  coolingDown: false,
  ...other,
})
const decide = (state: TokenState, other: { refusedVersion?: string; jitter?: number } = {}) =>
  decideRefresh(state, { now, refusedVersion: other.refusedVersion, jitter: other.jitter ?? 0 }).do

describe('the decision on tokens', () => {
  test('is to reconnect once the platform has said no, however fresh they look', () => {
    expect(decide(token(300, { status: 'needs_reauth' }))).toBe('reconnect')
  })

  test('is to reconnect when they are over or refused and nothing can renew them', () => {
    expect(decide(token(0, { hasRefreshToken: false }))).toBe('reconnect')
    expect(decide(token(300, { hasRefreshToken: false }), { refusedVersion: '7' })).toBe('reconnect')
    expect(decide(token(5, { hasRefreshToken: false }))).toBe('use')
  })

  test('is to refresh those the platform has just refused, and to use newer ones', () => {
    expect(decide(token(300), { refusedVersion: '7' })).toBe('refresh')
    expect(decide(token(300), { refusedVersion: '6' })).toBe('use')
  })

  test.for([
    [-1, 0, 'refresh'],
    [0, 0, 'refresh'],
    [10, 0, 'refresh'],
    [10.01, 0, 'use'],
    [12, 1, 'refresh'],
    [12.01, 1, 'use'],
  ] as const)('with %s minutes left and jitter %s is to %s', ([leftMinutes, jitter, expected]) => {
    expect(decide(token(leftMinutes), { jitter })).toBe(expected)
  })

  test('lets a token of one minute live for half of it', () => {
    const short = (leftMinutes: number) => token(leftMinutes, { storedAt: at(leftMinutes - 1) })
    expect(decide(short(0.51))).toBe('use')
    expect(decide(short(0.5))).toBe('refresh')
  })

  test('is to use tokens of unknown lifetime until they are refused', () => {
    expect(decide(token(0, { expiresAt: null }))).toBe('use')
    expect(decide(token(0, { expiresAt: null }), { refusedVersion: '7' })).toBe('refresh')
  })

  test('is to wait after a refresh that failed, and to use what is still good meanwhile', () => {
    const cooling = { coolingDown: true }
    expect(decide(token(0, cooling))).toBe('wait')
    expect(decide(token(300, cooling), { refusedVersion: '7' })).toBe('wait')
    expect(decide(token(5, cooling))).toBe('use')
    expect(decide(token(300, cooling))).toBe('use')
    expect(decide(token(0, { ...cooling, hasRefreshToken: false }))).toBe('reconnect')
  })

  test('does not depend on scopes that were left out', () => {
    expect(decide(token(300, { status: 'limited' }))).toBe('use')
  })
})
