import { expect, test } from 'vitest'
import { createDetailsReader } from './details.ts'

test('a text is parsed once for all that is asked about it, and another one anew', () => {
  const parsed: string[] = []
  const readDetails = createDetailsReader((text) => {
    parsed.push(text)
    return { manual: text === 'typed in' }
  })
  const asked = ['typed in', 'typed in', 'recorded', 'recorded', 'typed in']
  expect(asked.map((text) => readDetails(text).manual)).toEqual([true, true, false, false, true])
  expect(parsed).toEqual(['typed in', 'recorded', 'typed in'])
})
