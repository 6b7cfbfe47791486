import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openState } from './state.ts'

const folder = mkdtempSync(join(tmpdir(), 'strava-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const grantTo = (athleteId: number) => ({
  athleteId,
  scopes: ['read'],
  refreshToken: `r-${athleteId}`,
  accessTokens: [{ token: `a-${athleteId}`, expiresAtSeconds: 1 }],
})

describe('the state of a simulator that is killed', () => {
  const athletesIn = (file: string) => [...openState(file).state.grants.keys()]
  const killedAfterTwo = (name: string) => {
    const file = join(folder, name)
    const { change } = openState(file)
    change({ grant: grantTo(1), facts: { latestAthleteId: 1 } })
    change({ grant: grantTo(2) })
    return file
  }

  test('holds every change that was acknowledged', () => {
    const file = killedAfterTwo('acknowledged.json')
    const again = openState(file)
    expect([...again.state.grants.values()]).toEqual([grantTo(1), grantTo(2)])
    expect(again.state.latestAthleteId).toBe(1)
    again.change({ revoked: { athleteId: 1 } })
    expect(athletesIn(file)).toEqual([2])
  })

  test('holds nothing of a change that was cut short', () => {
    const file = killedAfterTwo('cut.json')
    appendFileSync(file, '{"revoked":{"athleteId":1}}')
    expect(athletesIn(file)).toEqual([1, 2])
  })

  test('is refused when a line in the middle is none of ours', () => {
    const file = killedAfterTwo('foreign.json')
    appendFileSync(file, '{"granted":{}}\n{}\n')
    expect(() => openState(file)).toThrow(/^STRAVA_SIMULATOR_STATE: .* is not a state of this simulator/)
  })
})

test('a change is a line of its own, and a start leaves one line of them all', () => {
  const file = join(folder, 'lines.json')
  const { change } = openState(file)
  for (const name of ['first', 'last']) change({ activity: { athleteId: 7, id: '70', activity: { id: 70, name } } })
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3)
  expect(openState(file).state.changes.get(7)).toEqual(new Map([['70', { id: 70, name: 'last' }]]))
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1)
})

test('a state of an earlier release, one text without an end, is read', () => {
  const file = join(folder, 'earlier.json')
  const earlier = {
    nextAthleteId: 2,
    latestAthleteId: 1,
    codes: [],
    grants: [grantTo(1)],
    nextSubscriptionId: 131_301,
    subscription: { id: 131_300, callbackUrl: 'http://localhost/', createdAt: '2026-01-01T00:00:00.000Z' },
    changes: { '1': { '5': { id: 5 }, '6': null } },
  }
  writeFileSync(file, JSON.stringify(earlier))
  const { state } = openState(file)
  expect([state.nextAthleteId, state.nextSubscriptionId, state.subscription?.id]).toEqual([2, 131_301, 131_300])
  expect(state.grants.get(1)).toEqual(grantTo(1))
  expect([...(state.changes.get(1) ?? [])]).toEqual([
    ['5', { id: 5 }],
    ['6', null],
  ])
})
