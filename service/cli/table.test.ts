import { describe, expect, test } from 'vitest'
import { describeAge, formatTable } from './table.ts'

const COLUMNS = [
  { title: 'id', text: (row: string[]) => row[0]! },
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
        { width: 80 },
      ),
    ).toBe('id  task     n\na1  import   7\nb2  go      12\n')
  })

  test('fits the terminal by cutting what is widest, but never what stands below', () => {
    const rows = [
      ['short', 'a_task_with_a_long_name', '7'],
      ['shorter', 'go', '12'],
    ]
    const below = ([name]: string[]) => (name === 'short' ? '8bb244e8-0b93-4543-9141-99c742c4044f' : undefined)
    expect(formatTable(rows, COLUMNS, { width: 22, below })).toBe(
      'id       task        n\nshort    a_task_w…   7\n  8bb244e8-0b93-4543-9141-99c742c4044f\nshorter  go         12\n',
    )
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
