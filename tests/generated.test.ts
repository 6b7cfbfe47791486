import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GeneratedFile, generateFiles } from '../codegen.ts'
import { startTemporaryEngine, type TemporaryEngine } from './support/temporary-engine.ts'

const ROOT = join(import.meta.dirname, '..')

let engine: TemporaryEngine
let generated: readonly GeneratedFile[]
beforeAll(async () => {
  engine = await startTemporaryEngine()
  generated = await generateFiles(engine)
})
afterAll(() => engine.stop())

describe('npm run codegen', () => {
  test.for([
    'hasura/schema.graphql',
    'docs/api/graphql.md',
    'docs/errors.md',
    'docs/compliance/records-of-processing.md',
    'hasura/README.md',
    'service/api/generated/actions.ts',
    'service/cli/generated/graphql.ts',
    'tests/support/generated/graphql.ts',
  ])('would change nothing in %s', (path) => {
    const file = generated.find((candidate) => candidate.path === path)
    expect(file?.content).toBe(readFileSync(join(ROOT, path), 'utf8'))
  })

  test('shows role user nothing that is not theirs to see', () => {
    const schema = generated.find((candidate) => candidate.path === 'hasura/schema.graphql')?.content ?? ''
    for (const hidden of [
      'raw_fitness_data',
      'platform_user_id',
      'next_cursor',
      'oauth_states',
      'webhook_deliveries',
    ]) {
      expect(schema).not.toContain(hidden)
    }
  })
})
