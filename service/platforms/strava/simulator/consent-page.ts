import { nameOf } from './athletes.ts'

/** Scopes as Strava knows them, and what its consent page says of them. */
export const SCOPES: Readonly<Record<string, string>> = {
  read: 'View data about your public profile',
  read_all: 'View your private routes, segments and events',
  'profile:read_all': 'View your complete Strava profile',
  'profile:write': 'Update your weight and follow segments',
  'activity:read': 'View data about your activities',
  'activity:read_all': 'View data about your private activities',
  'activity:write': 'Upload your activities',
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem;color:#242428;background:#fff}
fieldset{border:1px solid #767676;border-radius:4px;margin:1rem 0}label{display:block;padding:.25rem 0}
button{font:inherit;padding:.6rem 1.2rem;margin-right:.5rem;border-radius:4px;border:1px solid #242428;background:#fff;color:#242428}
button[value=approve]{background:#b93a00;border-color:#b93a00;color:#fff}:focus-visible{outline:3px solid #005fcc;outline-offset:2px}`

interface ConsentPage {
  /** Where the form goes. */
  readonly action: string
  /** The request's own parameters, carried through the form. */
  readonly request: Readonly<Record<string, string>>
  readonly scopes: readonly string[]
  readonly nextAthleteId: number
  /** Whom the request asks for; selected when the page opens. */
  readonly wanted: string
}

/** The page on which an athlete ticks what an application may see; plain HTML, usable without a mouse. */
export function consentPage({ action, request, scopes, nextAthleteId, wanted }: ConsentPage): string {
  const hidden = Object.entries(request).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  )
  const boxes = scopes.map((scope) => checkBox(scope))
  const known = Array.from({ length: Math.min(nextAthleteId - 1, 50) }, (_, index) => index + 1)
  const asked = /^[1-9]\d{0,4}$/.test(wanted) ? [Number(wanted)] : []
  const athletes = [...new Set([...asked, ...known])].map(
    (id) =>
      `<option value="${id}"${asked.includes(id) ? ' selected' : ''}>${escape(fullName(id))} (athlete ${id})</option>`,
  )
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Authorize – Strava simulator</title><style>${STYLE}</style></head>
<body>
<main>
<h1>Authorize this application to connect to Strava</h1>
<p>This is a simulator of Strava for development. No account is needed, and the athletes are invented.</p>
<form method="post" action="${escape(action)}">
${hidden.join('\n')}
<label for="athlete">Athlete</label>
<select id="athlete" name="simulate_athlete"><option value="">${escape(fullName(nextAthleteId))} (new, athlete ${nextAthleteId})</option>${athletes.join('')}</select>
<fieldset><legend>The application will be able to</legend>
${boxes.join('\n')}
</fieldset>
<button type="submit" name="decision" value="approve">Authorize</button>
<button type="submit" name="decision" value="deny">Cancel</button>
</form>
</main>
</body>
</html>
`
}

/** Strava always grants `read`. */
function checkBox(scope: string): string {
  const fixed = scope === 'read' ? ' disabled' : ''
  return `<label><input type="checkbox" name="granted" value="${escape(scope)}" checked${fixed}> ${escape(SCOPES[scope] ?? scope)}</label>`
}

function fullName(athleteId: number): string {
  const { firstname, lastname } = nameOf(athleteId)
  return `${firstname} ${lastname}`
}

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
