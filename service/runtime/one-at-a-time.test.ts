import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createTurns } from './one-at-a-time.ts'

test('one runs at a time; who may come again is refused when as many wait, who may not waits', async () => {
  const turns = createTurns({ mostWaiting: 1 })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const work = (name: string) => () => {
    begun.push(name)
    return new Promise<string>((resolve) => ends.push(() => resolve(name)))
  }
  const first = turns.take(work('first'))
  const second = turns.take(work('second'))
  expect(await turns.take(work('third'))).toBe('busy')
  const patient = turns.wait(work('patient'))
  await turn()
  expect(begun).toEqual(['first'])
  for (const next of [first, second, patient]) {
    ends.shift()?.()
    await next
    await turn()
  }
  expect(begun).toEqual(['first', 'second', 'patient'])
  await expect(turns.take(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  expect(await turns.take(() => Promise.resolve('after'))).toBe('after')
})
