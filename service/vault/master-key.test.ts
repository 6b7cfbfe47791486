import { describe, expect, test } from 'vitest'
import { Secret } from '../runtime/secret.ts'
import { createMasterKey } from './master-key.ts'

const messageOf = (attempt: () => unknown): string => {
  try {
    attempt()
    return 'nothing was refused'
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
  }
}

describe('a master key', () => {
  test.for([
    ['a space', ' \t'],
    ['a passphrase', 'correct horse battery staple'],
    ['a passphrase of 32 characters in base64', 'Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZSAxMjM='],
    ['31 bytes', 'gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydng=='],
    ['33 bytes', 'gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp+g'],
    ['base64url', 'gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8'],
    ['a line break at its end', 'gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=\n'],
    ['32 zeros', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
    ['one letter repeated', 'x'.repeat(44)],
  ] as const)('is refused when it is %s, without repeating it', ([, text]) => {
    const message = messageOf(() => createMasterKey(new Secret(text)))
    expect(message).toMatch(/^The vault master key must be 32 random bytes in base64, as `openssl/)
    expect(message).not.toContain(text)
  })

  // Computed apart, with Python's hmac from RFC 5869: HKDF-SHA256, no salt, of the bytes 0x80 to 0x9f.
  test('has keys of its own for each purpose, and a fingerprint', () => {
    const key = createMasterKey(new Secret('gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8='))
    expect(key.id.toString('hex')).toBe('105563847d0f6b1b631d3ff847791c5a')
    expect(key.derive('user_key').export().toString('hex')).toBe(
      '52a877a4c8c97fd362980aed16d231a10712a64ece06ae9ee69402f6eaca6240',
    )
    expect(key.derive('inbox').export().toString('hex')).toBe(
      'c0945eb67babcd17b94215d6311b1bf9d6001639c8bdc196d737444aa401460b',
    )
    expect(key.derive('oauth_state').export().toString('hex')).toBe(
      '577892eb0589811e06ca82c7fe72ffafe865c0b6441954b6ceb77fc7ff5a7470',
    )
  })
})
