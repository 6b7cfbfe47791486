import { describe, expect, test } from 'vitest'
import { storableJson } from './store-raw.ts'

describe('JSON on its way into jsonb', () => {
  test.for([
    ['a NUL', '{"name":"a\\u0000b"}', '{"name":"a\\ufffdb"}'],
    ['a lone high surrogate', '{"name":"\\ud83d!"}', '{"name":"\\ufffd!"}'],
    ['a lone low surrogate', '{"name":"\\uDE00"}', '{"name":"\\ufffd"}'],
    ['two high surrogates, the second paired', '{"name":"\\ud83d\\ud83d\\ude00"}', '{"name":"\\ufffd\\ud83d\\ude00"}'],
  ] as const)('loses %s, and says so', ([, text, expected]) => {
    expect(storableJson(text)).toEqual({ text: expected, replaced: true })
  })

  test.for([
    ['plain text', '{"id":9007199254740993,"name":"Läufe"}'],
    ['a surrogate pair', '{"name":"\\ud83d\\ude00"}'],
    ['an escaped backslash before u0000', '{"name":"\\\\u0000"}'],
  ] as const)('keeps %s to the letter', ([, text]) => {
    expect(storableJson(text)).toEqual({ text, replaced: false })
  })
})
