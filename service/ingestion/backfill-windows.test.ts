import { expect, test } from 'vitest'
import { listWindows } from './backfill-windows.ts'

const day = (text: string) => new Date(`${text}T12:00:00Z`)

test('a history is asked for kind by kind, newest window first, none longer than is allowed', () => {
  const dataTypes = [
    { dataType: 'dailies', windowDays: 30 },
    { dataType: 'activities', windowDays: 14 },
  ]
  expect(listWindows({ dataTypes }, { since: day('2026-01-01'), until: day('2026-01-31') })).toEqual([
    { dataType: 'dailies', from: day('2026-01-01'), to: day('2026-01-31') },
    { dataType: 'activities', from: day('2026-01-29'), to: day('2026-01-31') },
    { dataType: 'activities', from: day('2026-01-15'), to: day('2026-01-29') },
    { dataType: 'activities', from: day('2026-01-01'), to: day('2026-01-15') },
  ])
})

test('a history of no length has no windows', () => {
  const dataTypes = [{ dataType: 'dailies', windowDays: 30 }]
  expect(listWindows({ dataTypes }, { since: day('2026-01-01'), until: day('2026-01-01') })).toEqual([])
})
