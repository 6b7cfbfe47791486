import { expect, test } from 'vitest'
import { BinaryArray } from './binary-array.ts'

/** By hand, from array_recv, textrecv and bytearecv in PostgreSQL's source. */
test('texts are as Postgres takes them, also when they need more room than was expected', () => {
  const array = new BinaryArray('text', 8)
  array.addText('ab')
  array.addText('’')
  array.addText('')
  const head = '00000001' + '00000000' + '00000019' + '00000003' + '00000001'
  expect(array.toBytes().toString('hex')).toBe(`${head}000000026162${'00000003e28099'}00000000`)
  expect(array.byteLength).toBe(20 + 6 + 7 + 4)
})

test('bytes and nulls', () => {
  const array = new BinaryArray('bytea', 0)
  array.addBytes(Buffer.from([0, 255]))
  array.addNull()
  const head = '00000001' + '00000001' + '00000011' + '00000002' + '00000001'
  expect(array.toBytes().toString('hex')).toBe(`${head}0000000200ff${'ffffffff'}`)
})

test('no texts at all are an array of none', () => {
  expect(new BinaryArray('text', 0).toBytes().toString('hex')).toBe('0000000100000000000000190000000000000001')
})
