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

  test('notices that a role may see every platform, restricted or not, and that a look at the restrictions leads elsewhere', () => {
    const open = structuredClone(matrix)
    const promise = open.tables.find(({ as, table }) => as === 'auditor' && table === 'connections')
    Reflect.deleteProperty(promise!, 'platforms')
    expect(judge(metadata, open)).toContain('connections: auditor may see every platform, restricted or not')
    const astray = structuredClone(metadata)
    const table = astray.sources[0].tables.find((candidate) => candidate.table.name === 'connections')
    const link = table!.array_relationships!.find(({ name }) => name === 'platform_restrictions')
    Object.assign(link!.using.manual_configuration!, { column_mapping: { user_id: 'platform' } })
    expect(judge(astray, matrix)).toEqual([
      'connections: platform_restrictions does not lead to the restrictions of its platform',
    ])
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
