import { describe, expect, test } from 'vitest'
import { readSubjectNames } from './subject-names.ts'

describe('the names in a certificate', () => {
  test.for<[string, readonly string[]]>([
    ['', []],
    ['DNS:a.example', ['DNS:a.example']],
    [
      'DNS:a.example, URI:spiffe://b/c, IP Address:10.0.0.1',
      ['DNS:a.example', 'URI:spiffe://b/c', 'IP Address:10.0.0.1'],
    ],
    ['DNS:"x, DNS:a.example, y", DNS:b', ['DNS:x, DNS:a.example, y', 'DNS:b']],
    ['URI:"a\\"b, DNS:c"', ['URI:a"b, DNS:c']],
    ['DNS:"never closed, DNS:a', []],
    ['nonsense', []],
    ['DNS:a, DNS:"\\x41"', []],
  ])('%j are %j', ([text, names]) => {
    expect(readSubjectNames(text)).toEqual(names)
  })
})
