import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { environmentNames, loadConfig } from '../service/config.ts'
import { readRandomKey } from '../service/vault/random-key.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface ComposeService {
  readonly image: string
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Readonly<Record<string, ComposeService>>
  volumes: Readonly<Record<string, unknown>>
}
const demo = parseEnv(read('deploy/compose/demo.env')) as Record<string, string>

/** What Compose makes of `${NAME:-default}` and `${NAME:?}`. */
function interpolate(text: string): string {
  return text.replace(/\$\{(\w+)(:[^}]*)?\}/g, (_all, name: string, rest = ':-') => {
    const value = demo[name]
    if (value !== undefined && value !== '') return value
    if (rest.startsWith(':?')) throw new Error(`${name} is not set`)
    return rest.slice(2)
  })
}

describe('docker compose', () => {
  test.for(Object.entries(compose.services))('finds everything that %s needs in the demo settings', ([, service]) => {
    expect(() => Object.values(service.environment ?? {}).map(interpolate)).not.toThrow()
  })

  test('gives service and worker a configuration that they accept', async () => {
    for (const name of ['service', 'worker']) {
      const given = compose.services[name]?.environment ?? {}
      const env = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, interpolate(value)]))
      const config = await loadConfig(env)
      expect(config.platforms.get('strava')?.oauth).toBeDefined()
      expect(() => readRandomKey(config.vault.masterKey!)).not.toThrow()
    }
  })

  test('passes on every setting that the env file may have', async () => {
    const ports = ['SERVICE_PORT', 'INTERNAL_PORT', 'WORKER_PORT'] // the file's own
    const others = ['HASURA_GRAPHQL_ADMIN_SECRET', 'OTEL_SERVICE_NAME'] // Hasura's, and one for each process
    const onLaptops = ['VAULT_PASSPHRASE', 'VAULT_PASSPHRASE_ITERATIONS']
    const elsewhere = [...ports, ...others, ...onLaptops]
    const isOfFiles = (name: string) => /TLS_|_FILE$/.test(name) // which would have to be mounted
    const wanted = (await environmentNames()).filter((name) => !elsewhere.includes(name) && !isOfFiles(name))
    for (const name of ['service', 'worker']) {
      const given = compose.services[name]?.environment ?? {}
      const missing = wanted.filter((setting) => given[setting] === undefined)
      expect([name, missing]).toEqual([name, []])
    }
  })

  test('mounts what is there, waits for services that there are, and lets Prometheus ask them', () => {
    const services = Object.values(compose.services)
    const mounted = services.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]!))
    const files = mounted.filter((path) => path.startsWith('./'))
    expect(files.length).toBeGreaterThan(5)
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(mounted.filter((name) => !files.includes(name) && !(name in compose.volumes))).toEqual([])
    const awaited = services.flatMap(({ depends_on: on = [] }) => (Array.isArray(on) ? on : Object.keys(on)))
    const { scrape_configs: scraped } = parse(read('deploy/prometheus/prometheus.yml')) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[]
    }
    const asked = scraped.flatMap(({ static_configs: all }) => all.flatMap(({ targets }) => targets))
    const names = [...awaited, ...asked.map((target) => target.split(':')[0]!)]
    expect(names.length).toBeGreaterThan(8)
    expect(names.filter((name) => !(name in compose.services))).toEqual([])
  })

  test('pins the engine and the database', () => {
    expect(compose.services['hasura']?.image).toBe('hasura/graphql-engine:v2.50.10')
    expect(compose.services['metadata']?.image).toBe('hasura/graphql-engine:v2.50.10.cli-migrations-v3')
    expect(compose.services['postgres']?.image).toBe('postgres:18')
  })

  test('runs Hasura as production asks, unless the demo says otherwise', () => {
    const given = compose.services['hasura']?.environment ?? {}
    const byDefault = (name: string) => given[`HASURA_GRAPHQL_${name}`]?.replace(/^\$\{\w+:-(.*)\}$/, '$1')
    const settings = {
      ENABLE_CONSOLE: 'false',
      DEV_MODE: 'false',
      ADMIN_INTERNAL_ERRORS: 'false',
      ENABLE_ALLOWLIST: 'true',
      ENABLED_APIS: 'metadata,graphql',
      ENABLED_LOG_TYPES: 'startup,http-log,webhook-log,websocket-log',
      CONFIGURED_HEADER_PRECEDENCE: 'true',
      REDACT_ACTION_HANDLER_LOGS: 'true',
      REDACT_EVENT_TRIGGER_LOGS: 'true',
      REDACT_SCHEDULED_TRIGGER_LOGS: 'true',
      INFER_FUNCTION_PERMISSIONS: 'false',
      CORS_DOMAIN: 'http://localhost:3000',
      ADMIN_SECRET: '${HASURA_GRAPHQL_ADMIN_SECRET:?}',
    }
    for (const [name, value] of Object.entries(settings)) expect([name, byDefault(name)]).toEqual([name, value])
    // Neither may be set: a role for strangers, and nulls in filters that become "every row".
    for (const name of ['UNAUTHORIZED_ROLE', 'V1_BOOLEAN_NULL_COLLAPSE']) expect(byDefault(name)).toBeUndefined()
    expect(given['PG_DATABASE_URL']).toMatch(/^postgres:\/\/tributary_hasura:/)
    const jwt = JSON.parse(demo['HASURA_GRAPHQL_JWT_SECRET'] ?? '{}') as Record<string, unknown>
    expect(Object.keys(jwt)).toEqual(expect.arrayContaining(['type', 'issuer', 'audience']))
  })

  test("hands a person's headers to no handler", () => {
    const actions = parse(read('hasura/metadata/actions.yaml')) as {
      actions: { definition: Record<string, unknown> }[]
    }
    expect(actions.actions.filter(({ definition }) => definition['forward_client_headers'] === true)).toEqual([])
  })

  test('gives Hasura every variable that the metadata names', () => {
    const files = readdirSync(join(ROOT, 'hasura/metadata'), { recursive: true, encoding: 'utf8' })
    const text = files
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => read(`hasura/metadata/${file}`))
      .join('\n')
    const named = [...text.matchAll(/(?:from_env|value_from_env): (\w+)|\{\{(\w+)\}\}/g)].map(
      ([, one, other]) => one ?? other,
    )
    expect(new Set(named).size).toBeGreaterThan(3)
    expect(Object.keys(compose.services['hasura']?.environment ?? {})).toEqual(
      expect.arrayContaining([...new Set(named)]),
    )
  })
})

