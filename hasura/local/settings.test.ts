import { describe, expect, test } from 'vitest'
import { fillTemplate, resolveHeaders } from './environment.ts'
import { readSettings } from './settings.ts'

describe('settings', () => {
  test.each([
    ['HASURA_GRAPHQL_V1_BOOLEAN_NULL_COLLAPSE', 'true'],
    ['HASURA_GRAPHQL_AUTH_HOOK', 'http://localhost/hook'],
    ['HASURA_GRAPHQL_EXPERIMENTAL_FEATURES', 'naming_convention'],
  ])('refuses %s, which it does not implement', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(`${name}: not implemented`)
  })

  test('takes the harmless values of the same settings', () => {
    expect(() =>
      readSettings({ HASURA_GRAPHQL_V1_BOOLEAN_NULL_COLLAPSE: 'false', HASURA_GRAPHQL_AUTH_HOOK: '' }),
    ).not.toThrow()
  })

  test('refuses a duration that is no number, by name and without its value', () => {
    const read = () => readSettings({ HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL: 'often' })
    expect(read).toThrow('HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL')
    expect(read).not.toThrow('often')
  })

  test("has Hasura's defaults", () => {
    expect(readSettings({})).toMatchObject({
      eventsFetchIntervalMs: 1000,
      liveQueryIntervalMs: 1000,
      gracefulShutdownMs: 60_000,
      corsDomain: '*',
    })
  })
})

describe('environment in metadata', () => {
  test('templates are filled in', () => {
    expect(fillTemplate('{{BASE}}/x/{{ NAME }}', { BASE: 'http://localhost', NAME: 'a' })).toBe('http://localhost/x/a')
  })

  test('a missing variable is named', () => {
    expect(() => fillTemplate('{{BASE}}/x', {})).toThrow("environment variable 'BASE' not set")
    expect(() => resolveHeaders([{ name: 'x', value_from_env: 'SECRET' }], { SECRET: '' })).toThrow("'SECRET' not set")
  })

  test("the engine's own variables cannot be sent in a header", () => {
    const headers = [{ name: 'x', value_from_env: 'HASURA_GRAPHQL_ADMIN_SECRET' }]
    expect(() => resolveHeaders(headers, { HASURA_GRAPHQL_ADMIN_SECRET: 'swordfish' })).toThrow('not allowed')
  })
})
