import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PLATFORMS = join(ROOT, 'service/platforms')

/**
 * What runs, and what decides who may see what. Not asked: documentation and tests, the default order of sources in the database, which is
 * an opinion about devices and has a rank for those that it does not know, and docker-compose.yml: a container is told only what is named there,
 * so that the service never sees the database's own password, and `tests/deploy.test.ts` holds its names to the settings that there are.
 */
const CODE = [
  'service/**/*.{ts,js,html}',
  'hasura/**/*.{ts,yaml,graphql}',
  'start/**',
  'database/*.ts',
  'deploy/**',
  '*.{ts,json,yml}',
]
const IGNORED = ['node_modules', '.data', 'package-lock.json']

test('the platform that was added last is named nowhere outside its folder', () => {
  const files = globSync(CODE, { cwd: ROOT, exclude: (name) => IGNORED.includes(name) }).filter(
    (file) => !file.startsWith('service/platforms/oura') && file !== 'docker-compose.yml',
  )
  expect(files.length).toBeGreaterThan(500)
  const isFile = (file: string) => /\.\w+$/.test(file)
  const naming = files.filter((file) => isFile(file) && /\boura\b|OURA_/i.test(readFileSync(join(ROOT, file), 'utf8')))
  expect(naming).toEqual([])
})

test('no folder of a platform imports another', () => {
  const folders = readdirSync(PLATFORMS, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const foreign = folders.flatMap(({ name }) =>
    globSync('**/*.ts', { cwd: join(PLATFORMS, name) }).filter((file) => {
      const imported = readFileSync(join(PLATFORMS, name, file), 'utf8').matchAll(/from '([^']+)'/g)
      return [...imported].some(([, path]) =>
        folders.some((other) => other.name !== name && path!.includes(`/${other.name}/`)),
      )
    }),
  )
  expect(foreign).toEqual([])
})
