import { PERMISSIONS } from './state.ts'

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
fieldset{border:1px solid #767676;border-radius:4px;margin:1rem 0}label{display:block;padding:.25rem 0}
button{font:inherit;padding:.6rem 1.2rem;margin-right:.5rem;border-radius:4px;border:1px solid #1b1b1b;background:#fff;color:#1b1b1b}
button[value=approve]{background:#005a8c;border-color:#005a8c;color:#fff}:focus-visible{outline:3px solid #b85c00;outline-offset:2px}`

const WORDS: Readonly<Record<(typeof PERMISSIONS)[number], string>> = {
  ACTIVITY_EXPORT: 'Activities',
  HEALTH_EXPORT: 'Daily health statistics',
  HISTORICAL_DATA_EXPORT: 'Historical data',
}

/** Where the person chooses what to share; at Garmin history is off unless it is switched on. */
export function consentPage(action: string, request: Readonly<Record<string, string>>): string {
  const hidden = Object.entries(request).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  )
  const boxes = PERMISSIONS.map((permission) => {
    const checked = permission === 'HISTORICAL_DATA_EXPORT' ? '' : ' checked'
    return `<label><input type="checkbox" name="granted" value="${permission}"${checked}> ${WORDS[permission]}</label>`
  })
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Authorize – Garmin simulator</title><style>${STYLE}</style></head>
<body>
<main>
<h1>Share your Garmin Connect data</h1>
<p>This is a simulator of Garmin Connect for development. No account is needed, and the person is invented.</p>
<form method="post" action="${escape(action)}">
${hidden.join('\n')}
<fieldset><legend>The application will receive</legend>
${boxes.join('\n')}
</fieldset>
<button type="submit" name="decision" value="approve">Save</button>
<button type="submit" name="decision" value="deny">Cancel</button>
</form>
</main>
</body>
</html>
`
}

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '')
}
