import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { STATE_METRICS } from '../../service/monitoring/state-queries.ts'
import { hasPromtool, promtool } from '../support/promtool.ts'

const ROOT = join(import.meta.dirname, '../..')
const PROMETHEUS = join(ROOT, 'deploy/prometheus')
const DASHBOARDS = join(ROOT, 'deploy/grafana/dashboards')
const filesIn = (directory: string) => readdirSync(join(ROOT, directory)).map((file) => `${directory}/${file}`)
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8')

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: { readonly severity?: string }
  readonly annotations?: { readonly summary?: string; readonly runbook?: string }
}
interface AlertTest {
  readonly name: string
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[]
}

const RULES = filesIn('deploy/prometheus/rules')
const TESTS = filesIn('deploy/prometheus/tests')
const rules = RULES.flatMap((file) => (parse(read(file)) as { groups: { rules: Rule[] }[] }).groups).flatMap(
  ({ rules: inGroup }) => inGroup,
)
const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]))
const tests = TESTS.flatMap((file) => (parse(read(file)) as { tests: AlertTest[] }).tests)
const dashboards = readdirSync(DASHBOARDS).map(
  (file) => JSON.parse(read('deploy/grafana/dashboards', file)) as { uid: string; panels: Panel[] },
)
interface Panel {
  readonly title: string
  readonly datasource: { readonly uid: string }
  readonly targets: readonly { readonly expr: string }[]
}

const WORDS = new Set(['and', 'or', 'unless', 'on', 'ignoring', 'by', 'without', 'group_left', 'vector', 'Inf'])

/** Names of metrics in an expression: what is left without strings, labels, ranges and functions. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/\{[^}]*\}/g, '')
    .replace(/\b(by|on|without|ignoring)\s*\([^)]*\)/g, '')
    .replace(/\[[^\]]*\]/g, '')
  return [...bare.matchAll(/[a-z_][a-z0-9_:]*(?!\w|\s*\()/gi)].map(([name]) => name).filter((name) => !WORDS.has(name))
}

describe('alert rules', () => {
  test.skipIf(!hasPromtool)('are good rules, and each of their tests holds', () => {
    expect(promtool(['check', 'rules', ...RULES.map((file) => join(ROOT, file))])).toMatchObject({ ok: true })
    expect(promtool(['check', 'config', '--syntax-only', join(PROMETHEUS, 'prometheus.yml')])).toMatchObject({
      ok: true,
    })
    expect(promtool(['test', 'rules', ...TESTS.map((file) => join(ROOT, file))])).toMatchObject({ ok: true })
  })

  test.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s has a test that fires it, one that does not, a severity and a runbook',
    (name, { labels, annotations }) => {
      const own = tests.flatMap(({ alert_rule_test: checks }) => checks).filter(({ alertname }) => alertname === name)
      expect(own.some(({ exp_alerts: expected }) => expected.length > 0)).toBe(true)
      expect(own.some(({ exp_alerts: expected }) => expected.length === 0)).toBe(true)
      expect(['page', 'ticket']).toContain(labels?.severity)
      expect(annotations?.runbook).toBe(`docs/operations/runbooks/${name}.md`)
      const runbook = read(annotations!.runbook!)
      for (const part of [`# ${name}`, '## What it means', '## Look', '## Causes', '## End it'])
        expect(runbook).toContain(part)
      expect(runbook).toContain(annotations!.summary!)
    },
  )

  test('and runbooks are the same list', () => {
    const runbooks = readdirSync(join(ROOT, 'docs/operations/runbooks')).map((file) => file.replace('.md', ''))
    expect(runbooks.filter((name) => name !== 'README').sort()).toEqual(alerts.map(({ alert }) => alert).sort())
    const index = read('docs/operations/runbooks/README.md')
    for (const { alert } of alerts) expect(index).toContain(`[${alert}](${alert}.md)`)
  })
})

describe('rules and dashboards', () => {
  test('ask for nothing that the processes do not export', async () => {
    const exported = (await createMetrics().registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
      String(type) === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    )
    const others = ['up', 'database_up', 'hasura_up', 'state_read_failures_total', 'gdpr_requests_open']
    const pools = ['database_pool_connections', 'database_pool_size']
    const recorded = rules.flatMap(({ record }) => (record === undefined ? [] : [record]))
    const known = new Set([...exported, ...STATE_METRICS.map(({ name }) => name), ...others, ...pools, ...recorded])
    const asked = [
      ...rules.map(({ expr }) => expr),
      ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
    ]
    expect(asked.flatMap(metricsIn).filter((name) => !known.has(name))).toEqual([])
    expect(asked.flatMap(metricsIn).length).toBeGreaterThan(asked.length)
  })

  test('are provisioned: every dashboard has an id of its own and the data source that Grafana is given', () => {
    const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { uid: string; type: string }[]
    }
    expect(datasources).toMatchObject([{ uid: 'prometheus', type: 'prometheus' }])
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length)
    for (const { panels } of dashboards)
      for (const { title, datasource } of panels) expect([title, datasource.uid]).toEqual([title, 'prometheus'])
  })
})
