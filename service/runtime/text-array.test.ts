import { expect, test } from 'vitest'
import { TextArray } from './text-array.ts'

/** By hand, from array_recv and textrecv in PostgreSQL's source. */
test('texts are as Postgres takes them, also when they need more room than was expected', () => {
  const array = new TextArray(8)
  array.add('ab')
  array.add('’')
  array.add('')
  const head = '00000001' + '00000000' + '00000019' + '00000003' + '00000001'
  expect(array.toBytes().toString('hex')).toBe(`${head}000000026162${'00000003e28099'}00000000`)
  expect(array.byteLength).toBe(20 + 6 + 7 + 4)
})

test('no texts at all are an array of none', () => {
  expect(new TextArray(0).toBytes().toString('hex')).toBe('0000000100000000000000190000000000000001')
})
