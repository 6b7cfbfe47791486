import { describe, expect, test } from 'vitest'
import { readJsonItems } from './json-items.ts'

interface Reading {
  readonly chunkBytes?: number
  readonly maxItemBytes?: number
  readonly wholeBytes?: number
}

async function read(
  text: string | Buffer,
  { chunkBytes = 1, maxItemBytes = 1000, wholeBytes = maxItemBytes }: Reading = {},
): Promise<string[]> {
  const bytes = Buffer.from(text)
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  }
  const items: string[] = []
  for await (const item of readJsonItems(chunks(), { maxItemBytes, wholeBytes })) {
    if ('bytes' in item) items.push(`${item.list}=${item.bytes.toString()}`)
    else if ('tooLarge' in item) items.push(`${item.list}=too large`)
    else items.push(`${item.list}~${item.outline.toString()} of ${bytes.subarray(item.from, item.to).toString()}`)
  }
  return items
}

describe('the lists of a large object', () => {
  test.for([
    ['no list', '{}', []],
    ['an empty list', ' {"a":[] }', []],
    ['two lists', '{"a":[{"x":1},{"x":2}],"b":[{"y":[]}]}', ['a={"x":1}', 'a={"x":2}', 'b={"y":[]}']],
    ['brackets and quotes within texts', '{"a":[{"x":"]}\\"[{,"}]}', ['a={"x":"]}\\"[{,"}']],
    ['an escaped backslash before a quote', '{"a":[{"x":"\\\\"},1]}', ['a={"x":"\\\\"}', 'a=1']],
    [
      'elements that are no objects',
      '{"a":[1,-2.5e3 ,"t",null,[[]],true]}',
      ['a=1', 'a=-2.5e3', 'a="t"', 'a=null', 'a=[[]]', 'a=true'],
    ],
    ['large integers', '{"a":[{"id":9223372036854775808}]}', ['a={"id":9223372036854775808}']],
    [
      'values that are no lists',
      '{"a":{"x":[1]},"b":5,"c":"t]" ,"d":[2],"e":null}',
      ['a={"x":[1]}', 'b=5', 'c="t]"', 'd=2', 'e=null'],
    ],
    ['a name with an escape', '{"a\\u0062":[1]}', ['ab=1']],
    ['text beyond ASCII', '{"a":["é😀"]}', ['a="é😀"']],
  ] as const)('are read: %s, in pieces of every size', async ([, text, expected]) => {
    for (const chunkBytes of [1, 2, 3, 7, 1000]) expect(await read(text, { chunkBytes })).toEqual(expected)
  })

  test('lose an element that is too large, and only that', async () => {
    const text = `{"a":[1,"${'x'.repeat(5000)}",2]}`
    for (const chunkBytes of [1, 700, 10_000])
      expect(await read(text, { chunkBytes, maxItemBytes: 100 })).toEqual(['a=1', 'a=too large', 'a=2'])
  })

  test('outline an element that is larger than is held, and tell where it lies', async () => {
    const large = '{"id":"a]\\"[", "samples":[{"v":[1,"}"]},{}],"n":{"o":{}}, "userId":7}'
    const text = `{"a":[{"x":1},${large} ],"b":[2]}`
    for (const chunkBytes of [1, 2, 5, 17, 1000])
      expect(await read(text, { chunkBytes, wholeBytes: 10 })).toEqual([
        'a={"x":1}',
        `a~{"id":"a]\\"[", "samples":[],"n":{}, "userId":7} of ${large}`,
        'b=2',
      ])
  })

  test('lose an element whose outline is too large', async () => {
    const text = `{"a":[{"x":"${'x'.repeat(70_000)}"},{"x":["${'x'.repeat(70_000)}"]}]}`
    const [first, second] = await read(text, { chunkBytes: 999, maxItemBytes: 1e6, wholeBytes: 100 })
    expect(first).toBe('a=too large')
    expect(second).toMatch(/^a~\{"x":\[\]\} of \{"x":\["x+"\]\}$/)
  })

  test.for([
    ['nothing', ''],
    ['a list', '[1]'],
    ['half of it', '{"a":[{"x":1}'],
    ['a name without a value', '{"a":}'],
    ['a name without a colon', '{"a" [1]}'],
    ['two colons', '{"a"::[1]}'],
    ['two values', '{"a":1 2}'],
    ['something behind the end', '{}x'],
    ['a list without a comma', '{"a":[{} {}]}'],
    ['a name without an end', `{"${'x'.repeat(2000)}`],
    ['a deep nest', `{"a":[${'['.repeat(1000)}`],
  ] as const)('are refused: %s', async ([, text]) => {
    await expect(read(text)).rejects.toThrow(SyntaxError)
  })
})
