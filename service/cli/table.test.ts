import { describe, expect, test } from 'vitest'
import { describeAge, formatTable } from './table.ts'

const COLUMNS = [
  { title: 'id', whole: true, text: (row: string[]) => row[0]! },
  { title: 'task', text: (row: string[]) => row[1]! },
  { title: 'n', align: 'right', text: (row: string[]) => row[2]! },
] as const

describe('a table for a terminal', () => {
  test('has equal columns, numbers to the right', () => {
    expect(
      formatTable(
        [
          ['a1', 'import', '7'],
          ['b2', 'go', '12'],
        ],
        COLUMNS,
        80,
      ),
    ).toBe('id  task     n\na1  import   7\nb2  go      12\n')
  })

  test('fits the terminal by cutting what is widest, but never what is copied', () => {
    const text = formatTable([['0123456789', 'a_task_with_a_long_name', '7']], COLUMNS, 24)
    expect(text).toBe('id          task       n\n0123456789  a_task_w…  7\n')
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(24)
  })

  test.for([
    [45, '45 s'],
    [720, '12 min'],
    [10_800, '3 h'],
    [172_800, '2 d'],
    [null, '–'],
  ] as const)('says %s seconds as %s', ([seconds, text]) => {
    expect(describeAge(seconds)).toBe(text)
  })
})
