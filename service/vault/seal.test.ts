import { createDecipheriv, createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AppError } from '../runtime/errors.ts'
import { type BoxKey, keyIdOf, open, type Place, seal } from './seal.ts'

const keyOf = (id: number, fill: number): BoxKey => ({
  id: Buffer.alloc(16, id),
  key: createSecretKey(Buffer.alloc(32, fill)),
})
const key = keyOf(1, 0xaa)
const place: Place = {
  environment: 'test',
  purpose: 'token',
  userId: '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01',
  platform: 'strava',
  kind: 'access_token',
}
const text = Buffer.from('a token')
const box = seal(key, place, text)

const without = (bytes: number) => box.subarray(0, box.length - bytes)
const altered = (at: number) => {
  const copy = Buffer.from(box)
  const index = at < 0 ? copy.length + at : at
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}
const causeOf = (attempt: () => unknown): unknown => {
  try {
    return attempt()
  } catch (error) {
    return error instanceof AppError ? { code: error.code, facts: error.facts, cause: error.cause } : error
  }
}
const UNREADABLE = { code: 'vault/unreadable', facts: {}, cause: undefined }

describe('a box', () => {
  test.for([
    ['another person', { ...place, userId: '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a02' }],
    ['another platform', { ...place, platform: 'garmin' }],
    ['another kind', { ...place, kind: 'refresh_token' }],
    ['another purpose', { ...place, purpose: 'inbox' }],
    ['another environment', { ...place, environment: 'production' }],
    ['the same letters split differently', { ...place, platform: 'stravaa', kind: 'ccess_token' }],
  ] as const)('does not open for %s', ([, elsewhere]) => {
    expect(causeOf(() => open(key, elsewhere, box))).toEqual(UNREADABLE)
  })

  test.for([
    ['the magic', altered(0)],
    ['the format', altered(4)],
    ['the algorithm', altered(5)],
    ['the key id', altered(6)],
    ['the nonce', altered(22)],
    ['the last byte of the nonce', altered(33)],
    ['the ciphertext', altered(34)],
    ['the first byte of the tag', altered(-16)],
    ['the last byte of the tag', altered(-1)],
    ['the tag, cut to 15 bytes', without(1)],
    ['the tag, cut to 12 bytes', without(4)],
    ['the tag, cut to 4 bytes', without(12)],
    ['the tag, left out', without(16)],
    ['a byte added at the end', Buffer.concat([box, Buffer.alloc(1)])],
    ['everything after the magic', without(box.length - 4)],
    ['everything', Buffer.alloc(0)],
  ] as const)('does not open when altered: %s', ([, broken]) => {
    expect(causeOf(() => open(key, place, broken))).toEqual(UNREADABLE)
  })

  // The tag is real and only shorter: the ciphertext gives up bytes so that the length still adds up.
  test('does not open with a tag that is authentic but cut to four bytes', () => {
    const empty = seal(key, place, Buffer.alloc(0))
    expect(causeOf(() => open(key, place, empty.subarray(0, empty.length - 12)))).toEqual(UNREADABLE)
  })

  test('does not open with another key, whatever id that claims', () => {
    expect(causeOf(() => open(keyOf(1, 0xbb), place, box))).toEqual(UNREADABLE)
    expect(causeOf(() => open(keyOf(2, 0xaa), place, box))).toEqual(UNREADABLE)
  })

  test('sealed twice from one text is two boxes', () => {
    expect(seal(key, place, text).equals(box)).toBe(false)
    expect(seal(key, place, text).subarray(22, 34).equals(box.subarray(22, 34))).toBe(false)
  })

  test('opens where it was sealed', () => {
    expect(open(key, place, box).toString()).toBe('a token')
    expect(open(key, { ...place, userId: place.userId.toUpperCase() }, box).toString()).toBe('a token')
    expect(open(key, place, seal(key, place, Buffer.alloc(0)))).toEqual(Buffer.alloc(0))
    expect(keyIdOf(box)).toEqual(Buffer.alloc(16, 1))
  })

  test('has the layout that is written down', () => {
    const header = box.subarray(0, 34)
    expect(header.subarray(0, 22).toString('hex')).toBe(`54524942${'01'}${'01'}${'01'.repeat(16)}`)
    const lengthsAndFields = [
      ['00000004', 'test'],
      ['00000005', 'token'],
      ['00000024', '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01'],
      ['00000006', 'strava'],
      ['0000000c', 'access_token'],
    ] as const
    const context = lengthsAndFields.flatMap(([length, field]) => [Buffer.from(length, 'hex'), Buffer.from(field)])
    const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32, 0xaa), box.subarray(22, 34), {
      authTagLength: 16,
    })
    decipher.setAAD(Buffer.concat([header, ...context])).setAuthTag(box.subarray(-16))
    expect(`${decipher.update(box.subarray(34, -16)).toString()}${decipher.final().toString()}`).toBe('a token')
  })
})
