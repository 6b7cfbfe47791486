import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createInternal, createPublic } from '../service/start-service.ts'
import { testWithFew } from './support/service.ts'

const text = readFileSync(join(import.meta.dirname, '../docs/api/openapi.yaml'), 'utf8')
const { paths } = parse(text) as { paths: Record<string, Record<string, { responses?: Record<string, unknown> }>> }

/** Every route of a listener, as OpenAPI writes them. */
async function routesOf(app: FastifyInstance): Promise<readonly string[]> {
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const verb of [method].flat()) routes.push(`${verb} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
  })
  await app.ready()
  await app.close()
  // Actions have an address each; HEAD goes with GET.
  const named = routes.map((route) => route.replace(/^POST \/actions\/.*/, 'POST /actions/{name}'))
  return [...new Set(named)].filter((route) => !route.startsWith('HEAD '))
}

describe('docs/api/openapi.yaml', () => {
  test('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(text)
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined })
  })

  testWithFew('tells every endpoint of both listeners, and no other', async ({ service }) => {
    const config = { ...service.config, demo: false }
    const open = await routesOf(createPublic({ ...service, config }))
    const internal = await routesOf(createInternal({ ...service, config }))
    const verbs = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((verb) => `${verb.toUpperCase()} ${path}`),
    )
    expect(verbs.toSorted()).toEqual([...new Set([...open, ...internal])].toSorted())
  })
})
