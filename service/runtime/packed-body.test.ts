import { describe, expect, test } from 'vitest'
import { packBody, packedLength, unpackBody, unpackWhole } from './packed-body.ts'

/** Every number up to here, as the network cuts it: anywhere, and so that it makes several pieces. */
const TEXT = Array.from({ length: 100_000 }, (_, number) => number).join(',')

async function* cut(text: string): AsyncGenerator<Buffer> {
  const all = Buffer.from(text)
  for (let from = 0; from < all.length; from += 65_537) yield all.subarray(from, from + 65_537)
}

async function read(pieces: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece.toString()
  return text
}

describe('a packed body', () => {
  test('is the same when it is unpacked, as often as it is asked for, and smaller until then', async () => {
    const body = await packBody(cut(TEXT))
    expect(body.pieces.length).toBeGreaterThan(1)
    expect(body.byteLength).toBe(TEXT.length)
    expect(packedLength(body)).toBeLessThan(TEXT.length / 2)
    for (let time = 0; time < 2; time += 1) expect((await unpackWhole(body)).toString()).toBe(TEXT)
  })

  test.for([
    [0, 1],
    [10, 20],
    [262_000, 263_000],
    [300_000, 300_001],
    [TEXT.length - 5, TEXT.length],
    [5, 5],
  ] as const)('answers its bytes %i to %i', async ([from, to]) => {
    const body = await packBody(cut(TEXT))
    expect(await read(unpackBody(body, { from, to }))).toBe(TEXT.slice(from, to))
  })

  test('may be empty', async () => {
    const body = await packBody(cut(''))
    expect([body.byteLength, packedLength(body), await read(unpackBody(body))]).toEqual([0, 0, ''])
  })
})
