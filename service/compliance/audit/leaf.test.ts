import { expect, test } from 'vitest'
import { hashPersonalValue } from './leaf.ts'

// printf 'actor\0ada' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…
test.for([
  ['actor', 'f9569b3077b0c80b1d6c739b0acfcd7eb17ab63c996735c9a32d6913c3213606'],
  ['subject', 'd2b33bd7c33af558f9f9bb8f442e995393bc9ff58553ef35469392f4363ac3e1'],
] as const)('the proof of a value is an HMAC that counts for its field alone: %s', ([field, hmac]) => {
  expect(hashPersonalValue(field, Buffer.alloc(32, 7), 'ada').toString('hex')).toBe(hmac)
})