describe('the image', () => {
  test('holds every package that is imported in production', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    const files = ['service', 'database'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    )
    const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    const imported = sources.flatMap((file) =>
      [...read(file).matchAll(/^(?:import|export) (?!type).*? from '([^.'][^']*)'/gm)].map(([, name]) => name!),
    )
    const packages = imported
      .filter((name) => !name.startsWith('node:'))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      )
    expect([...new Set(packages)].filter((name) => !(name in dependencies))).toEqual([])
  })
})

describe('the workflow', () => {
  test('pins every action by commit and asks for no more than it needs', () => {
    const text = read('.github/workflows/ci.yml')
    const uses = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action!)
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([])
    expect((parse(text) as { permissions: unknown }).permissions).toEqual({ contents: 'read' })
  })

  describe('on the real engine', () => {
    interface Step {
      readonly run?: string
      readonly env?: Readonly<Record<string, string>>
      readonly if?: string
      readonly with?: { readonly path?: string }
    }
    const { jobs } = parse(read('.github/workflows/ci.yml')) as { jobs: { compose: { steps: readonly Step[] } } }
    const { steps } = jobs.compose
    const at = (text: string) => steps.findIndex(({ run, with: given }) => `${run}${given?.path}`.includes(text))

    test('starts the stack, tests it, and compares the export with the tree, in this order', () => {
      const order = [
        'up --build',
        'npm run test:hasura',
        'export-metadata.sh',
        'compare-metadata.ts',
        'test-hasura.xml\n',
      ]
      const places = order.map(at)
      expect(places).not.toContain(-1)
      expect(places).toEqual(places.toSorted((one, other) => one - other))
    })

    test('keeps the result, whatever it is', () => {
      const keep = steps[at('test-hasura.xml\n')]
      expect(keep).toMatchObject({ if: 'always()' })
      expect(keep?.with?.path?.split('\n')).toEqual(['compose.log', 'test-hasura.xml', 'exported'])
    })

    test('tells the tests the secrets and addresses of the stack', () => {
      const { env = {} } = steps[at('npm run test:hasura')] ?? {}
      expect(env['HASURA_GRAPHQL_ADMIN_SECRET']).toBe(demo['HASURA_GRAPHQL_ADMIN_SECRET'])
      const url = new URL(env['ENGINE_DATABASE_URL'] ?? '')
      expect(url.password).toBe(demo['POSTGRES_PASSWORD'])
      const override = parse(read('deploy/compose/tests.yml')) as {
        services: { postgres: { ports: readonly string[] } }
      }
      expect(override.services.postgres.ports).toEqual([`127.0.0.1:${url.port}:5432`])
      const published = Object.values(compose.services).flatMap(({ ports = [] }) => ports)
      for (const name of ['SERVICE_URL', 'HASURA_GRAPHQL_ENDPOINT', 'SIMULATOR_URL']) {
        const { port } = new URL(env[name] ?? '')
        expect(published).toContain(`127.0.0.1:${port}:${port}`)
      }
    })

    test('runs only files that exist', () => {
      const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
      const commands = [scripts['test:hasura'] ?? '', ...steps.map(({ run = '' }) => run)].join(' ')
      const named = [...commands.matchAll(/(?<![\s:]\/)(?:tests|deploy)\/[\w./-]+\.(?:ts|sh|yml|env)/g)].map(
        ([path]) => path,
      )
      expect(named.length).toBeGreaterThan(5)
      for (const path of named) expect(read(path)).not.toBe('')
    })

    test('applies the metadata and lets nothing be inconsistent', () => {
      const script = read('deploy/compose/apply-metadata.sh')
      expect(script).toMatch(/metadata apply .*--disallow-inconsistent-metadata/)
      expect(script).toContain('metadata inconsistency status')
    })
  })
})

describe('the README', () => {
  test('shows installing and starting, and installing and testing, first', () => {
    const [first, second] = [...read('README.md').matchAll(/```sh\n(.*?)```/gs)].map(([, command]) => command?.trim())
    expect([first, second]).toEqual(['npm ci && npm start', 'npm ci && npm test'])
  })
})
