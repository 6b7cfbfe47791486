import { describe, expect, test } from 'vitest'
import { createAuthenticator } from './authenticator.ts'

const KEY = 'a-key-of-at-least-thirty-two-characters'

describe('configuration refused, without showing the key', () => {
  const short = 'short-secret-key'
  test.each([
    ['not JSON', short, /not a JSON object/],
    ['key too short', JSON.stringify({ type: 'HS256', key: short }), /at least 32 characters/],
    [
      'key and jwk_url',
      JSON.stringify({ type: 'HS256', key: KEY, jwk_url: 'http://localhost/keys' }),
      /exactly one of key and jwk_url/,
    ],
    ['unknown setting', JSON.stringify({ type: 'HS256', key: KEY, audiance: 'x' }), /audiance/],
    ['map without roles', JSON.stringify({ type: 'HS256', key: KEY, claims_map: {} }), /x-hasura-allowed-roles/],
    ['bad PEM', JSON.stringify({ type: 'RS256', key: short }), /neither a PEM/],
  ])('%s', async (_name, jwtSecret, expected) => {
    const attempt = createAuthenticator({ adminSecret: 'swordfish', jwtSecret })
    await expect(attempt).rejects.toThrow(expected)
    await expect(attempt).rejects.not.toThrow(short)
  })

  test('JWT without admin secret', async () => {
    await expect(createAuthenticator({ jwtSecret: JSON.stringify({ type: 'HS256', key: KEY }) })).rejects.toThrow(
      'ADMIN_SECRET',
    )
  })
})
