import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createRoom } from './room-for-answers.ts'

/** Answers that come, and are used up, when they are told to. */
function scene() {
  const hold = createRoom({ mostBytes: 8, unknownBytes: 2 })
  const [asked, used]: [string[], string[]] = [[], []]
  const ends = new Map<string, { come: (bytes: number) => void; fail: (error: Error) => void; end: () => void }>()
  const ask = (name: string) => {
    const came = Promise.withResolvers<number>()
    const ended = Promise.withResolvers<void>()
    ends.set(name, { come: came.resolve, fail: came.reject, end: ended.resolve })
    return hold({
      fetch: () => {
        asked.push(name)
        return came.promise
      },
      bytesOf: (bytes) => bytes,
      use: async (bytes) => {
        used.push(name)
        await ended.promise
        return `${name}: ${bytes}`
      },
    })
  }
  return { asked, used, ask, of: (name: string) => ends.get(name)! }
}

describe('room for answers', () => {
  test('lets as many be under way as may be of the size that is set aside, and the next wait for one to come', async () => {
    const { asked, ask, of } = scene()
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map(ask)
    await turn()
    expect(asked).toEqual(['a', 'b', 'c', 'd'])
    of('b').come(0)
    await turn()
    expect(asked).toEqual(['a', 'b', 'c', 'd', 'e'])
    for (const name of ['a', 'c', 'd', 'e', 'f']) of(name).come(0)
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) of(name).end()
    expect(await Promise.all(all)).toEqual(['a: 0', 'b: 0', 'c: 0', 'd: 0', 'e: 0', 'f: 0'])
  })

  test('that large ones fill is refused at once, and is there again when one was used', async () => {
    const { asked, ask, of } = scene()
    const [a, b] = [ask('a'), ask('b')]
    of('a').come(6)
    of('b').come(5)
    await turn()
    expect(await ask('c')).toBe('busy')
    expect(asked).toEqual(['a', 'b'])
    of('a').end()
    expect(await a).toBe('a: 6')
    const d = ask('d')
    await turn()
    expect(asked).toEqual(['a', 'b', 'd'])
    for (const name of ['b', 'd']) of(name).end()
    of('d').come(1)
    expect(await Promise.all([b, d])).toEqual(['b: 5', 'd: 1'])
  })

  test('is told of those that waited while it filled, too', async () => {
    const { ask, of, used } = scene()
    const [a, , , , e] = ['a', 'b', 'c', 'd', 'e'].map(ask)
    of('a').come(9)
    expect(await e).toBe('busy')
    expect(used).toEqual(['a'])
    of('a').end()
    expect(await a).toBe('a: 9')
  })

  test('takes one that is larger than all of it, alone', async () => {
    const { ask, of } = scene()
    const a = ask('a')
    of('a').come(100)
    await turn()
    expect(await ask('b')).toBe('busy')
    of('a').end()
    expect(await a).toBe('a: 100')
  })

  test('is left by what fails, on its way or in use', async () => {
    const { asked, ask, of } = scene()
    const failing = ['a', 'b', 'c', 'd'].map(ask)
    for (const name of ['a', 'b', 'c', 'd']) of(name).fail(new Error('lost'))
    await expect(Promise.all(failing)).rejects.toThrow('lost')
    const next = ['e', 'f', 'g', 'h'].map(ask)
    await turn()
    expect(asked).toHaveLength(8)
    for (const name of ['e', 'f', 'g', 'h']) {
      of(name).come(0)
      of(name).end()
    }
    await Promise.all(next)
  })
})
