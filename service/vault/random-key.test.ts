import { describe, expect, test } from 'vitest'
import { Secret } from '../runtime/secret.ts'
import { readRandomKey } from './random-key.ts'

const messageOf = (attempt: () => unknown): string => {
  try {
    attempt()
    return 'nothing was refused'
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
  }
}

describe('a random key', () => {
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
    const message = messageOf(() => readRandomKey(new Secret(text)))
    expect(message).toMatch(/^The vault master key must be 32 random bytes in base64, as `openssl/)
    expect(message).not.toContain(text)
  })

  test('is taken as it is', () => {
    const key = readRandomKey(new Secret('gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8='))
    expect(key.export().toString('hex')).toBe('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f')
  })
})
