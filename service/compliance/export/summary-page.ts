import type { Db } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'
import type { Manifest } from './manifest.ts'
import { plotMonths } from './plot.ts'
import { escapeXml } from './tcx.ts'

export interface Month {
  /** `2026-03`. */
  readonly month: string
  readonly activities: number
  readonly distanceKm: number | null
  readonly steps: number | null
  readonly restingHeartRate: number | null
  readonly asleepHours: number | null
}

export async function readMonths(db: Db, userId: string): Promise<readonly Month[]> {
  const { rows } = await db.query<Month>(sql`
    select to_char(local_day, 'YYYY-MM') as month, sum(activity_count)::integer as activities,
      round(sum(distance_m) / 1000, 1)::float8 as "distanceKm", round(avg(steps))::float8 as steps,
      round(avg(resting_heart_rate_bpm), 1)::float8 as "restingHeartRate", round(avg(sleep_asleep_s) / 3600, 1)::float8 as "asleepHours"
    from public.daily_summaries where user_id = ${userId}::uuid group by 1 order by 1`)
  return rows
}

/** For reading without any program but a browser; no script, and nothing is fetched. */
export function writeSummaryPage(manifest: Manifest, months: readonly Month[]): string {
  const files = manifest.files.filter(({ rows }) => rows > 0)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Your data</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2b2a}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #cbd5d3;vertical-align:top}
td.number{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%;height:auto}</style></head><body>
<h1>Your data</h1>
<p>A copy of everything that ${escapeXml(manifest.controller.name)} holds about you, taken at ${escapeXml(manifest.takenAt)} (UTC).
Questions: ${escapeXml(manifest.controller.contact)}. <code>manifest.json</code> says the same for programs.</p>
${PLOTS.map(({ title, read }) =>
  plotMonths(
    title,
    months.map((month) => ({ month: month.month, value: read(month) })),
  ),
).join('\n')}
<h2>What is inside</h2>
<table><tr><th>Data</th><th>Rows</th><th>From</th><th>What for</th><th>Files</th></tr>
${files.map(({ what, rows, source, purpose, files: names }) => `<tr><td>${escapeXml(what)}</td><td class="number">${rows}</td><td>${escapeXml(source)}</td><td>${escapeXml(purpose)}</td><td>${names.map(escapeXml).join('<br>')}</td></tr>`).join('\n')}
</table>
<p>Activities are also in <code>activities/</code> as TCX, which training programs read.</p>
<h2>Why it is held, and for how long</h2>
<table><tr><th>Purpose</th><th>What for</th><th>On which basis</th><th>How long</th></tr>
${Object.entries(manifest.purposes)
  .map(
    ([name, { what, basis, retention }]) =>
      `<tr><td>${name}</td><td>${escapeXml(what)}</td><td>${escapeXml(basis)}</td><td>${escapeXml(retention)}</td></tr>`,
  )
  .join('\n')}
</table>
<h2>Who receives it</h2>
<ul>${manifest.recipients.map((recipient) => `<li>${escapeXml(recipient)}</li>`).join('') || '<li>nobody else</li>'}</ul>
<h2>Your rights</h2>
<ul>${manifest.rights.map((right) => `<li>${escapeXml(right)}</li>`).join('')}</ul>
<p>Automated decisions: ${escapeXml(manifest.automatedDecisions)}. Units: ${escapeXml(manifest.units.inNames)}. Days and times: ${escapeXml(manifest.timeZones.days)}.</p>
</body></html>
`
}

const PLOTS: readonly { title: string; read: (month: Month) => number | null }[] = [
  { title: 'Kilometres a month', read: ({ distanceKm }) => distanceKm },
  { title: 'Steps a day, mean of the month', read: ({ steps }) => steps },
  { title: 'Resting heart rate, mean of the month (per minute)', read: ({ restingHeartRate }) => restingHeartRate },
  { title: 'Hours asleep, mean of the month', read: ({ asleepHours }) => asleepHours },
]
