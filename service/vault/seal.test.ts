import { createDecipheriv, createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AppError } from '../runtime/errors.ts'
import { BoxKey } from './box-key.ts'
import { keyIdOf, open, type PlaceFields, placeOf, seal } from './seal.ts'

const NAMES = { masterId: Buffer.alloc(16, 9), masterVersion: 7, id: Buffer.alloc(16, 1), version: 3 }
const keyOf = (fill: number, names = NAMES) => new BoxKey(names, createSecretKey(Buffer.alloc(32, fill)))
const key = keyOf(0xaa)
const place: PlaceFields = {
  environment: 'test',
  purpose: 'token',
  table: 'vault.tokens',
  column: 'access_token_sealed',
  userId: '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01',
  platform: 'strava',
  kind: 'access_token',
}
const text = Buffer.from('a token')
const box = seal(key, placeOf(place), text)

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
    ['another column', { ...place, column: 'refresh_token_sealed' }],
    ['another table', { ...place, table: 'vault.others' }],
    ['another kind', { ...place, kind: 'refresh_token' }],
    ['another purpose', { ...place, purpose: 'inbox' }],
    ['another environment', { ...place, environment: 'production' }],
    ['the same letters split differently', { ...place, platform: 'stravaa', kind: 'ccess_token' }],
  ] as const)('does not open for %s', ([, elsewhere]) => {
    expect(causeOf(() => open(key, placeOf(elsewhere), box))).toEqual(UNREADABLE)
  })

  test.for([
    ['the magic', altered(0)],
    ['the format', altered(4)],
    ['the algorithm', altered(5)],
    ['the id of the master key', altered(6)],
    ['the version of the master key', altered(25)],
    ['the id of the key', altered(26)],
    ['the version of the key', altered(45)],
    ['the nonce', altered(46)],
    ['the last byte of the nonce', altered(57)],
    ['the ciphertext', altered(58)],
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
    expect(causeOf(() => open(key, placeOf(place), broken))).toEqual(UNREADABLE)
  })

  test('does not open with another key, whatever id that claims', () => {
    expect(causeOf(() => open(keyOf(0xbb), placeOf(place), box))).toEqual(UNREADABLE)
    expect(causeOf(() => open(keyOf(0xaa, { ...NAMES, id: Buffer.alloc(16, 2) }), placeOf(place), box))).toEqual(
      UNREADABLE,
    )
    expect(causeOf(() => open(keyOf(0xaa, { ...NAMES, version: 4 }), placeOf(place), box))).toEqual(UNREADABLE)
  })

  test('is neither sealed nor opened with a key that was wiped', () => {
    const wiped = keyOf(0xaa)
    wiped.wipe()
    expect(() => seal(wiped, placeOf(place), text)).toThrow('vault/keys_unavailable')
    expect(() => open(wiped, placeOf(place), box)).toThrow('vault/keys_unavailable')
  })

  test('has a key of 256 bits and no other', () => {
    expect(() => new BoxKey(NAMES, createSecretKey(Buffer.alloc(16, 1)))).toThrow('256 bits')
  })

  test('sealed twice from one text is two boxes', () => {
    expect(seal(key, placeOf(place), text).equals(box)).toBe(false)
    expect(seal(key, placeOf(place), text).subarray(46, 58).equals(box.subarray(46, 58))).toBe(false)
  })

  test('opens where it was sealed, also after its key was wrapped anew', () => {
    expect(open(key, placeOf(place), box).toString()).toBe('a token')
    expect(open(key, placeOf({ ...place, userId: place.userId.toUpperCase() }), box).toString()).toBe('a token')
    expect(open(keyOf(0xaa, { ...NAMES, masterVersion: 8 }), placeOf(place), box).toString()).toBe('a token')
    expect(open(key, placeOf(place), seal(key, placeOf(place), Buffer.alloc(0)))).toEqual(Buffer.alloc(0))
    expect(keyIdOf(box)).toEqual(Buffer.alloc(16, 1))
  })

  test('has the layout that is written down', () => {
    const header = box.subarray(0, 58)
    expect(header.subarray(0, 46).toString('hex')).toBe(
      `54524942${'02'}${'01'}${'09'.repeat(16)}00000007${'01'.repeat(16)}00000003`,
    )
    const lengthsAndFields = [
      ['00000005', 'token'],
      ['0000000c', 'vault.tokens'],
      ['00000013', 'access_token_sealed'],
      ['00000024', '0e0c8a6e-1c1f-4a52-9b26-5d1f3c0c1a01'],
      ['00000006', 'strava'],
      ['0000000c', 'access_token'],
      ['00000004', 'test'],
    ] as const
    const context = lengthsAndFields.flatMap(([length, field]) => [Buffer.from(length, 'hex'), Buffer.from(field)])
    const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32, 0xaa), box.subarray(46, 58), {
      authTagLength: 16,
    })
    decipher.setAAD(Buffer.concat([header, ...context])).setAuthTag(box.subarray(-16))
    expect(`${decipher.update(box.subarray(58, -16)).toString()}${decipher.final().toString()}`).toBe('a token')
  })
})
