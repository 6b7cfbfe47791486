import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadMetadata } from '../../hasura/local/metadata/load.ts'
import { loosenEach } from './loosen.ts'
import { judge, readMatrix } from './promises.ts'

const metadata = await loadMetadata(join(import.meta.dirname, '../../hasura/metadata'))
const matrix = readMatrix()
const loosened = loosenEach(metadata, Object.keys(matrix.roles))

describe('permissions.yaml', () => {
  test('is what the metadata says, and all of it', () => {
    expect(judge(metadata, matrix)).toEqual([])
  })

  test('notices a tracked table without a decision', () => {
    const without = { ...matrix, tables: matrix.tables.filter(({ table }) => table !== 'raw_fitness_data') }
    expect(judge(metadata, without)).toContain('raw_fitness_data: nothing is decided for auditor')
  })

  test('has every kind of rule loosened by the test below', () => {
    const kinds = new Set(loosened.map(({ name }) => name.replace(/^.*: /, '')))
    expect([...kinds].toSorted()).toEqual([
      'added',
      'aggregates',
      'check {}',
      'every column',
      'filter {}',
      'no check',
      'no limit',
      'one column more',
    ])
  })

  test.for(loosened.map(({ name, metadata: changed }) => [name, changed] as const))('notices %s', ([, changed]) => {
    expect(judge(changed, matrix)).toHaveLength(1)
  })
})
